"""Taking tasks: a worker takes none while something is wrong, such as its machine's clock."""

from collections.abc import Callable
from typing import Any

import structlog
from celery.bootsteps import StartStopStep

from publisher.base.errors import PublisherError

_LOOK = 0.5  # real seconds between two checks

log = structlog.get_logger()


def takes_tasks_unless(trouble: Callable[[], PublisherError | None]) -> type[StartStopStep]:
    """A step of Celery's consumer that stops taking tasks while `trouble` returns an error.

    Tasks that it has at that moment are deferred: see `courier.Courier`. `trouble` must not wait:
    Celery's loop does meanwhile.
    """

    class Taking(StartStopStep):  # type: ignore[misc]
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def __init__(self, parent: Any, **options: Any) -> None:
            super().__init__(parent, **options)
            self._turns: Any = None

        def start(self, parent: Any) -> None:
            self._look(parent)  # before the first task comes
            self._turns = parent.timer.call_repeatedly(_LOOK, self._look, (parent,))

        def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
            if self._turns:
                self._turns.cancel()

        shutdown = stop

        @staticmethod
        def _look(parent: Any) -> None:
            queue, wrong = parent.app.conf.task_default_queue, trouble()
            takes = queue in parent.app.amqp.queues.consume_from  # also before its loop begins
            if wrong and takes:
                log.warning(str(wrong), hint=wrong.hint)
                parent.cancel_task_queue(queue)
            elif not wrong and not takes:
                log.info("tasks are taken again")
                parent.add_task_queue(queue)

    return Taking
