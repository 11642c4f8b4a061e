"""Celery tasks: each takes ids and versions, calls one function, and returns nothing."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

import structlog
from celery import Task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from publisher.base.errors import BrokerUnavailable, LedgerGone, PublisherError
from publisher.model.deliveries import Claim
from publisher.monitoring import broker_errors
from workers.app import app, publisher

log = structlog.get_logger()


@cache
def _hands() -> ThreadPoolExecutor:
    """The threads that deliver, shared by all batches of this worker process."""
    return ThreadPoolExecutor(publisher().settings.delivery.threads, thread_name_prefix="deliver")


@app.task(name="publisher.publish")
def publish(claims: Sequence[tuple[int, int]]) -> None:
    """Deliver a batch of claims, each a delivery's id and version, in parallel."""
    _for_each(claims, publisher().courier.deliver)


@app.task(name="publisher.reconcile")
def reconcile(claims: Sequence[tuple[int, int]]) -> None:
    """Look on the platforms for a batch of deliveries whose outcome is unknown."""
    _for_each(claims, publisher().reconciler.reconcile)


@app.task(name="publisher.clear")
def clear(claims: Sequence[tuple[int, int]]) -> None:
    """Delete what a batch of ended deliveries left at their platforms."""
    _for_each(claims, publisher().clearing.clear)


@app.task(name="publisher.withdraw")
def withdraw(claims: Sequence[tuple[int, int]]) -> None:
    """Retry a batch of incomplete withdrawals."""
    _for_each(claims, publisher().withdrawal.go_on)


def _for_each(claims: Sequence[tuple[int, int]], act: Callable[[Claim], None]) -> None:
    batch = [Claim(delivery=delivery, version=version) for delivery, version in claims]
    troubles = set[tuple[str, str | None]]()
    for future in wait([_hands().submit(act, claim) for claim in batch]).done:
        try:
            future.result()
        except PublisherError as error:
            troubles.add((str(error), error.hint))
            if isinstance(error, LedgerGone):
                os.kill(os.getpid(), signal.SIGTERM)  # Celery's way to end; the log says why
    for message, hint in sorted(troubles, key=str):
        # The ledger is away or full: the deliveries are due again when their leases end.
        log.warning(message, hint=hint)


def unread() -> int:
    """The number of batches at the broker that no worker has taken; raises BrokerUnavailable."""
    try:
        with app.pool.acquire(block=True) as connection:
            queue = app.conf.task_default_queue
            return int(connection.default_channel.client.llen(queue))
    except _REFUSALS as error:
        raise _refused(error) from error


def hand_over(task: Task, claims: Sequence[Claim]) -> None:
    """Give a batch to the workers; raises BrokerUnavailable when that takes too long."""
    try:
        task.apply_async(([(claim.delivery, claim.version) for claim in claims],))
    except _REFUSALS as error:
        raise _refused(error) from error


_REFUSALS = (OperationalError, RedisError, OSError, TypeError, ValueError)
"""The broker is down, hangs or refuses; kombu raises the last two for an unknown option."""


def _refused(error: Exception) -> BrokerUnavailable:
    return broker_errors.unavailable(publisher().settings.broker.url, error.__cause__ or error)
