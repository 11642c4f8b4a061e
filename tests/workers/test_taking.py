"""A worker takes no tasks while something is wrong."""

from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import worker_init

from publisher.base.errors import LedgerElsewhere, PublisherError
from tests.support.waiting import wait_for

pytestmark = pytest.mark.guards("workers.taking", "workers.app")


# Other tests have imported the workers anew, and each application in a process gets their tasks.
@pytest.mark.filterwarnings("ignore::celery.exceptions.DuplicateTaskNameWarning")
def test_no_task_is_taken_from_the_start_until_nothing_is_wrong(
    broker_url: str, workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And again later."""
    wrong: PublisherError | None = LedgerElsewhere("a copy is at work")
    looks = 0

    def trouble() -> PublisherError | None:
        nonlocal looks
        looks += 1
        return wrong

    def some_looks() -> None:
        seen = looks
        wait_for(lambda: looks > seen + 2)

    monkeypatch.setattr(worker_init, "receivers", [])
    app = Celery("taking", broker=broker_url)
    app.conf.update(task_default_queue="ours", worker_enable_remote_control=False)
    app.steps["consumer"].add(workers.takes_tasks_unless(trouble))
    done: list[int] = []

    def do(number: int) -> None:
        done.append(number)

    task: Any = app.task(ignore_result=True)(do)
    with start_worker(app, perform_ping_check=False):
        task.delay(1)
        some_looks()
        assert not done
        wrong = None
        wait_for(lambda: done == [1])
        wrong = LedgerElsewhere("a copy is at work")
        some_looks()
        task.delay(2)
        some_looks()
        assert done == [1]
        wrong = None
        wait_for(lambda: done == [1, 2])


def test_a_copy_is_a_reason_to_take_none(workers: Any) -> None:
    assert workers._hindrance() is None
    workers._copies().known = LedgerElsewhere("a copy is at work")
    assert workers._hindrance() is workers._copies().known
