"""Parsing and formatting of times as people write them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from publisher.base.clock import duration_text, parse_duration
from publisher.base.i18n import _, later
from publisher.base.text import suggestion
from publisher.model.problems import Flaw
from publisher.model.values import Frozen

YEARS = range(1970, 2200)
"""The years that a time may have: enough for every use, and no arithmetic overflows."""

_TIME = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2})"
    r"(?:[Tt ] *(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)"
    r" ?(?P<offset>[Zz]|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_ANCHOR = re.compile(
    r"(?P<item>[^\s+.]+)(?:\.(?P<edge>\w+))?"
    r"(?:(?:\s+(?P<minus>[-\u2212\u2013])|\s*\+)\s*(?P<duration>\S+))?"
)
SHAPE = later("Write it like 2016-03-07 08:30 or 2016-03-07T08:30:00+01:00.")
"""The hint for a text that is no time; a caller that knows the workspace gives a better one."""


class Moment(NamedTuple):
    """An instant in UTC, and how it was written."""

    instant: datetime
    item: str | None = None
    """The agenda item that it is relative to."""
    local: bool = False
    """Whether it was written in the session's time zone."""


class Anchor(NamedTuple):
    """A time that hangs on the agenda."""

    item: str
    edge: str
    """`start` or `end`."""
    offset: timedelta


class AgendaItem(Frozen):
    """An entry of the session's programme."""

    name: str
    title: str | None = None
    starts_at: datetime
    ends_at: datetime | None = None
    place: str | None = None
    cancelled: bool = False
    uid: str | None = None
    """Its id in the calendar that it was imported from."""


def is_now(text: str) -> bool:
    """Whether the value of `at` is `now`: the post goes out when it is queued."""
    return text.strip().casefold() == "now"


def looks_like_a_time(text: str) -> bool:
    """Whether `text` is meant as a date, not as an agenda item, whose name begins otherwise."""
    return text[:1].isdigit()


def anchor_name(text: str) -> str:
    """The name of the agenda item in `annual-day.end + 15m`, whether it exists or not."""
    return re.split(r"[\s+.]", text, maxsplit=1)[0]


def edge_of(text: str) -> str | None:
    """`start` or `end` in `annual-day.end + 15m`; None if it is not written."""
    match = _ANCHOR.fullmatch(text)
    return match["edge"] if match else None


def anchor(text: str) -> Anchor | None:
    """The parts of `annual-day.end + 15m`, whether the item exists or not; None if it has none."""
    match = _ANCHOR.fullmatch(text)
    if match is None or match["edge"] not in (None, "start", "end"):
        return None
    try:
        offset = parse_duration(match["duration"]) if match["duration"] else timedelta()
    except ValueError:
        return None
    return Anchor(match["item"], match["edge"] or "start", -offset if match["minus"] else offset)


def parse_time(text: str, zone: ZoneInfo) -> Moment | Flaw:
    """Parse `2016-03-07 08:30` in `zone`, or a time with an offset; seconds and `T` are allowed."""
    match = _TIME.fullmatch(text)
    if match is None:
        return Flaw("bad-time", _("“{text}” is not a time.", text=text), _(SHAPE))
    if match["clock"] is None:
        message = _("“{text}” has no time of day.", text=text)
        return Flaw("time-without-clock", message, _("Add one: {date} 08:30.", date=match["date"]))
    naive = _naive(match["date"], match["clock"])
    if isinstance(naive, Flaw):
        return naive
    if match["offset"] is None:
        instant = in_zone(naive, zone)
        return instant if isinstance(instant, Flaw) else Moment(instant, local=True)
    try:
        aware = datetime.fromisoformat(f"{naive.isoformat()}{match['offset'].upper()}")
    except ValueError:
        return Flaw(
            "bad-time", _("“{offset}” is not an offset from UTC.", offset=match["offset"]), _(SHAPE)
        )
    return Moment(aware.astimezone(UTC))


def spelled(instant: datetime, zone: ZoneInfo, like: str = "2016-03-07 08:30") -> str:
    """Format an instant in the shape of `like`, a time that `parse_time` accepts.

    It has an offset where `like` has one, and where the clocks in `zone` show the time twice.
    """
    shape = _TIME.fullmatch(like)
    if shape is None or shape["clock"] is None:
        raise ValueError(f"{like!r} is no time")
    local = instant.astimezone(zone)
    if shape["offset"] is None:
        alone = in_zone(local.replace(tzinfo=None), zone) == instant
        offset = "" if alone else _offset(local)
    elif shape["offset"] in "Zz":
        local, offset = instant.astimezone(UTC), shape["offset"]
    else:
        local = instant.astimezone(datetime.strptime(shape["offset"], "%z").tzinfo)
        offset = _offset(local) if ":" in shape["offset"] else f"{local:%z}"
    seconds = ":%S" if local.second or shape["clock"].count(":") == 2 else ""
    between = like[shape.end("date") : shape.start("clock")]
    before_offset = like[shape.end("clock") : shape.start("offset")] if shape["offset"] else ""
    clock = local.strftime(f"%H:%M{seconds}")
    return f"{local:%Y-%m-%d}{between}{clock}{before_offset}{offset}"


def local(instant: datetime, zone: tzinfo) -> str:
    """Format an instant with its zone: `2016-03-07 08:30 (Europe/Zurich)`."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"


def _offset(local: datetime) -> str:
    """`+01:00`"""
    return local.isoformat(timespec="seconds")[len("2016-03-07T08:30:00") :]


def _naive(day: str, clock: str) -> datetime | Flaw:
    year, month, day_of_month = map(int, day.split("-"))
    hour, minute, second = map(int, f"{clock}:0".split(":")[:3])
    if year not in YEARS:
        return Flaw("bad-time", _("The year {year} is out of range.", year=year), _(SHAPE))
    try:
        return local_time((year, month, day_of_month), (hour, minute, second))
    except ValueError as error:
        message = _("“{day} {clock}” is not a time: {error}.", day=day, clock=clock, error=error)
        return Flaw("bad-time", message, _(SHAPE))


def local_time(day: tuple[int, int, int], clock: tuple[int, int, int]) -> datetime:
    """A time without a zone. Raises ValueError, in the user's language, if it does not exist."""
    try:
        found = date(*day)
    except ValueError:
        raise ValueError(_("there is no such day")) from None
    try:
        return datetime.combine(found, time(*clock))
    except ValueError:
        raise ValueError(_("hours go from 0 to 23, minutes and seconds from 0 to 59")) from None


def in_zone(naive: datetime, zone: ZoneInfo) -> datetime | Flaw:
    """The instant, in UTC, at which the clocks in `zone` show `naive`.

    Clocks that go forward skip times, and clocks that go back show times twice: both are
    flaws, whose hint gives the two instants that may be meant, with their offsets.
    """
    earlier, after = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if earlier == after:
        return earlier
    first, second = (instant.astimezone(zone).isoformat() for instant in sorted((earlier, after)))
    hint = _("Write which one you mean: {first} or {second}.", first=first, second=second)
    shown = naive.isoformat(" ", "minutes")
    if earlier < after:
        return Flaw(
            "ambiguous-time", _("{shown} exists twice in {zone}.", shown=shown, zone=zone.key), hint
        )
    return Flaw(
        "nonexistent-time", _("{shown} does not exist in {zone}.", shown=shown, zone=zone.key), hint
    )


def parse_anchor(text: str, agenda: Mapping[str, AgendaItem]) -> Moment | Flaw:
    """Parse an agenda item's start or end with an optional offset: `annual-day.end + 15m`."""
    match = _ANCHOR.fullmatch(text)
    if match is None:
        return Flaw(
            "bad-time", _("“{text}” is neither a time nor an agenda item.", text=text), _(SHAPE)
        )
    item = agenda.get(match["item"])
    if item is None:
        return _unknown(match["item"], agenda)
    if match["edge"] not in (None, "start", "end"):
        hint = _("Write `{item}`, `{item}.start` or `{item}.end`.", item=item.name)
        return Flaw("bad-time", _("An agenda item has no “{edge}”.", edge=match["edge"]), hint)
    base = item.ends_at if match["edge"] == "end" else item.starts_at
    if base is None:
        hint = _(
            "Give `{item}` an `ends:` in posts/session.yaml, or count from its start.",
            item=item.name,
        )
        return Flaw("no-end", _("The agenda item “{item}” has no end.", item=item.name), hint)
    offset = timedelta()
    if match["duration"] is not None:
        try:
            offset = parse_duration(match["duration"])
        except ValueError as error:
            return Flaw("bad-duration", f"{error}.", _(SHAPE))
    return Moment(base - offset if match["minus"] else base + offset, item=item.name)


def anchored(instant: datetime, like: str, agenda: Mapping[str, AgendaItem]) -> str:
    """Format an instant as an offset from the item's start or end that `like` counts from.

    `like` is what `parse_anchor` accepts: `annual-day.end + 15m` becomes `annual-day.end - 2h`.
    """
    match = _ANCHOR.fullmatch(like)
    edge = like[: match.end("edge" if match["edge"] else "item")] if match else like
    base = parse_anchor(edge, agenda)
    if isinstance(base, Flaw):
        raise ValueError(f"{like!r} is no agenda item")  # noqa: TRY004 - of the text, not its type
    offset = instant - base.instant
    if not offset:
        return edge
    return f"{edge} {'-' if offset < timedelta() else '+'} {duration_text(abs(offset))}"


def _unknown(name: str, agenda: Mapping[str, AgendaItem]) -> Flaw:
    message = _("No agenda item is called “{name}”.", name=name)
    item, dash, rest = name.rpartition("-")
    if dash and item in agenda and re.match(r"\d", rest):
        hint = _("Put spaces around the minus: `{item} - {rest}`.", item=item, rest=rest)
        return Flaw("unknown-anchor", message, hint)
    return Flaw(
        "unknown-anchor",
        message,
        suggestion(name, agenda, nothing=_("posts/session.yaml has no agenda.")),
    )
