"""A platform that hangs holds some of the threads, and never all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from threading import Event, Lock

import pytest

from publisher.base.errors import LedgerUnavailable
from publisher.delivery.bulkhead import Lanes, lane_width
from publisher.delivery.courier import Courier, Leases
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.worker.attempts import Attempts
from publisher.model.states import State
from tests.delivery.scripted import ScriptedChannel
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish

THREADS = 8


class Hanging:
    """Work that hangs until it is let go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.begun = self.ended = 0
        self._lock = Lock()

    def __call__(self) -> None:
        with self._lock:
            self.begun += 1
        self.let_go.wait(30)
        with self._lock:
            self.ended += 1


@pytest.mark.parametrize(("threads", "width"), [(128, 112), (8, 7), (2, 1), (1, 1)])
def test_some_threads_are_kept_from_each_platform(threads: int, width: int) -> None:
    assert lane_width(threads) == width


def test_while_one_platform_hangs_another_ones_posts_find_a_thread() -> None:
    """However many of the first wait: they wait without a thread, and are all done in the end."""
    lanes, hanging = Lanes(lane_width(THREADS)), Hanging()
    with ThreadPoolExecutor(THREADS) as hands:
        for _post in range(50):
            hands.submit(lanes.run, "twitter", hanging)
        wait_for(lambda: hanging.begun == THREADS - 1)
        others = [hands.submit(lanes.run, "facebook", lambda: None) for _post in range(20)]
        for other in others:
            other.result(timeout=20)
        assert (hanging.begun, hanging.ended) == (THREADS - 1, 0)
        hanging.let_go.set()
    assert hanging.ended == 50


def test_what_fails_keeps_nothing_behind_it_waiting() -> None:
    lanes, done, hanging = Lanes(1), [], Hanging()

    def fail() -> None:
        raise LedgerUnavailable

    with ThreadPoolExecutor(4) as hands:
        first = hands.submit(lanes.run, "twitter", hanging)
        wait_for(lambda: hanging.begun == 1)
        for work in (fail, lambda: done.append(1)):
            hands.submit(lanes.run, "twitter", work).result(timeout=20)
        hanging.let_go.set()
        with pytest.raises(LedgerUnavailable):
            first.result(timeout=20)
    assert done == [1]


def test_what_waited_in_its_lane_for_longer_than_its_lease_is_not_sent(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: Attempts,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """It is claimed anew meanwhile, by this worker or another one."""

    class Waiting(Lanes):
        def run(self, lane: str, work: Callable[[], None]) -> None:
            clock.advance(20)
            work()

    leases = Leases.for_timeout(timedelta(seconds=20))
    courier = Courier(
        attempts, lambda _account: nullcontext(channel), clock, leases, None, Waiting(1)
    )
    add(ledger, wish(clock, due_in=0))
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(19), 1)
    courier.deliver(claim)
    assert (channel.prepared, channel.sent) == (0, [])
    assert queries.counts() == {State.PUBLISHING: 1}
