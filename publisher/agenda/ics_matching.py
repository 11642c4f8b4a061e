"""Which agenda item each event of a calendar is, and what becomes of the items."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from publisher.agenda.changes import ItemChange, free_name, with_start
from publisher.agenda.ics_events import CalendarEvent
from publisher.agenda.ics_lines import Flaws
from publisher.base.i18n import _
from publisher.base.text import slug
from publisher.drafts.session import Session
from publisher.drafts.times import AgendaItem
from publisher.model.problems import Flaw
from publisher.model.values import Problem


@dataclass(frozen=True, slots=True)
class Match:
    """What a calendar makes of an agenda."""

    changes: tuple[ItemChange, ...]
    """The items that are new or different, in the order of the agenda."""
    missing: tuple[AgendaItem, ...]
    """Items that came from this calendar, and are not in it any more."""
    cancelled_here: tuple[AgendaItem, ...]
    """Items that the calendar has, and that are cancelled in the agenda alone."""
    problems: tuple[Problem, ...]


def own_uid(session: Session, kind: str, name: str) -> str:
    """The UID of what has none: the same every time, and no other session's.

    `kind` keeps the names of items and posts apart.
    """
    return str(uuid5(NAMESPACE_URL, f"urn:publisher:{session.name or ''}:{kind}:{name}"))


def uid_of(session: Session, item: AgendaItem) -> str:
    """Under which UID the item is exported."""
    return item.uid or own_uid(session, "item", item.name)


def match(file: str, events: Sequence[CalendarEvent], session: Session) -> Match:
    """Compare a calendar's events with the agenda; `file` is its name, for problems.

    An event is the item that has its UID. If none has, it is the item that is called like it, by
    its name or title.
    """
    return _Matching(file, events, session).result()


class _Matching:
    def __init__(self, file: str, events: Sequence[CalendarEvent], session: Session) -> None:
        self._flaws = Flaws(file)
        self._events = events
        self._session = session
        self._agenda = session.agenda
        self._by_uid = {uid_of(session, item): item for item in self._agenda.values()}
        self._pairs: dict[str, CalendarEvent] = {}
        """The event of each item that has one, by the item's name."""

    def result(self) -> Match:
        known = [event for event in self._events if event.uid in self._by_uid]
        others = [event for event in self._events if event.uid not in self._by_uid]
        for event in known:
            self._pairs[self._by_uid[event.uid or ""].name] = event
        new = self._match_by_name(others)
        both = [
            (item, self._pairs[name]) for name, item in self._agenda.items() if name in self._pairs
        ]
        changed = [self._changed(item, event) for item, event in both]
        # Our own export holds all items; another calendar those that it gave a UID.
        exported = any(event.uid == own_uid(self._session, "item", i.name) for i, event in both)
        absent = [item for name, item in self._agenda.items() if name not in self._pairs]
        return Match(
            changes=(*(c for c in changed if c and c.kinds), *self._added(new)),
            missing=tuple(i for i in absent if not i.cancelled and (i.uid or exported)),
            cancelled_here=tuple(i for i, event in both if i.cancelled and not event.cancelled),
            problems=tuple(self._flaws.problems),
        )

    def _match_by_name(self, events: Sequence[CalendarEvent]) -> list[CalendarEvent]:
        """Pair the events with items that are called alike; returns those that are left."""
        free = self._names([item for n, item in self._agenda.items() if n not in self._pairs])
        wanted: dict[str, list[CalendarEvent]] = defaultdict(list)
        for event in events:
            wanted[slug(event.summary)].append(event)
        left = []
        for name, alike in wanted.items():
            items = free.get(name, [])
            if len(items) == len(alike) == 1 and items[0].name not in self._pairs:
                self._pairs[items[0].name] = alike[0]
            elif items and not all(item.uid for item in items):
                self._refuse_doubt(alike, items)
            else:
                left += alike
        return left

    @staticmethod
    def _names(items: Sequence[AgendaItem]) -> Mapping[str, list[AgendaItem]]:
        found: dict[str, list[AgendaItem]] = defaultdict(list)
        for item in items:
            for name in dict.fromkeys((item.name, slug(item.title or ""))):
                if name:
                    found[name].append(item)
        return found

    def _refuse_doubt(self, events: Sequence[CalendarEvent], items: Sequence[AgendaItem]) -> None:
        names = ", ".join(f"`{item.name}`" for item in items)
        for event in events:
            message = _(
                "Publisher cannot tell which of {items} {event} is, because several have this "
                "name.",
                items=names,
                event=event.name,
            )
            hint = (
                _(
                    "Write `uid: {uid}` under the right item in posts/session.yaml.",
                    uid=event.uid,
                )
                if event.uid
                else _(
                    "Write `uid:` under the right item in posts/session.yaml, and in the calendar."
                )
            )
            self._flaws.note("ambiguous", event.line, message, hint)

    def _changed(self, item: AgendaItem, event: CalendarEvent) -> ItemChange | None:
        """The item as the event has it; what the event does not say stays."""
        after = item
        if event.starts_at != item.starts_at:
            moved = with_start(
                item, event.starts_at, self._session.zone, keep_end=bool(event.ends_at)
            )
            if isinstance(moved, Flaw):
                self._flaws.note(
                    "bad-time", event.line, f"{event.name}: {moved.message}", moved.hint
                )
                return None
            after = moved
        update: dict[str, object] = {"ends_at": event.ends_at or after.ends_at}
        if event.summary != _in_one_line(item.title or item.name):
            update["title"] = event.summary
        if event.place and event.place != _in_one_line(item.place or ""):
            update["place"] = event.place
        if event.cancelled:
            update["cancelled"] = True
        if event.uid and event.uid != own_uid(self._session, "item", item.name):
            update["uid"] = event.uid
        return ItemChange(item, after.model_copy(update=update))

    def _added(self, events: Sequence[CalendarEvent]) -> list[ItemChange]:
        """New items, under names that nobody has yet."""
        taken = set(self._agenda)
        added = []
        for event in sorted(events, key=lambda event: (event.starts_at, event.uid or "")):
            name = free_name(event.summary, taken)
            taken.add(name)
            item = AgendaItem(
                name=name,
                title=event.summary,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
                place=event.place,
                cancelled=event.cancelled,
                uid=event.uid,
            )
            added.append(ItemChange(None, item))
        return added


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
