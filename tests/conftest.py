"""What every test stands on: walls around it, and the real parts that it may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.broker import EmbeddedBroker
from tests.support import network, postgres, system


@pytest.fixture(autouse=True)
def refused_connections() -> Iterator[list[str]]:
    """Fails a test that tries to leave loopback, even if its code swallows the refusal."""
    with network.loopback_only() as refused:
        yield refused
    if refused:
        pytest.fail(f"This test tried to {', '.join(refused)}; nothing leaves loopback.")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("PUBLISHER_")]:
        monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One PostgreSQL for the whole run, started when the first test asks for it."""
    if not postgres.available():
        system.missing("PostgreSQL", "postgresql")
    with postgres.serve() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own: `postgresql+psycopg://…`."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database for the ledger, once of each kind that Publisher supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'publisher.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded broker, empty and this test's own: `redis://…`."""
    broker = EmbeddedBroker(tmp_path_factory.mktemp("broker"))
    broker.start()
    try:
        yield broker.url
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser for tests that look at pages."""
    path = system.program("chromium") or system.program("chromium-browser")
    if path is None:
        system.missing("Chromium", "chromium")
    return path
