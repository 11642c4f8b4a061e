"""The posts as an iCalendar file, for the manager's own calendar."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from publisher.agenda.ics_export import Calendar
from publisher.agenda.ics_matching import own_uid
from publisher.base.i18n import _, later
from publisher.drafts import rendering
from publisher.drafts.session import Session
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.model.accounts import Account
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import State, state_name
from publisher.model.visibility import Visibility

_SHOWN = timedelta(minutes=15)
"""A post is an instant; calendars show that badly."""
_REFRESH = timedelta(minutes=15)
_NOT_QUEUED = later("not queued")
_CALLED_OFF = (State.CANCELLED, State.WITHDRAWN)
_FIRM = (State.SCHEDULED, State.PUBLISHING, State.PUBLISHED)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One post, whichever of draft and ledger knows it."""

    post: str
    at: datetime
    title: str
    """Empty where its words may begin with a reader's name."""
    embargo_until: datetime | None
    states: Mapping[str, str]
    """By account."""
    notes: tuple[str, ...] = ()

    @property
    def is_out(self) -> bool:
        return State.PUBLISHED in self.states.values()


def posts_calendar(
    session: Session,
    drafts: Mapping[str, Post],
    deliveries: Sequence[Delivery],
    accounts: Mapping[str, Account],
    now: datetime,
    queued: Collection[str],
    answering: Callable[[Sequence[str]], Collection[str]],
) -> bytes:
    """One VEVENT for each post, at the time at which it goes out, in the session's time zone.

    What the ledger has counts; a draft that is not queued is shown as its file says. While a post
    is under embargo and not out, neither its title nor its text is in the file: calendars are
    shared. `drafts`: all that could be parsed, by post; `deliveries`: all of each post that is to
    be shown; `queued`: the posts of the ledger, whose drafts are not; `answering`: those of some
    posts that answer a reader. These and their corrections have no title: their words may begin
    with the reader's name.
    """
    corrected = {post.corrects for post in drafts.values() if post.corrects}
    corrected |= {delivery.corrects for delivery in deliveries if delivery.corrects}
    answers = {post.id for post in drafts.values() if post.answers}
    answers |= {delivery.post for delivery in deliveries if delivery.answers}
    answers.update(answering(sorted(corrected)))
    calendar = Calendar(
        _("{session}: posts", session=session.name or "Publisher"), session.zone, now
    )
    calendar.refresh_every(_REFRESH)
    entries = [
        *_queued(drafts, deliveries, answers), *_drafts(drafts, queued, accounts, answers)
    ]  # fmt: skip
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.post)):
        event = calendar.event(own_uid(session, "post", entry.post), entry.at, entry.at + _SHOWN)
        event.add("SUMMARY", _summary(entry, now))
        event.add("DESCRIPTION", "\n".join(_description(entry)))
        event.add("STATUS", _status(entry))
        event.add("TRANSP", "TRANSPARENT")  # nobody is busy while a post goes out
    return calendar.file()


def _queued(
    drafts: Mapping[str, Post], deliveries: Sequence[Delivery], answers: set[str]
) -> Iterator[_Entry]:
    """The posts that the ledger has. A longer embargo counts from the moment it stands in the
    draft.
    """
    for post, of_post in groupby(
        sorted(deliveries, key=lambda d: (d.post, d.id)), lambda d: d.post
    ):
        its = list(of_post)
        first = next((d for d in its if d.state not in _CALLED_OFF), its[0])
        draft = drafts.get(post)
        embargoes = [d.embargo_until for d in (*its, draft) if d and d.embargo_until]
        yield _Entry(
            post=post,
            at=first.not_before,
            title="" if {post, first.corrects} & answers else first.content.first_words,
            embargo_until=max(embargoes, default=None),
            states={d.account: d.state for d in its},
            notes=tuple(
                dict.fromkeys(n for d in its for n in (_parts_out(d), reason_of(d), d.url) if n)
            ),
        )


def _parts_out(delivery: Delivery) -> str | None:
    """How many parts of a thread are out, if the rest does not follow."""
    seen = Visibility.of(delivery)
    return seen.count if seen.is_half_out else None


def _drafts(
    drafts: Mapping[str, Post],
    queued: Collection[str],
    accounts: Mapping[str, Account],
    answers: set[str],
) -> Iterator[_Entry]:
    """The drafts that are on no schedule."""
    for post in drafts.values():
        leaves = post.not_before
        if leaves and post.id not in queued:
            recipients = rendering.recipients(post, accounts)[0]
            yield _Entry(
                post=post.id,
                at=leaves,
                title="" if {post.id, post.corrects} & answers else post.first_words,
                embargo_until=post.embargo_until,
                states={a.name: State.HELD if post.held else _NOT_QUEUED for a in recipients},
                notes=(post.held,) if post.held else (),
            )


def _summary(entry: _Entry, now: datetime) -> str:
    under_embargo = entry.embargo_until and now < entry.embargo_until and not entry.is_out
    title = (
        _("{post} (under embargo)", post=entry.post) if under_embargo else entry.title or entry.post
    )
    states = list(dict.fromkeys(entry.states.values()))
    usual = states in ([State.SCHEDULED], [State.PUBLISHED], [State.PUBLISHING])
    return title if usual else f"[{', '.join(map(state_name, states))}] {title}"


def _description(entry: _Entry) -> Iterator[str]:
    yield _("Post: {post}", post=entry.post)
    by_state: dict[str, list[str]] = defaultdict(list)
    for account, state in entry.states.items():
        by_state[state].append(account)
    for state, names in by_state.items():
        called = state_name(state)
        yield f"{called[:1].upper()}{called[1:]}: {', '.join(names)}"
    yield from map(_, entry.notes)


def _status(entry: _Entry) -> str:
    states = set(entry.states.values())
    if states and states.issubset(_CALLED_OFF):
        return "CANCELLED"
    return "CONFIRMED" if states and states.issubset({*_FIRM, *_CALLED_OFF}) else "TENTATIVE"
