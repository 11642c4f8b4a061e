"""A worker takes no tasks while something is wrong."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from publisher.app import Application
from publisher.base.errors import LedgerElsewhere, PublisherError
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("workers.taking")


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
def takes_tasks_unless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The function, imported as in a process of its own."""
    Workspace(tmp_path)
    Application.open_or_make(tmp_path).close()
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("PUBLISHER_BROKER__URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///var/publisher.db")
    for name in [name for name in sys.modules if name.split(".")[0] == "workers"]:
        monkeypatch.delitem(sys.modules, name)
    yield import_module("workers.taking").takes_tasks_unless
    sys.modules["workers.app"].publisher().close()


def test_a_copy_takes_no_task_from_the_start_until_it_is_the_one_at_work(
    takes_tasks_unless: Any,
) -> None:
    told: list[PublisherError] = [LedgerElsewhere("a copy is at work")]
    consumer = _Consumer()
    step = takes_tasks_unless(lambda: told[0] if told else None)(consumer)
    step.start(consumer)
    assert not consumer.queues
    told.clear()
    consumer.look(consumer)
    assert consumer.queues == {"ours"}
