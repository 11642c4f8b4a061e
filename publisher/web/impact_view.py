"""Impact for readers: the posts that a change of the agenda or of a consent drags along."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.app import Application
from publisher.model.states import State
from publisher.planning.impact import Dragged, Note
from publisher.web import labels
from publisher.web.shared_change import SharedChange


@dataclass(frozen=True, slots=True)
class DraggedRow:
    """A post that follows."""

    post: str
    words: str
    recipients: Sequence[tuple[str, str]]
    """Channels and accounts."""
    was: datetime | None
    becomes: datetime | None
    was_held: bool
    held: str | None
    """Why it is held then."""
    stays: bool
    """Whether nothing of it follows."""
    states: Sequence[State]
    is_unqueued: bool
    """Whether it is not on the schedule for all of its accounts."""
    notes: Sequence[Note]

    @property
    def moves(self) -> bool:
        return self.was != self.becomes


def rows(app: Application, change: SharedChange) -> list[DraggedRow]:
    """The posts in the order of their new times."""
    channels = {name: one.channel for name, one in app.settings.public_accounts().items()}
    following = {planned.post for planned in change.plan.changes}
    return [_row(one, channels, following) for one in change.effects.dragged]


def _row(one: Dragged, channels: Mapping[str, str], following: Collection[str]) -> DraggedRow:
    after = one.after
    queued = {delivery.account: delivery.channel for delivery in one.deliveries}
    known = {name: channels[name] for name in one.accounts} | queued
    return DraggedRow(
        post=after.id,
        words=labels.first_words(after),
        recipients=[(channel, name) for name, channel in sorted(known.items())],
        was=one.before.not_before,
        becomes=after.not_before,
        was_held=one.before.held is not None,
        held=after.held,
        # What is queued follows if the plan says so: a draft may have errors.
        stays=one.stays or (bool(queued) and after.id not in following),
        states=list(dict.fromkeys(delivery.state for delivery in one.deliveries)),
        is_unqueued=not queued.keys() >= set(one.accounts),
        notes=one.notes,
    )
