"""Impact for readers: the posts that a change of the agenda or of a consent drags along."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.app import Application
from publisher.base.i18n import _
from publisher.base.text import shortened
from publisher.model.posts import Post
from publisher.model.states import State
from publisher.planning.impact import Dragged, Effects, Note
from publisher.web.labels import BEGINNING


@dataclass(frozen=True, slots=True)
class DraggedRow:
    """A post that follows."""

    post: str
    words: str
    recipients: Sequence[tuple[str, str]]
    """Channels and accounts."""
    items: Sequence[str]
    """The agenda items that it hangs on."""
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


def rows(app: Application, effects: Effects) -> list[DraggedRow]:
    """The posts in the order of their new times."""
    channels = {name: one.channel for name, one in app.settings.public_accounts().items()}
    return [_row(one, channels) for one in effects.dragged]


def _row(one: Dragged, channels: dict[str, str]) -> DraggedRow:
    after = one.after
    queued = {delivery.account: delivery.channel for delivery in one.deliveries}
    known = {name: channels[name] for name in one.accounts} | queued
    return DraggedRow(
        post=after.id,
        words=first_words(after),
        recipients=[(channel, name) for name, channel in sorted(known.items())],
        items=list(dict.fromkeys(filter(None, (after.anchor, after.embargo_anchor)))),
        was=one.before.not_before,
        becomes=after.not_before,
        was_held=one.before.held is not None,
        held=after.held,
        stays=one.stays,
        states=list(dict.fromkeys(delivery.state for delivery in one.deliveries)),
        is_unqueued=not queued.keys() >= set(one.accounts),
        notes=one.notes,
    )


def first_words(post: Post) -> str:
    """A draft's title, or its first words, in one line."""
    texts = (part for parts in post.texts.values() for part in parts)
    return shortened(post.title or next(filter(None, texts), ""), BEGINNING) or _("a picture")
