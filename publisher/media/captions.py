"""Captions: what is said in a video, in a text file beside it, SubRip (.srt) or WebVTT (.vtt).

`film.fr.vtt` belongs to `film.mp4`, and is French; `film.vtt` is in the draft's language. What goes
out is made anew of times and words alone: notes, styles and speakers' marks in a file may tell
names. Sources: WebVTT (W3C, 4.1 and 6.1); SubRip has no standard.
"""

import html
import re
from pathlib import Path

from publisher.base import formats
from publisher.base.i18n import _
from publisher.model.content import Captions
from publisher.model.problems import Flaw

SUFFIXES = (".vtt", ".srt")
_MOST_BYTES = 200_000
_TIME = r"(?:(\d{1,3}):)?([0-5]\d):([0-5]\d)[.,](\d{3})"
_CUE = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}(?:\s.*)?")
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_MARK = re.compile(r"<[^<>\n]*+>|\{\\[^{}\n]*+\}")
"""`<b>`, `<v Name>`, and SubRip's `{\\an8}`."""


def beside(video: Path, lang: str | None) -> list[tuple[Path, str | None]]:
    """Where the captions of a video may be, the nearest first, with their language."""
    named = [video.with_suffix(f".{lang}{suffix}") for suffix in SUFFIXES] if lang else []
    return [(path, lang) for path in (*named, *map(video.with_suffix, SUFFIXES))]


def read(path: Path, lang: str) -> Captions | Flaw:
    """The captions in a located file, in WebVTT."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError:
        return _flaw(_("{file} cannot be read.", file=path.name))
    except UnicodeDecodeError:
        return _flaw(_("{file} is not in UTF-8.", file=path.name))
    if len(data) > _MOST_BYTES:
        limit = formats.number(_MOST_BYTES)
        return _flaw(_("{file} has more than {limit} bytes.", file=path.name, limit=limit))
    cues: list[str] = []
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for block in _BLANK.split(text):
        cue = _cue(block)
        if cue is None:
            where = text.count("\n", 0, text.find("-->", text.find(block))) + 1
            return _flaw(
                _("{file}, line {line}: the times cannot be read.", file=path.name, line=where),
                _(
                    "Write them like 00:01:02.500 --> 00:01:04.000, with the end after the "
                    "beginning."
                ),
            )
        cues += [cue] if cue else []
    if not cues:
        return _flaw(_("{file} contains no captions.", file=path.name))
    return Captions(lang=lang, text="\n\n".join(["WEBVTT", *cues]) + "\n")


def _cue(block: str) -> str | None:
    """A block as WebVTT; empty if it shows nothing, None if its times cannot be read."""
    lines = block.strip("\n").split("\n")
    place = next((n for n, one in enumerate(lines) if "-->" in one), None)
    if place is None:
        return ""  # the header, a note, styles
    times = _CUE.fullmatch(lines[place])
    if times is None:
        return None
    begin, end = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
    if begin >= end:
        return None
    said = (_MARK.sub("", one).strip() for one in lines[place + 1 :])
    words = [html.escape(html.unescape(one), quote=False) for one in said if one]
    return "\n".join([f"{_written(begin)} --> {_written(end)}", *words]) if words else ""


def _seconds(parts: tuple[str | None, ...]) -> int:
    """In milliseconds."""
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _written(instant: int) -> str:
    seconds, rest = divmod(instant, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"


def _flaw(message: str, hint: str | None = None) -> Flaw:
    return Flaw("captions-unusable", message, hint or _("Save it again as WebVTT, in UTF-8."))
