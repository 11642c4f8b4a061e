"""The dispatcher sends the notices, and is not held up by them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select

from publisher import notices
from publisher.app import Application
from publisher.ledger.tables import notice_services
from publisher.model.deliveries import Claim
from publisher.model.states import State
from publisher.settings import settings
from tests.notices.conftest import Mishaps
from tests.support.clock import ManualClock
from tests.support.receiver import Receiver
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace


@pytest.fixture
def workers(
    tmp_path: Path, broker_url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """The module of the dispatcher, in a workspace that names the receiver."""
    workspace = Workspace(tmp_path)
    workspace.write("secrets.toml", f"[notices]\nurls = ['{receiver.url}']\n").chmod(0o600)
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker_url)
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    Application.open_or_make(tmp_path).close()
    monkeypatch.setattr(notices, "_LOOK", 0.05)
    monkeypatch.setattr(notices, "_GATHER", 0.05)
    for name in [name for name in sys.modules if name.split(".")[0] == "workers"]:
        monkeypatch.delitem(sys.modules, name)
    from workers import dispatcher  # noqa: PLC0415

    yield dispatcher
    sys.modules["workers.app"].publisher().close()


@pytest.fixture
def app(workers: ModuleType, tmp_path: Path) -> Iterator[Application]:
    app = Application(settings.load(tmp_path), ManualClock())
    app.database.migrate()
    yield app
    app.close()


def test_a_service_that_hangs_delays_no_tick(
    workers: ModuleType, app: Application, receiver: Receiver
) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    handed_over: list[Claim] = []
    dispatcher = workers.Dispatcher(
        app, lambda _task, claims: handed_over.extend(claims), lambda: 0
    )
    receiver.hang()
    app.notices.start()
    Mishaps(app.database, clock).fail()
    wait_for(lambda: receiver.requests)
    for number in range(20):
        add(app.ledger, wish(clock, f"due-{number}.fr", 0))
        assert dispatcher.tick() == 1
    with app.database.read() as connection:
        turn = connection.execute(select(notice_services)).one()
    assert turn.lease_until, "it gave up while the ticks went on"
    assert app.queries.counts() == {State.FAILED: 1, State.PUBLISHING: 20}
    receiver.let_go()
    app.notices.finish(20)
