"""What leaves together: each at its own instant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from publisher.delivery.leases import EARLY
from publisher.model.clock_check import ClockCheck
from publisher.model.outcomes import Kind
from publisher.model.states import State
from tests.delivery.desk import Desk, as_it_sleeps, post
from tests.support.clock import ManualClock
from tests.support.delivering import AtOnce
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.delivery.courier")

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


def test_what_a_clock_set_back_makes_early_keeps_no_other_of_its_batch(
    desk: Desk, clock: ManualClock
) -> None:
    due, courier = clock.ahead(1), desk.courier()
    add(desk.ledger, post(clock, "a", 1), post(clock, "early", 8))
    claims = desk.dispatch.claim(clock.ahead(9), clock.ahead(60), 9)
    clock.set(4 - EARLY)
    courier.deliver(sorted(claims, key=lambda one: one.delivery, reverse=True))
    assert desk.platform.left == [("a", due)]
    assert desk.states() == {"a": State.PUBLISHED, "early": State.SCHEDULED}


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
