"""The processes of `publisher run` show in the ledger that they are alive."""

import os
import signal
from collections.abc import Callable

import pytest

from publisher.app import Application
from publisher.ledger import heartbeats
from publisher.ledger.heartbeats import ProcessKind, missing
from tests.support.running import alone_at_work, at_work, worker_of

pytestmark = pytest.mark.deep

Until = Callable[..., None]
Queued = Callable[[], Application]


def test_dispatcher_and_workers_are_alive_and_gone_after_a_good_end(
    queued: Queued, until: Until
) -> None:
    app = queued()
    with at_work(app, []) as processes:
        until(lambda: not missing(app.heartbeats.all()))
        (worker,) = (one for one in app.heartbeats.all() if one.process.kind is ProcessKind.WORKER)
        assert worker.process.pid == worker_of(processes).pid
    assert not app.heartbeats.all()


def test_a_worker_that_is_ended_while_it_starts_is_not_missed(queued: Queued, until: Until) -> None:
    """The first of all leaves a sign of life before Celery listens to signals."""
    app = queued()
    with alone_at_work(app) as worker:
        until(app.heartbeats.all)
        worker.terminate()
        assert worker.wait(60)
        assert not app.heartbeats.all()


def test_a_worker_that_stands_still_is_missing(
    queued: Queued, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dispatcher lives on: only the worker is named."""
    monkeypatch.setattr(heartbeats, "SILENT_AFTER", heartbeats.EVERY + 5)
    app = queued()
    with at_work(app, []) as processes:
        until(lambda: not missing(app.heartbeats.all()))
        pid = worker_of(processes).pid
        assert pid
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: missing(app.heartbeats.all()), 60)
            assert list(missing(app.heartbeats.all())) == [ProcessKind.WORKER]
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: not missing(app.heartbeats.all()), 60)
