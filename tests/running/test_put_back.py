"""A machine that is put back to an earlier state: ledger, var/ and broker, as by a snapshot."""

import os
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.ledger.heartbeats import missing
from publisher.model.states import State
from publisher.sandbox.server import Sandbox
from tests.support.running import descendants, running, soon, texts

pytestmark = [
    pytest.mark.deep,
    pytest.mark.guards("publisher.ledger.integrity.silence", "workers.dispatcher"),
]

Until = Callable[..., None]
Draft = Callable[..., None]
Queued = Callable[[], Application]

_DOWN = 60_000_000  # microseconds


def _kill(workspace: Path) -> None:
    for pid in descendants(workspace):
        os.kill(pid, signal.SIGKILL)


def _snapshot(var: Path, copy: Path) -> None:
    """All of var/, with the ledger as it is at this instant."""
    shutil.copytree(var, copy, ignore=shutil.ignore_patterns("publisher.db*"))
    with (
        closing(sqlite3.connect(var / "publisher.db")) as ledger,
        closing(sqlite3.connect(copy / "publisher.db")) as copied,
    ):
        ledger.backup(copied)


def _age(app: Application) -> None:
    """As if the machine had been down for a minute."""
    earlier = "UPDATE heartbeats SET started_at = started_at - ?, seen_at = seen_at - ?"
    with app.database.write() as connection:
        connection.exec_driver_sql(earlier, (_DOWN, _DOWN))


def test_what_went_out_since_does_not_go_out_again(
    workspace: Path, sandbox: Sandbox, draft: Draft, queued: Queued, until: Until, tmp_path: Path
) -> None:
    """And what only fell due while the machine was down goes out by itself; a person is told."""
    var, copy = workspace / "var", tmp_path / "snapshot"
    with closing(queued()) as app, running(workspace):
        until(lambda: not missing(app.heartbeats.all()))
        _kill(workspace)
    draft("out", soon(1), to="[voice-x, voice-page]")
    queued().close()
    _snapshot(var, copy)  # nothing is at work: however long it takes, nothing is out in it
    with running(workspace):
        until(lambda: texts(sandbox) == ["This is out."] * 2, 240)
        _kill(workspace)
    shutil.rmtree(var)
    copy.rename(var)
    draft("absent", due := soon(1), to="[voice-x, voice-page]")
    with closing(queued()) as app:
        _age(app)
        until(lambda: due < soon(-2))
        with running(workspace):
            until(lambda: {one.state for one in app.queries.deliveries()} == {State.PUBLISHED}, 240)
        (told,) = app.queries.set_backs()
    assert "put back to an earlier state" in str(told)
    assert Counter(texts(sandbox)) == {"This is out.": 2, "This is absent.": 2}
