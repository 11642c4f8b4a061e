"""The lines of an .ics file, unfolded, each with its place (RFC 5545, section 3.1).

A line that is too long goes on in the next one, behind a space. It may be broken within a
character of several bytes; hence all of this happens to bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from publisher.base import formats
from publisher.base.errors import why
from publisher.base.i18n import _
from publisher.drafts.text_files import invalid_character
from publisher.model.problems import Findings
from publisher.model.values import Position

MAX_BYTES = 5_000_000
"""Ten times a calendar of as many events as are taken."""
CODES: dict[str, str] = {
    "unreadable": "The file cannot be read.",
    "file-too-big": "The file is bigger than 5 MB.",
    "not-a-calendar": "The file is not an iCalendar file.",
    "encoding": "The file is not UTF-8 text.",
    "invalid-character": "A text contains a control character, or one that no platform accepts.",
    "broken-line": "A line is neither `NAME:value` nor the rest of the one before.",
    "unclosed": "Something begins and does not end, or ends and did not begin.",
    "no-events": "The calendar has no events.",
    "too-many-events": "The calendar has more events than an agenda can have.",
    "no-summary": "The event has no name.",
    "no-start": "The event has no start.",
    "bad-time": "A time or duration cannot be read.",
    "unknown-zone": "The time zone is unknown.",
    "floating-time": "The time has no time zone.",
    "all-day": "The event has no time of day to count from.",
    "ends-before-start": "The event ends before it starts.",
    "recurring": "The event recurs.",
    "recurrence-id": "The event is one instance of a recurring one.",
    "duplicate-uid": "Two events have one UID.",
    "ambiguous": "It is not clear which agenda item the event is.",
}
"""Every code that a problem of an .ics file can have, with what it means in one line."""

_NAME = re.compile(r"([A-Za-z0-9-]+)[:;]")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"


class Flaws(Findings):
    """The problems of one .ics file, whose lines are their places."""

    def __init__(self, file: str) -> None:
        super().__init__(file, CODES)

    def note(self, code: str, line: int, message: str, hint: str | None = None) -> None:
        self.error(code, Position(line=line), message, hint)


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property, unfolded."""

    number: int
    """Of the line that it begins on, counted from 1."""
    name: str
    """In capitals."""
    text: str
    """All of it, its name included."""

    @property
    def value(self) -> str:
        """What stands behind the colon, when there are no parameters."""
        return self.text[len(self.name) + 1 :].strip()


def read(path: Path, flaws: Flaws) -> list[ContentLine]:
    """The lines of a file; none where it cannot be read at all."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        flaws.note("unreadable", 1, _("The file cannot be read: {reason}.", reason=why(error)))
        return []
    return lines_of(data, flaws)


def lines_of(data: bytes, flaws: Flaws) -> list[ContentLine]:
    """The lines of a file's bytes; none where they cannot be read at all."""
    if len(data) > MAX_BYTES:
        hint = _("Export a part of the calendar, such as the weeks of the session.")
        message = _("The file has more than {limit} bytes.", limit=formats.number(MAX_BYTES))
        flaws.note("file-too-big", 1, message, hint)
        return []
    if data.startswith(_UTF16):
        flaws.note("encoding", 1, _("The file is in UTF-16, not UTF-8."), _("Export it as UTF-8."))
        return []
    lines = list(_lines(data.removeprefix(_BOM), flaws))
    if not lines or lines[0].text.strip().upper() != "BEGIN:VCALENDAR":
        flaws.problems.clear()  # what else is wrong with something else is of no interest
        hint = _(
            "Export the calendar as iCalendar (.ics); such a file begins with BEGIN:VCALENDAR."
        )
        flaws.note("not-a-calendar", 1, _("This is not an iCalendar file."), hint)
        return []
    return lines


def _lines(data: bytes, flaws: Flaws) -> Iterator[ContentLine]:
    for number, raw in _unfolded(data):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = f"0x{raw[error.start]:02x}"
            message = _(
                "The byte {byte} is not valid UTF-8; the file may be in Latin-1 or Windows-1252.",
                byte=byte,
            )
            flaws.note("encoding", number, message, _("Export it as UTF-8."))
            continue
        if flaw := invalid_character(text):
            flaws.note(flaw.code, number, flaw.message, flaw.hint)
            continue
        name = _NAME.match(text)
        if name is None:
            message = _("This line is not a property: {line!r}.", line=text[:40])
            hint = _("A line that continues is followed by a line that begins with a space.")
            flaws.note("broken-line", number, message, hint)
            continue
        yield ContentLine(number, name[1].upper(), text)


def _unfolded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line that is not empty, with what goes on behind it."""
    begun: tuple[int, list[bytes]] | None = None
    for number, raw in enumerate(_LINE_END.split(data), 1):
        if begun and raw[:1] in (b" ", b"\t"):
            begun[1].append(raw[1:])
        elif raw.strip():
            if begun:
                yield begun[0], b"".join(begun[1])
            begun = number, [raw]
    if begun:
        yield begun[0], b"".join(begun[1])
