"""How a worker shows that it would take work: by the loop that takes it.

Whoever started the worker may listen, and end it when it is silent: see publisher/running/supervised.py.
"""

import time
from threading import Event, Thread
from typing import Any

from celery.bootsteps import StartStopStep

from publisher.base.process import Pulse

_SECOND = 1.0  # between two signs

pulse = Pulse.of_environment()
"""This process's signs of life."""


class Consuming(StartStopStep):  # type: ignore[misc]
    """A step of Celery's consumer, which is started once there is a loop to turn.

    The loop's own timer gives the signs: a loop that hangs is silent. While there is no loop, a
    thread gives them: before the start, at the end, and as long as the broker is away. For that is
    no fault of the worker's, and a new one would do no better.
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
