"""The dispatcher and the way to the workers."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publisher import settings
from publisher.app import Application
from publisher.broker import EmbeddedBroker
from publisher.errors import BrokerUnavailable
from publisher.models import Claim
from publisher.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace

if TYPE_CHECKING:
    from workers.dispatcher import Dispatcher


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path / "broker-var")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def app(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """An application whose broker is real; the modules of `workers` are imported for it anew."""
    Workspace(tmp_path)
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker.url)
    for name in [name for name in sys.modules if name.split(".")[0] == "workers"]:
        monkeypatch.delitem(sys.modules, name)
    app = Application(settings.load(tmp_path), ManualClock())
    app.database.migrate()
    yield app
    app.close()
    sys.modules["workers.app"].publisher().close()


@pytest.fixture
def dispatcher(app: Application) -> "Dispatcher":
    from workers.dispatcher import Dispatcher  # noqa: PLC0415

    return Dispatcher(app)


def fill(app: Application, count: int) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    add(app.ledger, *(wish(clock, f"post-{n}", 0, texts=(f"{n}",)) for n in range(count)))


def test_a_tick_hands_over_what_is_due(app: Application, dispatcher: "Dispatcher") -> None:
    fill(app, 60)
    assert dispatcher.tick() == 60
    assert app.queries.counts() == {State.PUBLISHING: 60}


def test_what_a_hung_broker_does_not_take_is_on_the_schedule_again(
    app: Application, dispatcher: "Dispatcher", broker: EmbeddedBroker
) -> None:
    fill(app, 60)
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        with pytest.raises(BrokerUnavailable):
            dispatcher.tick()
        assert app.queries.counts() == {State.SCHEDULED: 60}
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    assert dispatcher.tick() == 60


def test_what_a_dead_broker_does_not_take_is_on_the_schedule_again(
    app: Application, dispatcher: "Dispatcher", broker: EmbeddedBroker
) -> None:
    fill(app, 3)
    broker.stop()
    with pytest.raises(BrokerUnavailable):
        dispatcher.tick()
    assert app.queries.counts() == {State.SCHEDULED: 3}


def test_of_many_batches_only_those_that_were_not_taken_go_back(app: Application) -> None:
    from workers.dispatcher import Dispatcher  # noqa: PLC0415

    taken: list[Claim] = []

    def take_one_batch(_task: object, claims: Sequence[Claim]) -> None:
        if taken:
            raise BrokerUnavailable
        taken.extend(claims)

    fill(app, 60)
    with pytest.raises(BrokerUnavailable):
        Dispatcher(app, take_one_batch).tick()
    assert app.queries.counts() == {State.PUBLISHING: 25, State.SCHEDULED: 35}
