"""What a courier and a dispatcher do while the machine's clock is wrong."""

from datetime import UTC, datetime

import pytest

from publisher.delivery.courier import Courier
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.clock_check import ClockCheck
from publisher.model.outcomes import Accepted, Kind, Unknown
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel, claim_one, courier_of, events, only
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish


@pytest.fixture
def check(clock: ManualClock) -> ClockCheck:
    """One that has heard the right time."""
    made = ClockCheck(clock, clock.monotonic)
    made.heard_from("X")(clock.now(), 0.1)
    return made


@pytest.fixture
def courier(
    attempts: OneByOne, channel: ScriptedChannel, clock: ManualClock, check: ClockCheck
) -> Courier:
    return courier_of(attempts, channel, clock, check, prepares=True)


def test_what_is_claimed_by_a_wrong_clock_is_put_off_and_leaves_at_its_time(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """Not by the clock that is wrong: it would wait two hours when that is right again."""
    add(ledger, wish(clock, due_in=600))
    due = only(queries).due_at
    clock.set(7200)
    courier.deliver([claim_one(dispatch, clock)])
    delivery = only(queries)
    assert delivery.state is State.SCHEDULED
    assert delivery.error_kind == Kind.CLOCK
    assert "2 h ahead of X" in str(delivery.error_message)
    assert delivery.send_at == due
    assert channel.prepared == 0
    clock.set(-7200)
    clock.advance(599)
    courier.deliver([claim_one(dispatch, clock)])
    ((at, _part),) = channel.sent
    assert at == due


def test_a_platform_that_tells_a_time_in_years_to_come_costs_a_post_seconds(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    check: ClockCheck,
) -> None:
    """It goes out as soon as the platform tells the right time again, and not in that year."""
    add(ledger, wish(clock, due_in=2))
    check.heard_from("X")(datetime(2099, 1, 1, tzinfo=UTC), 0.1)
    courier.deliver([claim_one(dispatch, clock)])
    assert only(queries).error_kind == Kind.CLOCK
    check.heard_from("X")(clock.now(), 0.1)
    clock.advance(11)
    courier.deliver([claim_one(dispatch, clock)])
    assert only(queries).state is State.PUBLISHED


@pytest.mark.parametrize("by", [30.0, -2.5])
def test_a_clock_that_is_set_while_a_post_waits_lets_nothing_leave_early(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    by: float,
) -> None:
    """The worker looks before its intent: set forward, it is put off; by little, it goes."""
    add(ledger, wish(clock, due_in=2))
    prepare = channel.prepare

    def preparing(*arguments: object) -> object:
        clock.set(by)
        return prepare(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(channel, "prepare", preparing)
    courier.deliver([claim_one(dispatch, clock)])
    if by > 5:
        assert channel.sent == []
        assert "sending" not in events(queries)
        assert only(queries).error_kind == Kind.CLOCK
    else:
        assert len(channel.sent) == 1


def test_the_clock_is_looked_at_once_more_as_a_post_leaves(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its intent is on record then: it is put off, and known not to be out."""
    add(ledger, wish(clock, due_in=2))
    due, sleep = only(queries).due_at, clock.sleep_until

    def be_set(instant: datetime, patience: float) -> None:
        sleep(instant, patience)
        if instant == due:
            clock.set(7)  # less than what ends the lease

    monkeypatch.setattr(clock, "sleep_until", be_set)
    courier.deliver([claim_one(dispatch, clock)])
    assert channel.sent == []
    delivery = only(queries)
    assert delivery.state is State.SCHEDULED
    assert delivery.error_kind == Kind.CLOCK
    assert "sending" in events(queries)


@pytest.mark.parametrize("by", [3600.0, -3600.0])
def test_an_unknown_outcome_is_not_recorded_by_a_wrong_clock(
    ledger: Ledger,
    dispatch: Dispatch,
    courier: Courier,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
    by: float,
) -> None:
    """It would settle by that clock: when its lease ends, a right clock says since when."""
    add(ledger, wish(clock, due_in=2))
    channel.answers, channel.before_send = [Unknown("No answer.")], lambda: clock.set(by)
    courier.deliver([claim_one(dispatch, clock)])
    left = only(queries)
    assert (left.state, left.doubt_since, left.settled_at) == (State.PUBLISHING, None, None)
    clock.set(-by)
    clock.advance(31)
    dispatch.reap()
    noted = only(queries)
    assert (noted.state, noted.doubt_since) == (State.UNCERTAIN, left.intent_at)
    assert noted.settled_at
    assert noted.settled_at >= clock.now()
    assert len(channel.sent) == 1


def test_what_is_out_is_recorded_by_a_wrong_clock_beside_an_unknown_outcome(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    check: ClockCheck,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    def go_wrong() -> None:
        if channel.sent:
            clock.set(3600)

    add(ledger, wish(clock, "a.fr", due_in=2), wish(clock, "b.fr", due_in=2, texts=("deux",)))
    channel.answers, channel.before_send = [Unknown("No answer."), Accepted("7")], go_wrong
    courier = courier_of(attempts, channel, clock, check)
    courier.deliver(dispatch.claim(clock.ahead(2), clock.ahead(17), 2))
    assert [one.state for one in queries.deliveries()] == [State.PUBLISHING, State.PUBLISHED]
