"""Reading a text file that people wrote, whatever is in it."""

import re
import stat
from pathlib import Path

from publisher.content.problems import Findings, Flaw
from publisher.models import Position

MAX_BYTES = 1_000_000
"""A draft of this size would be a mistake: the longest text of any channel is 63,206 characters."""

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# Control characters except tab and line feed, and the three that X refuses in any text
# (platforms.md: twitter-text's invalid characters).
_INVALID = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_SAVE_AS_UTF8 = "Open it in your editor and save it as UTF-8."


def read(path: Path, findings: Findings) -> str | None:
    r"""The file's text with `\n` as line ends and without a BOM; None where that is impossible.

    Its size is looked at before anything is read.
    """
    data = read_bytes(path, findings)
    return None if data is None else decode(data, findings)


def read_bytes(path: Path, findings: Findings) -> bytes | None:
    """What is in the file; None where that is impossible or too much."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            findings.error("unreadable", Position(), "This is no regular file.")
            return None
        if status.st_size > MAX_BYTES:
            findings.error(
                "file-too-big",
                Position(),
                f"The file has {status.st_size:,} bytes; more than {MAX_BYTES:,} are not read.",
                "A draft holds text alone; pictures belong into posts/media/.",
            )
            return None
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        findings.error("unreadable", Position(), f"The file cannot be read: {reason}.")
        return None


def decode(data: bytes, findings: Findings) -> str | None:
    """The text that `data` holds, as `read` gives it."""
    if data.startswith(_UTF16):
        findings.error("encoding", Position(), "The file is UTF-16, not UTF-8.", _SAVE_AS_UTF8)
        return None
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        findings.error(
            "encoding",
            _end(before),
            f"The byte 0x{data[error.start]:02x} is not UTF-8; "
            "the file was probably saved as Latin-1 or Windows-1252.",
            _SAVE_AS_UTF8,
        )
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if flaw := invalid_character(text):
        match = _INVALID.search(text)
        findings.add(flaw, _end(text[: match.start() if match else 0]))
        return None
    return text


def invalid_character(text: str) -> Flaw | None:
    """What is wrong with the first character that cannot be published, if there is one."""
    match = _INVALID.search(text)
    if match is None:
        return None
    return Flaw(
        "invalid-character",
        f"The character U+{ord(match.group()):04X} cannot be published.",
        "Delete it; it is invisible in most editors, so retype the words around it if need be.",
    )


def _end(text: str) -> Position:
    """Where the character after `text` stands."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Position(line=text.count("\n") + 1, column=len(text) - (text.rfind("\n") + 1) + 1)
