"""A backup that is old, or was never restored for a trial, is told of; and stops no post."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.cli import main
from publisher.doctor import Grade, machine
from publisher.ledger.database import Database
from publisher.monitoring import alarms, backups
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.monitor import Monitor
from publisher.monitoring.troubles import Subject
from publisher.monitoring.watchdog import Watchdog
from publisher.notices.message import Message
from publisher.settings import settings
from publisher.settings.schema import BackupSettings
from tests.support.clock import ManualClock
from tests.support.workspaces import Workspace

DAY = 86_400.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backups"
    made.mkdir()
    return made


def old(path: Path, days: float) -> Path:
    path.touch()
    os.utime(path, (then := time.time() - days * DAY, then))
    return path


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "There is no backup of the ledger in"),
        ({"notes.txt": 0, "tried": 0}, "There is no backup of the ledger in"),
        ({"a.dump.part": 0, "a.dump": 2, "tried": 0}, "is 48 h old."),
        ({"a.db": 2, "b.db": 0.9, "tried": 39}, None),
        ({"a.dump": 0}, "No backup of the ledger has had a trial restore in the last 40 days."),
        ({"a.dump": 0, "tried": 41}, "No backup of the ledger has had a trial restore"),
    ],
)
def test_what_is_wrong_with_the_backups_is_found(
    folder: Path, files: dict[str, float], told: str | None
) -> None:
    for name, days in files.items():
        old(folder / name, days)
    found = backups.trouble_of(BackupSettings(folder=folder, max_age=timedelta(days=1)))
    assert (found and told in found.message) if told else found is None


def test_a_folder_that_is_away_has_no_backups_and_none_is_looked_for_where_none_is_named(
    folder: Path,
) -> None:
    assert backups.trouble_of(BackupSettings(folder=folder / "away"))
    assert backups.trouble_of(BackupSettings()) is None


@pytest.fixture
def _looked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISHER_BACKUPS__FOLDER", str(folder))


@pytest.mark.usefixtures("_looked_for")
def test_people_are_told_of_it_and_publishing_counts_as_well(
    app: Application, beating: Beating
) -> None:
    clock, told = app.clock, list[Message]()
    assert isinstance(clock, ManualClock)
    beating.look()
    dog = Watchdog(app, monitor := Monitor(app, beating), beating=beating, leads=True)
    dog._alarms = alarms.Alarms(told.append, clock.monotonic)
    dog.look()
    clock.advance(alarms.LONG_PATIENCE[Subject.BACKUPS] - 10)
    dog.look()
    assert told == [], "a new installation has none yet"
    clock.advance(10)
    dog.look()
    beating.look()
    assert monitor.look().is_well
    (message,) = told
    assert "There is no backup of the ledger" in message.body
    assert "Posts may be late" not in message.body


def test_a_backup_that_publisher_makes_was_opened_and_counts_as_tried(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Workspace(tmp_path).write("publisher.toml", f'[backups]\nfolder = "{folder}"\n')
    (tmp_path / "var").mkdir()
    database = Database(f"sqlite:///{tmp_path}/var/publisher.db")
    database.migrate()
    database.close()
    monkeypatch.chdir(tmp_path)
    found = settings.load(tmp_path)
    (before,) = machine._backups(found)
    assert main(["backup", str(folder)]) == 0
    (after,) = machine._backups(found)
    assert (before.grade, after.grade) == (Grade.BAD, Grade.GOOD)
