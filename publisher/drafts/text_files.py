"""Text file reader: size limit, UTF-8, line ends, invalid characters, conflict markers."""

import os
import re
import stat
from pathlib import Path

from publisher.base import formats
from publisher.base.errors import why
from publisher.base.i18n import _, later
from publisher.media import file_types
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Position

MAX_BYTES = 1_000_000
"""The size limit of a file that lists something, such as the agenda."""
MAX_DRAFT = 200_000
"""Bytes of a draft. More is a mistake: the longest text of any channel is 63,206 characters."""

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# Control characters except tab and line feed, and the three that X refuses in any text
# (platforms.md: twitter-text's invalid characters).
_INVALID = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_SAVE_AS_UTF8 = later("Open it in your editor and save it as UTF-8.")


def is_missing(path: Path) -> bool:
    """Whether no file has that name. A file that cannot be accessed is unreadable, not missing."""
    try:
        path.lstat()
    except OSError as error:
        return isinstance(error, (FileNotFoundError, NotADirectoryError))
    return False


def read(path: str | Path, findings: Findings, most: int = MAX_BYTES) -> str | None:
    r"""The file's text with `\n` as line ends and without a BOM; None if it cannot be read.

    The size is checked before anything is read.
    """
    data = read_bytes(path, findings, most)
    return None if data is None else decode(data, findings)


def read_bytes(path: str | Path, findings: Findings, most: int = MAX_BYTES) -> bytes | None:
    """The file's bytes; None if it cannot be read or is larger than `most` bytes."""
    try:
        status = os.stat(path)  # noqa: PTH116 - ten thousand times
        if not stat.S_ISREG(status.st_mode):
            findings.error("unreadable", Position(), _("This is not a regular file."))
            return None
        if status.st_size > most:
            message = _(
                "The file has {size} bytes; Publisher reads at most {limit}.",
                size=formats.number(status.st_size),
                limit=formats.number(most),
            )
            hint = _("A draft contains only text. Pictures belong in posts/media/.")
            findings.error("file-too-big", Position(), message, hint)
            return None
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.readall()
    except (OSError, ValueError) as error:
        findings.error(
            "unreadable", Position(), _("The file cannot be read: {reason}.", reason=why(error))
        )
        return None


def decode(data: bytes, findings: Findings) -> str | None:
    """Decode `data` into text, as `read` does."""
    if not data.startswith(b"---") and (kind := file_types.of_bytes(data)):
        message = _("This is {kind}, not a text file.", kind=_(kind.name))
        hint = _("Copy its words into a plain text file: `publisher new TITLE` makes one.")
        findings.error("encoding", Position(), message, hint)
        return None
    if data.startswith(_UTF16):
        findings.error(
            "encoding", Position(), _("The file is in UTF-16, not UTF-8."), _(_SAVE_AS_UTF8)
        )
        return None
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        message = _(
            "The byte 0x{byte:02x} is not UTF-8; the file was probably saved as "
            "Latin-1 or Windows-1252.",
            byte=data[error.start],
        )
        findings.error("encoding", _end(before), message, _(_SAVE_AS_UTF8))
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if flaw := invalid_character(text):
        match = _INVALID.search(text)
        findings.add(flaw, _end(text[: match.start() if match else 0]))
        return None
    return text


def invalid_character(text: str) -> Flaw | None:
    """The flaw of the first character that cannot be published, if there is one."""
    match = _INVALID.search(text)
    if match is None:
        return None
    return Flaw(
        "invalid-character",
        _("The character U+{code:04X} cannot be published.", code=ord(match.group())),
        _(
            "Delete it. It is invisible in most editors, so retype the words around it if "
            "necessary."
        ),
    )


def _end(text: str) -> Position:
    """The position of the character after `text`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Position(line=text.count("\n") + 1, column=len(text) - (text.rfind("\n") + 1) + 1)


_MARK = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)


def found_in(text: str, findings: Findings, first_line: int = 1) -> bool:
    """Whether `text` has git conflict markers; the first is noted as an error."""
    mark = _MARK.search(text) if "<<<<<<<" in text or ">>>>>>>" in text else None
    if mark is None:
        return False
    findings.error(
        "conflict-marker",
        Position(line=first_line + text.count("\n", 0, mark.start())),
        _("“{line}” is left over from a conflict in git.", line=mark.group()[:60]),
        _(
            "There are two versions between `<<<<<<<` and `>>>>>>>`. Keep the right one; delete "
            "the other and the lines `<<<<<<<`, `=======` and `>>>>>>>`."
        ),
    )
    return True
