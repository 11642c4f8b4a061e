"""An archive's ledger, made once for each database and copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from publisher.ledger.database import Database
from tests.ledger.archive_office import Office, fill
from tests.support import postgres
from tests.support.clock import ManualClock


def _filled(database: Database, folder: Path) -> timedelta:
    """Fill it; how much time passes meanwhile."""
    database.migrate()
    clock = ManualClock()
    begin = clock.now()
    fill(Office(database, clock, folder))
    return clock.now() - begin


@pytest.fixture(scope="session")
def sqlite_office(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, timedelta]:
    folder = tmp_path_factory.mktemp("office")
    path = folder / "publisher.db"
    with closing(Database(f"sqlite:///{path}")) as database:
        return path, _filled(database, folder)


@pytest.fixture(scope="session")
def postgres_office(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server
) -> Iterator[tuple[str, timedelta]]:
    with postgres_server.database() as url:
        with closing(Database(url)) as database:
            passed = _filled(database, tmp_path_factory.mktemp("office"))
        yield make_url(url).database or "", passed


@pytest.fixture
def office(
    ledger_url: str, clock: ManualClock, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Office]:
    """Deliveries of every kind, all of March 2016, in the April of the next year."""
    with _copied(ledger_url, request) as (url, passed), closing(Database(url)) as database:
        clock.advance(passed.total_seconds())
        yield Office(database, clock, tmp_path / "archive")


@contextmanager
def _copied(ledger_url: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, timedelta]]:
    if path := make_url(ledger_url).database if ledger_url.startswith("sqlite") else None:
        original, passed = request.getfixturevalue("sqlite_office")
        shutil.copyfile(original, path)
        yield ledger_url, passed
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    template, passed = request.getfixturevalue("postgres_office")
    with server.database(template) as url:
        yield url, passed
