"""A client whose answers a test gives, and a channel that makes requests by it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import ClassVar, cast

import h11

from publisher.channels.base import Channel, MediaReader, Unverified
from publisher.channels.http.client import Client, Connected, Leaving
from publisher.channels.http.connection import Connection
from publisher.channels.outgoing import Exchanged, Request
from publisher.model.capabilities import Capabilities
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Answer, Deferred, Kind, Outcome, Unknown, Wire
from publisher.platforms.twitter.spec import TWITTER
from tests.delivery.scripted import OnlySends
from tests.support.clock import ManualClock

Ended = Callable[[Exchanged | Outcome], None]


class Switchboard(Client):
    """Answers each request as soon as it leaves, but for those that a test holds."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.held: set[str] = set()
        """The posts whose requests have no answer until `answer`."""
        self.unreachable: set[str] = set()
        """The posts for whose requests there is no connection."""
        self.left: list[tuple[str, datetime]] = []
        self.released: list[str] = []
        self.before_leaving: Callable[[str], None] = lambda _post: None
        self._unanswered: dict[str, Ended] = {}

    def connect(self, requests: Sequence[Request], connected: Connected) -> None:
        connected([(n, self._found(request)) for n, request in enumerate(requests)])

    def leave(self, leaving: Sequence[Leaving]) -> None:
        for one in leaving:
            post = one.connection.request.body.decode()
            self.before_leaving(post)
            if objection := one.objection():
                one.ended(objection)
                continue
            self.left.append((post, self._clock.now()))
            self._unanswered[post] = one.ended
            if post not in self.held:
                self.answer(post)

    def release(self, connections: Sequence[Connection]) -> None:
        self.released += [one.request.body.decode() for one in connections]

    def answer(self, post: str) -> None:
        self._unanswered.pop(post)(Exchanged(Wire.ANSWERED, status=201, body=post.encode()))

    @property
    def posts(self) -> list[str]:
        """That have left, in their order."""
        return [post for post, _at in self.left]

    def _found(self, request: Request) -> Connection | Exchanged:
        if request.body.decode() in self.unreachable:
            return Exchanged(Wire.NOT_SENT, "connection refused")
        return cast("Connection", SimpleNamespace(request=request))


@dataclass
class Asking(OnlySends):
    """Makes one request for each part, whose body is the post's name."""

    capabilities: ClassVar[Capabilities] = TWITTER

    clock: ManualClock
    unbuilt: set[str] = field(default_factory=set)
    """The posts whose requests cannot be built."""
    misread: set[str] = field(default_factory=set)
    """The posts whose answers cannot be judged."""
    unverified: set[str] = field(default_factory=set)
    """The posts whose answers say nothing before the platform is looked at."""
    look: Callable[[], None] = lambda: None

    def channel_of(self, _account: str) -> AbstractContextManager[Channel]:
        return nullcontext(self)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        return prepared

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Request:
        if parcel.post in self.unbuilt:
            raise ZeroDivisionError
        head = h11.Request(method="POST", target="/", headers=[("Host", "x")])
        return Request("https://x", head, parcel.post.encode(), 20.0, self._answer)

    def _answer(self, how: Exchanged) -> Answer:
        return Answer(how.wire, self.clock.now(), how.status, {}, how.body.decode(), how.reason)

    def judge(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], answer: Answer
    ) -> Outcome | Unverified:
        if parcel.post in self.misread:
            raise ZeroDivisionError
        if answer.wire is Wire.NOT_SENT:
            return Deferred(Kind.UNAVAILABLE, answer.reason)
        if answer.wire is Wire.NO_ANSWER:
            return Unknown(answer.reason)
        accepted = Accepted(f"{parcel.post} {len(sent)}")
        return Unverified(accepted) if parcel.post in self.unverified else accepted

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        self.look()
        return outcome
