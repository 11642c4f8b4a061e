"""Forms of the agenda: what a person typed becomes changes of items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from publisher.agenda.changes import ItemChange, free_name, inside, move_by, with_start
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.drafts.session import Session
from publisher.drafts.times import YEARS, AgendaItem, parse_time
from publisher.model.problems import Flaw

_ITEMS = TypeAdapter(list[AgendaItem])


@dataclass(frozen=True, slots=True)
class ItemForm:
    """The values of an item's form, as typed."""

    title: str = ""
    starts: str = ""
    """A local time such as `2016-03-07T09:00`."""
    ends: str = ""
    place: str = ""
    keep_end: bool = False
    """Whether the end stays where it is when the start moves."""
    along: Sequence[str] = field(default=())
    """Items within it that move along."""

    @classmethod
    def of(cls, item: AgendaItem, zone: ZoneInfo) -> "ItemForm":
        """The form of an item as it is."""
        return cls(
            item.title or "", _local(item.starts_at, zone), _local(item.ends_at, zone),
            item.place or "",
        )  # fmt: skip

    def new(self, session: Session) -> list[ItemChange]:
        """A new item. Raises UsageError for a value that cannot be used."""
        title = _line(self.title)
        item = AgendaItem(
            name=free_name(title, session.agenda),
            title=_required(title),
            starts_at=_instant(self.starts, session.zone),
            ends_at=_instant(self.ends, session.zone) if self.ends else None,
            place=_line(self.place) or None,
        )
        return [ItemChange(None, item)]

    def changes(self, item: AgendaItem, session: Session) -> list[ItemChange]:
        """What changes of an item, and of those that move along. Raises UsageError as `new`.

        Its end moves by as much as its start, if it was not changed and shall not stay.
        """
        zone, own = session.zone, self.of(item, session.zone)
        after = item
        if self.starts != own.starts:
            starts_at = _instant(self.starts, zone)
            keep_end = self.keep_end or self.ends != own.ends
            after = _usable(with_start(item, starts_at, zone, keep_end=keep_end))
        if self.ends != own.ends:
            ends_at = _instant(self.ends, zone) if self.ends else None
            after = after.model_copy(update={"ends_at": ends_at})
        title, place = _line(self.title), _line(self.place)
        if title != _line(own.title):
            after = after.model_copy(update={"title": _required(title)})
        if place != _line(own.place):
            after = after.model_copy(update={"place": place or None})
        changes = [ItemChange(item, after), *self._moved_along(item, after, session)]
        return [change for change in changes if change.kinds]

    def _moved_along(
        self, item: AgendaItem, after: AgendaItem, session: Session
    ) -> list[ItemChange]:
        zone = session.zone
        span = _clock(after.starts_at, zone) - _clock(item.starts_at, zone)
        if not span:
            return []
        return [
            ItemChange(inner, _usable(move_by(inner, span, zone, keep_end=False)))
            for inner in inside(item, session.agenda)
            if inner.name in self.along
        ]


def switched(item: AgendaItem, *, cancelled: bool) -> list[ItemChange]:
    """An item that is cancelled, or takes place after all."""
    change = ItemChange(item, item.model_copy(update={"cancelled": cancelled}))
    return [change] if change.kinds else []


def written(changes: Sequence[ItemChange]) -> str:
    """Changes as a text that a form carries, for `read`."""
    return _ITEMS.dump_json([change.after for change in changes]).decode()


def read(text: str, agenda: Mapping[str, AgendaItem]) -> list[ItemChange]:
    """The changes that a form carried. Raises UsageError for what no form of ours holds."""
    try:
        items = [_in_utc(item) for item in _ITEMS.validate_json(text)]
    except (ValidationError, ValueError, OverflowError):
        message = _("Something in the address or in the form cannot be understood.")
        raise UsageError(message, hint=_("Choose the calendar file again.")) from None
    named = {item.name: item for item in items}
    changes = [ItemChange(agenda.get(name), item) for name, item in named.items()]
    return [change for change in changes if change.kinds]


def _in_utc(item: AgendaItem) -> AgendaItem:
    """The item with its instants in UTC. Raises ValueError for times that are no instants."""
    instants = {"starts_at": item.starts_at, "ends_at": item.ends_at}
    for instant in filter(None, instants.values()):
        if instant.tzinfo is None or instant.year not in YEARS:
            raise ValueError(instant)
    update = {name: at and at.astimezone(UTC) for name, at in instants.items()}
    return item.model_copy(update=update)


def _required(title: str) -> str:
    if not title:
        message = _("The item has no title.")
        raise UsageError(message, hint=_("Write what takes place, in a few words."))
    return title


def _instant(local: str, zone: ZoneInfo) -> datetime:
    moment = parse_time(local.strip(), zone)
    if isinstance(moment, Flaw):
        raise UsageError(moment.message, hint=moment.hint)
    return moment.instant


def _usable(item: AgendaItem | Flaw) -> AgendaItem:
    if isinstance(item, Flaw):
        raise UsageError(item.message, hint=item.hint)
    return item


def _local(instant: datetime | None, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%dT%H:%M}" if instant else ""


def _clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks there show."""
    return instant.astimezone(zone).replace(tzinfo=None)


def _line(text: str) -> str:
    return " ".join(text.split())
