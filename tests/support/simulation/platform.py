"""A platform with two kinds of account: X publishes with each request, Facebook reveals a draft.

Like `publisher.channels` over a network, without the network: a request can be lost before it
arrives, its answer can be lost, and what it asked for can happen after the client gave up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import ClassVar

from publisher.channels import capabilities, timeline
from publisher.channels.base import Channel, MediaReader, NotPrepared
from publisher.models import Capabilities, Parcel, Prepared
from publisher.outcome import (
    Absent,
    Accepted,
    AccountHeld,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Unknown,
)
from tests.support.simulation.plan import Act, Fault, Moment
from tests.support.simulation.world import START, World

REQUEST_TIMEOUT = 20.0  # seconds that a client waits for an answer
_LATENCY = 0.2
_SLOW = 19.0


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


@dataclass(frozen=True)
class Publishing:
    """A request that makes something public, as it leaves."""

    account: str
    text: str
    at: float
    """When it leaves, in real seconds."""
    began: datetime
    """What the wall clock showed when its worker looked last."""


@dataclass
class Platform:
    """All accounts, and what happened to them."""

    world: World
    posts: dict[str, PublicPost] = field(default_factory=dict)
    under_way: int = 0
    """Requests that may still have an effect."""
    ids: "count[int]" = field(default_factory=lambda: count(101))
    on_request: Callable[[Publishing], None] = lambda _request: None

    @property
    def public(self) -> list[PublicPost]:
        """In the order in which they became public."""
        found = [post for post in self.posts.values() if post.public_at is not None]
        return sorted(found, key=lambda post: (post.public_at, int(post.id)))

    def channel(self, account: str, kind: str) -> Channel:
        return {"twitter": LikeX, "facebook": LikeFacebook}[kind](self, account)

    def ask(
        self, moment: Moment, account: str, label: str, effect: Callable[[float], str | None]
    ) -> Outcome:
        """One request that changes something; `effect` does it, and gives the id it concerns.

        None from `effect`: what it is about is gone. Its argument is how long reading lags.
        """
        self.under_way += 1
        try:
            began = self.world.now()
            faults = {fault.act: fault for fault in self.world.step(moment, label)}
            if moment is Moment.REQUEST:
                self.on_request(Publishing(account, label, self.world.elapsed, began))
            return self._answer(faults, label, effect)
        finally:
            self.under_way -= 1

    def _answer(
        self, faults: dict[Act, Fault], label: str, effect: Callable[[float], str | None]
    ) -> Outcome:
        world = self.world
        if failure := _failure(faults, world):
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
        remote_id = effect(lag)
        world.step(Moment.REACHED, label)
        if Act.ANSWER_LOST in faults:
            return self._give_up(REQUEST_TIMEOUT, label)
        world.sleep(_SLOW if Act.SLOW in faults else _LATENCY / 2)
        world.step(Moment.ANSWERED, label)
        if remote_id is None:
            return Refused(Kind.CONTENT, "The post is gone.")
        rests = faults.get(Act.RESTS)
        until = world.now() + timedelta(seconds=rests.value) if rests else None
        return Accepted(remote_id, url=f"https://example.org/{remote_id}", rest_until=until)

    def _do_late(self, seconds: float, effect: Callable[[float], str | None]) -> None:
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
        if Act.UNREADABLE in faults:
            failure = Unknown("It cannot be told from reading; look at the account.")
        self.world.sleep(_LATENCY / 2)
        seen = see(self.world.elapsed - (faults[Act.STALE].value if Act.STALE in faults else 0.0))
        self.world.sleep(_SLOW if Act.SLOW in faults else _LATENCY / 2)
        self.world.step(Moment.ANSWERED, label)
        return failure if failure and not isinstance(failure, Refused) else seen


def _failure(faults: dict[Act, Fault], world: World) -> Refused | Deferred | AccountHeld | Unknown | None:
    """The answer that says that nothing was done; None when it is done, or nobody says."""
    if Act.REFUSED in faults:
        return Refused(Kind.CONTENT, "Refused.")
    if Act.DEFERRED in faults:
        return Deferred(Kind.UNAVAILABLE, "Not now.")
    if held := faults.get(Act.HELD):
        until = world.now() + timedelta(seconds=held.value)
        return AccountHeld(Kind.RATE_LIMIT, "Too many.", until)
    if Act.HELD_FOR_A_PERSON in faults:
        return AccountHeld(Kind.AUTH, "The token is dead.")
    if Act.DUPLICATE in faults:
        return Unknown("The text is there already.", duplicate=True)
    return None


class LikeX:
    """Each request makes a new post; nothing tells a repeated one from a new one."""

    capabilities: ClassVar[Capabilities] = capabilities.TWITTER

    def __init__(self, platform: Platform, account: str) -> None:
        self._platform = platform
        self._account = account

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        return prepared

    def send(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Outcome:
        text = parcel.content.parts[len(sent)].text
        platform, world = self._platform, self._platform.world

        def publish(lag: float) -> str:
            remote_id, parent = str(next(platform.ids)), sent[-1] if sent else None
            platform.posts[remote_id] = PublicPost(
                remote_id, self._account, text, parent, world.elapsed, world.elapsed + lag
            )
            return remote_id

        return platform.ask(Moment.REQUEST, self._account, text, publish)

    def find(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], since: datetime
    ) -> Sighting:
        part = parcel.content.parts[len(sent)]

        def see(at: float) -> Sighting:
            posts = [
                timeline.Post(post.id, post.text, created_at, post.parent, pictures=0)
                for post in self._platform.public
                if post.account == self._account
                and post.shown_at <= at
                and post.public_at is not None
                # The platform's clock is right, whatever ours says.
                and (created_at := START + timedelta(seconds=post.public_at))
                >= since - timeline.SKEW
            ]
            return timeline.look_for(part, posts, sent, since)

        return self._platform.look(part.text, see)

    def withdraw(self, remote_id: str) -> Outcome:
        raise NotImplementedError


class LikeFacebook:
    """A post is laid ready unpublished, and revealed by its id, which may be repeated."""

    capabilities: ClassVar[Capabilities] = capabilities.FACEBOOK

    def __init__(self, platform: Platform, account: str) -> None:
        self._platform = platform
        self._account = account

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        if prepared.draft_id and prepared.digest == parcel.content.digest:
            return prepared
        if prepared.draft_id:
            self._discard(prepared.draft_id)
        text = "\n\n".join(part.text for part in parcel.content.parts)
        platform = self._platform

        def create(_lag: float) -> str:
            draft_id = str(next(platform.ids))
            platform.posts[draft_id] = PublicPost(draft_id, self._account, text, None, None)
            return draft_id

        outcome = platform.ask(Moment.LAYING, self._account, text, create)
        if isinstance(outcome, Unknown):  # unseen, so it may be made again
            outcome = Deferred(Kind.UNAVAILABLE, outcome.message)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome)
        return Prepared(draft_id=outcome.remote_id, digest=parcel.content.digest)

    def _discard(self, draft_id: str) -> None:
        seen = self._look_at(draft_id)
        if isinstance(seen, Accepted):
            raise NotPrepared(Unknown(f"It is public with an earlier text, as {draft_id}."))
        if isinstance(seen, Absent):
            self._platform.ask(Moment.LAYING, self._account, f"delete {draft_id}", self._delete(draft_id))
        elif not isinstance(seen, Unknown):
            raise NotPrepared(seen)

    def _delete(self, draft_id: str) -> Callable[[float], str]:
        def delete(_lag: float) -> str:
            self._platform.posts.pop(draft_id, None)
            return draft_id

        return delete

    def send(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Outcome:
        assert not sent and prepared.draft_id
        assert prepared.digest == parcel.content.digest
        draft_id, world = prepared.draft_id, self._platform.world
        text = parcel.content.parts[0].text

        def reveal(lag: float) -> str | None:
            post = self._platform.posts.get(draft_id)
            if post is None:
                return None
            if post.public_at is None:
                post.public_at, post.shown_at = world.elapsed, world.elapsed + lag
            return draft_id

        return self._platform.ask(Moment.REQUEST, self._account, text, reveal)

    def find(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], since: datetime
    ) -> Sighting:
        if sent or not prepared.draft_id:
            return Absent()
        seen = self._look_at(prepared.draft_id)
        if isinstance(seen, Accepted) and prepared.digest != parcel.content.digest:
            return Unknown(f"It is public with an earlier text, as {prepared.draft_id}.")
        return seen

    def _look_at(self, draft_id: str) -> Sighting:
        def see(at: float) -> Sighting:
            post = self._platform.posts.get(draft_id)
            if post is None:
                return Unknown("What was laid ready is gone; look at the Page.")
            is_shown = post.public_at is not None and post.shown_at <= at
            return Accepted(draft_id) if is_shown else Absent()

        return self._platform.look(f"draft {draft_id}", see)

    def withdraw(self, remote_id: str) -> Outcome:
        raise NotImplementedError
