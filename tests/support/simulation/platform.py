"""A platform and the way to it: what is public there, and how a request can end.

A request can be lost before it arrives, its answer can be lost, and what it asked for can happen
after the client gave up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from publisher.channels.outgoing import Exchanged
from publisher.ledger.limits.refusals import may_be_the_accounts
from publisher.model.deliveries import Parcel
from publisher.model.outcomes import (
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Refused,
    Sighting,
    Unknown,
    Wire,
)
from tests.support.simulation.plan import Act, Fault, Moment
from tests.support.simulation.world import World

GONE = "The post is gone."
REQUEST_TIMEOUT = 20.0  # seconds that a client waits for an answer
_LATENCY = 0.2
_SLOW = 19.0


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a public post, in real seconds since the beginning."""

    at: float
    before: str
    shown_at: float


@dataclass
class PublicPost:
    """What the public sees, or saw."""

    id: str
    account: str
    text: str
    parent: str | None
    public_at: float | None
    """Real seconds since the beginning; None while it is an unpublished draft."""
    shown_at: float = 0.0
    """From when on reading shows it."""
    made_at: float = 0.0
    """When it was made as a draft, in real seconds since the beginning."""
    is_early: bool = False
    """Whether the platform made it public on its own."""
    pictures: int = 0
    edits: list[Edit] = field(default_factory=list)
    withdrawal_asked: bool = False
    """Whether a request left that asks for its deletion."""
    is_deleted: bool = False

    @property
    def made_as(self) -> str:
        """The text that it was made public with."""
        return self.edits[0].before if self.edits else self.text

    def seen(self, at: float) -> str:
        """The text that reading shows then."""
        return next((edit.before for edit in self.edits if edit.shown_at > at), self.text)


Effect = Callable[[float], str | Outcome]
"""Does what a request asks for; gives the id of what it concerns, or another answer. Its argument
is how long reading lags.
"""


@dataclass(frozen=True)
class Posting:
    """A request that makes something public, built and not sent."""

    parcel: Parcel
    text: str
    """Of the part that goes out."""
    effect: "Effect"
    lacks: frozenset[Act] = frozenset()
    """What never happens to such a request."""

    @staticmethod
    def answer(how: "Ending") -> Outcome | None:
        """What the channel judges."""
        return how.outcome


@dataclass(frozen=True, slots=True)
class Ending(Exchanged):
    """How the exchange of a request ended."""

    outcome: Outcome | None = None


Ended = Callable[[Exchanged], None]


@dataclass(frozen=True)
class Publishing:
    """A request that makes something public, as it leaves."""

    parcel: Parcel
    text: str
    """Of the part that goes out."""
    at: float
    """When it leaves, in real seconds."""
    began: datetime
    """What a right clock showed when its worker looked last."""


@dataclass
class Platform:
    """All accounts, and what happened to them."""

    world: World
    posts: dict[str, PublicPost] = field(default_factory=dict)
    taken_down: list[PublicPost] = field(default_factory=list)
    """What was public when it was deleted."""
    struck: frozenset[Act] = frozenset()
    """What goes wrong with the request that takes effect just now."""
    keys: dict[str, PublicPost] = field(default_factory=dict)
    """By its key, the post that a request made."""
    under_way: int = 0
    """Requests that may still have an effect."""
    ids: "count[int]" = field(default_factory=lambda: count(101))
    own_keys: "count[int]" = field(default_factory=lambda: count(50_000, 100))
    """Those that clients choose for the posts that they make."""
    on_request: Callable[[Publishing], None] = lambda _request: None
    scripted: Callable[[Moment, str], Outcome | None] = lambda _moment, _text: None
    """What a request gets instead of an effect, by its kind and its text; None: it has its
    effect.
    """
    names_accounts: bool = False
    """Whether any answer named an account or its limits, or two that may do so were alike."""
    names_persons: bool = False
    """Whether any said that only a person ends it."""
    out_until: dict[str, float] = field(default_factory=dict)
    """By account, until when nothing is published."""
    refused_since: dict[str, float] = field(default_factory=dict)
    """By account, since when no end is known of its suspension; until something is taken."""
    asking: dict[str, float] = field(default_factory=dict)
    """By such an account, until when its last request may be under way at the longest."""
    alike: int = 0

    @property
    def public(self) -> list[PublicPost]:
        """What is there now, in the order in which it became public."""
        return [post for post in self.ever_public if not post.is_deleted]

    @property
    def ever_public(self) -> list[PublicPost]:
        found = [post for post in self.posts.values() if post.public_at is not None]
        return sorted(found, key=lambda post: (post.public_at, int(post.id)))

    def leave(
        self, request: "Posting", spawn: Callable[[Callable[[], None]], None], ended: Ended
    ) -> None:
        """Let a request leave; `ended` gets the answer, or that there was none.

        `spawn` starts what the client has under way, which ends with the client.
        """
        began = self.world.true_time()
        struck = self.world.step(Moment.REQUEST, request.text)
        self.on_request(Publishing(request.parcel, request.text, self.world.elapsed, began))
        if request.parcel.account in self.refused_since:
            self.asking[request.parcel.account] = self.world.elapsed + REQUEST_TIMEOUT
        self.under_way += 1
        faults = {fault.act: fault for fault in struck if fault.act not in request.lacks}

        def go_on() -> None:
            try:
                outcome = self._come_of(Moment.REQUEST, request, faults)
            finally:
                self.under_way -= 1
            self.asking.pop(request.parcel.account, None)
            ended(Ending(Wire.ANSWERED, outcome=self._noted(request.parcel.account, outcome)))

        spawn(go_on)

    def _come_of(self, moment: Moment, request: "Posting", faults: dict[Act, Fault]) -> Outcome:
        """What comes of a request that has left."""
        account = request.parcel.account
        if scripted := self.scripted(moment, request.text):
            self.world.sleep(_LATENCY)
            self.world.step(Moment.ANSWERED, request.text)
            self._remember(scripted)
            return scripted
        if Act.OUTAGE in faults:
            self.out_until[account] = self.world.elapsed + faults[Act.OUTAGE].value
        if self.out_until.get(account, 0.0) > self.world.elapsed:
            faults = {Act.OUTAGE: Fault(0, Act.OUTAGE)}
        return self._answer(faults, request.text, request.effect)

    def _noted(self, account: str, outcome: Outcome) -> Outcome:
        if isinstance(outcome, AccountSuspended) and outcome.backoff:
            self.refused_since.setdefault(account, self.world.elapsed)
        elif isinstance(outcome, Accepted):
            self.refused_since.pop(account, None)
        return outcome

    def delete(self, remote_id: str) -> Outcome:
        """One request that takes a post down; the second time finds it gone."""
        post = self.posts.get(remote_id)

        def leaves() -> None:
            if post:
                post.withdrawal_asked = True

        def take_down(_lag: float) -> str:
            if post:
                post.is_deleted = True
            return remote_id

        return self.ask(Moment.DELETION, f"delete {remote_id}", take_down, leaves)

    def ask(
        self,
        moment: Moment,
        label: str,
        effect: Effect,
        leaves: Callable[[], None] = lambda: None,
        lacks: frozenset[Act] = frozenset(),
    ) -> Outcome:
        """One request that changes something, as `effect` does.

        `leaves` is called when the request leaves, whatever comes of it. `lacks`: what never
        happens to it.
        """
        self.under_way += 1
        try:
            struck = self.world.step(moment, label)
            faults = {fault.act: fault for fault in struck if fault.act not in lacks}
            leaves()
            if scripted := self.scripted(moment, label):
                self.world.sleep(_LATENCY)
                self.world.step(Moment.ANSWERED, label)
                self._remember(scripted)
                return scripted
            return self._answer(faults, label, effect)
        finally:
            self.under_way -= 1

    def _answer(self, faults: dict[Act, Fault], label: str, effect: Effect) -> Outcome:
        world = self.world
        if failure := _failure(faults, world):
            self._remember(failure)
            world.sleep(_LATENCY)
            world.step(Moment.ANSWERED, label)
            return failure
        if late := faults.get(Act.DONE_LATE):
            self._do_late(REQUEST_TIMEOUT + late.value, effect)
            world.step(Moment.SENT, label)
            return self._give_up(REQUEST_TIMEOUT, label)
        if Act.NOT_DONE in faults:
            return self._give_up(REQUEST_TIMEOUT, label)
        world.sleep(_LATENCY / 2)
        lag = faults[Act.LAGS].value if Act.LAGS in faults else 0.0
        self.struck = frozenset(faults)
        done = effect(lag)
        self.struck = frozenset()
        world.step(Moment.REACHED, label)
        if Act.ANSWER_LOST in faults:
            return self._give_up(REQUEST_TIMEOUT, label)
        world.sleep(_SLOW if Act.SLOW in faults else _LATENCY / 2)
        world.step(Moment.ANSWERED, label)
        return self._told(Accepted(done) if isinstance(done, str) else done, faults)

    def _told(self, outcome: Outcome, faults: dict[Act, Fault]) -> Outcome:
        """What the answer says of a request that was carried out."""
        if not isinstance(outcome, Accepted):
            return outcome
        rests, now = faults.get(Act.RESTS), self.world.now()
        until = now + timedelta(seconds=rests.value) if rests else None
        self.names_accounts |= until is not None
        url = f"https://example.org/{outcome.remote_id}"
        return replace(outcome, url=url, suspended_until=until, limits=self._limits())

    def _remember(self, failure: Outcome) -> None:
        self.alike += may_be_the_accounts(failure)
        self.names_accounts |= isinstance(failure, AccountSuspended) or self.alike > 1
        if isinstance(failure, AccountSuspended):
            self.names_persons |= not failure.until and not failure.backoff

    def _limits(self) -> tuple[Limit, ...]:
        """As real ones, it tells with each answer what is left."""
        now, left = self.world.now(), 1_000 - len(self.ever_public)
        return (Limit("posts-24h", 1_000, left, now, now + timedelta(hours=24)),)

    def _do_late(self, seconds: float, effect: Effect) -> None:
        self.under_way += 1

        def happen() -> None:
            effect(0.0)
            self.under_way -= 1

        self.world.at(seconds, happen)

    def _give_up(self, seconds: float, label: str) -> Unknown:
        self.world.sleep(seconds)
        self.world.step(Moment.ANSWERED, label)
        return Unknown("No answer came.")

    def look(self, label: str, see: Callable[[float], Sighting]) -> Sighting:
        """One request that only reads; `see` is told of which second it gets to see the state."""
        faults = {fault.act: fault for fault in self.world.step(Moment.READING, label)}
        failure = _failure(faults, self.world)
        if failure:
            self._remember(failure)
        if Act.UNREADABLE in faults:
            failure = Unknown("It cannot be told from reading; look at the account.")
        self.world.sleep(_LATENCY / 2)
        self.struck = frozenset(faults)
        seen = see(self.world.elapsed - (faults[Act.STALE].value if Act.STALE in faults else 0.0))
        self.struck = frozenset()
        self.world.sleep(_SLOW if Act.SLOW in faults else _LATENCY / 2)
        self.world.step(Moment.ANSWERED, label)
        return failure if failure and not isinstance(failure, Refused) else seen


def _failure(
    faults: dict[Act, Fault], world: World
) -> Refused | Deferred | AccountSuspended | Unknown | None:
    """The answer that says that nothing was done; None when it is done, or nobody says."""
    if held := faults.get(Act.HELD):
        until = world.now() + timedelta(seconds=held.value)
        return AccountSuspended(Kind.RATE_LIMIT, "Too many.", until)
    return next((answer for act, answer in _ANSWERS.items() if act in faults), None)


_ANSWERS: dict[Act, Refused | Deferred | AccountSuspended | Unknown] = {
    Act.REFUSED: Refused(Kind.CONTENT, "Refused.", of_post=True),
    Act.DEFERRED: Deferred(Kind.UNAVAILABLE, "Not now."),
    Act.HELD_FOR_A_PERSON: AccountSuspended(Kind.AUTH, "The token is dead."),
    Act.ALIKE: Refused(Kind.CONTENT, "Not permitted."),
    Act.OUTAGE: AccountSuspended(Kind.AUTH, "Not for now.", backoff=UNTIL_MENDED),
    Act.DUPLICATE: Unknown("The text is there already.", duplicate=True),
}
"""Of several faults, the first of these wins."""
