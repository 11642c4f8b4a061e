"""What fell due while nothing was at work is looked for first, and what is absent goes out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.heartbeats import Heartbeat, Heartbeats, Process, ProcessKind
from publisher.ledger.integrity import silence as silences
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.integrity.silence import Silence
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import EVERYTHING, about, history
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Absent, Accepted, Sighting, Unknown
from publisher.model.states import State
from tests.ledger.test_heartbeats import grow_old
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.integrity.silence",
        "publisher.ledger.heartbeats",
        "publisher.ledger.doubts.reconciliation",
    ),
]

DISPATCHER, WORKER = ProcessKind.DISPATCHER, ProcessKind.WORKER
DOWN = 300  # seconds
Life = tuple[ProcessKind, float, float]
"""Of a process: its kind, and how many seconds ago it began and was seen last."""
DEAD: list[Life] = [(DISPATCHER, 900, DOWN), (WORKER, 900, DOWN)]


@pytest.fixture
def silence(database: Database, clock: ManualClock) -> Silence:
    """After the death of all processes, some minutes ago."""
    dead = Process("d" * 32, DISPATCHER, "alpha", 7, "0.9.0")
    Heartbeats(database).beat(dead)
    grow_old(database, dead, DOWN)
    return Silence(database, clock)


@pytest.fixture
def doubts(database: Database, clock: ManualClock) -> Doubts:
    return Doubts(database, clock, settle=60)


def begin(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    """Claim what is due, and write its intent."""
    (claim,) = dispatch.claim(clock.now(), clock.ahead(30), 1)
    taken = attempts.take(claim)
    assert taken
    intended = attempts.intend(taken, clock.now(), clock.ahead(30))
    assert intended
    return intended


def look(doubts: Doubts, clock: ManualClock, *sightings: Sighting) -> Delivery:
    """What comes of readings a minute apart."""
    for sighting in sightings:
        (claim,) = doubts.claim(clock.ahead(30), 9)
        found = doubts.take(claim)
        assert found
        recorded = doubts.record(found, sighting)
        clock.advance(61)
    return recorded


def states(queries: Queries) -> dict[str, State]:
    return {one.post: one.state for one in queries.deliveries()}


@pytest.mark.parametrize(
    ("lives", "up", "claimed", "is_silent"),
    [
        ([], 0, None, False),
        (DEAD, 0, None, True),
        (DEAD, 0, DOWN + 5, True),
        ([(WORKER, 5, 0), *DEAD], 3, None, True),
        ([(WORKER, 120, 0), *DEAD], 0, None, True),
        ([(DISPATCHER, 210, 0), (WORKER, 210, 0), *DEAD], 200, None, True),
        ([(DISPATCHER, 900, 35), (WORKER, 900, 35)], 5, None, False),
        ([(WORKER, 900, 0), (DISPATCHER, 900, DOWN)], 0, None, False),
        ([(DISPATCHER, 100, 0), *DEAD], 0, None, False),
        ([(DISPATCHER, 20, 0), *DEAD], 0, 5, False),
        ([], 0, DOWN, True),
        ([], 0, 20, False),
    ],
    ids=[
        "nothing was ever at work",
        "all are dead",
        "their last claim was made just before",
        "a worker was started with this one",
        "a worker was started long before this one",
        "it could not look for minutes",
        "an ordinary restart",
        "a worker lived on",
        "another dispatcher is at work",
        "one that was started with this one has looked, and claims",
        "no process is on record, but a claim",
        "no process is on record, but a claim of just now",
    ],
)
def test_a_silence_is_a_time_in_which_no_process_lived(
    lives: list[Life],
    up: float,
    claimed: float | None,
    is_silent: bool,
    database: Database,
    ledger: Ledger,
    dispatch: Dispatch,
    clock: ManualClock,
) -> None:
    found = [
        Heartbeat(Process(str(number), kind, "alpha", 7, "0.9.0"), age=seen, up=began - seen)
        for number, (kind, began, seen) in enumerate(lives)
    ]
    add(ledger, wish(clock, "claimed", 0))
    if claimed is not None:
        dispatch.claim(clock.now(), clock.ahead(30), 1)
        clock.advance(claimed)
    add(ledger, wish(clock, "due", -60))
    silence = Silence(database, clock, lambda _connection: found)
    assert bool(silence.face(up)) is is_silent


def test_long_after_the_last_claim_signs_of_life_tell_the_silence(
    silence: Silence, ledger: Ledger, dispatch: Dispatch, clock: ManualClock, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A long history is not read to its beginning, except where no process is on record."""
    monkeypatch.setattr(silences, "_RECENT", 2)
    add(ledger, wish(clock, "claimed", 0))
    dispatch.claim(clock.now(), clock.ahead(30), 1)
    add(ledger, *(wish(clock, f"queued-{number}", 3600) for number in range(3)))
    clock.advance(DOWN + 5)
    with database.read() as connection:
        assert silence._idle_for(connection, is_sure=False) is None
        assert silence._idle_for(connection, is_sure=True) == DOWN + 5
    assert silence.face(0) == 1
    nobody = Silence(database, clock, lambda _connection: [])
    add(ledger, wish(clock, "due", -60))
    clock.advance(DOWN)
    assert nobody.face(0) == 1


def test_a_dispatcher_with_a_wrong_clock_has_not_looked(
    database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    one = Heartbeat(Process("1", DISPATCHER, "alpha", 7, "0.9.0"), age=0, up=100)
    dead = replace(one, age=DOWN, up=600)
    add(ledger, wish(clock, "due", -60))
    lives = [one, dead]
    silence = Silence(database, clock, lambda _connection: lives)
    assert silence.face(0) == 0
    lives[0] = replace(one, clock_ahead=timedelta(hours=1))
    assert silence.face(0) == 1


def test_what_fell_due_becomes_uncertain_once_and_nothing_else(
    silence: Silence, ledger: Ledger, control: Control, queries: Queries, clock: ManualClock,
    database: Database,
) -> None:  # fmt: skip
    """What waits for a person does not go out by itself."""
    add(
        ledger,
        wish(clock, "due", 10),
        wish(clock, "over", 10, expires_at=clock.ahead(60)),
        wish(clock, "later", 2 * DOWN),
        wish(clock, "embargo", 10, embargo_until=clock.ahead(2 * DOWN)),
        wish(clock, "held", 10, state=State.HELD),
        wish(clock, "paused", 10, account="bice-page"),
    )
    control.pause("bice-page", "an alarm", "direction")
    clock.advance(DOWN)
    assert silence.face(0) == 2
    assert Silence(database, clock).face(0) == 0, "another dispatcher has done it"
    found = states(queries)
    doubted = {post for post, state in found.items() if state is State.UNCERTAIN}
    assert doubted == {"due", "over"}
    assert not {*found.values()} - {State.UNCERTAIN, State.SCHEDULED, State.HELD}
    with database.read() as connection:
        noted = about(EVERYTHING), history.c.event == Event.DUE_IN_SILENCE
        assert connection.execute(select(func.count()).where(*noted)).scalar() == 1
    assert not queries.gaps(), "what is queued later is not taken for lost"
    assert not Audit(database, clock).verify().breaks


def test_what_is_there_is_published(
    silence: Silence, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "due", 10))
    clock.advance(DOWN)
    silence.face(0)
    made_at = clock.now() - timedelta(seconds=100)
    found = look(doubts, clock, Accepted("71", made_at=made_at))
    assert (found.state, found.remote_ids, found.published_at) == (
        State.PUBLISHED, ("71",), made_at,
    )  # fmt: skip


def test_what_is_not_there_goes_out_by_itself(
    silence: Silence, ledger: Ledger, doubts: Doubts, dispatch: Dispatch, attempts: OneByOne,
    clock: ManualClock,
) -> None:  # fmt: skip
    """Also where a platform lists not every post; and its next doubt begins with its request."""
    add(ledger, wish(clock, "due", 10))
    clock.advance(DOWN)
    silence.face(0)
    absent = look(doubts, clock, Absent(lists_all=False), Absent(lists_all=False))
    assert (absent.state, absent.doubt_since) == (State.SCHEDULED, None)
    begin(dispatch, attempts, clock)


def test_what_has_expired_meanwhile_is_missed(
    silence: Silence, ledger: Ledger, doubts: Doubts, dispatch: Dispatch, queries: Queries,
    clock: ManualClock,
) -> None:  # fmt: skip
    add(ledger, wish(clock, "over", 10, expires_at=clock.ahead(60)))
    clock.advance(DOWN)
    silence.face(0)
    look(doubts, clock, Absent(), Absent())
    assert dispatch.expire() == 1
    assert states(queries) == {"over": State.MISSED}


def test_where_something_may_be_it_a_person_decides(
    silence: Silence, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "due", 10))
    clock.advance(DOWN)
    silence.face(0)
    left = look(doubts, clock, Absent(), Absent(is_proof=False))
    assert (left.state, left.settled_at) == (State.UNCERTAIN, None)
    assert "Look at the account" in str(left.error_message)


def test_what_a_dead_worker_had_in_hand_is_looked_for_too(
    silence: Silence, ledger: Ledger, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """Also where it had a lease for minutes, to prepare a video."""
    add(ledger, wish(clock, "claimed", 0))
    dispatch.claim(clock.now(), clock.ahead(2 * DOWN), 1)
    clock.advance(DOWN)
    assert silence.face(0) == 1
    assert queries.deliveries()[0].is_forgotten


@pytest.mark.parametrize("is_answered", [False, True])
def test_of_a_thread_all_parts_are_looked_for(
    is_answered: bool,
    silence: Silence,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    doubts: Doubts,
    clock: ManualClock,
) -> None:
    """Of one part the intent is on record: the next may be out as well."""
    add(ledger, wish(clock, "thread", 0, texts=("Un.", "Deux.", "Trois.")))
    sending = begin(dispatch, attempts, clock)
    if is_answered:
        attempts.record(sending, Unknown("No answer."), clock.ahead(30))
    clock.advance(DOWN)
    assert silence.face(0) == 1
    one, two = Accepted("71"), Accepted("72")
    left = look(doubts, clock, one, two, Absent(), Absent())
    assert (left.state, left.remote_ids) == (State.SCHEDULED, ("71", "72"))


def test_the_only_part_that_is_on_its_way_is_looked_for_anyway(
    silence: Silence, ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    """Once its lease is over, and its absence counts after the settling time."""
    add(ledger, wish(clock, "single", 0))
    begin(dispatch, attempts, clock)
    clock.advance(DOWN)
    assert silence.face(0) == 0


def test_after_a_restore_an_absence_proves_nothing_still(
    silence: Silence, ledger: Ledger, doubts: Doubts, database: Database, clock: ManualClock
) -> None:
    """Whether it was restored before the silence was noticed, or after."""
    add(ledger, wish(clock, "due", 10), wish(clock, "later", DOWN + 10))
    clock.advance(DOWN)
    silence.face(0)
    clock.advance(60)
    face(database, clock, "direction")
    assert silence.face(0) == 0
    for _reading in range(2):
        for claim in doubts.claim(clock.ahead(30), 9):
            found = doubts.take(claim)
            assert found
            left = doubts.record(found, Absent())
        clock.advance(61)
    assert (left.state, left.settled_at) == (State.UNCERTAIN, None)
    assert doubts.claim(clock.ahead(30), 9) == []


@pytest.fixture
def put_back(ledger: Ledger, silence: Silence, control: Control, clock: ManualClock) -> None:
    """One post fell due in a silence, one is held since before it, one comes later."""
    add(
        ledger,
        wish(clock, "due", 10),
        wish(clock, "absent", 20),
        wish(clock, "held", 10, state=State.HELD),
        wish(clock, "paused", 10, account="bice-page"),
        wish(clock, "later", 2 * DOWN),
    )
    control.pause("bice-page", "an alarm", "direction")
    clock.advance(DOWN)
    silence.face(0)
    clock.advance(5)


def _look_for(doubts: Doubts, clock: ManualClock, post: str, sighting: Sighting) -> Delivery:
    claims = doubts.claim(clock.ahead(30), 9)
    its = {found.post: found for claim in claims if (found := doubts.take(claim))}
    recorded = doubts.record(its.pop(post), sighting)
    clock.advance(61)
    return recorded


@pytest.mark.usefixtures("put_back")
def test_a_post_that_was_never_sent_from_here_proves_that_the_machine_was_put_back(
    doubts: Doubts, queries: Queries, database: Database, clock: ManualClock
) -> None:
    """People are told as of a set-back, and what a person had in hand may be out, too."""
    noticed = clock.now() - timedelta(seconds=5)
    _look_for(doubts, clock, "due", Accepted("71"))
    (told,) = queries.set_backs()
    assert (told.doubted, told.out, told.looked_for, told.until) == (4, 1, 3, noticed)
    assert "put back to an earlier state" in str(told)
    assert states(queries) == {
        "due": State.PUBLISHED, "absent": State.UNCERTAIN, "held": State.UNCERTAIN,
        "paused": State.UNCERTAIN, "later": State.SCHEDULED,
    }  # fmt: skip
    (gap,) = queries.gaps()
    assert (gap.since, gap.until) == (told.since, noticed), "what is queued later may be out"
    _look_for(doubts, clock, "held", Accepted("72"))
    (told,) = queries.set_backs()
    assert told.out == 2, "it is told once"
    assert not Audit(database, clock).verify().breaks


@pytest.mark.usefixtures("put_back")
def test_what_is_absent_then_goes_out_all_the_same(
    doubts: Doubts, queries: Queries, clock: ManualClock
) -> None:
    _look_for(doubts, clock, "due", Accepted("71"))
    for _reading in range(2):
        _look_for(doubts, clock, "absent", Absent())
    assert states(queries)["absent"] is State.SCHEDULED


def test_a_power_cut_is_no_set_back(
    silence: Silence, ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts,
    queries: Queries, clock: ManualClock,
) -> None:  # fmt: skip
    """What was being sent as it came is found, and what is absent goes out: nobody is told."""
    add(ledger, wish(clock, "thread", 0, texts=("Un.", "Deux.", "Trois.")))
    begin(dispatch, attempts, clock)
    add(ledger, wish(clock, "due", 10))
    clock.advance(DOWN)
    assert silence.face(0) == 2
    _look_for(doubts, clock, "thread", Accepted("71"))
    _look_for(doubts, clock, "due", Absent())
    assert not queries.set_backs()
    assert not queries.gaps()


def test_a_post_that_may_be_another_one_proves_nothing(
    silence: Silence, ledger: Ledger, doubts: Doubts, queries: Queries, clock: ManualClock
) -> None:
    """It was made only after this one had expired."""
    add(ledger, wish(clock, "over", 10, expires_at=clock.ahead(60)))
    clock.advance(DOWN)
    silence.face(0)
    _look_for(doubts, clock, "over", Accepted("71", made_at=clock.now()))
    assert not queries.set_backs()
