"""What is late: due, not out, and not rightly waiting."""

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.heartbeats import Heartbeats, Process
from publisher.ledger.heartbeats import ProcessKind as Of
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.gauges import Gauges
from publisher.ledger.reading.lateness import EXPLAINED, Cause, Lateness
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    SuspensionScope,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.ledger.reading.gauges")


@pytest.fixture
def lateness(database: Database, clock: ManualClock) -> Lateness:
    return Lateness(database, clock)


Send = Callable[[Outcome], Delivery]


@pytest.fixture
def send(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Send:
    """What is due is sent, and this comes of it."""

    def sent(outcome: Outcome) -> Delivery:
        (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(900), 10)
        taken = attempts.take(claim)
        assert taken
        intended = attempts.intend(taken, clock.now(), clock.ahead(900))
        assert intended
        return attempts.record(intended, outcome, clock.ahead(900))

    return sent


def test_what_is_due_and_not_out_is_late(
    ledger: Ledger, lateness: Lateness, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "a", 0), wish(clock, "b", 60), wish(clock, "c", 3600))
    begun = clock.now()
    clock.advance(179)
    assert not lateness.find()
    clock.advance(70)
    late = lateness.find()
    assert (late.number, late.since) == (2, begun)
    assert late.by_cause() == {Cause.NOT_TAKEN: 2}
    assert late.unexplained.number == 2


def test_a_retry_that_moved_its_next_attempt_is_late_by_its_own_time(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send
) -> None:
    add(ledger, wish(clock, "a", 0))
    begun = clock.now()
    clock.advance(300)
    send(Deferred(Kind.UNAVAILABLE, "Nobody answers there."))
    (group,) = lateness.find().groups
    assert (group.cause, group.channel, group.kind) == (Cause.REFUSED, "twitter", Kind.UNAVAILABLE)
    assert group.since == begun


def of_host(name: str) -> Process:
    return Process(name.ljust(32, "x")[:32], Of.DISPATCHER, name, 7, "0.1.0")


def test_a_wrong_clock_is_a_cause_of_its_own(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, database: Database
) -> None:
    add(ledger, wish(clock, "a", 0))
    clock.advance(300)
    Heartbeats(database).beat(of_host("beta"), timedelta(seconds=-20))
    assert lateness.find().by_cause() == {Cause.CLOCK: 1}
    assert lateness.find().unexplained


def test_what_a_wrong_clock_keeps_back_is_late_because_of_it(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send
) -> None:
    add(ledger, wish(clock, "a", 0))
    clock.advance(300)
    send(Deferred(Kind.CLOCK, "The clock is wrong."))
    assert lateness.find().by_cause() == {Cause.CLOCK: 1}


def test_what_is_late_by_a_wrong_clock_alone_is_not(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, database: Database
) -> None:
    """This machine's: by the true time, only one of them is."""
    add(ledger, wish(clock, "a", 0), wish(clock, "b", 3600))
    clock.advance(300)
    clock.set(7200)
    Heartbeats(database).beat(of_host(socket.gethostname()), timedelta(hours=2))
    assert lateness.find().number == 1


def test_what_a_worker_has_is_late_too(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, dispatch: Dispatch
) -> None:
    """A dispatcher without workers keeps everything in hands that are not there."""
    add(ledger, wish(clock, "a", 0))
    clock.advance(200)
    dispatch.claim(clock.now(), clock.ahead(20), 10)
    assert lateness.find().by_cause() == {Cause.IN_HAND: 1}


def test_what_is_looked_for_is_late_and_what_waits_for_a_person_is_not(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send, database: Database
) -> None:
    add(ledger, wish(clock, "a", 0))
    send(Unknown("No answer."))
    clock.advance(200)
    assert lateness.find().by_cause() == {Cause.UNCERTAIN: 1}
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET settled_at = NULL")
    assert not lateness.find()


def test_a_suspended_account_is_a_cause_of_its_own(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send
) -> None:
    add(ledger, wish(clock, "a", 0))
    clock.advance(300)
    send(AccountSuspended(Kind.RATE_LIMIT, "Too many.", clock.ahead(900)))
    assert lateness.find().by_cause() == {Cause.SUSPENDED: 1}
    assert not lateness.find().unexplained
    assert Cause.SUSPENDED in EXPLAINED


def test_what_waits_alone_for_a_limit_of_its_kind_needs_no_look(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send
) -> None:
    """It is told as kept back; and what is late beside it is told too."""
    add(ledger, wish(clock, "a", 0))
    until, apart = clock.ahead(86_400), SuspensionScope.APART
    send(AccountSuspended(Kind.RATE_LIMIT, "No more uploads.", until, scope=apart))
    clock.advance(300)
    assert lateness.find().by_cause() == {Cause.SUSPENDED: 1}
    clock.sleep_until(until)
    assert lateness.find().by_cause() == {Cause.REFUSED: 1}, "nobody takes it up"


@pytest.mark.parametrize("backoff", [(), (timedelta(minutes=10),)])
def test_what_goes_one_by_one_after_a_suspension_is_not_left_lying(
    ledger: Ledger, dispatch: Dispatch, lateness: Lateness, clock: ManualClock, send: Send,
    database: Database, backoff: tuple[timedelta, ...],
) -> None:  # fmt: skip
    """Whether the platform named its end or not: nobody is called to look at the dispatcher."""
    add(ledger, wish(clock, "first", 0))
    until = None if backoff else clock.ahead(600)
    send(AccountSuspended(Kind.RATE_LIMIT, "Too many.", until, backoff))
    add(ledger, *(wish(clock, post, 1, texts=(post,)) for post in "abc"))
    clock.advance(620)
    assert lateness.find().by_cause() == {Cause.SPACED: 4}
    assert len(dispatch.claim(clock.ahead(2), clock.ahead(30), 10)) == 1
    assert Gauges(database, clock).unclaimed(15) == 0


@pytest.mark.parametrize("account", [None, "bice-x"])
def test_what_a_person_paused_waits_rightly(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, control: Control, account: str | None
) -> None:
    add(ledger, wish(clock, "a", 0))
    control.pause(account, "Wait.", "direction")
    clock.advance(1000)
    assert not lateness.find()


def test_what_was_resumed_goes_in_turn(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, control: Control
) -> None:
    add(ledger, wish(clock, "a", 0), wish(clock, "b", 0))
    control.pause(None, "Wait.", "direction")
    clock.advance(1000)
    control.resume(None, "direction")
    assert lateness.find().by_cause() == {Cause.NOT_TAKEN: 1, Cause.SPACED: 1}


def test_what_a_suspension_kept_back_is_not_refused_once_a_person_resumed(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, control: Control, send: Send
) -> None:
    add(ledger, wish(clock, "a", 0))
    send(AccountSuspended(Kind.AUTH, "Not accepted.", backoff=(timedelta(minutes=10),)))
    add(ledger, wish(clock, "b", 1, texts=("b",)))
    clock.advance(700)
    control.resume("bice-x", "direction")
    assert lateness.find().by_cause() == {Cause.NOT_TAKEN: 1, Cause.SPACED: 1}


@pytest.mark.parametrize("state", [State.AWAITING_APPROVAL, State.HELD])
def test_what_waits_for_approval_or_its_item_waits_rightly(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, state: State
) -> None:
    add(ledger, wish(clock, "a", 0, state=state))
    clock.advance(1000)
    assert not lateness.find()


def test_an_embargo_counts_and_not_the_time_before_it(
    ledger: Ledger, lateness: Lateness, clock: ManualClock
) -> None:
    end = clock.now() + timedelta(hours=1)
    add(ledger, wish(clock, "a", 0, embargo_until=end))
    clock.advance(3600 + 100)
    assert not lateness.find()
    clock.advance(100)
    assert lateness.find().since == end


def test_what_is_out_is_not_late_any_more(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send
) -> None:
    add(ledger, wish(clock, "a", 0))
    clock.advance(300)
    before = clock.now()
    send(Accepted("707"))
    assert not lateness.find()
    assert lateness.went_out_late(before).number == 1


def test_what_went_out_in_good_time_did_not_go_out_late(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send
) -> None:
    add(ledger, wish(clock, "a", 0))
    clock.advance(100)
    before = clock.now()
    send(Accepted("707"))
    assert not lateness.went_out_late(before)


def test_it_is_noted_once_that_something_is_late_and_once_that_all_is_out(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, send: Send
) -> None:
    """However many processes see it."""
    assert not lateness.end("It goes on.")
    add(ledger, wish(clock, "a", 0))
    clock.advance(300)
    late = lateness.find()
    assert lateness.begin(late, "No worker is alive.")
    assert not lateness.begin(late, "No worker is alive.")
    noted = lateness.noted()
    assert noted
    assert not noted.is_over
    assert noted.detail["number"] == 1
    send(Accepted("707"))
    assert lateness.end("It goes on.")
    assert not lateness.end("It goes on.")
    noted = lateness.noted()
    assert noted
    assert noted.is_over


def test_what_is_noted_keeps_the_history_true(
    ledger: Ledger, lateness: Lateness, clock: ManualClock, database: Database
) -> None:
    from publisher.ledger.integrity.seals import Audit  # noqa: PLC0415

    add(ledger, wish(clock, "a", 0))
    clock.advance(300)
    lateness.begin(lateness.find(), "No worker is alive.")
    assert not Audit(database, clock).verify().breaks
