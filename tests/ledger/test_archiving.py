"""Old history moves into files: nothing is lost, nothing else is touched, any change shows."""

import gzip
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from publisher.base.errors import HistoryBroken, NotPossible, StorageError
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity import archive_files, archiving
from publisher.ledger.integrity.archive_files import Archive
from publisher.ledger.integrity.archiving import Archiving
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.outbox import News
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import archived, deliveries, history, notices
from publisher.ledger.transitions import Conflict
from publisher.model.outcomes import Accepted, Kind, Outcome, Refused, Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

DAY = 86_400.0
ENDED = {"out", "down", "failed", "cancelled"}
NOT_ENDED = {"uncertain", "later", "held", "asking", "leftovers", "half-down", "young"}


class Office:
    """A ledger with its archives, and a hand for what happens to deliveries."""

    def __init__(self, database: Database, clock: ManualClock, folder: Path) -> None:
        self.database, self.clock, self.folder = database, clock, folder
        self.ledger = Ledger(database, clock)
        self.control = Control(database, clock)
        self.queries = Queries(database, clock, folder)
        self.audit = Audit(database, clock, folder)
        self.archiving = Archiving(database, clock, self.audit, folder)

    def send(self, post: str, *outcomes: Outcome, **more: Any) -> None:
        """Queue a post and take it as far as these answers take it."""
        add(self.ledger, wish(self.clock, post, due_in=1, **more))
        dispatch = Dispatch(self.database, self.clock, settle=60)
        (claim,) = dispatch.claim(self.clock.ahead(2), self.clock.ahead(30), 1)
        attempts = OneByOne(self.database, self.clock, settle=60)
        delivery = attempts.take(claim)
        for outcome in outcomes:
            assert delivery is not None
            delivery = attempts.intend(delivery, self.clock.now(), self.clock.ahead(30))
            assert delivery is not None
            delivery = attempts.record(delivery, outcome, self.clock.ahead(30))

    def withdraw(self, post: str, parts: int) -> None:
        withdrawals = Withdrawals(self.database, self.clock)
        (delivery,) = self.queries.deliveries(post=post)
        delivery = withdrawals.begin(delivery, "manager", "faux")
        for _ in range(parts):
            delivery = withdrawals.deleted(delivery, "manager", "faux", Accepted("gone"))

    def archive(self, months: int = 12) -> list[Archive]:
        return list(self.archiving.run(self.archiving.before(months), "manager"))

    def flaws(self) -> list[str]:
        return [str(flaw) for flaw in self.audit.verify().breaks]

    def posts_with_steps(self) -> set[str]:
        query = select(deliveries.c.post).join(history).distinct()
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def steps(self) -> int:
        with self.database.read() as connection:
            return connection.execute(select(func.count(history.c.id))).scalar_one()


@pytest.fixture
def office(database: Database, clock: ManualClock, tmp_path: Path) -> Office:
    """Deliveries of every kind, all of March 2016, in the April of the next year."""
    office = Office(database, clock, tmp_path / "archive")
    office.send("out", Accepted("1"), Accepted("2"), texts=("un", "deux"))
    office.send("down", Accepted("3"))
    office.withdraw("down", 1)
    office.send("failed", Refused(Kind.CONTENT, "too long"), expires_at=None)
    office.send("uncertain", Unknown("reset"))
    office.send("half-down", Accepted("4"), Accepted("5"), texts=("un demi", "entier"))
    office.withdraw("half-down", 1)
    add(
        office.ledger,
        wish(clock, "cancelled"),
        wish(clock, "leftovers"),
        wish(clock, "later", due_in=500 * DAY),
        wish(clock, "held", state=State.HELD),
        wish(clock, "asking", state=State.AWAITING_APPROVAL),
    )
    clock.advance(30)
    for post in ("cancelled", "leftovers"):
        office.control.cancel(post, None, "manager", "trop tard")
    with database.write() as connection:  # no step tells of it
        left = update(deliveries).where(deliveries.c.post == "leftovers")
        connection.execute(left.values(clear_at=clock.now()))
    clock.advance(380 * DAY)
    office.send("young", Accepted("6"))
    clock.advance(15 * DAY)
    return office


def told(office: Office, post: str) -> list[tuple[str, str | None]]:
    return [(step.event, step.account) for step in office.queries.history(post)]


def everything(office: Office) -> dict[str, list[tuple[str, str | None]]]:
    return {post: told(office, post) for post in sorted(ENDED | NOT_ENDED)}


# What goes, and what stays


def test_the_steps_of_what_ended_go_into_a_file_of_their_month(office: Office) -> None:
    """Of nothing else, and all deliveries stay as they are."""
    before, steps = office.queries.deliveries(), office.steps()
    (made,) = office.archive()
    assert made.file == "2016-03.jsonl.gz"
    assert made.deliveries == len(ENDED)
    assert office.posts_with_steps() == NOT_ENDED
    assert office.queries.deliveries() == before
    assert office.steps() == steps - made.steps + 1, "the removal is a step itself"


def test_an_archive_is_private_and_can_be_read_by_itself(office: Office) -> None:
    (made,) = office.archive()
    path = office.folder / made.file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(office.folder.stat().st_mode) == 0o700
    assert [p.name for p in office.folder.iterdir()] == [made.file]
    data = path.read_bytes()
    assert data[4:8] == bytes(4), "the time it was made: the same steps make the same file"
    lines = [json.loads(line) for line in gzip.decompress(data).splitlines()]
    assert len(lines) == made.steps
    first = lines[0]
    assert (first["post"], first["account"], first["event"]) == ("out", "bice-x", "queued")
    assert first["at"] == "2016-03-07T08:00:00+00:00"


def test_a_history_with_an_archive_is_unbroken(office: Office) -> None:
    office.audit.seal()
    total = office.audit.verify().steps
    (made,) = office.archive()
    office.audit.seal()
    verdict = office.audit.verify()
    assert [str(flaw) for flaw in verdict.breaks] == []
    assert (verdict.archives, verdict.archived) == (1, made.steps)
    assert (verdict.steps, verdict.unsealed) == (total + 1, 0)


def test_the_history_of_a_post_is_as_complete_as_before(office: Office) -> None:
    """With the step that tells where the others are."""
    before = everything(office)
    office.archive()
    for post, steps in everything(office).items():
        extra = [("archived", "bice-x")] if post in ENDED else []
        assert steps == before[post] + extra


def test_a_second_run_changes_nothing(office: Office) -> None:
    office.archive()
    steps, path = office.steps(), office.folder / "2016-03.jsonl.gz"
    written = path.stat().st_mtime_ns
    assert office.archiving.waiting(office.archiving.before(12)) == 0
    assert office.archive() == []
    assert office.steps() == steps
    assert path.stat().st_mtime_ns == written


def test_each_month_has_a_file(office: Office, clock: ManualClock) -> None:
    clock.advance(400 * DAY)
    made = office.archive()
    assert [archive.file for archive in made] == ["2016-03.jsonl.gz", "2017-03.jsonl.gz"]
    assert office.posts_with_steps() == NOT_ENDED - {"young"}
    assert office.flaws() == []


def test_a_long_month_makes_several_files(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(office)
    monkeypatch.setattr(archiving, "_MOST", 9)
    made = office.archive()
    assert [archive.file for archive in made][:2] == ["2016-03.jsonl.gz", "2016-03-2.jsonl.gz"]
    assert all(archive.steps <= 9 for archive in made)
    assert office.posts_with_steps() == NOT_ENDED
    assert office.flaws() == []
    assert told(office, "out")[:-1] == before["out"]


def test_the_limit_counts_whole_months(office: Office, clock: ManualClock) -> None:
    """On 6 April 2017, the last twelve begin with April 2016."""
    assert f"{clock.now():%Y-%m-%d}" == "2017-04-06"
    assert office.archiving.before(12).isoformat() == "2016-04-01T00:00:00+00:00"
    assert office.archive(13) == []
    clock.advance(-timedelta(days=6).total_seconds())
    assert office.archive() == []


def test_what_ended_only_lately_stays(office: Office) -> None:
    """However long ago it was due."""
    office.control.cancel("held", None, "manager", "plus besoin")
    office.archive()
    assert "held" in office.posts_with_steps()


# Afterwards


def test_a_chain_goes_on_behind_its_archive(office: Office, clock: ManualClock) -> None:
    """What is taken down years later is archived again, into another file."""
    office.archive()
    office.withdraw("out", 2)
    assert office.flaws() == []
    assert [event for event, _account in told(office, "out")][-4:] == [
        "archived", "withdrawing", "part withdrawn", "withdrawn",
    ]  # fmt: skip
    clock.advance(400 * DAY)
    made = office.archive()
    assert [archive.file for archive in made] == ["2016-03-2.jsonl.gz", "2017-03.jsonl.gz"]
    assert office.flaws() == []
    assert [event for event, _account in told(office, "out")].count("archived") == 2


def test_what_is_out_still_goes_out_only_once(office: Office, clock: ManualClock) -> None:
    """The ledger knows the post, its words and its ids."""
    (out,) = office.queries.deliveries(post="down")
    office.archive()
    key = ("bice-x", out.content.fingerprint)
    assert [d.post for d in office.queries.with_fingerprints({key})] == ["down"]
    assert office.queries.known_posts(["down", "never"]) == {"down"}
    with pytest.raises(Conflict):
        add(office.ledger, wish(clock, "down"))
    with pytest.raises(NotPossible):
        office.control.retry("out", None, "manager")


def test_what_was_told_of_archived_steps_goes_with_them(office: Office, clock: ManualClock) -> None:
    """A notice names its step, and must not hold it back."""
    news = News(office.database, clock)
    news.begin("mail", clock.now())
    with office.database.write() as connection:
        steps = connection.execute(select(history.c.id)).scalars().all()
        rows = [{"service": "mail", "step": step, "told_at": clock.now()} for step in steps]
        connection.execute(insert(notices), rows)
    (made,) = office.archive()
    with office.database.read() as connection:
        left = connection.execute(select(func.count()).select_from(notices)).scalar_one()
    assert left == len(steps) - made.steps
    assert news.untold("mail") == []


def test_the_report_still_knows_what_people_did(office: Office) -> None:
    """In any period, of any account; it says so where an archive is not at hand."""
    spans: list[dict[str, Any]] = [
        {},
        {"since": datetime(2016, 3, 1, tzinfo=UTC), "until": datetime(2016, 4, 1, tzinfo=UTC)},
        {"since": datetime(2016, 3, 8, tzinfo=UTC)},
        {"since": datetime(2016, 3, 7, 8, 0, 10, tzinfo=UTC)},
        {"until": datetime(2016, 3, 7, 8, 0, 10, tzinfo=UTC)},
        {"until": datetime(2016, 3, 7, tzinfo=UTC)},
        {"account": "bice-x"},
        {"account": "lima-x"},
    ]

    def done() -> list[list[HistoryStep]]:
        return [office.queries.steps_of({"cancelled", "withdrawn"}, **span) for span in spans]

    before = done()
    assert [len(steps) for steps in before] == [3, 3, 0, 2, 1, 0, 3, 0]
    (made,) = office.archive()
    assert done() == before
    (office.folder / made.file).unlink()
    assert [step.event for step in done()[1]] == ["cancelled", "not at hand"]
    assert [step.event for step in done()[2]] == []


# Somebody changes an archive


def drop(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def rewrite(path: Path) -> None:
    data = gzip.decompress(path.read_bytes()).replace(b'"manager"', b'"nobody"')
    path.write_bytes(gzip.compress(data))


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("change", [drop, truncate, rewrite, empty])
def test_an_archive_that_is_not_as_it_was_written_is_named(
    office: Office, change: Callable[[Path], None]
) -> None:
    """It alone, with what to do; and no run removes anything before that is done."""
    (made,) = office.archive()
    office.audit.seal()
    path = office.folder / made.file
    whole = path.read_bytes()
    change(path)
    (flaw,) = office.flaws()
    assert flaw.startswith("archive 2016-03.jsonl.gz ")
    assert flaw.endswith("into var/archive")
    (last,) = [step for step in office.queries.history("out") if step.event == "archived"]
    assert last.detail["message"] in flaw
    office.clock.advance(400 * DAY)
    with pytest.raises(HistoryBroken, match=r"archive 2016-03\.jsonl\.gz"):
        office.archive()
    path.write_bytes(whole)
    assert office.flaws() == []


def test_archives_that_changed_places_are_named(office: Office, clock: ManualClock) -> None:
    clock.advance(400 * DAY)
    one, two = (office.folder / made.file for made in office.archive())
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    assert [flaw.split()[1] for flaw in office.flaws()] == [one.name, two.name]


def test_what_remains_is_verified_although_an_archive_is_lost(office: Office) -> None:
    """Both the chain behind it and the deliveries that it has nothing of."""
    (made,) = office.archive()
    office.withdraw("out", 2)
    office.audit.seal()
    (office.folder / made.file).unlink()
    disarm(office.database)
    with office.database.write() as connection:
        last = select(func.max(history.c.id)).join(deliveries)
        for post in ("out", "later"):
            of_post = last.where(deliveries.c.post == post).scalar_subquery()
            connection.execute(update(history).where(history.c.id == of_post).values(actor="x"))
    breaks = [flaw for flaw in office.flaws() if not flaw.startswith("archive")]
    assert [flaw.split(",")[0] for flaw in breaks] == ["out to bice-x", "later to bice-x"]


def test_a_step_that_tells_of_an_archive_can_be_changed_as_little_as_another(
    office: Office,
) -> None:
    """Whoever exchanges a file, and its hash in the ledger, breaks the chain."""
    (made,) = office.archive()
    office.audit.seal()
    path = office.folder / made.file
    rewrite(path)
    disarm(office.database)
    with office.database.write() as connection:
        step = history.c.id == made.step
        detail = connection.execute(select(history.c.detail).where(step)).scalar_one()
        forged = detail.replace(made.sha256, archive_files.digest(path))
        connection.execute(update(history).where(step).values(detail=forged))
    assert any(flaw.startswith("*, step ") for flaw in office.flaws())


def test_a_change_of_any_field_of_the_step_that_tells_of_an_archive_is_found(
    office: Office,
) -> None:
    (made,) = office.archive()
    disarm(office.database)
    step = history.c.id == made.step
    with office.database.read() as connection:
        before = dict(connection.execute(select(history).where(step)).mappings().one())
    changes: list[dict[str, Any]] = [
        {"at": before["at"] + timedelta(seconds=1)},
        {"event": "restored"},
        {"actor": "nobody"},
        {"detail": "{}"},
        {"detail": "[]"},
        {"detail": "no JSON"},
        {"detail": before["detail"].replace('"steps": ', '"steps": "x", "": ')},
        {"detail": before["detail"].replace("2016-03.jsonl.gz", "../../publisher.toml")},
    ]
    for change in changes:
        with office.database.write() as connection:
            connection.execute(update(history).where(step).values(change))
        assert any(flaw.startswith("*, step 1") for flaw in office.flaws()), change
        with office.database.write() as connection:
            connection.execute(update(history).where(step).values(before))
    assert office.flaws() == []


def test_a_hash_in_an_archive_is_not_taken_on_trust(office: Office) -> None:
    """Even where the file is what the ledger says, its steps must fit the chains and the seals."""
    (made,) = office.archive()
    office.audit.seal()
    path = office.folder / made.file
    steps = list(archive_files.read(path))[:-1]
    archive_files.write(path, steps)
    disarm(office.database)
    with office.database.write() as connection:
        step = history.c.id == made.step
        detail = connection.execute(select(history.c.detail).where(step)).scalar_one()
        forged = detail.replace(made.sha256, archive_files.digest(path))
        connection.execute(update(history).where(step).values(detail=forged))
    found = office.flaws()
    assert any("is missing" in flaw for flaw in found)
    assert any(flaw.startswith("seal 1 covers") for flaw in found)


def test_garbage_with_a_forged_hash_is_named(office: Office) -> None:
    (made,) = office.archive()
    path = office.folder / made.file
    disarm(office.database)
    for garbage in (b"garbage", gzip.compress(b"{}\n"), gzip.compress(b"[1]\n")):
        path.write_bytes(garbage)
        with office.database.write() as connection:
            step = history.c.id == made.step
            detail = connection.execute(select(history.c.detail).where(step)).scalar_one()
            told = json.loads(detail) | {"sha256": archive_files.digest(path)}
            connection.execute(update(history).where(step).values(detail=json.dumps(told)))
        with pytest.raises(StorageError, match=r"2016-03\.jsonl\.gz does not hold"):
            office.flaws()


def disarm(database: Database) -> None:
    """Get around the guards of the history."""
    with database.write() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER history_no_update"))
        else:
            connection.execute(text("ALTER TABLE history DISABLE TRIGGER USER"))


# The database's own guards


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_database_lets_no_other_step_go(office: Office, when: str) -> None:
    if when == "after":
        office.archive()
        office.withdraw("out", 2)  # steps behind those that are archived
    with office.database.read() as connection:
        ids = connection.execute(select(history.c.id)).scalars().all()
    for key in ids:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            office.database.write() as connection,
        ):
            connection.execute(delete(history).where(history.c.id == key))


@pytest.mark.parametrize("statement", ["UPDATE archived SET through = 99", "DELETE FROM archived"])
def test_the_database_keeps_what_is_archived(office: Office, statement: str) -> None:
    office.archive()
    with pytest.raises(DatabaseError, match="append-only"), office.database.write() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("post", sorted(NOT_ENDED - {"young"}))
def test_the_database_lets_nobody_archive_what_has_not_ended(office: Office, post: str) -> None:
    (made,) = office.archive()
    with office.database.read() as connection:
        query = select(deliveries.c.id, deliveries.c.version, deliveries.c.head)
        row = connection.execute(query.where(deliveries.c.post == post)).one()
    values = {"delivery": row.id, "through": row.version, "head": row.head, "step": made.step}
    with pytest.raises(DatabaseError, match="ended"), office.database.write() as connection:
        connection.execute(insert(archived).values(values))


def test_the_database_lets_nobody_archive_steps_that_are_still_to_come(office: Office) -> None:
    (made,) = office.archive()
    (out,) = office.queries.deliveries(post="out")
    values = {"delivery": out.id, "through": 99, "head": out.head, "step": made.step}
    with pytest.raises(DatabaseError, match="ended"), office.database.write() as connection:
        connection.execute(insert(archived).values(values))


def test_the_database_lets_nobody_archive_without_a_step_that_tells_of_it(office: Office) -> None:
    with office.database.read() as connection:
        query = select(deliveries.c.id, deliveries.c.version, deliveries.c.head)
        row = connection.execute(query.where(deliveries.c.post == "out")).one()
    values = {"delivery": row.id, "through": row.version, "head": row.head, "step": 1}
    with pytest.raises(DatabaseError, match="ended"), office.database.write() as connection:
        connection.execute(insert(archived).values(values))


# Something goes wrong on the way


class Killed(BaseException):
    """The process dies here."""


def dies(*_arguments: object, **_more: object) -> Any:
    raise Killed


@pytest.mark.parametrize(
    ("place", "leaves"),
    [("sync", []), ("_insist_on_no_move", []), ("note_account", ["2016-03.jsonl.gz"])],
)
def test_a_death_on_the_way_loses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, place: str, leaves: list[str]
) -> None:
    """All steps are in the ledger still, and the next run takes the file that it finds."""
    before, steps = everything(office), office.steps()
    with monkeypatch.context() as patch:
        patch.setattr(archiving, place, dies)
        with pytest.raises(Killed):
            office.archive()
    assert office.steps() == steps
    assert [path.name for path in office.folder.glob("*")] == leaves
    assert office.flaws() == []
    (made,) = office.archive()
    assert [path.name for path in office.folder.iterdir()] == [made.file] == ["2016-03.jsonl.gz"]
    assert office.flaws() == []
    assert told(office, "out")[:-1] == before["out"]


def test_a_draft_that_a_dead_process_left_is_written_anew(office: Office) -> None:
    office.folder.mkdir()
    (office.folder / "new.part").write_bytes(b"half a file")
    office.archive()
    assert [path.name for path in office.folder.iterdir()] == ["2016-03.jsonl.gz"]
    assert office.flaws() == []


def test_no_file_is_ever_overwritten(office: Office) -> None:
    """It may belong to the ledger that a backup replaced."""
    office.folder.mkdir()
    (office.folder / "2016-03.jsonl.gz").write_bytes(b"of another ledger")
    (made,) = office.archive()
    assert made.file == "2016-03-2.jsonl.gz"
    assert (office.folder / "2016-03.jsonl.gz").read_bytes() == b"of another ledger"
    assert office.flaws() == []


@pytest.mark.parametrize("change", [truncate, rewrite, empty])
def test_nothing_is_removed_that_cannot_be_read_back(
    office: Office, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    """The disk keeps other bytes than those that were written."""
    steps = office.steps()

    def keep_badly(path: Path) -> None:
        if path.suffix == ".part":
            change(path)

    monkeypatch.setattr(archiving, "sync", keep_badly)
    with pytest.raises(StorageError, match="does not hold"):
        office.archive()
    assert office.steps() == steps
    assert list(office.folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(office: Office) -> None:
    steps = office.steps()
    office.folder.write_text("in the way")
    with pytest.raises(StorageError, match="archive"):
        office.archive()
    assert office.steps() == steps


def test_what_is_brought_back_meanwhile_stays(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and removing, somebody tries the failed one again."""
    real = Archiving._read_back

    def slow(self: Archiving, batch: Any) -> Any:
        if any(ended.post == "failed" for ended in batch):
            office.control.retry("failed", None, "manager")
        return real(self, batch)

    monkeypatch.setattr(Archiving, "_read_back", slow)
    (made,) = office.archive()
    assert made.deliveries == len(ENDED) - 1
    assert office.posts_with_steps() == NOT_ENDED | {"failed"}
    assert office.flaws() == []


def test_two_machines_that_archive_at_once_move_each_step_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each has a folder of its own: the slower one finds nothing left to do."""
    real = Archiving._read_back
    faster = Office(office.database, office.clock, tmp_path / "elsewhere")
    made: list[Archive] = []

    def slow(self: Archiving, batch: Any) -> Any:
        found = real(self, batch)
        if self is office.archiving:
            made.extend(faster.archive())
        return found

    monkeypatch.setattr(Archiving, "_read_back", slow)
    assert office.archive() == []
    assert len(made) == 1
    assert list(office.folder.iterdir()) == []
    assert faster.flaws() == []


def test_what_no_seal_covers_yet_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL may be too busy to seal just now."""
    monkeypatch.setattr(Audit, "seal", lambda _audit: False)
    steps = office.steps()
    assert office.archive() == []
    assert office.steps() == steps


def test_a_history_that_was_changed_is_not_archived(office: Office) -> None:
    """What proves the change must not leave the ledger."""
    office.audit.seal()
    disarm(office.database)
    with office.database.write() as connection:
        connection.execute(update(history).where(history.c.id == 2).values(actor="nobody"))
    with pytest.raises(HistoryBroken, match="out to bice-x, step 2"):
        office.archive()
    assert not office.folder.exists()
