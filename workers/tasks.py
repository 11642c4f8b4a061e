"""Celery tasks: each takes ids and versions, calls one function, and returns nothing."""

from collections.abc import Sequence
from functools import partial

from celery import Task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from publisher.base.errors import BrokerUnavailable
from publisher.delivery.threads import guarded
from publisher.model.deliveries import Claim
from publisher.monitoring import broker_errors
from workers.app import app, publisher


@app.task(name="publisher.publish")
def publish(claims: Sequence[tuple[int, int]]) -> None:
    """Deliver a batch of claims, each a delivery's id and version."""
    guarded(lambda: publisher().delivery.courier.deliver(_batch(claims)))


@app.task(name="publisher.reconcile")
def reconcile(claims: Sequence[tuple[int, int]]) -> None:
    """Look on the platforms for a batch of deliveries whose outcome is unknown."""
    for claim in _batch(claims):
        guarded(partial(publisher().delivery.reconciler.reconcile, claim))


@app.task(name="publisher.clear")
def clear(claims: Sequence[tuple[int, int]]) -> None:
    """Delete what a batch of ended deliveries left at their platforms."""
    for claim in _batch(claims):
        guarded(partial(publisher().delivery.clearing.clear, claim))


@app.task(name="publisher.withdraw")
def withdraw(claims: Sequence[tuple[int, int]]) -> None:
    """Retry a batch of incomplete withdrawals."""
    for claim in _batch(claims):
        guarded(partial(publisher().delivery.withdrawal.go_on, claim))


def _batch(claims: Sequence[tuple[int, int]]) -> list[Claim]:
    return [Claim(delivery=delivery, version=version) for delivery, version in claims]


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
