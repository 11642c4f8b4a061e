"""The Celery application and all of its configuration.

Its messages are hints that may be lost or arrive twice without harm, so there is no result
backend, no ETA, no beat, no retry and no late acknowledgement; docs/decisions.md says why.
"""

import atexit
import logging
import signal
import sys
import time
from functools import cache
from threading import Thread

from celery import Celery
from celery.signals import (
    after_setup_logger,
    worker_init,
    worker_shutdown,
    worker_shutting_down,
)
from redis import Redis

from publisher.app import Application
from publisher.base.errors import BrokerUnavailable, PublisherError
from publisher.base.i18n import _
from publisher.base.process import allow_many_files
from publisher.ledger.heartbeats import ProcessKind
from publisher.monitoring import broker, broker_errors
from publisher.monitoring.account_locks import AccountLocks
from publisher.monitoring.broker import BrokerMarks
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.live_copies import LiveCopies
from publisher.monitoring.monitor import Monitor
from publisher.monitoring.peers import Peers, keep
from publisher.monitoring.troubles import Subject
from publisher.monitoring.watchdog import Watchdog
from workers.connection import celery_settings
from workers.pulse import Consuming, pulse
from workers.taking import takes_tasks_unless

_ONCE_IN = 60.0  # seconds between two equal lines about the broker
_BATCHES = 2
"""Batches that a process takes and builds at a time; other threads go on with them."""
_BROKER_LIMIT = 1.0  # seconds that the broker may take to say what others do
_LAST_HEARTBEAT = 2.0  # seconds that the end may take


@cache
def publisher() -> Application:
    """The Publisher application of this process."""
    return Application.of_environment()


@cache
def _heartbeat() -> Beating:
    """The heartbeat of this worker."""
    return Beating(publisher().heartbeats, ProcessKind.WORKER, pulse, publisher().clock_check)


@cache
def _copies() -> LiveCopies:
    """The copies of the ledger that this worker minds."""
    return LiveCopies(publisher(), at_the_broker(), _heartbeat().process)


def _hindrance() -> PublisherError | None:
    """Why this worker must take no tasks now."""
    return publisher().clock_check.trouble() or _copies().known


def _broker_and_queue() -> tuple[str, str]:
    """The broker's URL, and the name of this ledger's queue.

    Two ledgers may share a broker, and a worker looks up a message in its own ledger.
    """
    try:
        url = publisher().settings.broker.url
        if not url:
            raise BrokerUnavailable(
                _("No broker is named, and the embedded one belongs to `publisher run`."),
                hint=_(
                    "Start `publisher run`, or set [broker] url in secrets.toml (or "
                    "PUBLISHER_BROKER__URL) to a Redis server."
                ),
            )
        return url, f"publisher-{publisher().queries.ledger_id()}"
    except PublisherError as error:
        # Celery imports this module, and would show a traceback.
        sys.stderr.write(
            f"{_('error:')} {error}\n" + (f"{_('hint:')} {error.hint}\n" if error.hint else "")
        )
        sys.exit(error.exit_code)


app = Celery("workers", include=["workers.tasks"])
_url, _queue = _broker_and_queue()
app.conf.update(
    **celery_settings(_url),
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=False,
    task_publish_retry=False,
    worker_pool="threads",  # a fork would share connections
    worker_concurrency=_BATCHES,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,  # our own lines go out as they are, not as Celery's warnings
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,  # wait for a broker that is full or refuses
    task_default_queue=_queue,
)
app.steps["consumer"].add(Consuming)
app.steps["consumer"].add(takes_tasks_unless(_hindrance))


class _Seldom(logging.Filter):
    """A log filter that passes equal lines once a minute.

    When a broker refuses, Celery tries again ten times a second and logs each attempt, and Python's
    warnings are logged too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, message = time.monotonic(), record.getMessage()
        self._said = {text: at for text, at in self._said.items() if now - at < _ONCE_IN}
        return self._said.setdefault(message, now) == now


class _InShort(logging.Filter):
    """A log filter that removes tracebacks from Celery's lines about its connection."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = broker_errors.plain(record.getMessage())
        record.msg, record.args, record.exc_info = message, (), None
        return True


logging.getLogger("celery.worker.consumer.consumer").addFilter(_InShort())


@after_setup_logger.connect
def _log_seldom(logger: logging.Logger, **_: object) -> None:
    for handler in logger.handlers:
        handler.addFilter(_Seldom())


@cache
def at_the_broker() -> Redis:
    """A client of the broker, for what processes tell one another beside Celery."""
    return broker.client(_url, _BROKER_LIMIT)


def _mind_others() -> None:
    """Keep other ledgers out, and leave accounts to the machines that have them."""
    locks = AccountLocks(publisher(), at_the_broker())
    ours = Peers(publisher(), _heartbeat().process, at_the_broker())
    publisher().account_lock = locks
    publisher().other_machine = ours.have
    keep(ours.announce, locks.refresh)


@worker_init.connect
def _warm_up(**_: object) -> None:
    atexit.register(_end)
    # Celery's own handler comes after this: a worker that is ended before is not to be missed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    allow_many_files()
    publisher().watermarks.start(BrokerMarks(_url), copies=_copies())
    _copies().wait(pulse.beat)  # a copy's messages are in the same queue, and are not for this one
    publisher().watch_the_clock()
    publisher().renew_keys()
    publisher().comment_watch.start()
    publisher().engagement_reader.start()
    _mind_others()
    publisher().delivery.warm_up()
    Thread(target=publisher().delivery.introduce, name="identity", daemon=True).start()
    _heartbeat().start()
    if not pulse.is_heard:  # else `publisher run` watches
        monitor = Monitor(publisher(), _heartbeat())
        # The dispatchers report everything else that is wrong.
        Watchdog(publisher(), monitor, beating=_heartbeat(), subjects={Subject.DISPATCHERS}).start()


@worker_shutting_down.connect
def _hurry(**_: object) -> None:
    publisher().database.hurry()


@worker_shutdown.connect
def _end(**_: object) -> None:
    """Take away the signs of life of this process.

    At Celery's end, and again at Python's, which is the only one for a worker that Celery had not
    started yet.
    """
    _copies().end()
    _heartbeat().finish(_LAST_HEARTBEAT)
