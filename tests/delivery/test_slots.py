"""What leaves together: each at its own instant, and none at the expense of another."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest

from publisher.base.errors import CredentialsMissing, LedgerBusy, LedgerUnavailable
from publisher.channels.outgoing import Action, Objection
from publisher.channels.site.spec import SITE
from publisher.delivery.courier import Courier
from publisher.delivery.leases import EARLY
from publisher.delivery.threads import Threads
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Attempts, Written
from publisher.ledger.worker.intents import Intent
from publisher.ledger.worker.results import Result
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Delivery, Parcel, Prepared, Wish
from publisher.model.outcomes import Accepted, Kind, Outcome
from publisher.model.states import State
from tests.delivery.hands import Hands
from tests.delivery.scripted import OnlySends
from tests.delivery.switchboard import Asking, Switchboard
from tests.support.clock import ManualClock
from tests.support.delivering import AtOnce, courier_with
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish


class Counting(Attempts):
    """Notes what is written together; a test may say what the ledger does not take."""

    intents: list[list[str]]
    results: list[list[str]]
    busy: Callable[[str], bool]
    """Whether somebody is changing a post's delivery."""
    before_intents: Callable[[], None]

    def intend_all(self, intents: Sequence[Intent]) -> list[Written]:
        before, self.before_intents = self.before_intents, nothing
        before()
        self.intents.append([one.delivery.post for one in intents])
        return self._but_for_the_busy(super().intend_all, intents)

    def record_all(self, results: Sequence[Result]) -> list[Written]:
        self.results.append([one.delivery.post for one in results])
        return self._but_for_the_busy(super().record_all, results)

    def _but_for_the_busy(self, write: Any, wishes: Sequence[Intent | Result]) -> list[Written]:
        are_busy = [self.busy(one.delivery.post) for one in wishes]
        free = iter(write([one for one, busy in zip(wishes, are_busy, strict=True) if not busy]))
        return [LedgerBusy() if busy else next(free) for busy in are_busy]


def nothing() -> None:
    return


@dataclass
class Desk:
    """A worker, its ledger, and the platform that it sends to."""

    clock: ManualClock
    database: Database
    ledger: Ledger
    dispatch: Dispatch
    control: Control
    queries: Queries
    platform: Switchboard = field(init=False)
    channel: Asking = field(init=False)
    attempts: Counting = field(init=False)

    def __post_init__(self) -> None:
        self.platform, self.channel = Switchboard(self.clock), Asking(self.clock)
        self.attempts = Counting(self.database, self.clock, settle=60)
        self.attempts.intents, self.attempts.results = [], []
        self.attempts.busy, self.attempts.before_intents = lambda _post: False, nothing

    def courier(self, threads: Threads | None = None, **more: Any) -> Courier:
        channel_of = more.pop("channel_of", self.channel.channel_of)
        return courier_with(
            self.attempts,
            channel_of,
            self.clock,
            threads=threads or AtOnce(),
            client=self.platform,
            **more,
        )

    def deliver(self, courier: Courier, *wishes: Wish) -> None:
        """Give these to the courier, as one batch."""
        add(self.ledger, *wishes)
        courier.deliver(self.dispatch.claim(self.clock.ahead(9), self.clock.ahead(19), 100))

    def of(self, post: str) -> Delivery:
        (delivery,) = self.queries.deliveries(post=post)
        return delivery

    def states(self) -> dict[str, State]:
        return {one.post: one.state for one in self.queries.deliveries()}

    def events(self, post: str) -> list[str]:
        return [step.event for step in self.queries.history(post)]


class Aside(AtOnce):
    """What waits in a thread of its own does so until a test lets it work."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def begin(self, run: Callable[[], None]) -> None:
        self._waiting.append(run)

    def work(self) -> None:
        while self._waiting:
            self._waiting.pop(0)()


@pytest.fixture
def desk(
    clock: ManualClock,
    database: Database,
    ledger: Ledger,
    dispatch: Dispatch,
    control: Control,
    queries: Queries,
) -> Desk:
    return Desk(clock, database, ledger, dispatch, control, queries)


def post(clock: ManualClock, name: str, due_in: float = 2, **more: Any) -> Wish:
    """A post whose account is the first letter of its name."""
    return wish(clock, name, due_in, **{"account": name[0], "texts": (name,), **more})


@contextmanager
def as_it_sleeps(
    clock: ManualClock, act: Callable[[datetime, float], None], *, before: bool = False
) -> Iterator[None]:
    """Do this each time that somebody has slept, or `before`."""
    sleep = clock.sleep_until

    def sleeping(instant: datetime, patience: float = math.inf) -> None:
        if before:
            act(instant, patience)
        sleep(instant, patience)
        if not before:
            act(instant, patience)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "sleep_until", sleeping)
        yield


# each at its instant


def test_posts_of_several_instants_in_one_slot_leave_each_at_its_own(
    desk: Desk, clock: ManualClock
) -> None:
    """With one commit of their intents and one of their results."""
    begun = clock.now()
    instants = {"a": 2.07, "b": 2.0, "c": 2.03, "d": 2.000001}
    desk.deliver(desk.courier(), *(post(clock, name, at) for name, at in instants.items()))
    assert desk.platform.left == [
        (name, begun + timedelta(seconds=instants[name])) for name in "bdca"
    ]
    assert set(desk.states().values()) == {State.PUBLISHED}
    assert [sorted(one) for one in desk.attempts.intents] == [["a", "b", "c", "d"]]
    assert [sorted(one) for one in desk.attempts.results] == [["a", "b", "c", "d"]]


def test_posts_of_different_slots_leave_each_at_its_own_instant(
    desk: Desk, clock: ManualClock
) -> None:
    begun = clock.now()
    instants = {"b": 2.1, "a": 2.2, "c": 3.0}
    desk.deliver(desk.courier(), *(post(clock, name, at) for name, at in instants.items()))
    assert desk.platform.left == [
        (name, begun + timedelta(seconds=at)) for name, at in instants.items()
    ]
    assert desk.attempts.intents == [["b"], ["a"], ["c"]]


def test_of_those_at_one_instant_one_of_each_account_leaves_by_turns(
    desk: Desk, clock: ManualClock
) -> None:
    due = clock.ahead(2)
    names = ("a1", "a2", "a3", "b1", "c1", "b2")
    desk.deliver(desk.courier(), *(post(clock, name) for name in names))
    assert desk.platform.left == [(name, due) for name in ("a1", "b1", "c1", "a2", "b2", "a3")]


def test_what_joins_after_a_slot_was_closed_leaves_in_a_slot_of_its_own(
    desk: Desk, clock: ManualClock
) -> None:
    """At the same instant all the same."""
    due, courier = clock.ahead(2), desk.courier()
    late = post(clock, "late")
    desk.attempts.before_intents = lambda: desk.deliver(courier, late)
    desk.deliver(courier, post(clock, "a"))
    assert sorted(desk.platform.left) == [("a", due), ("late", due)]
    assert desk.attempts.intents == [["late"], ["a"]]
    assert courier._slots._gathering == {}


def test_what_joins_while_a_slot_gathers_leaves_with_it(desk: Desk, clock: ManualClock) -> None:
    due, courier, added = clock.ahead(5), desk.courier(), list[str]()
    late = post(clock, "late", 5)

    def join(instant: datetime, _patience: float) -> None:
        if not added:
            added.append("late")
            desk.deliver(courier, late)

    with as_it_sleeps(clock, join):
        desk.deliver(courier, post(clock, "a", 5))
    assert desk.platform.left == [("a", due), ("late", due)]
    assert desk.attempts.intents == [["a", "late"]]


def test_what_is_due_already_leaves_at_once_and_together(desk: Desk, clock: ManualClock) -> None:
    """In the order of their instants, and with those that come just after."""
    added, courier = list[str](), desk.courier()
    begun, last = clock.now(), post(clock, "d", -1)

    def join(_instant: datetime, _patience: float) -> None:
        if not added:
            added.append("d")
            desk.deliver(courier, last)

    with as_it_sleeps(clock, join):
        desk.deliver(courier, post(clock, "a", 0), post(clock, "b", -3), post(clock, "c", -60))
    assert desk.platform.posts == ["c", "b", "d", "a"]
    assert {at - begun for _post, at in desk.platform.left} == {timedelta(seconds=0.01)}
    assert len(desk.attempts.intents) == 1


def test_what_leaves_on_another_channel_has_a_slot_of_its_own(
    desk: Desk, clock: ManualClock
) -> None:
    due = clock.ahead(2)
    desk.deliver(desk.courier(), post(clock, "a"), post(clock, "b", channel="site"))
    assert desk.platform.left == [("a", due), ("b", due)]
    assert desk.attempts.intents == [["a"], ["b"]]


# a clock that is set


@pytest.mark.parametrize("before", [True, False])
def test_a_clock_set_back_while_a_slot_gathers_gives_the_deliveries_back(
    desk: Desk, clock: ManualClock, *, before: bool
) -> None:
    """With their connections, and no thread waits for long: they leave at their instant."""
    due, courier = clock.ahead(5), desk.courier()
    with as_it_sleeps(clock, once(lambda: clock.set(-3600)), before=before):
        desk.deliver(courier, post(clock, "a", 5), post(clock, "b", 5))
    assert clock.monotonic() < EARLY + 6, "as long as it may be early, and not for hours"
    assert desk.platform.left == []
    assert sorted(desk.platform.released) == ["a", "b"]
    for name in "ab":
        given_back = desk.of(name)
        assert (given_back.state, given_back.lease_until) == (State.SCHEDULED, None)
        assert given_back.next_check_at == due
        assert "sending" not in desk.events(name)
    clock.sleep_until(due - timedelta(seconds=3))
    desk.deliver(courier)
    assert desk.platform.left == [("a", due), ("b", due)]


def test_a_clock_set_back_a_little_while_a_slot_gathers_is_waited_for(
    desk: Desk, clock: ManualClock
) -> None:
    due = clock.ahead(5)
    with as_it_sleeps(clock, once(lambda: clock.set(-4))):
        desk.deliver(desk.courier(), post(clock, "a", 5))
    assert desk.platform.left == [("a", due)]


def test_a_clock_set_back_between_two_that_leave_keeps_the_second(
    desk: Desk, clock: ManualClock
) -> None:
    """It was on its way already, and leaves at its instant after all."""
    due, courier = clock.ahead(2), desk.courier()

    def before_leaving(name: str) -> None:
        if name == "b":
            clock.set(-1)

    desk.platform.before_leaving = before_leaving
    desk.deliver(courier, post(clock, "a"), post(clock, "b"))
    assert desk.platform.left == [("a", due)]
    kept = desk.of("b")
    assert (kept.state, kept.error_kind) == (State.SCHEDULED, Kind.UNAVAILABLE)
    assert kept.send_at >= due
    desk.platform.before_leaving = lambda _name: None
    clock.sleep_until(kept.send_at - timedelta(seconds=1))
    desk.deliver(courier)
    assert desk.platform.left == [("a", due), ("b", kept.send_at)]


def test_nobody_waits_in_turn_for_each_instant_that_a_clock_set_back_has_moved_away(
    desk: Desk, clock: ManualClock
) -> None:
    """Their intents would be over, and each would be looked for."""
    instants = {f"{n}": 2 + n / 100 for n in range(8)}
    desk.attempts.before_intents = lambda: clock.set(-3600)
    desk.deliver(desk.courier(), *(post(clock, name, at) for name, at in instants.items()))
    assert clock.monotonic() < 10
    assert desk.platform.left == []
    assert set(desk.states().values()) == {State.SCHEDULED}


def test_a_clock_that_is_found_wrong_at_the_intent_lets_nothing_of_its_slot_leave(
    desk: Desk, clock: ManualClock
) -> None:
    """No intent is written, and the connections are kept for others."""
    check = ClockCheck(clock, clock.monotonic)
    check.heard_from("X")(clock.now(), 0.1)
    with as_it_sleeps(clock, once(lambda: clock.set(30))):
        desk.deliver(desk.courier(check=check), post(clock, "a", 5), post(clock, "b", 5))
    assert (desk.platform.left, desk.attempts.intents) == ([], [])
    assert sorted(desk.platform.released) == ["a", "b"]
    for name in "ab":
        put_off = desk.of(name)
        assert (put_off.state, put_off.error_kind) == (State.SCHEDULED, Kind.CLOCK)
        assert "sending" not in desk.events(name)


def once(act: Callable[[], None]) -> Callable[[datetime, float], None]:
    acts = [act]

    def do(_instant: datetime, _patience: float) -> None:
        if acts:
            acts.pop()()

    return do


# what one of them meets


def test_an_intent_that_is_not_taken_now_holds_up_no_other(desk: Desk, clock: ManualClock) -> None:
    """They leave at their instant; it is tried again, and leaves as soon as it is written."""
    due, tried, threads = clock.ahead(2), list[str](), Aside()

    def busy(name: str) -> bool:
        tried.append(name)
        return name == "b" and tried.count("b") < 10

    desk.attempts.busy = busy
    desk.deliver(desk.courier(threads), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    assert desk.platform.left == [("a", due), ("c", due)]
    threads.work()
    assert desk.attempts.intents == [["a", "b", "c"]] + [["b"]] * 9
    assert set(desk.states().values()) == {State.PUBLISHED}
    assert dict(desk.platform.left)["b"] >= due


def test_an_intent_that_the_ledger_does_not_take_for_too_long_ends_for_this_one_alone(
    desk: Desk, clock: ManualClock
) -> None:
    """Its lease decides; its connection is kept for others."""
    threads, begun = Aside(), clock.monotonic()
    desk.attempts.busy = lambda name: name == "b"
    desk.deliver(desk.courier(threads), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    threads.work()
    assert clock.monotonic() - begun < 20, "not for longer than its lease"
    assert desk.platform.posts == ["a", "c"]
    assert desk.platform.released == ["b"]
    assert desk.states() == {"a": State.PUBLISHED, "b": State.PUBLISHING, "c": State.PUBLISHED}
    assert desk.of("b").intent_at is None
    desk.attempts.busy = lambda _name: False
    clock.advance(20)
    desk.dispatch.reap()
    desk.deliver(desk.courier())
    assert desk.states()["b"] is State.PUBLISHED


def test_a_connection_is_given_back_once(desk: Desk, clock: ManualClock) -> None:
    """Given back while it still waits to leave, it would get another request, and send that."""
    desk.attempts.busy = lambda _name: True
    desk.deliver(desk.courier(), post(clock, "a"))
    assert (desk.platform.posts, desk.platform.released) == ([], ["a"])


def test_an_intent_that_cannot_be_written_at_all_harms_no_other(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours that only its delivery meets."""
    due, changes = clock.ahead(2), desk.attempts._intents.changes

    def fail(connection: Any, intents: Any) -> Any:
        if any(one.delivery.post == "b" for one in intents):
            raise ZeroDivisionError
        return changes(connection, intents)

    monkeypatch.setattr(desk.attempts._intents, "changes", fail)
    desk.deliver(desk.courier(), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    assert desk.platform.left == [("a", due), ("c", due)]
    assert desk.platform.released == ["b"]
    assert desk.of("b").intent_at is None


def test_what_must_not_leave_by_its_intent_harms_no_other(desk: Desk, clock: ManualClock) -> None:
    """Its account is paused, it was cancelled, or it would be past its expiry."""
    due = clock.ahead(2)

    def meanwhile() -> None:
        desk.control.pause("b", "crise", "direction")
        desk.control.cancel("c", None, "direction", "changed")

    desk.attempts.before_intents = meanwhile
    wishes = [post(clock, name) for name in "abcd"]
    wishes[3] = wishes[3].model_copy(update={"expires_at": clock.ahead(1)})
    desk.deliver(desk.courier(), *wishes)
    assert desk.platform.left == [("a", due)]
    assert sorted(desk.platform.released) == ["b", "c", "d"]
    assert desk.states() == {
        "a": State.PUBLISHED, "b": State.SCHEDULED, "c": State.CANCELLED, "d": State.MISSED,
    }  # fmt: skip


def test_what_expires_just_before_it_leaves_stays_and_harms_no_other(
    desk: Desk, clock: ManualClock
) -> None:
    def before_leaving(name: str) -> None:
        if name == "b":
            clock.advance(1)

    desk.platform.before_leaving = before_leaving
    soon = clock.ahead(2.5)
    wishes = [post(clock, name, expires_at=soon) for name in "ab"]
    desk.deliver(desk.courier(), *wishes, post(clock, "c"))
    assert desk.platform.posts == ["a", "c"]
    desk.dispatch.expire()
    assert desk.states()["b"] is State.MISSED


def test_what_has_no_connection_holds_up_no_other(desk: Desk, clock: ManualClock) -> None:
    """What came of it is on record only once the others have left."""
    due = clock.ahead(2)
    desk.platform.unreachable = {"b"}
    recorded = list[list[str]]()
    desk.platform.before_leaving = lambda _name: recorded.append(list(*desk.attempts.results))
    desk.deliver(desk.courier(), post(clock, "a"), post(clock, "b"), post(clock, "c"))
    assert desk.platform.left == [("a", due), ("c", due)]
    assert recorded == [[], []]
    put_off = desk.of("b")
    assert (put_off.state, put_off.error_message) == (State.SCHEDULED, "connection refused")
    assert put_off.intent_at is None


def test_what_cannot_be_built_harms_no_other(desk: Desk, clock: ManualClock) -> None:
    """Also where its outcome waits for the ledger."""
    due = clock.ahead(2)

    def channel_of(account: str) -> Any:
        if account == "b":
            raise CredentialsMissing("Account b has no api_key.")
        return desk.channel.channel_of(account)

    threads, desk.channel.unbuilt = Aside(), {"c"}
    desk.attempts.busy = lambda name: name in "bc"
    courier = desk.courier(threads, channel_of=channel_of)
    desk.deliver(courier, *(post(clock, name) for name in "abcd"))
    assert desk.platform.left == [("a", due), ("d", due)]
    desk.attempts.busy = lambda _name: False
    threads.work()
    assert [desk.of(name).error_kind for name in "bc"] == [Kind.AUTH, Kind.UNAVAILABLE]
    assert "no api_key" in str(desk.of("b").error_message)


def test_an_answer_that_cannot_be_judged_harms_no_other(desk: Desk, clock: ManualClock) -> None:
    desk.channel.misread = {"b"}
    desk.deliver(desk.courier(), *(post(clock, name) for name in "abc"))
    assert desk.states() == {"a": State.PUBLISHED, "b": State.UNCERTAIN, "c": State.PUBLISHED}


def test_an_answer_that_the_ledger_does_not_take_now_holds_up_no_other(
    desk: Desk, clock: ManualClock
) -> None:
    """Neither another one's answer nor the next part of a thread; it keeps its own time."""
    due, free, tried = clock.ahead(2), Event(), list[str]()

    def busy(name: str) -> bool:
        if name == "b" and desk.platform.posts:
            tried.append(name)
            return len(tried) == 1 or not free.wait(20)
        return False

    desk.attempts.busy, desk.platform.held = busy, {"c"}
    with Hands() as hands:
        courier = desk.courier(hands)
        thread = post(clock, "a", texts=("un", "deux"))
        desk.deliver(courier, thread, post(clock, "b"), post(clock, "c"))
        wait_for(lambda: desk.states()["a"] is State.PUBLISHED)
        desk.platform.answer("c")
        wait_for(lambda: desk.states()["c"] is State.PUBLISHED)
        assert desk.of("b").state is State.PUBLISHING
        free.set()
    found = desk.of("b")
    assert (found.state, found.remote_ids, found.published_at) == (State.PUBLISHED, ("b 0",), due)


def test_answers_while_the_ledger_is_away_are_recorded_when_it_is_back(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own time; those that came first are not given up with the others lost."""
    due, write = clock.ahead(2), desk.database.write

    def be_away() -> Any:
        raise LedgerUnavailable

    def before_leaving(_name: str) -> None:
        monkeypatch.setattr(desk.database, "write", be_away)

    desk.platform.before_leaving, desk.platform.held = before_leaving, {"b"}
    with Hands() as hands:
        desk.deliver(desk.courier(hands), post(clock, "a"), post(clock, "b"))
        wait_for(lambda: clock.now() > due + timedelta(seconds=30))
        assert desk.states() == {"a": State.PUBLISHING, "b": State.PUBLISHING}
        monkeypatch.setattr(desk.database, "write", write)
        desk.platform.answer("b")
    assert desk.of("b").state is State.PUBLISHED


# what hangs


def test_a_threads_next_part_goes_out_while_another_one_waits_for_its_answer(
    desk: Desk, clock: ManualClock
) -> None:
    desk.platform.held = {"b"}
    with Hands() as hands:
        thread = post(clock, "a", texts=("un", "deux", "trois"))
        desk.deliver(desk.courier(hands), thread, post(clock, "b"))
        wait_for(lambda: desk.states()["a"] is State.PUBLISHED)
        assert desk.platform.posts == ["a", "b", "a", "a"]
        assert desk.of("a").remote_ids == ("a 0", "a 1", "a 2")
        assert desk.of("b").state is State.PUBLISHING
        desk.platform.answer("b")
    assert desk.of("b").state is State.PUBLISHED


def test_a_platform_that_hangs_holds_no_other_ones_posts(desk: Desk, clock: ManualClock) -> None:
    """Neither those of the same instant nor those that come later."""
    due = clock.ahead(2)
    hanging = [f"{n}" for n in range(50)]
    desk.platform.held = set(hanging)
    with Hands() as hands:
        courier = desk.courier(hands)
        others = [post(clock, f"s{n}", channel="site") for n in range(5)]
        desk.deliver(courier, *(post(clock, name) for name in hanging), *others)
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 5)
        assert dict(desk.platform.left)["s0"] == due
        desk.deliver(courier, post(clock, "later", channel="site"), post(clock, "x"))
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 7)
        assert len(hands._begun) < 10, "what waits for an answer has no thread of its own"
        for name in hanging:
            desk.platform.answer(name)
    assert set(desk.states().values()) == {State.PUBLISHED}


def test_a_look_at_the_platform_that_hangs_holds_no_other_ones_answer(
    desk: Desk, clock: ManualClock
) -> None:
    """A success that has to be verified is, in its account's lane, and then recorded."""
    let_go = Event()

    def look() -> None:
        let_go.wait(20)

    desk.channel.unverified, desk.channel.look = {"b"}, look
    with Hands() as hands:
        thread = post(clock, "b", texts=("un", "deux"))
        desk.deliver(desk.courier(hands), post(clock, "a"), thread, post(clock, "c"))
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 2)
        assert desk.of("b").remote_ids == ()
        let_go.set()
    assert (desk.of("b").state, desk.of("b").remote_ids) == (State.PUBLISHED, ("b 0", "b 1"))


class Folders(OnlySends):
    """A channel that writes into a folder of each account, of which some hang or fail."""

    capabilities = SITE

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.let_go = Event()
        self.written: list[tuple[str, datetime]] = []

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: Any) -> Prepared:
        return prepared

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Action:
        def run(objection: Objection) -> Outcome:
            if parcel.account == "hangs":
                self.let_go.wait(20)
            if parcel.account == "fails":
                raise ZeroDivisionError
            if objected := objection():
                return objected
            self.written.append((parcel.post, self._clock.now()))
            return Accepted(parcel.post)

        return Action(run)


def test_a_folder_that_hangs_holds_no_other_accounts_posts(desk: Desk, clock: ManualClock) -> None:
    """Nor does one that fails: whether that is out is not known."""
    due, folders = clock.ahead(2), Folders(clock)
    accounts = ["hangs"] * 6 + ["fails", "a", "b"]
    with Hands() as hands:
        courier = desk.courier(hands, channel_of=lambda _account: contextmanager(just)(folders))
        desk.deliver(
            courier,
            *(
                post(clock, f"{n}", account=account, channel="site")
                for n, account in enumerate(accounts)
            ),
        )
        wait_for(lambda: list(desk.states().values()).count(State.PUBLISHED) == 2)
        assert sorted(folders.written) == [("7", due), ("8", due)]
        wait_for(lambda: desk.states()["6"] is State.UNCERTAIN)
        clock.advance(6)
        folders.let_go.set()
    hung = {desk.states()[f"{n}"] for n in range(6)}
    assert hung == {State.SCHEDULED}, "what hung for so long does not leave any more"


def just(folders: Folders) -> Iterator[Folders]:
    yield folders


# threads


@dataclass
class Failing(AtOnce):
    """A system that gives no thread for some time."""

    fails: int

    def start(self, run: Callable[[], None]) -> None:
        self.fails -= 1
        if self.fails >= 0:
            raise RuntimeError("can't start new thread")
        super().start(run)


@pytest.mark.parametrize("due_in", [-1.0, 2.0])
def test_a_slot_for_which_there_was_no_thread_is_free_for_what_comes_later(
    desk: Desk, clock: ManualClock, due_in: float
) -> None:
    """Its deliveries are due again when their leases end."""
    courier = desk.courier(Failing(1))
    desk.deliver(courier, post(clock, "a", due_in), post(clock, "b", due_in))
    assert desk.platform.left == []
    assert sorted(desk.platform.released) == ["a", "b"]
    desk.deliver(courier, post(clock, "c", due_in))
    assert desk.platform.posts == ["c"]
    clock.advance(20)
    desk.dispatch.reap()
    desk.deliver(courier)
    assert desk.platform.posts == ["c", "a", "b"]


def test_a_slot_whose_thread_ended_as_it_gathered_is_free_for_what_comes_later(
    desk: Desk, clock: ManualClock
) -> None:
    due, courier = clock.ahead(5), desk.courier()

    def end() -> None:
        raise SystemExit

    with as_it_sleeps(clock, once(end)), pytest.raises(SystemExit):
        desk.deliver(courier, post(clock, "a", 5))
    assert courier._slots._gathering == {}
    late = wish(clock, "b", (due - clock.now()).total_seconds(), account="b")
    desk.deliver(courier, late)
    assert desk.platform.left == [("b", due)]


def test_a_claim_that_is_no_longer_valid_harms_no_other(desk: Desk, clock: ManualClock) -> None:
    """One that comes twice in a batch leaves once."""
    add(desk.ledger, *(post(clock, name) for name in "abc"))
    claims = desk.dispatch.claim(clock.ahead(9), clock.ahead(19), 9)
    desk.control.cancel("b", None, "direction", "changed")
    desk.courier().deliver([*claims, *claims])
    assert sorted(desk.platform.posts) == ["a", "c"]
