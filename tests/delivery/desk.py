"""A worker whose platform and ledger do as a test says, for batches of posts."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from publisher.base.errors import LedgerBusy
from publisher.delivery.courier import Courier
from publisher.delivery.threads import Threads
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Attempts, Written
from publisher.ledger.worker.intents import Intent
from publisher.ledger.worker.results import Result
from publisher.model.deliveries import Delivery, Wish
from publisher.model.states import State
from tests.delivery.switchboard import Asking, Switchboard
from tests.support.clock import ManualClock
from tests.support.delivering import AtOnce, courier_with
from tests.support.wishes import add, wish


class Counting(Attempts):
    """Notes what is written together; a test may say what the ledger does not take."""

    intents: list[list[str]]
    results: list[list[str]]
    busy: Callable[[str], bool]
    """Whether somebody is changing a post's delivery."""
    before_intents: Callable[[], None]

    def intend_all(self, intents: Sequence[Intent]) -> list[Written]:
        before, self.before_intents = self.before_intents, nothing
        before()
        self.intents.append([one.delivery.post for one in intents])
        return self._but_for_the_busy(super().intend_all, intents)

    def record_all(self, results: Sequence[Result]) -> list[Written]:
        self.results.append([one.delivery.post for one in results])
        return self._but_for_the_busy(super().record_all, results)

    def _but_for_the_busy(self, write: Any, wishes: Sequence[Intent | Result]) -> list[Written]:
        are_busy = [self.busy(one.delivery.post) for one in wishes]
        free = iter(write([one for one, busy in zip(wishes, are_busy, strict=True) if not busy]))
        return [LedgerBusy() if busy else next(free) for busy in are_busy]


def nothing() -> None:
    return


@dataclass
class Desk:
    """A worker, its ledger, and the platform that it sends to."""

    clock: ManualClock
    database: Database
    ledger: Ledger
    dispatch: Dispatch
    control: Control
    queries: Queries
    platform: Switchboard = field(init=False)
    channel: Asking = field(init=False)
    attempts: Counting = field(init=False)

    def __post_init__(self) -> None:
        self.platform, self.channel = Switchboard(self.clock), Asking(self.clock)
        self.attempts = Counting(self.database, self.clock, settle=60)
        self.attempts.intents, self.attempts.results = [], []
        self.attempts.busy, self.attempts.before_intents = lambda _post: False, nothing

    def courier(self, threads: Threads | None = None, **more: Any) -> Courier:
        channel_of = more.pop("channel_of", self.channel.channel_of)
        return courier_with(
            self.attempts,
            channel_of,
            self.clock,
            threads=threads or AtOnce(),
            client=self.platform,
            **more,
        )

    def deliver(self, courier: Courier, *wishes: Wish) -> None:
        """Give these to the courier, as one batch."""
        add(self.ledger, *wishes)
        courier.deliver(self.dispatch.claim(self.clock.ahead(9), self.clock.ahead(19), 100))

    def of(self, post: str) -> Delivery:
        (delivery,) = self.queries.deliveries(post=post)
        return delivery

    def states(self) -> dict[str, State]:
        return {one.post: one.state for one in self.queries.deliveries()}

    def events(self, post: str) -> list[str]:
        return [step.event for step in self.queries.history(post)]


class Aside(AtOnce):
    """What waits in a thread of its own does so until a test lets it work."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def begin(self, run: Callable[[], None]) -> None:
        self._waiting.append(run)

    def work(self) -> None:
        while self._waiting:
            self._waiting.pop(0)()


def post(clock: ManualClock, name: str, due_in: float = 2, **more: Any) -> Wish:
    """A post whose account is the first letter of its name."""
    return wish(clock, name, due_in, **{"account": name[0], "texts": (name,), **more})


@contextmanager
def as_it_sleeps(
    clock: ManualClock, act: Callable[[datetime, float], None], *, before: bool = False
) -> Iterator[None]:
    """Do this each time that somebody has slept, or `before`."""
    sleep = clock.sleep_until

    def sleeping(instant: datetime, patience: float = math.inf) -> None:
        if before:
            act(instant, patience)
        sleep(instant, patience)
        if not before:
            act(instant, patience)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "sleep_until", sleeping)
        yield
