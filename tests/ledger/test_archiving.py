"""Old history moves into files: nothing is lost, nothing else is touched."""

import gzip
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from publisher.base.errors import HistoryBroken, NotPossible, StorageError
from publisher.ledger.integrity import archiving
from publisher.ledger.integrity.archive_files import Archive
from publisher.ledger.integrity.archiving import Archiving
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.news.outbox import News
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.ledger.tables import history, notices
from publisher.ledger.transitions import Conflict
from tests.ledger.archive_office import (
    DAY,
    NOT_ENDED,
    Office,
    disarm,
    empty,
    rewrite,
    told,
    truncate,
)
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.integrity.archive_files", "publisher.ledger.reading.history_steps"
    ),
]

ENDED = {"out", "down", "failed", "cancelled"}


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
    with pytest.raises(StorageError, match="does not contain"):
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
