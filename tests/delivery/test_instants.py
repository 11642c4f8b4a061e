"""When a delivery leaves, whatever happens to the clock, the machine or the worker meanwhile."""

import ast
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.delivery import courier as courier_module
from publisher.delivery.courier import Courier
from publisher.delivery.leases import EARLY
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Written
from publisher.ledger.worker.intents import Intent
from publisher.model.outcomes import Deferred, Kind
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, claim_one, courier_of, events, only
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish


@contextmanager
def set_back(clock: ManualClock, at: datetime, by: float) -> Iterator[None]:
    """Somebody sets the clock back at an instant that it has come to."""
    sleep = clock.sleep_until

    def be_set_back(instant: datetime, patience: float = math.inf) -> None:
        sleep(instant, patience)
        if instant == at:
            clock.set(-by)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "sleep_until", be_set_back)
        yield


def test_nothing_leaves_when_the_clock_was_set_back_at_its_instant(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    due = clock.ahead(1)
    add(ledger, wish(clock, due_in=1))
    with set_back(clock, due, 3600):
        courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == []
    assert (only(queries).state, only(queries).error_kind) == (State.SCHEDULED, Kind.UNAVAILABLE)
    clock.sleep_until(due - timedelta(seconds=1))
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == [(due, 1)]


@pytest.mark.parametrize("by", [4.0, 20.0, 150.0, 3600.0])
@pytest.mark.parametrize("before", [2.0, 0.2])
def test_nobody_waits_for_an_instant_that_a_clock_set_back_has_moved_away(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    before: float,
    by: float,
) -> None:
    """Set back before the intent, or after it: it leaves at its instant all the same."""
    due, sleep = clock.ahead(2), clock.sleep_until

    def be_set_back(instant: datetime, patience: float = math.inf) -> None:
        if instant > due - timedelta(seconds=before):
            monkeypatch.setattr(clock, "sleep_until", sleep)
            clock.set(-by)
        sleep(instant, patience)

    add(ledger, wish(clock, due_in=2))
    monkeypatch.setattr(clock, "sleep_until", be_set_back)
    courier.deliver([claim_one(dispatch, clock)])
    assert clock.monotonic() < EARLY + 6, "as long as it may be early, and not for hours"
    if only(queries).state is not State.PUBLISHED:
        assert (only(queries).state, channel.sent) == (State.SCHEDULED, [])
        clock.sleep_until(due - timedelta(seconds=2))
        courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == [(due, 1)]


def test_nobody_who_delivers_sleeps_without_an_end() -> None:
    """Each says how long it waits at most, should the clock be set back meanwhile."""
    modules = Path(courier_module.__file__).parent.glob("*.py")
    calls = [
        node
        for module in modules
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep_until"
    ]
    assert len(calls) > 5
    assert [ast.unparse(call) for call in calls if len(call.args) != 2] == []


def test_a_time_that_a_person_chose_is_kept_to_when_the_clock_was_set_back_at_it(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    control: Control,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=5))
    control.pause(None, "crise", "direction")
    clock.advance(60)
    (late,) = control.overdue()
    chosen = clock.ahead(3600)
    control.resume(None, "direction", choices={late.id: chosen})
    clock.sleep_until(chosen - timedelta(seconds=2))
    with set_back(clock, chosen, 600):
        courier.deliver([claim_one(dispatch, clock)])
    assert (channel.sent, only(queries).send_at) == ([], chosen)


def test_what_is_put_off_leaves_when_it_is_to_be_tried_again_and_not_when_it_is_claimed(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    channel.answers = [Deferred(Kind.UNAVAILABLE, "Away.")] * 2
    add(ledger, wish(clock, due_in=1))
    tries = []
    for _ in range(3):
        tries.append(only(queries).send_at)
        for claim in dispatch.claim(tries[-1], clock.ahead(19), 1):
            courier.deliver([claim])
    assert [instant for instant, _part in channel.sent] == tries
    assert tries[1] >= tries[0] + timedelta(seconds=1)


def test_a_time_that_a_person_chose_after_a_pause_is_kept_to(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    control: Control,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    add(ledger, wish(clock, due_in=5))
    control.pause(None, "crise", "direction")
    clock.advance(60)
    (late,) = control.overdue()
    chosen = clock.ahead(3)
    control.resume(None, "direction", choices={late.id: chosen})
    (claim,) = dispatch.claim(clock.ahead(4), clock.ahead(19), 1)
    courier.deliver([claim])
    assert channel.sent == [(chosen, 1)]


def test_a_worker_whose_clock_is_behind_keeps_what_it_was_given(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    due = clock.ahead(9)
    add(ledger, wish(clock, due_in=9))
    (claim,) = dispatch.claim(due, clock.ahead(19), 1)
    courier.deliver([claim])
    assert channel.sent == [(due, 1)]
    assert events(queries).count("claimed") == 1


def test_an_embargo_that_ends_after_the_time_is_waited_for(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    clock: ManualClock,
) -> None:
    embargo = clock.ahead(1.9)
    add(ledger, wish(clock, due_in=0, embargo_until=embargo))
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == [(embargo, 1)]


def test_a_machine_that_slept_between_intent_and_request_does_not_send(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The monotonic clock stands still meanwhile; the date shows it."""

    class Sleeping(OneByOne):
        def intend_all(self, intents: Sequence[Intent]) -> list[Written]:
            intended = super().intend_all(intents)
            monotonic = clock.monotonic()
            clock.advance(8 * 3600)
            clock._monotonic = monotonic
            return intended

    courier = courier_of(Sleeping(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == []


def test_a_worker_that_stood_still_after_its_intent_does_not_send(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Freezing(OneByOne):
        def intend_all(self, intents: Sequence[Intent]) -> list[Written]:
            intended = super().intend_all(intents)
            clock.advance(6)
            return intended

    courier = courier_of(Freezing(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=0))
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == []
    assert only(queries).state is State.SCHEDULED


def test_nothing_leaves_past_its_expiry_however_long_its_intent_took(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    class Slow(OneByOne):
        def intend_all(self, intents: Sequence[Intent]) -> list[Written]:
            intended = super().intend_all(intents)
            clock.advance(3)
            return intended

    courier = courier_of(Slow(attempts._database, clock, settle=60), channel, clock)
    add(ledger, wish(clock, due_in=1, expires_at=clock.ahead(1.5)))
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == []
    dispatch.expire()
    assert only(queries).state is State.MISSED


def test_an_answer_that_comes_after_the_lease_is_not_lost(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The worker stood still in the middle of its request; what X said is evidence."""

    def stand_still() -> None:
        clock.advance(120)
        dispatch.reap()

    channel.before_send = stand_still
    add(ledger, wish(clock, due_in=0))
    courier.deliver([claim_one(dispatch, clock)])
    found = only(queries)
    assert (found.state, found.remote_ids) == (State.PUBLISHED, ("100",))
