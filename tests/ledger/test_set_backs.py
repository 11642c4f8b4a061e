"""A ledger that is set back under running processes, or between two runs."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from publisher.base.errors import LedgerSetBack, LedgerUnavailable
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity import marks
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.integrity.watermarks import MarkFile, Watermarks
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reading.set_backs import SetBack
from publisher.ledger.tables import history
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Claim, Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Accepted, Deferred, Kind, Outcome
from publisher.model.states import State
from tests.ledger.archive_office import Office
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.integrity.marks",
        "publisher.ledger.integrity.watermarks",
        "publisher.ledger.integrity.after_restore",
        "publisher.ledger.reading.set_backs",
    ),
]

GoBack = Callable[[], None]


@pytest.fixture
def remember(
    database: Database, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], GoBack]]:
    """Keeps the ledger as it is now; what it returns puts it back, under all who have it open."""
    with ExitStack() as kept:

        def keep() -> GoBack:
            if database.is_sqlite:
                copy = kept.enter_context(closing(sqlite3.connect(tmp_path / "before.db")))
                with closing(sqlite3.connect(str(database.engine.url.database))) as ledger:
                    ledger.backup(copy)
                return lambda: _put_back(copy, database)
            server = request.getfixturevalue("postgres_server")
            name = str(database.engine.url.database)
            database.close()
            url = kept.enter_context(server.database(name))
            return lambda: server.replace(name, str(make_url(url).database))

        yield keep


def _put_back(copy: sqlite3.Connection, database: Database) -> None:
    with closing(sqlite3.connect(str(database.engine.url.database))) as ledger:
        copy.backup(ledger)


Send = Callable[[], Delivery]


@pytest.fixture
def send(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Send:
    """The next post goes out, as a dispatcher and a worker of one process do it."""

    def send() -> Delivery:
        (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
        delivery = attempts.take(claim)
        assert delivery
        intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
        assert intended
        return attempts.record(intended, Accepted("71"), clock.ahead(30))

    return send


@pytest.fixture
def went_back(
    remember: Callable[[], GoBack], ledger: Ledger, send: Send, clock: ManualClock
) -> GoBack:
    """A post is out, one is to go out in an hour, and then the ledger goes back to before."""
    add(ledger, wish(clock, "now", 1), wish(clock, "later", 3600))
    go_back = remember()
    clock.advance(2)
    assert send().state is State.PUBLISHED
    clock.advance(60)
    go_back()
    return go_back


def _states(queries: Queries) -> dict[str, State]:
    return {delivery.post: delivery.state for delivery in queries.deliveries()}


def _claim(dispatch: Dispatch, clock: ManualClock) -> int:
    try:
        return len(dispatch.claim(clock.ahead(2), clock.ahead(30), 9))
    except LedgerSetBack:
        return 0


def _after_a_lost_connection(claim: Callable[[], Sequence[Claim]]) -> Sequence[Claim]:
    """On PostgreSQL the first statement finds out that its session was ended."""
    try:
        return claim()
    except LedgerUnavailable:
        return claim()


def _faced(dispatch: Dispatch, clock: ManualClock) -> None:
    """On PostgreSQL the first statement finds out that its session was ended."""
    for _attempt in range(2):
        try:
            dispatch.claim(clock.ahead(2), clock.ahead(30), 9)
        except LedgerSetBack:
            return
        except LedgerUnavailable:
            continue
    raise AssertionError("nobody noticed")


@pytest.mark.usefixtures("went_back")
def test_the_process_that_published_it_claims_nothing_twice(
    dispatch: Dispatch, queries: Queries, clock: ManualClock, database: Database
) -> None:
    _faced(dispatch, clock)
    assert _states(queries) == {"now": State.UNCERTAIN, "later": State.SCHEDULED}
    assert _claim(dispatch, clock) == 0
    assert queries.deliveries(state=State.UNCERTAIN)[0].is_forgotten, "it is looked for"
    clock.advance(3600)
    assert _claim(dispatch, clock) == 1, "what was not due goes on by itself"
    assert not Audit(database, clock).verify().breaks


@pytest.mark.usefixtures("went_back")
def test_nothing_is_appended_to_a_ledger_that_lacks_what_was_seen(
    control: Control, queries: Queries
) -> None:
    with pytest.raises(LedgerUnavailable):
        control.pause(None, "an alarm", "direction")
    control.pause(None, "an alarm", "direction")
    assert [account.account for account in queries.accounts()] == ["*"], (
        "once it was told, it is done"
    )


def test_a_process_that_starts_later_goes_by_the_mark_in_var(
    went_back: GoBack, database: Database, queries: Queries, clock: ManualClock, tmp_path: Path
) -> None:
    """It has seen nothing itself, and compares before the first thing that it writes."""
    seen = database.seen
    assert seen
    MarkFile(tmp_path).write(queries.ledger_id(), seen.model_dump_json().encode())
    with closing(Database(database.engine.url.render_as_string(hide_password=False))) as later:
        watermarks = Watermarks(later, clock, [MarkFile(tmp_path)])
        assert watermarks.lost() == seen
        later.watch = watermarks
        assert not Dispatch(later, clock, settle=60).claim(clock.ahead(2), clock.ahead(30), 9)
        assert watermarks.lost() is None, "its newest step is kept"
    assert _states(queries) == {"now": State.UNCERTAIN, "later": State.SCHEDULED}
    went_back()
    with closing(Database(database.engine.url.render_as_string(hide_password=False))) as again:
        Watermarks(again, clock, [MarkFile(tmp_path)]).look()
    (one,) = queries.set_backs()
    assert one.doubted == 1, "a second time is another one"


def test_a_process_sends_nothing_whose_intent_another_one_kept(
    remember: Callable[[], GoBack],
    database: Database,
    ledger: Ledger,
    dispatch: Dispatch,
    queries: Queries,
    clock: ManualClock,
    tmp_path: Path,
) -> None:
    """The one that sent it is dead, and the other one has seen nothing that is lost."""
    place = MarkFile(tmp_path)
    add(ledger, wish(clock, "now", 1), wish(clock, "later", 3600))
    go_back = remember()
    with closing(Database(database.engine.url.render_as_string(hide_password=False))) as sender:
        sender.watch = Watermarks(sender, clock, [place])
        (claim,) = Dispatch(sender, clock, settle=60).claim(clock.ahead(2), clock.ahead(30), 9)
        attempts = OneByOne(sender, clock, settle=60)
        delivery = attempts.take(claim)
        assert delivery
        assert attempts.intend(delivery, clock.now(), clock.ahead(30))
    go_back()
    clock.advance(2)
    database.watch = None
    (claim,) = _after_a_lost_connection(lambda: dispatch.claim(clock.ahead(2), clock.ahead(30), 9))
    database.watch = Watermarks(database, clock, [place])
    attempts = OneByOne(database, clock, settle=60)
    delivery = attempts.take(claim)
    assert delivery
    with pytest.raises(Conflict):
        attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert _states(queries) == {"now": State.UNCERTAIN, "later": State.SCHEDULED}


@pytest.mark.usefixtures("went_back")
def test_a_mark_of_a_clock_that_was_ahead_holds_nothing_until_then(
    database: Database, queries: Queries, clock: ManualClock
) -> None:
    """Nor is the ledger set back by it again and again."""
    assert database.seen
    mark = database.seen.model_copy(update={"at": clock.ahead(86_400)})
    for _look in range(3):
        database.seen = None
        database.face(mark, clock.now())
        clock.advance(60)
    assert len(queries.set_backs()) == 1
    assert _states(queries) == {"now": State.UNCERTAIN, "later": State.SCHEDULED}


@pytest.mark.usefixtures("went_back")
def test_one_set_back_is_on_record_once(
    database: Database, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """Also where a second process notices it after the first."""
    seen = database.seen
    _faced(dispatch, clock)
    assert seen
    database.face(seen, clock.now())
    database.seen = seen
    with pytest.raises(LedgerSetBack):
        Control(database, clock).pause(None, "an alarm", "direction")
    Control(database, clock).pause(None, "an alarm", "direction")
    (one,) = queries.set_backs()
    assert (one.doubted, one.looked_for, one.out, one.with_a_person) == (1, 1, 0, 0)
    with database.read() as connection:
        steps = select(history.c.event).where(history.c.event == Event.LEDGER_SET_BACK)
        assert len(connection.execute(steps).all()) == 2, "of the ledger, and of the post"
    assert [gap.is_set_back for gap in queries.gaps()] == [True]


def test_a_copy_with_nothing_lost_is_no_set_back(
    remember: Callable[[], GoBack],
    ledger: Ledger,
    send: Send,
    queries: Queries,
    dispatch: Dispatch,
    clock: ManualClock,
    database: Database,
) -> None:
    """Such as a standby that was promoted with all commits."""
    add(ledger, wish(clock, "now", 1), wish(clock, "later", 60))
    clock.advance(2)
    send()
    remember()()
    clock.advance(60)
    Watermarks(database, clock, []).look()
    assert _claim(dispatch, clock) == 1
    assert not queries.set_backs()


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_a_lost_connection_makes_a_process_compare_first(
    remember: Callable[[], GoBack], database: Database
) -> None:
    """Another server may answer now, or the same one as it was."""
    looks: list[int] = []
    database.watch = SimpleNamespace(look=lambda: looks.append(1), keep=None)
    for _time in range(2):
        with database.write():
            pass
    assert len(looks) == 1
    cut = remember()
    with database.write():
        pass
    cut()
    with pytest.raises(LedgerUnavailable), database.write():
        raise AssertionError("it began")
    with database.write():
        pass
    assert len(looks) == 2


def test_an_archived_step_is_not_lost(office: Office) -> None:
    with office.database.read() as connection:
        query = select(history).where(history.c.delivery.is_not(None)).order_by(history.c.id)
        oldest = marks.mark_of(dict(connection.execute(query).mappings().first() or {}))
    assert office.archive()
    with office.database.read() as connection:
        assert connection.execute(query).mappings().first()["hash"] != oldest.hash  # type: ignore[index]
        assert oldest.is_in(connection)


def test_what_was_retried_in_lost_time_is_not_said_to_be_safe(clock: ManualClock) -> None:
    found = SetBack(1, clock.now(), clock.now(), doubted=0, out=0, looked_for=0, with_a_person=0)
    assert "What was moved or retried in it may be out" in str(found)


@pytest.fixture
def sent_part(
    remember: Callable[[], GoBack],
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
) -> Delivery:
    """The first part of a thread is out, and the ledger goes back to before that."""
    add(ledger, wish(clock, "thread", 1, texts=("un", "deux")))
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery
    first = attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert first
    go_back = remember()
    part = attempts.record(first, Accepted("71"), clock.ahead(30))
    go_back()
    return part


def _recorded(attempts: OneByOne, delivery: Delivery, outcome: Outcome, clock: ManualClock) -> None:
    """A worker tries again while the ledger is away, until it is told of its conflict."""
    for _attempt in range(3):
        with suppress(Conflict, LedgerUnavailable):
            attempts.record(delivery, outcome, clock.ahead(30))


def test_what_a_worker_did_not_send_is_no_word_on_what_was_sent_before(
    sent_part: Delivery, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    """The part before it is out, which the ledger has forgotten; a step has the same number."""
    _recorded(attempts, sent_part, Deferred(Kind.CLOCK, "The clock is wrong."), clock)
    (delivery,) = queries.deliveries()
    assert (delivery.state, delivery.is_forgotten) == (State.UNCERTAIN, True)


def test_a_late_answer_leaves_the_parts_after_it_to_be_looked_for(
    sent_part: Delivery, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    """The ledger does not know what else was sent of the thread."""
    first = sent_part.model_copy(update={"remote_ids": ()})
    _recorded(attempts, first, Accepted("71"), clock)
    (delivery,) = queries.deliveries()
    assert (delivery.state, delivery.is_forgotten) == (State.UNCERTAIN, True)
    assert delivery.remote_ids == ("71",)


@pytest.mark.usefixtures("went_back")
def test_a_clock_that_is_set_back_hides_nothing_that_fell_due(
    database: Database, queries: Queries, clock: ManualClock
) -> None:
    clock.advance(-3600)
    for _attempt in range(2):
        with suppress(LedgerUnavailable):
            Watermarks(database, clock, []).look()
    assert _states(queries)["now"] is State.UNCERTAIN
