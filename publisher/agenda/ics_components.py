"""Which lines of an .ics file make up which event, and which its time zones."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from publisher.agenda.ics_lines import ContentLine, Flaws
from publisher.base.i18n import _

_MAX_DEPTH = 4
_CALENDAR, _EVENT, _ZONE = "VCALENDAR", "VEVENT", "VTIMEZONE"


@dataclass(slots=True)
class Block:
    """The lines of one VEVENT, without those of what is inside it."""

    line: int
    properties: dict[str, ContentLine] = field(default_factory=dict)
    """The first of each name."""
    twice: set[str] = field(default_factory=set)
    called_off: bool = False
    """Whether the calendar that it is in calls its events off."""

    @property
    def uid(self) -> str | None:
        found = self.properties.get("UID")
        return found.value if found else None

    def place(self, name: str) -> int:
        """The number of the line on which a property stands, or else of the event's first."""
        found = self.properties.get(name)
        return found.number if found else self.line

    def add(self, line: ContentLine) -> None:
        if line.name in self.properties:
            self.twice.add(line.name)
        self.properties.setdefault(line.name, line)


def blocks(lines: Sequence[ContentLine], flaws: Flaws) -> tuple[list[Block], list[ContentLine]]:
    """The events in the file's order, and the lines of its time zones.

    Whatever is begun must be ended, in turn.
    """
    walk = _Walk(flaws)
    for line in lines:
        walk.take(line)
        if flaws.problems:
            return [], []
    walk.end()
    return walk.events, walk.zones


class _Walk:
    def __init__(self, flaws: Flaws) -> None:
        self.events: list[Block] = []
        self.zones: list[ContentLine] = []
        self._flaws = flaws
        self._open: list[ContentLine] = []
        """The lines that began what is not ended yet."""
        self._called_off = False
        self._first = 0
        """Which event is the first of the calendar that is open."""

    @property
    def _inside(self) -> str:
        return self._open[-1].value.upper() if self._open else ""

    def take(self, line: ContentLine) -> None:
        if line.name == "BEGIN":
            self._begin(line)
        if self._in_a_zone:
            self.zones.append(line)
        if line.name == "END":
            self._end(line)
        elif line.name != "BEGIN":
            self._property(line)

    @property
    def _in_a_zone(self) -> bool:
        return any(begun.value.upper() == _ZONE for begun in self._open)

    def _property(self, line: ContentLine) -> None:
        if self._inside == _CALENDAR and line.name == "METHOD":
            self._called_off = line.value.upper() == "CANCEL"
        elif self._inside == _EVENT:
            self.events[-1].add(line)
        elif line.name == "RRULE" and self._in_a_zone and "FREQ=YEARLY" not in line.text.upper():
            # It is worked out whether or not an event is in the zone: by the second, for hours.
            self._flaws.note(
                "unknown-zone", line.number, _("This is not a valid rule for daylight saving time.")
            )

    def end(self) -> None:
        """The file is over."""
        if self._open:
            hint = _("The file is cut off. Export it again.")
            message = _("{open} begins here and never ends.", open=self._inside)
            self._flaws.note("unclosed", self._open[-1].number, message, hint)

    def _begin(self, line: ContentLine) -> None:
        if self._inside == _EVENT == line.value.upper() or len(self._open) == _MAX_DEPTH:
            self._flaws.note(
                "unclosed", line.number, _("{block} cannot begin here.", block=line.value)
            )
        self._open.append(line)
        if self._inside == _CALENDAR:
            self._called_off, self._first = False, len(self.events)
        if self._inside == _EVENT:
            self.events.append(Block(line.number))

    def _end(self, line: ContentLine) -> None:
        if not self._open or line.value.upper() != self._inside:
            message = (
                _(
                    "{block} cannot end here; {open} is still open since line {line}.",
                    block=line.value,
                    open=self._inside,
                    line=self._open[-1].number,
                )
                if self._open
                else _("{block} cannot end here.", block=line.value)
            )
            self._flaws.note("unclosed", line.number, message)
            return
        if self._inside == _CALENDAR:  # its METHOD may come after its events
            for event in self.events[self._first :]:
                event.called_off = self._called_off
        self._open.pop()
