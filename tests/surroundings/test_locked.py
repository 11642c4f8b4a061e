"""A ledger that another program keeps locked for longer than anybody waits for it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.surroundings.stage import Stage, until

SQLITE_WAITS = 30.0  # seconds; see ledger/database.py
POSTGRESQL_WAITS = 10.0


@contextmanager
def _sqlite_locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _postgresql_locked(url: str) -> Iterator[None]:
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE deliveries, history IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_ledger_that_is_locked_for_long_loses_no_answer_and_sends_nothing_unwritten(
    stage_of_its_own: Stage, database: str, request: pytest.FixtureRequest
) -> None:
    """One post has left when the lock comes, others are about to; afterwards all go on."""
    stage = stage_of_its_own
    waits, locked = SQLITE_WAITS, _sqlite_locked(stage.var / "publisher.db")
    if database == "postgresql":
        url = request.getfixturevalue("postgres_url")
        stage.environment["PUBLISHER_DATABASE__URL"] = url
        waits, locked = POSTGRESQL_WAITS, _postgresql_locked(url)
    with stage.run() as run:
        stage.answer_slowly(createPosts=1.5)
        stage.draft("outcome", 1)
        stage.draft("intent", 4)
        stage.draft("page", 4, to="bice-page")
        stage.queue()
        until(stage.has_sent("This is outcome."))
        begin = time.monotonic()
        with locked:
            # Its heartbeat may have waited for as long before, and one writes at a time.
            until(lambda: "is locked by another program" in stage.log("dispatcher"), 3 * waits)
            assert time.monotonic() - begin > 0.9 * waits
            assert [p["text"] for p in stage.sandbox.state()["posts"] if p["published"]] == [
                "This is first-1.", "This is outcome.",
            ]  # fmt: skip
        until(stage.has_published("outcome", "intent", "page"))
        run.end()
    assert "End what holds it" in stage.log("dispatcher")
    if database == "postgresql":  # SQLite waits as long as the answer is worth keeping
        states = {str(step.target) for step in stage.steps() if step.post == "outcome"}
        assert "uncertain" not in states
    stage.look_at()
