"""A worker's parts whose work is done when the call returns."""

import math
import queue
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from publisher.app import Application
from publisher.base.clock import Clock
from publisher.channels.base import Channel
from publisher.channels.http.client import Client, Connected, Leaving
from publisher.channels.outgoing import Request
from publisher.channels.pool import ChannelOf
from publisher.delivery.courier import Courier
from publisher.delivery.identity import KeyCheck
from publisher.delivery.leases import Leases
from publisher.delivery.preparation import Preparation
from publisher.delivery.result_writer import ResultWriter
from publisher.delivery.threads import Lanes, Threads
from publisher.ledger.worker.attempts import Attempts, Written
from publisher.ledger.worker.intents import Intent
from publisher.ledger.worker.results import Result
from publisher.model.clock_check import ClockCheck
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import AccountSuspended, Deferred, Outcome
from publisher.model.states import State
from tests.support.clock import ManualClock

_LOOKS_APART = 30


def first_found(
    clock: ManualClock, at: datetime | None, claim: Callable[[], Sequence[Claim]]
) -> Sequence[Claim]:
    """What one finds who claims every 30 seconds, of what waits until `at`; moves the clock.

    Nothing is there a look before that; to look each time would take some hundred times as long.
    """
    assert at, "it waits for nothing"
    if (looks := math.ceil((at - clock.now()).total_seconds() / _LOOKS_APART)) > 0:
        clock.advance(_LOOKS_APART * (looks - 1))
        assert not claim()
        clock.advance(_LOOKS_APART)
    return claim()


def never(delivery: Delivery) -> None:
    """What sends again, where no platform takes a request twice."""
    raise AssertionError(f"{delivery.post} is sent again")


class OneByOne(Attempts):
    """Attempts of one delivery at a time, whose problems are raised."""

    def take(self, claim: Claim) -> Delivery | None:
        return next(iter(self.take_all([claim])), None)

    def intend(
        self, delivery: Delivery, send_at: datetime, lease_until: datetime
    ) -> Delivery | None:
        """None: it must not leave."""
        written = _raised(self.intend_all([Intent(delivery, send_at, lease_until)]))
        return written if written.state is State.PUBLISHING else None

    def record(
        self,
        delivery: Delivery,
        outcome: Outcome,
        lease_until: datetime,
        answered_at: datetime | None = None,
    ) -> Delivery:
        answered_at = answered_at or self._clock.now()
        return _raised(self.record_all([Result(delivery, outcome, lease_until, answered_at)]))


def one_by_one(app: Application) -> OneByOne:
    """The application's attempts, of one delivery at a time."""
    attempts = copy(app.attempts)
    attempts.__class__ = OneByOne
    assert isinstance(attempts, OneByOne)
    return attempts


def _raised(written: Sequence[Written]) -> Delivery:
    (one,) = written
    if not isinstance(one, Delivery):
        raise one
    return one


class AnyKeys:
    """All keys are an account's own."""

    def is_verified(self, account: str) -> bool:
        return True

    def check(self, account: str, channel: Channel) -> AccountSuspended | Deferred | None:
        return None


class Strangers(AnyKeys):
    """An account's keys are somebody else's."""

    def __init__(self, outcome: AccountSuspended | Deferred) -> None:
        self._outcome = outcome

    def is_verified(self, account: str) -> bool:
        return False

    def check(self, account: str, channel: Channel) -> AccountSuspended | Deferred:
        return self._outcome


class AtOnce(Threads):
    """What a thread would do is done at once."""

    def start(self, run: Callable[[], None]) -> None:
        run()


class Waiting(Client):
    """A client that returns when a request has its answer."""

    def connect(self, requests: Sequence[Request], connected: Connected) -> None:
        for n, request in enumerate(requests):
            connected([(n, self._run(self._connected(request)))])

    def leave(self, leaving: Sequence[Leaving]) -> None:
        for one in leaving:
            ends = queue.SimpleQueue[Any]()
            super().leave([replace(one, ended=ends.put)])
            one.ended(ends.get(timeout=60))


def courier_with(
    attempts: Attempts,
    channel_of: ChannelOf,
    clock: Clock,
    *,
    timeout: timedelta = timedelta(seconds=20),
    check: ClockCheck | None = None,
    identity: KeyCheck | None = None,
    threads: Threads | None = None,
    client: Client | None = None,
) -> Courier:
    leases = Leases.for_timeout(timeout)
    results = ResultWriter(attempts, clock, leases, check)
    threads = threads or AtOnce()
    preparation = Preparation(attempts, results, channel_of, clock, leases, identity or AnyKeys())
    return Courier(
        attempts,
        preparation,
        results,
        channel_of,
        client or Waiting(),
        clock,
        leases,
        threads,
        Lanes(threads),
        check,
    )


def lanes() -> Lanes:
    return Lanes(AtOnce())


def deliver_at_once(app: Application) -> Application:
    """An application whose courier and lanes do all work in the calling thread."""
    app.delivery.__dict__.update(threads=AtOnce(), client=Waiting())
    return app
