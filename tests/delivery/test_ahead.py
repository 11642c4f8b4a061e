"""What moves is brought to its platform ahead of its time, and goes out at its time all the
same.
"""

import itertools
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from publisher.channels.base import MediaReader, NotPrepared
from publisher.channels.outgoing import Action, Objection
from publisher.delivery.courier import Courier
from publisher.delivery.leases import LOOK_AHEAD
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Claim, Delivery, Parcel, Prepared, Upload
from publisher.model.outcomes import Accepted, AccountSuspended, Deferred, Kind, Outcome, Refused
from publisher.model.states import State
from publisher.model.timing import AHEAD
from publisher.platforms.twitter.spec import TWITTER
from tests.delivery.scripted import OnlySends
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne, courier_with
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.delivery.preparation", "publisher.model.timing")

GIF = Picture(
    digest="d" * 64, media_type="image/gif", width=1, height=1, alt="Une carte", name="carte.gif"
)
DUE_IN = AHEAD + 60
GATHERING = 0.01
"""Seconds for which what is due already waits for others."""


def moving(text: str = "Une carte") -> Content:
    return Content(parts=(Part(text=text, pictures=(GIF,)),), lang="fr")


@dataclass
class Slow(OnlySends):
    """A platform that takes a GIF in so many calls, and then works on it for a while."""

    capabilities: ClassVar[Capabilities] = TWITTER

    clock: ManualClock
    calls: int = 3
    seconds_a_call: float = 20.0
    work: float = 0.0
    stops: list[Outcome] = field(default_factory=list)
    during: Callable[[], object] = lambda: None
    asked: list[datetime] = field(default_factory=list)
    sent: list[datetime] = field(default_factory=list)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        self.asked.append(self.clock.now())
        digest = parcel.content.digest
        if prepared.digest == digest and prepared.media_ids:
            return prepared
        self.clock.advance(self.seconds_a_call)
        self.during()
        if self.stops:
            raise NotPrepared(self.stops.pop(0), Prepared(digest=digest))
        upload = prepared.upload or Upload(
            digest=GIF.digest, media_id="7", begun_at=self.clock.now()
        )
        if upload.look_at is None and upload.pieces + 1 < self.calls:
            going_on = upload.model_copy(update={"pieces": upload.pieces + 1})
            return Prepared(digest=digest, upload=going_on)
        if self.work > 0:
            self.work -= 10
            waiting = upload.model_copy(update={"whole": True, "look_at": self.clock.ahead(10)})
            return Prepared(digest=digest, upload=waiting)
        return Prepared(digest=digest, media_ids={GIF.digest: "7"})

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Action:
        def run(objection: Objection) -> Outcome:
            if objected := objection():
                return objected
            self.sent.append(self.clock.now())
            return Accepted("100")

        if any(part.pictures for part in parcel.content.parts):
            assert prepared.media_ids, "it is at the platform"
            assert prepared.digest == parcel.content.digest
        return Action(run)


@dataclass
class Desk:
    """The ledger, a dispatcher and a worker, in one thread."""

    clock: ManualClock
    ledger: Ledger
    dispatch: Dispatch
    control: Control
    queries: Queries
    courier: Courier
    channel: Slow

    def queue(self, **more: Any) -> datetime:
        """A post with a GIF; when it is due."""
        wanted = wish(self.clock, **{"due_in": DUE_IN, "content": moving(), **more})
        add(self.ledger, wanted)
        return wanted.due_at

    def claim(self) -> Claim | None:
        """What a dispatcher's tick hands to the worker."""
        self.dispatch.reap()
        self.dispatch.expire()
        claims = self.dispatch.claim(self.clock.ahead(LOOK_AHEAD), self.clock.ahead(17), 9)
        return claims[0] if claims else None

    def tick(self) -> bool:
        claim = self.claim()
        if claim:
            self.courier.deliver([claim])
        return claim is not None

    def pass_until(self, instant: datetime) -> None:
        """Tick once a second, but for the time until a scheduled delivery wakes."""
        while self.clock.now() < instant:
            self.clock.advance(max(1.0, self._quiet_until(instant)))
            self.tick()

    def _quiet_until(self, instant: datetime) -> float:
        delivery = self.delivery
        wakes = {State.SCHEDULED: delivery.next_check_at, State.CANCELLED: instant}.get(
            delivery.state
        )
        if wakes is None:
            return 0.0
        return seconds_between(self.clock.now(), min(wakes, instant)) - 2 * LOOK_AHEAD

    @property
    def delivery(self) -> Delivery:
        (delivery,) = self.queries.deliveries()
        return delivery

    @property
    def events(self) -> list[str]:
        return [step.event for step in self.queries.history("post.fr")]


@pytest.fixture
def desk(
    clock: ManualClock,
    ledger: Ledger,
    dispatch: Dispatch,
    control: Control,
    queries: Queries,
    attempts: OneByOne,
) -> Desk:
    channel = Slow(clock)
    courier = courier_with(attempts, lambda _account: nullcontext(channel), clock)
    return Desk(clock, ledger, dispatch, control, queries, courier, channel)


def seconds_between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()


def test_it_is_brought_ahead_and_leaves_at_its_instant(desk: Desk) -> None:
    due_at = desk.queue()
    desk.pass_until(due_at + timedelta(seconds=5))
    assert desk.channel.sent == [due_at]
    assert seconds_between(desk.channel.asked[0], due_at) == pytest.approx(
        AHEAD, abs=LOOK_AHEAD + 1
    )
    assert desk.delivery.state is State.PUBLISHED
    assert desk.delivery.lateness == timedelta(0)
    assert [event for event in desk.events if event != "prepared"] == [
        "queued", "claimed", "ready", "claimed", "sending", "published",
    ]  # fmt: skip


def test_between_it_waits_on_the_schedule(desk: Desk) -> None:
    due_at = desk.queue()
    desk.pass_until(due_at - timedelta(seconds=AHEAD - 90))
    waiting = desk.delivery
    assert (waiting.state, waiting.lease_until, waiting.next_check_at) == (
        State.SCHEDULED,
        None,
        due_at,
    )
    asked = len(desk.channel.asked)
    desk.pass_until(due_at - timedelta(seconds=LOOK_AHEAD + 1))
    assert len(desk.channel.asked) == asked, "nothing is done about it meanwhile"


def test_what_does_not_move_is_not_taken_up_ahead(desk: Desk) -> None:
    due_at = desk.queue(content=Content(parts=(Part(text="Sans image"),)))
    assert desk.delivery.next_check_at == due_at


def test_what_a_clock_that_was_set_back_makes_early_goes_back_on_the_schedule(desk: Desk) -> None:
    """No worker's thread waits an hour with it in hand."""
    due_at = desk.queue(due_in=1, content=Content(parts=(Part(text="Sans image"),)))
    claim = desk.claim()
    assert claim
    desk.clock.set(-3600)
    desk.courier.deliver([claim])
    waiting = desk.delivery
    assert (waiting.state, waiting.lease_until, waiting.next_check_at) == (
        State.SCHEDULED,
        None,
        due_at,
    )
    desk.pass_until(due_at + timedelta(seconds=5))
    assert desk.channel.sent == [due_at]


def test_it_is_ahead_of_its_embargo_too(desk: Desk) -> None:
    embargo = desk.clock.ahead(2 * DUE_IN)
    desk.queue(embargo_until=embargo, expires_at=desk.clock.ahead(5 * DUE_IN))
    desk.pass_until(embargo + timedelta(seconds=5))
    assert desk.channel.sent == [embargo]
    assert seconds_between(desk.channel.asked[0], embargo) == pytest.approx(
        AHEAD, abs=LOOK_AHEAD + 1
    )


def test_the_worker_stays_in_charge_however_many_calls_it_takes(desk: Desk) -> None:
    desk.channel.calls, desk.channel.seconds_a_call = 8, 150.0
    due_at = desk.queue()
    seen: list[str] = []
    desk.channel.during = lambda: seen.append(f"{desk.claim()}")
    desk.pass_until(due_at + timedelta(minutes=10))
    assert set(seen) == {"None"}, "nobody else could take it"
    assert len(desk.channel.sent) == 1
    assert desk.delivery.lateness == timedelta(
        seconds=desk.channel.calls * 150 - AHEAD - LOOK_AHEAD + GATHERING
    )


def test_while_the_platform_works_on_it_no_worker_waits(desk: Desk) -> None:
    desk.channel.work = 100
    due_at = desk.queue()
    desk.pass_until(due_at + timedelta(seconds=5))
    assert desk.channel.sent == [due_at]
    assert desk.events.count("at the platform") == 10
    looks = desk.channel.asked[desk.channel.calls : desk.channel.calls + 9]
    gaps = [seconds_between(*pair) for pair in itertools.pairwise(looks)]
    assert min(gaps) >= 10, "it is not asked sooner than it wishes"


def test_a_platform_that_works_beyond_the_instant_makes_it_late_and_not_lost(desk: Desk) -> None:
    desk.channel.work = 350
    due_at = desk.queue()
    desk.pass_until(due_at + timedelta(minutes=10))
    assert len(desk.channel.sent) == 1
    assert desk.channel.sent[0] > due_at
    assert desk.delivery.state is State.PUBLISHED


def test_a_platform_that_never_ends_makes_it_missed(desk: Desk) -> None:
    desk.channel.work = 1e9
    due_at = desk.queue(expires_at=desk.clock.ahead(DUE_IN + 600))
    desk.pass_until(due_at + timedelta(minutes=11))
    assert desk.channel.sent == []
    assert desk.delivery.state is State.MISSED


def test_what_the_platform_refuses_fails_before_its_time(desk: Desk) -> None:
    desk.channel.stops = [Refused(Kind.CONTENT, "X could not process it.")]
    due_at = desk.queue()
    desk.pass_until(due_at - timedelta(seconds=AHEAD - 60))
    assert desk.delivery.state is State.FAILED
    assert desk.delivery.error_message == "X could not process it."
    assert desk.delivery.prepared == Prepared(digest=moving().digest)


def test_what_stops_the_way_there_is_tried_again_and_it_is_in_time(desk: Desk) -> None:
    desk.channel.stops = [
        Deferred(Kind.UNAVAILABLE, "Away."),
        AccountSuspended(Kind.RATE_LIMIT, "Later.", desk.clock.ahead(DUE_IN - 300)),
        Deferred(Kind.UNAVAILABLE, "Away."),
    ]
    due_at = desk.queue()
    desk.pass_until(due_at + timedelta(seconds=5))
    assert desk.channel.sent == [due_at]
    assert desk.delivery.error_message is None


def test_a_pause_stops_it_though_it_lies_ready(desk: Desk) -> None:
    due_at = desk.queue()
    desk.pass_until(due_at - timedelta(minutes=5))
    desk.control.pause("bice-x", "wrong picture", "manager")
    desk.pass_until(due_at + timedelta(minutes=1))
    assert desk.channel.sent == []
    desk.control.resume("bice-x", "manager")
    desk.pass_until(due_at + timedelta(minutes=2))
    assert len(desk.channel.sent) == 1


def test_a_pause_that_ends_before_its_time_does_not_make_it_overdue(desk: Desk) -> None:
    """It was to be taken up meanwhile, and keeps its time."""
    due_at = desk.queue()
    desk.control.pause("bice-x", "wrong picture", "manager")
    desk.pass_until(due_at - timedelta(minutes=5))
    assert desk.control.resume("bice-x", "manager") == []
    desk.pass_until(due_at + timedelta(seconds=5))
    assert desk.channel.sent == [due_at]


def test_an_edit_while_it_is_on_its_way_lets_the_worker_go(desk: Desk) -> None:
    due_at = desk.queue()

    def edit() -> None:
        desk.channel.during = lambda: None
        edited = wish(desk.clock, due_in=600, content=moving("Un autre texte"))
        desk.ledger.apply(
            add=(), edit=[(desk.delivery, edited)], cancel=(), pictures={}, actor="redaction"
        )

    desk.channel.during = edit
    desk.pass_until(due_at)
    assert len(desk.channel.sent) == 1
    assert desk.delivery.content == moving("Un autre texte")
    assert desk.delivery.lateness == timedelta(0)


def test_what_is_cancelled_while_it_is_on_its_way_stays_so(desk: Desk) -> None:
    due_at = desk.queue()
    desk.channel.during = lambda: desk.control.cancel("post.fr", None, "manager", "not now")
    desk.pass_until(due_at - timedelta(seconds=AHEAD - 30))
    desk.channel.during = lambda: None
    desk.pass_until(due_at + timedelta(minutes=1))
    assert desk.channel.sent == []
    assert desk.delivery.state is State.CANCELLED


def test_a_retry_takes_it_up_ahead_as_well(desk: Desk) -> None:
    desk.channel.stops = [Refused(Kind.CONTENT, "X could not process it.")]
    due_at = desk.queue()
    desk.pass_until(due_at - timedelta(seconds=AHEAD - 60))
    desk.control.retry("post.fr", None, "manager")
    assert desk.delivery.next_check_at == desk.clock.now()
    desk.pass_until(due_at + timedelta(seconds=5))
    assert desk.channel.sent == [due_at]


class Killed(BaseException):
    """The worker's process is gone at this point."""


@pytest.mark.parametrize("call", [1, 2, 3])
def test_after_a_worker_died_on_the_way_another_one_goes_on(desk: Desk, call: int) -> None:
    """Its lease ends well before the post is due, and the post goes out once, in time."""
    due_at = desk.queue()
    made = iter(range(1, 100))

    def die() -> None:
        if next(made) == call:
            raise Killed

    desk.channel.during = die
    with pytest.raises(Killed):
        desk.pass_until(due_at)
    assert desk.delivery.state is State.PUBLISHING
    desk.pass_until(due_at + timedelta(seconds=5))
    assert desk.channel.sent == [due_at]
    assert "lease ran out" in desk.events
