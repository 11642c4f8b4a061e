"""A file that posts share is changed with the ledger: both or neither."""

from pathlib import Path

import pytest
from sqlalchemy import select, text

from publisher.base.errors import FileChanged, PublisherError
from publisher.ledger.database import Database
from publisher.ledger.manager.file_changes import FileChange, FileChanges
from publisher.ledger.tables import history
from publisher.model.events import Event
from tests.support.clock import ManualClock

_DETAIL = {"item": "annual-day"}


class _File:
    """A file in memory, and what was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def change(self, *, fails: bool = False) -> FileChange:
        def save() -> None:
            if fails:
                raise FileChanged
            self.done.append("saved")

        steps = [(Event.AGENDA_ITEM_CHANGED, _DETAIL)]
        return FileChange("posts/session.yaml", steps, save, lambda: self.done.append("put back"))


def _steps(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(history.c.event)).scalars())


def test_what_is_saved_is_on_record(database: Database, clock: ManualClock) -> None:
    file = _File()
    FileChanges(database, clock).apply(file.change(), "direction")
    assert file.done == ["saved"]
    assert _steps(database) == ["agenda item changed"]


def test_what_cannot_be_saved_is_not_on_record(database: Database, clock: ManualClock) -> None:
    file = _File()
    with pytest.raises(FileChanged):
        FileChanges(database, clock).apply(file.change(fails=True), "direction")
    assert file.done == []
    assert _steps(database) == []


def test_the_file_is_put_back_if_the_ledger_does_not_take_it(
    database: Database, clock: ManualClock
) -> None:
    """Its connection is gone at the commit, or its file."""
    file, lost = _File(), "posts/session.yaml"
    change = file.change()

    def save_and_lose() -> None:
        change.save()
        if database.is_sqlite:
            Path(str(database.engine.url.database)).unlink()
        else:
            with Database(database.url).write() as other:
                other.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    losing = FileChange(lost, change.steps, save_and_lose, change.put_back)
    with pytest.raises(PublisherError):
        FileChanges(database, clock).apply(losing, "direction")
    assert file.done == ["saved", "put back"]
