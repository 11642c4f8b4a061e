"""Chips of the calendar: one for each post and time, made of its deliveries or of its draft."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from publisher.base.formats import instant_text
from publisher.base.i18n import _
from publisher.drafts import rendering
from publisher.ledger.reading.placements import Placement
from publisher.model.accounts import Account
from publisher.model.content import Content
from publisher.model.posts import Post
from publisher.model.states import ENDED_UNSENT, OUT_OR_MAYBE, WAITING, State, state_name
from publisher.web import labels
from publisher.web.draft_cache import KnownDrafts

_TROUBLE = (State.UNCERTAIN, State.FAILED, State.MISSED, State.HELD, State.REJECTED)
_WORST_FIRST = (
    *_TROUBLE,
    State.AWAITING_APPROVAL,
    State.PUBLISHING,
    State.SCHEDULED,
    State.PUBLISHED,
    State.WITHDRAWN,
    State.CANCELLED,
)
_MOVABLE = WAITING | ENDED_UNSENT - {State.CANCELLED}


class CalendarEntry(NamedTuple):
    """A post at one of its times."""

    at: datetime
    """When it goes out, in UTC."""
    post: str
    standing: Sequence[Placement] = ()
    """Its deliveries that leave then; empty: it is not queued."""


class ChipState(NamedTuple):
    """The state of a post for its chip: the worst of its deliveries' states."""

    tone: str
    """Its CSS class."""
    text: str
    is_told: bool = False
    """Whether it stands on the chip; else only its colour does, and the text is for readers who do
    not see it."""


class _Words(NamedTuple):
    """What of a post's content is on its chip."""

    title: str
    lang: str | None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """A post as the calendar shows it."""

    post: str
    at: datetime
    """When it goes out, in the session's zone."""
    title: str
    lang: str | None
    channels: Sequence[str]
    accounts: Sequence[str]
    picture: str | None
    """The address of a small view of its first picture."""
    state: ChipState
    anchor: str | None
    """The title of the agenda item that its time hangs on."""
    is_cancelled: bool
    """Whether that item is cancelled."""
    is_broken: bool
    """Whether its draft has errors."""
    draft_says: datetime | None
    """The time in its draft, if the ledger has another one."""
    is_movable: bool
    is_past: bool
    """Whether its time is over."""

    @property
    def instant(self) -> str | None:
        return instant_text(self.at)

    @property
    def clock(self) -> str:
        return f"{self.at:%H:%M}"

    @property
    def local(self) -> str:
        """Its time as the field of a form has it: `2016-03-07T09:30`."""
        return f"{self.at:%Y-%m-%dT%H:%M}"


@dataclass(frozen=True, slots=True)
class ChipMaker:
    """Makes the chips of entries."""

    drafts: KnownDrafts
    accounts: Mapping[str, Account]
    contents: Mapping[int, Content]
    """By delivery; one of each post is enough."""
    may_move: Callable[[Sequence[str]], bool]
    """Whether the reader may move a post that goes to these accounts."""
    still_of: Callable[[Post], str | None]
    """The address of a small view of a draft's first picture."""
    now: datetime

    def chip(self, entry: CalendarEntry) -> Chip:
        draft = self.drafts.posts.get(entry.post)
        recipients = rendering.recipients(draft, self.accounts)[0] if draft else []
        to: Sequence[Account | Placement] = entry.standing or recipients
        names = [_account(one) for one in to]
        session = self.drafts.session
        item = session.agenda.get(draft.anchor or "") if draft else None
        words = self._words(entry, draft)
        return Chip(
            post=entry.post,
            at=entry.at.astimezone(session.zone),
            title=words.title,
            lang=words.lang,
            channels=tuple(dict.fromkeys(one.channel for one in to)),
            accounts=names,
            picture=words.picture,
            state=_state(entry.standing),
            anchor=(item.title or item.name) if item else None,
            is_cancelled=item is not None and item.cancelled,
            is_broken=not entry.standing and entry.post in self.drafts.broken,
            draft_says=self._planned(entry, draft),
            is_movable=draft is not None
            and _is_free(entry.standing)
            and self.may_move([*names, *(account.name for account in recipients)]),
            is_past=entry.at <= self.now,
        )

    def _words(self, entry: CalendarEntry, draft: Post | None) -> _Words:
        content = next(
            (self.contents[one.id] for one in entry.standing if one.id in self.contents), None
        )
        if content:
            picture = labels.still_picture(content)
            address = f"/media/{picture.digest}/small" if picture else None
            return _Words(labels.first_words(content), content.lang, address)
        if draft is None:
            return _Words(entry.post, None)
        return _Words(labels.first_words(draft), draft.lang, self.still_of(draft))

    def _planned(self, entry: CalendarEntry, draft: Post | None) -> datetime | None:
        """The time in the draft of a post that waits, if it is another one."""
        waits = any(one.state in WAITING for one in entry.standing)
        planned = draft.not_before if draft and waits else None
        if planned is None or planned == entry.at:
            return None
        return planned.astimezone(self.drafts.session.zone)


def _account(one: Account | Placement) -> str:
    return one.account if isinstance(one, Placement) else one.name


def _state(deliveries: Sequence[Placement]) -> ChipState:
    if not deliveries:
        return ChipState("unqueued", _("not queued"))
    if any(one.is_half_out for one in deliveries):
        return ChipState("bad", _("partly out"), is_told=True)
    states = Counter(one.state for one in deliveries)
    worst = next(state for state in _WORST_FIRST if state in states)
    text = state_name(worst)
    if len(states) > 1:
        number, of = states[worst], len(deliveries)
        text = _("{state}: {number} of {all}", state=text, number=number, all=of)
    return ChipState(labels.tone(worst), text, worst in _TROUBLE or len(states) > 1)


def _is_free(deliveries: Sequence[Placement]) -> bool:
    """Whether nothing of a post is out or may be, and it is not taken off the schedule."""
    states = {one.state for one in deliveries}
    return not states or (bool(states & _MOVABLE) and not states & OUT_OR_MAYBE)
