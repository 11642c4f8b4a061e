"""What every test stands on: walls around it, and the real parts that it may ask for."""

import contextlib
import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import make_url
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from publisher.base import i18n
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.running.embedded_broker import EmbeddedBroker
from tests.fuzz.effort import properties
from tests.support import (
    closing,
    engines,
    hashing,
    network,
    postgres,
    rewriting,
    shuffling,
    system,
    templates,
    tiers,
)
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.spreading import Spreading


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(shuffling.OPTION, type=int, metavar="SEED", help="in an order of chance")


def pytest_configure(config: pytest.Config) -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, and so all that tests start.

    nohup does the same with SIGHUP, for which a test would wait forever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    hypothesis.settings.register_profile("ours", properties())
    hypothesis.settings.load_profile("ours")
    if memory := system.memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # the folder of every tmp_path
    rewriting.share(config)
    gc.disable()  # to look for garbage while thousands of tests are collected takes half as long again


@pytest.hookimpl(tryfirst=True)  # pytest then puts together what shares a fixture with parameters
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (seed := config.getoption(shuffling.OPTION)) is not None:
        shuffling.shuffle(items, seed)


def pytest_collection_finish() -> None:
    """What was loaded and collected stays to the end: the garbage collector looks at the rest."""
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return tiers.leaves_out(collection_path, config) or None


def pytest_itemcollected(item: pytest.Item) -> None:
    tiers.mark(item)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return Spreading(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in closing.lines(terminalreporter.getreports("")):
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def refused_connections() -> Iterator[list[str]]:
    """Fails a test that tries to leave loopback, even if its code swallows the refusal."""
    with network.loopback_only() as refused:
        yield refused
    if refused:
        pytest.fail(f"This test tried to {', '.join(refused)}; nothing leaves loopback.")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in [name for name in os.environ if name.startswith("PUBLISHER_")]:
        monkeypatch.delenv(variable)
    # Tests speak English, whatever the machine and the workspace do; those of tests/language/ ask
    # for more.
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("PUBLISHER_LANGUAGE", "en")
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with engines.compiled_once(), engines.closed(), templates.compiled_once():
        yield


@pytest.fixture(autouse=True)
def _ledgers_closed() -> Iterator[None]:
    with engines.closed():
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    with hashing.quick():
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One PostgreSQL for the whole run, started when the first test asks for it."""
    if not postgres.available():
        system.missing("PostgreSQL", "postgresql")
    with postgres.serve() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: postgres.Server) -> Iterator[str]:
    """The name of a PostgreSQL database with a new ledger, to be copied."""
    with postgres_server.database() as url:
        with contextlib.closing(Database(url)) as database:
            database.migrate()
        yield make_url(url).database or ""


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: postgres.Server) -> Iterator[str]:
    """A PostgreSQL database of this test's own: `postgresql+psycopg://…`.

    Empty; for `database`, with a new ledger, which is copied in a tenth of the time.
    """
    is_ledger = "database" in request.fixturenames
    template = request.getfixturevalue("migrated_postgres") if is_ledger else "template1"
    with postgres_server.database(template) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a new ledger, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "publisher.db"
    with contextlib.closing(Database(f"sqlite:///{path}")) as database:
        database.migrate()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database for the ledger, once of each kind that Publisher supports.

    Empty; for `database`, with a new ledger, which is copied in a part of the time.
    """
    if request.param == "sqlite":
        path = tmp_path / "publisher.db"
        if "database" in request.fixturenames:
            shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
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
    """The browser for tests that look at pages; the one without windows needs the least time."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    path = next(filter(None, map(system.program, names)), None)
    if path is None:
        system.missing("Chromium", "chromium")
    return path


# A ledger on each database, with a clock that the test moves.


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def database(ledger_url: str) -> Iterator[Database]:
    database = Database(ledger_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database, clock: ManualClock) -> Ledger:
    return Ledger(database, clock)


@pytest.fixture
def control(database: Database, clock: ManualClock) -> Control:
    return Control(database, clock)


@pytest.fixture
def dispatch(database: Database, clock: ManualClock) -> Dispatch:
    return Dispatch(database, clock, settle=60)


@pytest.fixture
def attempts(database: Database, clock: ManualClock) -> OneByOne:
    return OneByOne(database, clock, settle=60)


@pytest.fixture
def queries(database: Database, clock: ManualClock) -> Queries:
    return Queries(database, clock)
