"""What many threads want of the ledger at one moment: one transaction, and each its own answer."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from threading import Event
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.event import listen

from publisher.base.errors import LedgerBusy, LedgerUnavailable
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.group_commit import Together
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.suspensions import being_paused, take_for_pause
from publisher.ledger.tables import accounts, deliveries
from publisher.ledger.transitions import Conflict
from publisher.ledger.worker.attempts import Attempts
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish


def at_once(together: Together[Any, Any], acts: Sequence[Callable[[], Any]]) -> list[Future[Any]]:
    """Let a thread do each of these; they all come while somebody else leads."""
    with ThreadPoolExecutor(len(acts)) as threads:
        together._is_led = True
        done = []
        for number, act in enumerate(acts, 1):
            done.append(threads.submit(act))
            wait_for(partial(has, together, number))
        together._hand_on()
        return done


def has(together: Together[Any, Any], number: int) -> bool:
    return len(together._waiting) == number


def commits(database: Database) -> list[str]:
    """Grows with each commit of a change from now on."""
    seen: list[str] = []

    def note(connection: Connection) -> None:
        if not connection.get_execution_options().get("read_only"):
            seen.append("commit")

    listen(database.engine, "commit", note)
    return seen


@pytest.fixture
def taken(
    ledger: Ledger, dispatch: Dispatch, attempts: Attempts, clock: ManualClock
) -> list[Delivery]:
    return hold_in_hands(ledger, dispatch, attempts, clock)


def hold_in_hands(
    ledger: Ledger, dispatch: Dispatch, attempts: Attempts, clock: ManualClock
) -> list[Delivery]:
    """Thirty deliveries to two accounts in a worker's hands, all due now, each a thread of two."""
    add(
        ledger,
        *(
            wish(
                clock, f"{n}.fr", due_in=0, account=f"voice-{n % 2}", texts=(f"{n} un", f"{n} deux")
            )
            for n in range(30)
        ),
    )
    claims = dispatch.claim(clock.ahead(2), clock.ahead(30), 100)
    found = [attempts.take(claim) for claim in claims]
    return [delivery for delivery in found if delivery]


@pytest.fixture
def postgresql(postgres_url: str) -> Iterator[Database]:
    """A ledger where one transaction may wait for a row of another one's."""
    database = Database(postgres_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def intended(attempts: Attempts, taken: list[Delivery], clock: ManualClock) -> list[Delivery]:
    done = at_once(attempts._together, [intending(attempts, one, clock) for one in taken])
    return [delivery for future in done if (delivery := future.result())]


def intending(
    attempts: Attempts, delivery: Delivery, clock: ManualClock
) -> Callable[[], Delivery | None]:
    return lambda: attempts.intend(delivery, clock.now(), clock.ahead(30))


def recording(
    attempts: Attempts, delivery: Delivery, outcome: Outcome, clock: ManualClock
) -> Callable[[], Delivery]:
    return lambda: attempts.record(delivery, outcome, clock.ahead(30))


def test_intents_and_results_share_a_transaction(
    database: Database, attempts: Attempts, taken: list[Delivery], queries: Queries,
    clock: ManualClock,
) -> None:  # fmt: skip
    out = [intending(attempts, one, clock)() for one in taken[:10]]
    seen = commits(database)
    acts: list[Callable[[], Delivery | None]] = []
    for number, (sent, next_one) in enumerate(zip(out, taken[10:], strict=False)):
        assert sent
        acts.append(intending(attempts, next_one, clock))
        acts.append(recording(attempts, sent, Accepted(str(number)), clock))
    done = at_once(attempts._together, acts)
    assert len(seen) == 1
    told = [one for future in done if (one := future.result())]
    assert [one.id for one in told[::2]] == [one.id for one in taken[10:20]]
    assert [one.remote_ids for one in told[1::2]] == [(str(n),) for n in range(10)]
    stored = {one.id: one for one in queries.deliveries()}
    assert told == [stored[one.id] for one in told]
    assert Audit(database, clock).verify().breaks == ()


def test_what_many_want_at_once_is_one_transaction(
    database: Database, attempts: Attempts, taken: list[Delivery], queries: Queries,
    clock: ManualClock,
) -> None:  # fmt: skip
    seen = commits(database)
    done = at_once(attempts._together, [intending(attempts, one, clock) for one in taken])
    assert len(seen) == 1
    intended = [future.result() for future in done]
    assert queries.deliveries() == intended, "what is told is what is stored"
    answers = [
        recording(attempts, one, Accepted(str(number), f"https://x.com/{number}"), clock)
        for number, one in enumerate(intended)
        if one
    ]
    done = at_once(attempts._together, answers)
    assert len(seen) == 2
    recorded = [future.result() for future in done]
    assert queries.deliveries() == recorded
    assert [one.remote_ids for one in recorded if one] == [(str(n),) for n in range(30)]
    assert Audit(database, clock).verify().breaks == ()


def test_whatever_came_of_requests_is_recorded_together(
    database: Database, attempts: Attempts, intended: list[Delivery], queries: Queries,
    clock: ManualClock,
) -> None:  # fmt: skip
    outcomes: list[Outcome] = [
        Accepted("7"), Refused(Kind.POLICY, "no"), Deferred(Kind.UNAVAILABLE, "later"),
        Unknown("silence"),
    ]  # fmt: skip
    states = [State.PUBLISHING, State.FAILED, State.SCHEDULED, State.UNCERTAIN]
    pairs = list(zip(intended, outcomes, strict=False))
    done = at_once(attempts._together, [recording(attempts, *pair, clock) for pair in pairs])
    recorded = [future.result() for future in done]
    assert [one.state for one in recorded if one] == states
    assert queries.deliveries()[: len(outcomes)] == recorded
    assert Audit(database, clock).verify().breaks == ()


def test_who_comes_too_late_fails_alone(
    database: Database, attempts: Attempts, taken: list[Delivery], control: Control,
    queries: Queries, clock: ManualClock,
) -> None:  # fmt: skip
    control.cancel("3.fr", None, "direction", "changed")
    done = at_once(attempts._together, [intending(attempts, one, clock) for one in taken])
    failures = [future.exception() for future in done]
    assert [type(one) for one in failures if one] == [Conflict]
    assert isinstance(failures[3], Conflict)
    going = [delivery for delivery in queries.deliveries() if delivery.intent_at]
    assert len(going) == len(taken) - 1
    assert Audit(database, clock).verify().breaks == ()


def test_of_two_that_were_told_one_id_one_is_in_doubt(
    attempts: Attempts, intended: list[Delivery], clock: ManualClock
) -> None:
    """Both are on one account; whose the post is, a person has to say."""
    both = intended[0], intended[2]
    acts = [recording(attempts, one, Accepted("7"), clock) for one in both]
    states = sorted(one.state for f in at_once(attempts._together, acts) if (one := f.result()))
    assert states == [State.PUBLISHING, State.UNCERTAIN]


def test_a_pause_stops_all_of_its_account_and_no_other(
    attempts: Attempts, taken: list[Delivery], control: Control, clock: ManualClock
) -> None:
    control.pause("voice-1", "crise", "direction")
    done = at_once(attempts._together, [intending(attempts, one, clock) for one in taken])
    assert {one.account for f in done if (one := f.result())} == {"voice-0"}


def test_a_ledger_that_is_away_is_so_for_all() -> None:
    tried = []

    def act(_connection: Connection, wishes: Sequence[int]) -> list[int]:
        tried.append(len(wishes))
        raise LedgerUnavailable

    together = Together[int, Any](ManualClock(), nothing, act)
    done = at_once(together, [lambda: together.do(1), lambda: together.do(2)])
    assert [type(future.exception()) for future in done] == [LedgerUnavailable] * 2
    assert tried == [2]


def test_one_whose_answer_is_a_refusal_takes_nobody_with_it() -> None:
    tried = []

    def act(_connection: Connection, wishes: Sequence[int]) -> list[int | LedgerBusy]:
        tried.append(len(wishes))
        return [LedgerBusy() if wish == 2 else wish * 10 for wish in wishes]

    together = Together[int, int](ManualClock(), nothing, act)
    done = at_once(together, [partial(together.do, number) for number in (1, 2, 3)])
    assert [type(future.exception()) for future in done] == [type(None), LedgerBusy, type(None)]
    assert [done[0].result(), done[2].result()] == [10, 30]
    assert tried == [3]


def nothing() -> AbstractContextManager[Any]:
    return nullcontext()


@pytest.mark.parametrize("alone", [False, True])
def test_who_is_broken_off_breaks_off_those_whose_wishes_it_had(*, alone: bool) -> None:
    """In the transaction of all, or while each is tried alone."""

    def act(_connection: Connection, wishes: Sequence[int]) -> list[int]:
        if len(wishes) > 1 and alone:
            raise ValueError
        raise SystemExit

    together = Together[int, Any](ManualClock(), nothing, act)
    done = at_once(together, [lambda: together.do(1), lambda: together.do(2)])
    assert [type(future.exception()) for future in done] == [SystemExit] * 2


def test_a_leader_that_ends_before_it_served_anybody_hands_on() -> None:
    together = Together[int, Any](ManualClock(), nothing, lambda _connection, wishes: wishes)
    with mock.patch.object(together, "_next", side_effect=MemoryError), pytest.raises(MemoryError):
        together.do(1)
    assert together.do(2) == 2


def test_no_more_than_some_share_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody waits long for the next."""
    shared = []

    def act(_connection: Connection, wishes: Sequence[int]) -> list[int]:
        shared.append(len(wishes))
        return [wish * 10 for wish in wishes]

    monkeypatch.setattr("publisher.ledger.group_commit._MOST", 2)
    together = Together[int, Any](ManualClock(), nothing, act)
    done = at_once(together, [partial(together.do, number) for number in range(5)])
    assert [future.result() for future in done] == [0, 10, 20, 30, 40]
    assert shared == [2, 2, 1]


def test_one_that_fails_takes_few_transactions_and_nobody_with_it() -> None:
    tried = []

    def act(_connection: Connection, wishes: Sequence[int]) -> list[int]:
        tried.append(len(wishes))
        if 77 in wishes:
            raise Conflict
        return [wish * 10 for wish in wishes]

    together = Together[int, Any](ManualClock(), nothing, act)
    done = at_once(together, [partial(together.do, number) for number in range(128)])
    assert [number for number, one in enumerate(done) if one.exception()] == [77]
    assert len(tried) == 15


def test_who_is_served_waits_for_nobody_elses_transaction() -> None:
    """The next one has begun, and takes long."""
    going_on, served = Event(), list[int]()

    def act(_connection: Connection, wishes: Sequence[int]) -> list[int]:
        if 3 in wishes:
            assert going_on.wait(20)
        return [wish * 10 for wish in wishes]

    together = Together[int, Any](ManualClock(), nothing, act)

    def do(number: int) -> None:
        served.append(together.do(number))

    with ThreadPoolExecutor(3) as threads, mock.patch("publisher.ledger.group_commit._MOST", 2):
        together._is_led = True
        done = []
        for number in (1, 2, 3):
            done.append(threads.submit(do, number))
            wait_for(partial(has, together, number))
        together._hand_on()
        wait_for(lambda: sorted(served) == [10, 20])
        going_on.set()
        done[-1].result(20)
    assert sorted(served) == [10, 20, 30]


def test_a_pause_gets_its_turn_while_others_intend(
    postgresql: Database, clock: ManualClock
) -> None:
    """It waits for the intents that are being written, and no new one passes it."""
    ledger, attempts = Ledger(postgresql, clock), Attempts(postgresql, clock, 60)
    taken = hold_in_hands(ledger, Dispatch(postgresql, clock, 60), attempts, clock)
    intend = [intending(attempts, one, clock) for one in taken]
    control = Control(postgresql, clock)
    with ThreadPoolExecutor(1) as threads:
        with postgresql.write() as others:
            assert being_paused(others, {"voice-1", "*"}) == []
            pausing = threads.submit(control.pause, "voice-1", "crise", "direction")
            wait_for(lambda: _is_pausing(postgresql, "voice-1"))
            assert not pausing.done()
            done = at_once(attempts._together, intend)
            for one, future in zip(taken, done, strict=True):
                is_busy = one.account == "voice-1"
                assert isinstance(future.exception(), LedgerBusy if is_busy else type(None))
        pausing.result(20)
    assert intend[3]() is None, "it is paused"


def _is_pausing(database: Database, account: str) -> bool:
    with database.write() as connection:
        return account in being_paused(connection, {account})


def test_a_row_that_somebody_locked_stops_no_intent(
    postgresql: Database, clock: ManualClock
) -> None:
    """A person's open transaction has it, for as long as it likes."""
    ledger, attempts = Ledger(postgresql, clock), Attempts(postgresql, clock, 60)
    taken = hold_in_hands(ledger, Dispatch(postgresql, clock, 60), attempts, clock)
    intend = [intending(attempts, one, clock) for one in taken]
    with locked(postgresql, "voice-1"):
        done = at_once(attempts._together, intend)
        assert all(future.result() for future in done)


def test_a_delivery_that_somebody_is_changing_holds_up_no_other(
    postgresql: Database, clock: ManualClock
) -> None:
    """Neither an intent nor an answer, nor a pause of another account."""
    ledger, attempts = Ledger(postgresql, clock), Attempts(postgresql, clock, 60)
    taken = hold_in_hands(ledger, Dispatch(postgresql, clock, 60), attempts, clock)
    sent = intending(attempts, taken[1], clock)()
    assert sent
    acts = [
        intending(attempts, taken[0], clock),
        recording(attempts, sent, Accepted("7"), clock),
        intending(attempts, taken[2], clock),
    ]
    with postgresql.engine.begin() as other:
        other.execute(select(deliveries).where(deliveries.c.id == sent.id).with_for_update())
        done = at_once(attempts._together, acts)
        problems = [type(future.exception(5)) for future in done]
        assert problems == [type(None), LedgerBusy, type(None)]
        with postgresql.write() as pausing:
            take_for_pause(pausing, "voice-0")
    recorded = acts[1]()
    assert recorded
    assert recorded.remote_ids == ("7",)


@pytest.mark.parametrize("account", ["*", "voice-0"])
def test_nothing_is_intended_that_somebody_is_just_pausing(
    postgresql: Database, clock: ManualClock, account: str
) -> None:
    ledger, attempts = Ledger(postgresql, clock), Attempts(postgresql, clock, 60)
    (one, *_others) = hold_in_hands(ledger, Dispatch(postgresql, clock, 60), attempts, clock)
    with postgresql.write() as pausing:
        take_for_pause(pausing, account)
        with pytest.raises(LedgerBusy):
            intending(attempts, one, clock)()


def test_an_answer_waits_for_no_account_but_its_own(
    postgresql: Database, clock: ManualClock
) -> None:
    ledger, attempts = Ledger(postgresql, clock), Attempts(postgresql, clock, 60)
    taken = hold_in_hands(ledger, Dispatch(postgresql, clock, 60), attempts, clock)
    held, free = (one for act in taken[:2] if (one := intending(attempts, act, clock)()))
    rest = AccountSuspended(Kind.RATE_LIMIT, "Too many.", clock.ahead(60))
    with ThreadPoolExecutor(2) as threads, locked(postgresql, held.account):
        resting = threads.submit(recording(attempts, held, rest, clock))
        assert threads.submit(recording(attempts, free, Accepted("7"), clock)).result(5)
        assert not resting.done()
    assert resting.result().state is State.SCHEDULED


@contextmanager
def locked(database: Database, account: str) -> Iterator[None]:
    row = select(accounts).where(accounts.c.account == account).with_for_update()
    with database.engine.begin() as connection:
        connection.execute(row)
        yield
