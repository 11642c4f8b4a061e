"""Heartbeats of a worker to its parent, from the loop that takes tasks.

The parent may listen, and end a worker without heartbeats: see publisher/running/supervised.py.
"""

import time
from threading import Event, Thread
from typing import Any

from celery.bootsteps import StartStopStep

from publisher.base.process import Pulse

_SECOND = 1.0  # between two heartbeats

pulse = Pulse.of_environment()
"""The heartbeats of this process."""


class Consuming(StartStopStep):  # type: ignore[misc]
    """A step of Celery's consumer that sends heartbeats while its loop runs.

    The loop's own timer sends them: a loop that hangs sends none. While there is no loop, a thread
    sends them: before the start, at the end, and as long as the broker is away, because that is not
    the worker's fault, and a new worker would not help.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._turns: Any = None
        self._has_loop = Event()
        Thread(target=self._stand_in, name="pulse", daemon=True).start()

    def start(self, parent: Any) -> None:
        self._turns = parent.timer.call_repeatedly(_SECOND, pulse.beat)
        self._has_loop.set()

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        self._has_loop.clear()
        if self._turns:
            self._turns.cancel()

    shutdown = stop

    def _stand_in(self) -> None:
        while True:
            if not self._has_loop.is_set():
                pulse.beat()
            time.sleep(_SECOND)
