"""The Celery application: the one place that configures Celery.

Its messages are hints that may be lost or arrive twice without harm, so there is no result
backend, no ETA, no beat, no retry and no late acknowledgement; docs/decisions.md says why.
"""

import logging
import resource
import sys
import time
from functools import cache

from celery import Celery
from celery.signals import worker_init, worker_shutdown, worker_shutting_down

from publisher import refusals
from publisher.app import Application
from publisher.errors import BrokerUnavailable, PublisherError
from publisher.heartbeat import Beating
from publisher.language import _
from publisher.ledger.heartbeats import Kind
from workers.connection import celery_settings
from workers.pulse import Consuming, pulse
from workers.resting import resting

_ONCE_IN = 60.0  # seconds between two equal lines about the broker
_LAST_HEARTBEAT = 2.0  # seconds that the end may take


@cache
def publisher() -> Application:
    """This process's Publisher."""
    return Application.of_environment()


@cache
def _heartbeat() -> Beating:
    """This worker's."""
    return Beating(publisher().heartbeats, Kind.WORKER, pulse)


def _broker_url() -> str:
    try:
        url = publisher().settings.broker.url
        if not url:
            raise BrokerUnavailable(
                _("No broker is named, and the embedded one belongs to `publisher run`."),
                hint=_(
                    "Start `publisher run`, or set [broker] url in publisher.toml (or "
                    "PUBLISHER_BROKER__URL) to a Redis server."
                ),
            )
    except PublisherError as error:
        # Celery imports this module, and would show a traceback of it.
        sys.stderr.write(
            f"{_('error:')} {error}\n" + (f"{_('hint:')} {error.hint}\n" if error.hint else "")
        )
        sys.exit(error.exit_code)
    return url


app = Celery("workers", include=["workers.tasks"])
app.conf.update(
    **celery_settings(_broker_url()),
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=False,
    task_publish_retry=False,
    worker_pool="threads",  # a delivery waits most of the time; and a fork would share connections
    worker_concurrency=publisher().settings.delivery.threads,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,  # a broker that is full, or refuses for a while, is waited for
    task_default_queue="publisher",
)
app.steps["consumer"].add(Consuming)
app.steps["consumer"].add(resting(publisher().clock_check.trouble))


class _Once(logging.Filter):
    """Lets through what Celery says of its connection once a minute, in short, without a traceback.

    Where a broker refuses, it tries again ten times a second and says so each time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, message = time.monotonic(), refusals.plain(record.getMessage())
        self._said = {text: at for text, at in self._said.items() if now - at < _ONCE_IN}
        record.msg, record.args, record.exc_info = message, (), None
        return self._said.setdefault(message, now) == now


logging.getLogger("celery.worker.consumer.consumer").addFilter(_Once())


@worker_init.connect
def _warm_up(**_: object) -> None:
    _allow_many_connections()
    publisher().watch_the_clock()
    publisher().warm_up()
    _heartbeat().start()


@worker_shutting_down.connect
def _hurry(**_: object) -> None:
    publisher().database.hurry()


@worker_shutdown.connect
def _end(**_: object) -> None:
    _heartbeat().finish(_LAST_HEARTBEAT)


def _allow_many_connections() -> None:
    """Each thread may have several files open, and systems allow few if nobody asks for more."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
