"""A worker takes no tasks while something is wrong."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from publisher.app import Application
from publisher.base.errors import LedgerElsewhere
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("workers.taking", "workers.app")


class _Consumer:
    """Celery's consumer, as far as the step uses it."""

    def __init__(self) -> None:
        self.app = self.conf = self.timer = self.task_consumer = self
        self.task_default_queue = "ours"
        self.queues = {"ours"}
        self.look: Any = None

    def call_repeatedly(self, _seconds: float, look: Any, _arguments: Any) -> None:
        self.look = look

    def consuming_from(self, queue: str) -> bool:
        return queue in self.queues

    def cancel_task_queue(self, queue: str) -> None:
        self.queues.remove(queue)

    def add_task_queue(self, queue: str) -> None:
        self.queues.add(queue)


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of the workers' application, imported as in a process of its own."""
    Workspace(tmp_path)
    Application.open_or_make(tmp_path).close()
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("PUBLISHER_BROKER__URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    for name in [name for name in sys.modules if name.split(".")[0] == "workers"]:
        monkeypatch.delitem(sys.modules, name)
    module: Any = import_module("workers.app")
    yield module
    module.publisher().close()


def test_a_copy_takes_no_task_from_the_start_until_it_is_the_one_at_work(workers: Any) -> None:
    workers._copies().known = LedgerElsewhere("a copy is at work")
    consumer = _Consumer()
    taking = [one for one in workers.app.steps["consumer"] if one.__name__ == "Taking"]
    taking[0](consumer).start(consumer)
    assert not consumer.queues
    workers._copies().known = None
    consumer.look(consumer)
    assert consumer.queues == {"ours"}
