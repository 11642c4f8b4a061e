"""What a worker writes for many deliveries: one transaction, and each its own answer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.event import listen

from publisher.base.errors import LedgerBusy, LedgerGone, LedgerUnavailable
from publisher.ledger import rows
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.limits.suspensions import being_paused, take_for_pause
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import accounts, deliveries
from publisher.ledger.transitions import Conflict
from publisher.ledger.worker.attempts import Attempts, Written
from publisher.ledger.worker.intents import Intent, Intents
from publisher.ledger.worker.results import Result, Results
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

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.delivery.result_writer", "publisher.ledger.worker.results"),
]

POSTS = 30


class Desk:
    """Thirty deliveries to two accounts in a worker's hands, all due now, each a thread of two."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.clock = clock
        self.database = database
        self.attempts = Attempts(database, clock, settle=60)
        self.control = Control(database, clock)
        self.queries = Queries(database, clock)
        posts = [
            wish(clock, f"{n}.fr", 0, account=f"voice-{n % 2}", texts=(f"{n} un", f"{n} deux"))
            for n in range(POSTS)
        ]
        add(Ledger(database, clock), *posts)
        dispatch = Dispatch(database, clock, settle=60)
        self.claims = dispatch.claim(clock.ahead(2), clock.ahead(30), 100)
        self.taken = self.attempts.take_all(self.claims)
        self._commits = 0
        listen(database.engine, "commit", self._count)

    def _count(self, connection: Connection) -> None:
        self._commits += not connection.get_execution_options().get("read_only")

    def commits(self) -> int:
        """Of changes, since the last time."""
        commits, self._commits = self._commits, 0
        return commits

    def intend(self, taken: Sequence[Delivery]) -> list[Written]:
        now, lease = self.clock.now(), self.clock.ahead(30)
        return self.attempts.intend_all([Intent(one, now, lease) for one in taken])

    def sent(self, number: int = POSTS) -> list[Delivery]:
        """The first of them, with their intents."""
        intended = [one for one in self.intend(self.taken[:number]) if isinstance(one, Delivery)]
        assert len(intended) == number
        self.commits()
        return intended

    def record(self, *outcomes: tuple[Delivery, Outcome]) -> list[Written]:
        now, lease = self.clock.now(), self.clock.ahead(30)
        return self.attempts.record_all([Result(*pair, lease, now) for pair in outcomes])

    def stored(self, *told: Delivery) -> list[Delivery]:
        """As the ledger has them."""
        found = {one.id: one for one in self.queries.deliveries()}
        return [found[one.id] for one in told]

    def is_intact(self) -> bool:
        return Audit(self.database, self.clock).verify().breaks == ()


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> Desk:
    return Desk(database, clock)


@pytest.fixture
def on_postgresql(postgres_url: str, clock: ManualClock) -> Iterator[Desk]:
    """A ledger where one transaction may wait for a row of another one's."""
    database = Database(postgres_url)
    database.migrate()
    yield Desk(database, clock)
    database.close()


def states(written: Sequence[Written]) -> list[State | type[Exception]]:
    return [one.state if isinstance(one, Delivery) else type(one) for one in written]


def test_what_was_claimed_is_taken_in_its_order_but_for_what_has_changed(desk: Desk) -> None:
    desk.control.cancel("3.fr", None, "direction", "changed")
    order = desk.claims[::-1]
    found = desk.attempts.take_all(order)
    assert [one.id for one in found] == [
        claim.delivery for claim in order if claim != desk.claims[3]
    ]


def test_many_intents_are_one_transaction_and_so_are_many_results(desk: Desk) -> None:
    intended = desk.intend(desk.taken)
    assert desk.commits() == 1
    assert desk.queries.deliveries() == intended, "what is told is what is stored"
    sent = [one for one in intended if isinstance(one, Delivery)]
    recorded = desk.record(*((one, Accepted(f"{n}")) for n, one in enumerate(sent)))
    assert desk.commits() == 1
    assert desk.queries.deliveries() == recorded
    assert [one.remote_ids for one in recorded if isinstance(one, Delivery)] == [
        (f"{n}",) for n in range(POSTS)
    ]
    assert desk.is_intact()


def test_nothing_to_write_is_written(desk: Desk) -> None:
    assert (desk.intend([]), desk.record(), desk.attempts.take_all([])) == ([], [], [])


def test_whatever_came_of_requests_is_recorded_together(desk: Desk) -> None:
    outcomes: list[Outcome] = [
        Accepted("7"), Refused(Kind.POLICY, "no", of_post=True),
        Deferred(Kind.UNAVAILABLE, "later"), Unknown("silence"),
    ]  # fmt: skip
    sent = desk.sent(len(outcomes))
    recorded = desk.record(*zip(sent, outcomes, strict=True))
    assert desk.commits() == 1
    assert states(recorded) == [
        State.PUBLISHING, State.FAILED, State.SCHEDULED, State.UNCERTAIN,
    ]  # fmt: skip
    assert desk.stored(*sent) == recorded
    assert desk.is_intact()


def test_an_intent_that_comes_too_late_harms_no_other(desk: Desk) -> None:
    desk.control.cancel("3.fr", None, "direction", "changed")
    written = desk.intend(desk.taken)
    assert states(written) == [Conflict if n == 3 else State.PUBLISHING for n in range(POSTS)]
    going = [one for one in desk.queries.deliveries() if one.intent_at]
    assert len(going) == POSTS - 1
    assert desk.is_intact()


def test_a_result_that_comes_too_late_harms_no_other(desk: Desk) -> None:
    """Whoever had it before said something else, which counts."""
    sent = desk.sent(3)
    desk.record((sent[1], Refused(Kind.POLICY, "no")))
    written = desk.record(*((one, Deferred(Kind.UNAVAILABLE, "Away.")) for one in sent))
    assert states(written) == [State.SCHEDULED, Conflict, State.SCHEDULED]
    assert desk.stored(sent[1])[0].state is State.FAILED
    assert desk.is_intact()


def test_an_acceptance_of_what_is_in_doubt_by_now_counts_beside_others(desk: Desk) -> None:
    sent = desk.sent(3)
    desk.record((sent[1], Unknown("No answer.")))
    written = desk.record(*((one, Accepted(f"{one.id}")) for one in sent))
    assert states(written) == [State.PUBLISHING, State.SCHEDULED, State.PUBLISHING]
    assert [one.remote_ids for one in desk.stored(*sent)] == [(f"{one.id}",) for one in sent]


def test_a_stop_of_one_that_was_recorded_meanwhile_counts_beside_others(desk: Desk) -> None:
    sent = desk.sent(3)
    desk.control.cancel(sent[1].post, None, "direction", "changed")
    written = desk.record(*((one, Accepted(f"{one.id}")) for one in sent))
    assert states(written) == [State.PUBLISHING, State.CANCELLED, State.PUBLISHING]


def test_a_delivery_that_is_there_twice_is_written_once(desk: Desk) -> None:
    one, *_others = desk.taken
    assert states(desk.intend([one, one])) == [State.PUBLISHING, Conflict]
    (sent,) = desk.stored(one)
    twice = desk.record((sent, Unknown("No answer.")), (sent, Unknown("No answer.")))
    assert states(twice) == [State.UNCERTAIN, Conflict]
    assert desk.is_intact()


def test_of_two_that_were_told_one_id_one_is_in_doubt(desk: Desk) -> None:
    """Both are on one account; whose the post is, a person has to say. Others keep theirs."""
    first, between, second = desk.sent(3)
    told = desk.record((first, Accepted("7")), (between, Accepted("8")), (second, Accepted("7")))
    assert states(told) == [State.PUBLISHING, State.PUBLISHING, State.UNCERTAIN]
    assert [one.remote_ids for one in desk.stored(first, between, second)] == [("7",), ("8",), ()]
    assert f"already on record for {first.post}" in str(desk.stored(second)[0].error_message)
    assert desk.is_intact()


def test_an_id_that_is_on_record_is_found_for_the_one_it_concerns(desk: Desk) -> None:
    sent = desk.sent()
    desk.record((sent[0], Accepted("0")))
    others = sent[1:]
    told = desk.record(
        *((one, Accepted("0" if one.id == sent[2].id else f"{one.id}")) for one in others)
    )
    assert [one.post for one in told if isinstance(one, Delivery) and not one.remote_ids] == [
        sent[2].post
    ]
    assert states(told).count(State.UNCERTAIN) == 1
    assert desk.is_intact()


def test_a_pause_stops_all_of_its_account_and_no_other(desk: Desk) -> None:
    desk.control.pause("voice-1", "crise", "direction")
    written = desk.intend(desk.taken)
    assert states(written) == [State.PUBLISHING, State.SCHEDULED] * (POSTS // 2)
    assert desk.queries.deliveries() == written


def test_what_suspends_its_account_is_recorded_after_the_others(desk: Desk) -> None:
    """It may have to wait for the account's row."""
    sent = desk.sent(4)
    rest = AccountSuspended(Kind.RATE_LIMIT, "Too many.", desk.clock.ahead(60))
    written = desk.record((sent[0], rest), *((one, Accepted(f"{one.id}")) for one in sent[1:]))
    assert desk.commits() == 2
    assert states(written) == [State.SCHEDULED] + [State.PUBLISHING] * 3
    assert desk.stored(*sent) == written


def test_what_its_platform_made_public_on_its_own_is_recorded_beside_others(desk: Desk) -> None:
    """Whatever somebody made of it meanwhile."""
    sent, cancelled, late = desk.sent(1)[0], desk.taken[1], desk.taken[2]
    desk.control.cancel(cancelled.post, None, "direction", "changed")
    desk.control.cancel(late.post, None, "direction", "changed")
    public = Accepted("2", public_since=desk.clock.now())
    written = desk.record((late, Unknown("No answer.")), (cancelled, public), (sent, Accepted("1")))
    assert states(written) == [Conflict, State.PUBLISHED, State.PUBLISHING]
    assert desk.attempts.publishes_early(cancelled.account) is False, "it was due by then"
    assert desk.stored(cancelled)[0].pending_stop is State.CANCELLED


@pytest.mark.parametrize("problem", [LedgerUnavailable, LedgerGone])
def test_a_ledger_that_is_away_is_so_for_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    tried = list[int]()

    def be_away() -> None:
        tried.append(1)
        raise problem

    monkeypatch.setattr(desk.database, "write", be_away)
    with pytest.raises(problem):
        desk.intend(desk.taken)
    assert len(tried) == 1


class Broken(Exception):
    """A mistake of ours that only one delivery meets."""


def break_for(
    met: Delivery, maker: Intents | Results, monkeypatch: pytest.MonkeyPatch
) -> list[int]:
    """Making changes fails where this delivery is among them; grows with each time."""
    tried, changes = list[int](), maker.changes

    def fail(connection: Connection, wishes: Any) -> Any:
        tried.append(len(wishes))
        if any(wish.delivery.id == met.id for wish in wishes):
            raise Broken
        return changes(connection, wishes)

    monkeypatch.setattr(maker, "changes", fail)
    return tried


def test_an_intent_that_cannot_be_written_takes_few_transactions_and_no_other_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = break_for(desk.taken[17], desk.attempts._intents, monkeypatch)
    written = desk.intend(desk.taken)
    assert states(written) == [Conflict if n == 17 else State.PUBLISHING for n in range(POSTS)]
    assert desk.stored(*desk.taken[:17]) == written[:17]
    assert len(tried) < 12
    assert desk.is_intact()


@pytest.mark.parametrize("outcome", [Accepted("x"), Refused(Kind.POLICY, "no")])
def test_a_result_that_cannot_be_recorded_takes_few_transactions_and_no_other_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    """Whether it is recorded with the others or alone."""
    sent = desk.sent()
    tried = break_for(sent[17], desk.attempts._results, monkeypatch)
    answers = [(one, outcome if n == 17 else Accepted(f"{n}")) for n, one in enumerate(sent)]
    written = desk.record(*answers)
    assert states(written) == [Conflict if n == 17 else State.PUBLISHING for n in range(POSTS)]
    assert len(tried) < 14
    assert desk.stored(sent[17]) == [sent[17]]
    assert desk.is_intact()


def test_what_cannot_be_read_keeps_no_other_from_its_worker(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rows.delivery_of

    def fail(row: RowMapping) -> Delivery:
        if row["post"] == "17.fr":
            raise Broken
        return made(row)

    monkeypatch.setattr(rows, "delivery_of", fail)
    found = desk.attempts.take_all(desk.claims)
    assert found == [one for one in desk.taken if one.post != "17.fr"]


def test_what_was_recorded_before_the_ledger_went_away_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its thread would wait for the end of a lease; the rest is to be tried again."""
    sent = desk.sent(3)
    write = desk.database.write

    def write_once() -> Any:
        monkeypatch.setattr(desk.database, "write", be_away)
        return write()

    def be_away() -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(desk.database, "write", write_once)
    rest = AccountSuspended(Kind.RATE_LIMIT, "Too many.", desk.clock.ahead(60))
    written = desk.record((sent[0], Accepted("1")), (sent[1], rest), (sent[2], Accepted("2")))
    assert states(written) == [State.PUBLISHING, LedgerUnavailable, State.PUBLISHING]


def test_a_pause_gets_its_turn_while_others_intend(on_postgresql: Desk) -> None:
    """It waits for the intents that are being written, and no new one passes it."""
    desk = on_postgresql
    with ThreadPoolExecutor(1) as threads:
        with desk.database.write() as others:
            assert being_paused(others, {"voice-1", "*"}) == []
            pausing = threads.submit(desk.control.pause, "voice-1", "crise", "direction")
            wait_for(lambda: _is_pausing(desk.database, "voice-1"))
            assert not pausing.done()
            assert states(desk.intend(desk.taken)) == [State.PUBLISHING, LedgerBusy] * (POSTS // 2)
        pausing.result(20)
    assert states(desk.intend(desk.taken[1:2])) == [State.SCHEDULED], "it is paused"


def _is_pausing(database: Database, account: str) -> bool:
    with database.write() as connection:
        return account in being_paused(connection, {account})


@pytest.mark.parametrize("account", ["*", "voice-0"])
def test_nothing_is_intended_that_somebody_is_just_pausing(
    on_postgresql: Desk, account: str
) -> None:
    with on_postgresql.database.write() as pausing:
        take_for_pause(pausing, account)
        of_both = states(on_postgresql.intend(on_postgresql.taken[:2]))
    assert of_both == [LedgerBusy, LedgerBusy if account == "*" else State.PUBLISHING]


def test_a_row_that_somebody_locked_stops_no_intent(on_postgresql: Desk) -> None:
    """A person's open transaction has it, for as long as it likes."""
    with locked(on_postgresql.database, accounts.c.account == "voice-1"):
        assert states(on_postgresql.intend(on_postgresql.taken)) == [State.PUBLISHING] * POSTS


def test_a_delivery_that_somebody_is_changing_is_busy_alone(on_postgresql: Desk) -> None:
    """Neither another intent nor another answer waits, nor a pause of another account."""
    desk = on_postgresql
    sent = desk.sent(3)
    with locked(desk.database, deliveries.c.id == sent[1].id):
        told = desk.record(*((one, Accepted(f"{one.id}")) for one in sent))
        assert states(told) == [State.PUBLISHING, LedgerBusy, State.PUBLISHING]
        with desk.database.write() as pausing:
            take_for_pause(pausing, "voice-0")
    with locked(desk.database, deliveries.c.id == desk.taken[4].id):
        told = desk.intend(desk.taken[3:6])
        assert states(told) == [State.PUBLISHING, LedgerBusy, State.PUBLISHING]
    assert states(desk.record((sent[1], Accepted("7")))) == [State.PUBLISHING]
    assert desk.is_intact()


def test_one_whose_id_is_taken_leaves_another_that_somebody_is_changing_busy(
    on_postgresql: Desk,
) -> None:
    """To find whose it is, nobody waits for the one that is locked."""
    desk = on_postgresql
    sent = desk.sent(5)
    desk.record((sent[0], Accepted("7")))
    with locked(desk.database, deliveries.c.id == sent[1].id):
        told = desk.record(
            (sent[1], Accepted("1")), (sent[2], Accepted("7")), (sent[4], Accepted("4"))
        )
        assert states(told) == [LedgerBusy, State.UNCERTAIN, State.PUBLISHING]


def test_an_answer_waits_for_no_account_but_its_own(on_postgresql: Desk) -> None:
    desk = on_postgresql
    held, free = desk.sent(2)
    rest = AccountSuspended(Kind.RATE_LIMIT, "Too many.", desk.clock.ahead(60))
    with (
        ThreadPoolExecutor(1) as threads,
        locked(desk.database, accounts.c.account == held.account),
    ):
        recording = threads.submit(desk.record, (held, rest), (free, Accepted("7")))
        wait_for(lambda: desk.stored(free)[0].remote_ids == ("7",))
        assert not recording.done()
    assert states(recording.result(20)) == [State.SCHEDULED, State.PUBLISHING]


@contextmanager
def locked(database: Database, which: Any) -> Iterator[None]:
    """Somebody's open transaction has this row."""
    table = which.left.table
    with database.engine.begin() as connection:
        connection.execute(select(table).where(which).with_for_update()).one()
        yield
