"""Copies of the ledger: whole, taken while everything runs, and put back without a double post."""

import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from publisher.auth.users import People
from publisher.base.errors import (
    AlreadyRunning,
    BackupUnusable,
    HistoryBroken,
    LedgerTooNew,
    StorageError,
    UsageError,
)
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.integrity import triggers
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.integrity.backup import Restored, back_up, restore
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.post_holds import Holds
from publisher.ledger.manager.rights import Rank
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Absent, Accepted, Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.older_ledgers import make_older
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards("publisher.ledger.integrity.after_restore"),
]

on_sqlite = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(database: Database) -> Path:
    return Path(database.engine.url.database or "")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


def send(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    """Claim the next one that is due, and write the intent."""
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery is not None
    intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert intended is not None
    return intended


def put_back(database: Database, copy: Path, place: Path, clock: ManualClock) -> Restored:
    """Restore, with the ledger closed as it is when nothing runs."""
    database.close()
    return restore(copy, place, clock, "manager")


def deliveries_in(path: Path, clock: ManualClock) -> dict[str, Delivery]:
    with closing(Database(f"sqlite:///{path}")) as database:
        return {delivery.post: delivery for delivery in Queries(database, clock).deliveries()}


@on_sqlite
def test_a_backup_has_everything_in_one_private_file(
    database: Database, ledger: Ledger, clock: ManualClock, copy: Path
) -> None:
    """Deliveries, history and pictures; nobody else may read it."""
    picture = StoredPicture("0" * 64, "image/jpeg", b"a picture")
    ledger.apply(
        add=[wish(clock)], edit=(), cancel=(), pictures={picture.digest: picture}, actor="redaction"
    )
    verdict = back_up(database, clock, copy)
    assert (verdict.steps, verdict.deliveries, verdict.unsealed, verdict.breaks) == (1, 1, 0, ())
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in copy.parent.glob("copy.db*")] == ["copy.db"]
    with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("SELECT data FROM media").fetchone() == (b"a picture",)
        assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (1,)


@on_sqlite
def test_a_backup_while_others_write_is_of_one_instant(
    database: Database, ledger: Ledger, clock: ManualClock, copy: Path
) -> None:
    stop = threading.Event()
    failures: list[Exception] = []

    def write() -> None:
        try:
            number = 0
            while not stop.is_set():
                number += 1
                add(ledger, wish(clock, f"p{number}"))
        except Exception as error:  # noqa: BLE001 - any failure fails the test
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            verdict = back_up(database, clock, copy.with_name(f"copy{number}.db"))
            assert verdict.breaks == ()
            assert verdict.steps == verdict.deliveries
    finally:
        stop.set()
        writer.join()
    assert not failures


@on_sqlite
def test_a_backup_replaces_no_file(database: Database, clock: ManualClock, copy: Path) -> None:
    copy.write_text("the only one from last week")
    with pytest.raises(UsageError, match="already exists"):
        back_up(database, clock, copy)
    assert copy.read_text() == "the only one from last week"


@on_sqlite
def test_a_backup_that_cannot_be_written_leaves_nothing(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        back_up(database, clock, tmp_path / "nowhere" / "copy.db")
    assert [path.name for path in tmp_path.glob("*nowhere*")] == []


@on_sqlite
def test_what_was_due_since_the_backup_waits_for_a_person(
    database: Database, ledger: Ledger, dispatch: Dispatch, attempts: OneByOne,
    clock: ManualClock, place: Path, copy: Path,
) -> None:  # fmt: skip
    """It may be out: the dispatcher does not touch it, and the platform is only read."""
    taken_at = clock.now()
    add(ledger, wish(clock, "soon", due_in=60), wish(clock, "later", due_in=7200))
    back_up(database, clock, copy)
    clock.advance(60)
    attempts.record(send(dispatch, attempts, clock), Accepted("71"), clock.ahead(30))
    clock.advance(3600)
    done = put_back(database, copy, place, clock)
    assert done.aftermath.taken_at == taken_at
    assert [delivery.post for delivery in done.aftermath.uncertain] == ["soon"]
    found = deliveries_in(place, clock)
    assert (found["soon"].state, found["later"].state) == (State.UNCERTAIN, State.SCHEDULED)
    assert "2016-03-07 08:00 UTC" in (found["soon"].error_message or "")
    with closing(Database(f"sqlite:///{place}")) as restored:
        clock.advance(600)
        Control(restored, clock).resume(None, "manager")
        assert Dispatch(restored, clock, 60).claim(clock.ahead(2), clock.ahead(30), 10) == []
        doubts = Doubts(restored, clock)
        (looked_for,) = filter(None, map(doubts.take, doubts.claim(clock.ahead(30), 10)))
        assert looked_for.is_forgotten
        assert Audit(restored, clock).verify().breaks == ()


@on_sqlite
def test_everything_is_paused_after_a_restore(
    database: Database, ledger: Ledger, clock: ManualClock, place: Path, copy: Path
) -> None:
    """What was moved or queued after the backup is not in it, so nothing leaves by itself."""
    add(ledger, wish(clock, due_in=60))
    back_up(database, clock, copy)
    put_back(database, copy, place, clock)
    with closing(Database(f"sqlite:///{place}")) as restored:
        (paused,) = Queries(restored, clock).accounts()
        assert (paused.account, paused.paused_by) == ("*", "manager")
        assert "restored from a backup of 2016-03-07 08:00 UTC" in (paused.pause_reason or "")
        clock.advance(60)
        assert Dispatch(restored, clock, 60).claim(clock.ahead(2), clock.ahead(30), 10) == []


@pytest.mark.parametrize("intended", [True, False])
def test_what_a_worker_had_in_hand_at_the_backup_is_not_sent_again(
    database: Database, ledger: Ledger, dispatch: Dispatch, attempts: OneByOne,
    queries: Queries, clock: ManualClock, intended: bool,
) -> None:  # fmt: skip
    """Whatever the ledger was restored with; here on both databases."""
    add(ledger, wish(clock, due_in=1))
    if intended:
        send(dispatch, attempts, clock)
    else:
        dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    clock.advance(3600)
    (uncertain,) = face(database, clock, "manager").uncertain
    assert uncertain.is_forgotten
    assert dispatch.reap() == 0
    assert queries.deliveries()[0].version == uncertain.version
    assert Audit(database, clock).verify().breaks == ()


def test_what_was_uncertain_at_the_backup_is_read_but_decided_by_a_person(
    database: Database, ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    """A thread may be further than the ledger knows."""
    add(ledger, wish(clock, due_in=1, texts=("un", "deux")))
    attempts.record(send(dispatch, attempts, clock), Unknown("reset"), clock.ahead(30))
    clock.advance(3600)
    (uncertain,) = face(database, clock, "manager").uncertain
    assert uncertain.is_forgotten
    doubts = Doubts(database, clock)
    for _ in range(2):
        (claim,) = doubts.claim(clock.ahead(30), 10)
        taken = doubts.take(claim)
        assert taken is not None
        assert doubts.record(taken, Absent()).state is State.UNCERTAIN
        clock.advance(3600)
    assert doubts.claim(clock.ahead(30), 10) == []


def test_what_waited_for_a_person_may_be_out_too_and_waits_again_if_it_is_not(
    database: Database, ledger: Ledger, control: Control, queries: Queries, clock: ManualClock
) -> None:
    """It may have been approved or released since; `retry` gives no approval that it lacks."""
    why = "l'événement est annulé"
    soon = clock.now() + timedelta(seconds=900)
    add(
        ledger,
        wish(clock, "held", due_in=1, state=State.HELD, reason=why),
        wish(clock, "unapproved", due_in=1, state=State.AWAITING_APPROVAL),
        wish(clock, "later", due_in=900, state=State.AWAITING_APPROVAL),
        wish(clock, "under-embargo", due_in=1, state=State.HELD, embargo_until=soon),
    )
    clock.advance(60)
    aftermath = face(database, clock, "manager")
    assert [delivery.post for delivery in aftermath.uncertain] == ["held", "unapproved"]
    assert all(delivery.is_forgotten for delivery in aftermath.uncertain)
    for post in ("held", "unapproved"):
        control.retry(post, None, "manager")
    found = {delivery.post: (delivery.state, delivery.reason) for delivery in queries.deliveries()}
    assert found == {
        "held": (State.HELD, why),
        "unapproved": (State.AWAITING_APPROVAL, None),
        "later": (State.AWAITING_APPROVAL, None),
        "under-embargo": (State.HELD, None),
    }


@on_sqlite
def test_the_ledger_that_stood_there_is_kept(
    database: Database, ledger: Ledger, clock: ManualClock, place: Path, copy: Path
) -> None:
    back_up(database, clock, copy)
    add(ledger, wish(clock, "after"))
    done = put_back(database, copy, place, clock)
    assert done.kept == place.with_name("publisher.db.before-restore-2016-03-07T080000Z")
    assert list(deliveries_in(done.kept, clock)) == ["after"]
    assert deliveries_in(place, clock) == {}


@on_sqlite
def test_a_damaged_ledger_is_kept_and_replaced(
    database: Database, ledger: Ledger, clock: ManualClock, place: Path, copy: Path
) -> None:
    """Its write-ahead log must not be taken for that of the new one."""
    add(ledger, wish(clock, due_in=600))
    back_up(database, clock, copy)
    database.close()
    place.write_bytes(b"damaged" * 1000)
    log = Path(f"{place}-wal")
    log.write_bytes(b"of the damaged one")
    done = restore(copy, place, clock, "manager")
    assert done.kept is not None
    assert done.kept.read_bytes() == b"damaged" * 1000
    assert Path(f"{done.kept}-wal").read_bytes() == b"of the damaged one"
    assert list(deliveries_in(place, clock)) == ["post.fr"]


@on_sqlite
def test_a_lost_ledger_is_restored_into_its_empty_place(
    database: Database, ledger: Ledger, clock: ManualClock, tmp_path: Path, copy: Path
) -> None:
    add(ledger, wish(clock, due_in=600))
    back_up(database, clock, copy)
    place = tmp_path / "other" / "var" / "publisher.db"
    assert restore(copy, place, clock, "manager").kept is None
    assert list(deliveries_in(place, clock)) == ["post.fr"]


@on_sqlite
def test_a_ledger_that_somebody_has_open_is_not_replaced(
    database: Database, ledger: Ledger, clock: ManualClock, place: Path, copy: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Whoever has it open would go on writing into the one that was kept."""
    monkeypatch.setattr("publisher.ledger.integrity.backup._PATIENCE", 0.05)
    back_up(database, clock, copy)
    add(ledger, wish(clock, "after"))
    with pytest.raises(AlreadyRunning, match="open"):
        restore(copy, place, clock, "manager")
    assert [d.post for d in Queries(database, clock).deliveries()] == ["after"]
    assert sorted(path.name for path in place.parent.glob("publisher.db.*")) == []


@on_sqlite
@pytest.mark.parametrize("what", ["text", "nothing", "another database", "truncated"])
def test_a_file_that_is_no_ledger_is_refused(
    database: Database, ledger: Ledger, clock: ManualClock, place: Path, copy: Path, what: str
) -> None:
    add(ledger, *(wish(clock, f"p{number}") for number in range(50)))
    if what == "text":
        copy.write_text("Not a database at all. " * 100)
    elif what == "another database":
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("CREATE TABLE places (url TEXT)")
    elif what == "truncated":
        back_up(database, clock, copy)
        copy.write_bytes(copy.read_bytes()[:20_000])
    with pytest.raises(BackupUnusable, match=r"copy\.db"):
        put_back(database, copy, place, clock)
    assert len(deliveries_in(place, clock)) == 50
    assert sorted(path.name for path in place.parent.glob("publisher.db.*")) == []


@on_sqlite
def test_the_ledger_is_no_backup_of_itself(
    database: Database, clock: ManualClock, place: Path
) -> None:
    with pytest.raises(BackupUnusable, match="itself"):
        put_back(database, place, place, clock)


@on_sqlite
def test_a_backup_of_a_newer_version_is_refused(
    database: Database, clock: ManualClock, place: Path, copy: Path
) -> None:
    back_up(database, clock, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    with pytest.raises(LedgerTooNew):
        put_back(database, copy, place, clock)


@on_sqlite
def test_a_backup_whose_history_was_changed_is_refused(
    database: Database, ledger: Ledger, clock: ManualClock, place: Path, copy: Path
) -> None:
    """Unless somebody insists, who has no other."""
    add(ledger, wish(clock, due_in=600))
    back_up(database, clock, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DROP TRIGGER history_no_update")
        connection.execute("UPDATE history SET actor = 'nobody'")
    with pytest.raises(BackupUnusable, match=r"post\.fr to bice-x, step 1 has changed"):
        put_back(database, copy, place, clock)
    restore(copy, place, clock, "manager", despite_breaks=True)
    assert list(deliveries_in(place, clock)) == ["post.fr"]


@on_sqlite
def test_a_backup_of_an_older_version_is_brought_up_to_date(
    clock: ManualClock, place: Path, copy: Path, database: Database, ledger: Ledger
) -> None:
    """Its columns get the names of today, and its digests still match its rows."""
    add(ledger, wish(clock, "a", due_in=600), wish(clock, "b", due_in=600))
    Holds(database, clock, lambda _account: ApprovalRule()).hold("a", None, "manager", "essai")
    Control(database, clock).pause("bice-x", "essai", "manager")
    Control(database, clock).resume("bice-x", "manager")
    back_up(database, clock, copy)
    with closing(Database(f"sqlite:///{copy}")) as older:
        make_older(older)
    put_back(database, copy, place, clock)
    with closing(Database(f"sqlite:///{place}")) as restored:
        verdict = Audit(restored, clock).verify()
        assert (verdict.breaks, verdict.deliveries) == ((), 2)
        dispatch = Dispatch(restored, clock, 60)
        Control(restored, clock).resume(None, "manager")
        clock.advance(600)
        assert len(dispatch.claim(clock.ahead(2), clock.ahead(30), 10)) == 1
        assert Audit(restored, clock).verify().breaks == ()


def test_a_person_says_what_became_of_it(
    database: Database, ledger: Ledger, clock: ManualClock, control: Control
) -> None:
    """`resolve` and `retry` end the doubt."""
    add(ledger, wish(clock, "out", due_in=1), wish(clock, "not-out", due_in=2))
    clock.advance(60)
    face(database, clock, "manager")
    (out,) = control.resolve("out", None, ("71",), "manager")
    assert (out.state, out.remote_ids) == (State.PUBLISHED, ("71",))
    assert out.published_at == out.due_at + timedelta(seconds=0)
    (not_out,) = control.retry("not-out", None, "manager")
    assert not_out.state is State.SCHEDULED


def test_a_ledger_without_any_step_is_faced_as_well(database: Database, clock: ManualClock) -> None:
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM history")).scalar_one() == 0
    assert face(database, clock, "manager").taken_at == clock.now()


_UNDOING = """
CREATE TRIGGER "it's mine" AFTER UPDATE OF disabled_at ON people
BEGIN UPDATE people SET disabled_at = NULL WHERE id = new.id; END
"""


_LETS_IN_AGAIN = """
RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE people SET disabled_at = NULL; RETURN NULL; END $$
"""


@on_sqlite
def test_a_backup_that_undoes_what_is_written_is_refused(
    database: Database, ledger: Ledger, clock: ManualClock, copy: Path, place: Path
) -> None:
    """Whoever was removed would be let in again; despite breaks, it is taken out first."""
    add(ledger, wish(clock))
    People(database, clock).add("Bruno", Rank.ADMIN, "plough wicker ostrich")
    back_up(database, clock, copy)
    with closing(sqlite3.connect(copy)) as tampered:
        tampered.execute(_UNDOING)
    with pytest.raises(BackupUnusable, match="it's mine"):
        put_back(database, copy, place, clock)
    restore(copy, place, clock, "manager", despite_breaks=True)
    with closing(Database(f"sqlite:///{place}")) as restored:
        assert People(restored, clock).find("bruno").disabled_at is not None
        assert Audit(restored, clock).verify().breaks == ()


@on_sqlite
def test_a_ledger_that_undoes_what_is_written_is_noticed_while_it_is_restored(
    database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    People(database, clock).add("Bruno", Rank.ADMIN, "plough wicker ostrich")
    with database.write() as connection:
        connection.exec_driver_sql(_UNDOING)
    with pytest.raises(HistoryBroken, match="Bruno"):
        face(database, clock, "manager")


def test_what_the_database_does_by_itself_is_verified(
    database: Database, clock: ManualClock
) -> None:
    """Nothing but what a new ledger has."""
    audit = Audit(database, clock)
    assert audit.verify().breaks == ()
    with database.read() as connection:
        assert triggers.found(connection) == triggers.EXPECTED[connection.dialect.name]
    planted = {
        "sqlite": [_UNDOING, "CREATE VIEW mine AS SELECT * FROM people"],
        "postgresql": [
            "CREATE VIEW harmless AS SELECT * FROM people",
            "CREATE RULE mine AS ON UPDATE TO people DO INSTEAD NOTHING",
            f"CREATE OR REPLACE FUNCTION refuse_change() {_LETS_IN_AGAIN}",
        ],
    }
    names = {
        "sqlite": ["it's mine", "mine"],
        "postgresql": [
            "archived.archived_append_only", "history.history_append_only", "people.mine",
            "seals.seals_append_only",
        ],
    }  # fmt: skip
    with database.write() as connection:
        kind = connection.dialect.name
        for statement in planted[kind]:
            connection.exec_driver_sql(statement)
    said = [str(flaw) for flaw in audit.verify().breaks]
    assert [line.rpartition(": ")[2].rstrip(".") for line in said] == names[kind]
