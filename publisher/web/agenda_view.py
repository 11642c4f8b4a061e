"""Agenda for its pages: items by day with their posts, and a change with what it drags along."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from publisher.agenda import propose, session_file
from publisher.agenda.changes import ChangeKind, ItemChange, left_inside
from publisher.agenda.session_file import SessionFile
from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.base.formats import instant_text
from publisher.base.i18n import _
from publisher.drafts.session import FILE, Session
from publisher.drafts.times import AgendaItem
from publisher.model.events import Event
from publisher.model.posts import Post
from publisher.model.values import Problem
from publisher.planning import impact
from publisher.web import shared_change
from publisher.web.draft_cache import KnownDrafts
from publisher.web.shared_change import SharedChange

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item in the list."""

    item: AgendaItem
    posts: Sequence[Post]
    """Those whose time or embargo hangs on it."""
    is_over: bool
    is_now: bool
    lasts_until: date | None
    """The day on which it ends, if that is another one."""


@dataclass(frozen=True, slots=True)
class AgendaDay:
    """The items that begin on a day."""

    date: date
    rows: Sequence[ItemRow]
    is_today: bool


def days(session: Session, posts: Mapping[str, Post], now: datetime) -> list[AgendaDay]:
    """The agenda by days, in the session's zone."""
    zone, anchored = session.zone, impact.anchored(posts.values())
    items = sorted(session.agenda.values(), key=lambda item: (item.starts_at, item.name))
    today = now.astimezone(zone).date()

    def day(item: AgendaItem) -> date:
        return item.starts_at.astimezone(zone).date()

    def row(item: AgendaItem) -> ItemRow:
        end = item.ends_at or item.starts_at
        last = end.astimezone(zone).date()
        return ItemRow(
            item,
            anchored.get(item.name, ()),
            is_over=end < now,
            is_now=item.starts_at <= now <= end and not item.cancelled,
            lasts_until=last if last != day(item) else None,
        )

    return [
        AgendaDay(key, [row(item) for item in its], is_today=key == today)
        for key, its in groupby(items, day)
    ]


def hanging_on(drafts: KnownDrafts, name: str) -> list[Post]:
    """The posts that hang on an item, in the order of their times."""
    found = impact.anchored(drafts.posts.values()).get(name, ())
    return sorted(found, key=lambda post: (post.not_before or _LAST, post.id))


def title(item: AgendaItem) -> str:
    """What readers call an item."""
    return item.title or item.name


def usable(app: Application) -> SessionFile:
    """The agenda's file. Raises NotPossible if it has errors, on which nothing can be built."""
    found = session_file.read(app.settings.posts)
    for problem in found.errors[:1]:
        message = _("The agenda has an error, in line {line}: {message}",
                    line=problem.line, message=problem.message)  # fmt: skip
        raise NotPossible(message, hint=problem.hint)
    return found


@dataclass(frozen=True, slots=True)
class AgendaChange:
    """Changes of items, before they are saved."""

    items: Sequence[ItemChange]
    problems: Sequence[Problem]
    """Why they cannot be saved."""
    left: Sequence[str]
    """The titles of items within one that moves, and that do not."""
    change: SharedChange | None
    """What is saved, with its effects; None if it cannot be."""


def proposed(app: Application, seen: SessionFile, changes: Sequence[ItemChange]) -> AgendaChange:
    """What these changes bring. Raises NotPossible if only a person can make them in the file."""
    wanted = [change for change in changes if change.kinds]
    moved = [change for change in wanted if ChangeKind.MOVE in change.kinds]
    left = [title(i) for _outer, its in left_inside(moved, seen.session.agenda) for i in its]
    proposal = propose(seen, wanted)
    if proposal.problems:
        return AgendaChange(wanted, proposal.problems, left, None)
    effects = impact.effects(
        app.settings, app.queries, app.clock.now(), proposal.before, proposal.after, app.checks
    )
    prepared = shared_change.prepared(
        app, effects,
        file=FILE,
        data=proposal.data,
        steps=[step for change in wanted for step in _steps(change)],
        save=proposal.save,
        put_back=proposal.put_back,
        programme=proposal.after,
    )  # fmt: skip
    return AgendaChange(wanted, (), left, prepared)


_EVENTS = {
    ChangeKind.ADD: Event.AGENDA_ITEM_ADDED,
    ChangeKind.CANCEL: Event.AGENDA_ITEM_CANCELLED,
    ChangeKind.RESTORE: Event.AGENDA_ITEM_RESTORED,
}


def _steps(change: ItemChange) -> Iterator[tuple[Event, Mapping[str, object]]]:
    """What the history says of a change."""
    values = {"item": change.after.name, **_differences(change)}
    kinds = [kind for kind in change.kinds if kind in _EVENTS]
    for kind in kinds:
        yield _EVENTS[kind], values
    if not kinds:
        yield Event.AGENDA_ITEM_CHANGED, values


def _differences(change: ItemChange) -> dict[str, object]:
    """Old and new of everything that readers know of an item; of a new one what it is."""

    def facts(item: AgendaItem) -> dict[str, str | None]:
        return {
            "title": item.title,
            "starts_at": instant_text(item.starts_at),
            "ends_at": instant_text(item.ends_at),
            "place": item.place,
        }

    after = facts(change.after)
    if change.before is None:
        return {key: value for key, value in after.items() if value}
    before = facts(change.before)
    return {
        key: {"from": before[key], "to": after[key]} for key in after if before[key] != after[key]
    }
