"""An account whose platform hangs holds some of the threads, and never all."""

import os
import signal
from collections.abc import Callable
from contextlib import nullcontext
from threading import Thread, current_thread, get_ident

import pytest

from publisher.base.errors import LedgerGone, LedgerUnavailable
from publisher.delivery.threads import Lanes, Threads, guarded
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.states import State
from tests.delivery.hands import Hands, Hanging
from tests.delivery.scripted import NotAskedYet, ScriptedChannel
from tests.support.clock import ManualClock
from tests.support.delivering import AtOnce, OneByOne, courier_with
from tests.support.waiting import wait_for
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.delivery.threads")

WIDTH = 4


def test_while_one_account_hangs_another_ones_work_finds_a_thread() -> None:
    """However much of the first waits: it waits without a thread, and is all done in the end."""
    hanging, done = Hanging(), list[int]()
    lanes = Lanes(AtOnce())
    lanes.start("a", lambda: None)  # what has ended leaves room for no more than that
    with Hands() as lanes._threads:
        for _post in range(50):
            lanes.start("a", hanging)
        for post in range(20):
            lanes.start("b", lambda post=post: done.append(post))  # type: ignore[misc]
        wait_for(lambda: len(done) == 20)
        assert (hanging.begun, hanging.ended) == (WIDTH, 0)
        hanging.let_go.set()
    assert (hanging.begun, hanging.ended, sorted(done)) == (50, 50, list(range(20)))


def test_a_process_ends_after_what_a_daemon_has_started() -> None:
    """The HTTP client's thread is one, and what leaves is started by it as soon as it connects."""
    daemons: list[bool] = []

    def start() -> None:
        Threads().start(lambda: daemons.append(current_thread().daemon))

    Thread(target=start, daemon=True).start()
    wait_for(lambda: daemons)
    assert daemons == [False]


def test_a_lane_of_one_does_what_waits_in_its_order() -> None:
    hanging, done = Hanging(), list[int]()
    with Hands() as hands:
        lanes = Lanes(hands)
        lanes.start("a", hanging, width=1)
        for post in range(5):
            lanes.start("a", lambda post=post: done.append(post), width=1)  # type: ignore[misc]
        assert done == []
        hanging.let_go.set()
    assert done == list(range(5))


@pytest.mark.parametrize("problem", [LedgerUnavailable(), ZeroDivisionError()])
def test_what_fails_keeps_nothing_behind_it_waiting(problem: Exception) -> None:
    """Neither what waits already nor what comes later."""
    hanging, done = Hanging(), list[str]()

    def fail() -> None:
        raise problem

    with Hands() as hands:
        lanes = Lanes(hands)
        for work in (hanging, fail, fail, lambda: done.append("waited")):
            lanes.start("a", work, width=1)
        hanging.let_go.set()
    with Hands() as lanes._threads:
        for _time in range(2):
            lanes.start("a", fail, width=1)
        lanes.start("a", lambda: done.append("came later"), width=1)
    assert done == ["waited", "came later"]


def test_work_for_which_the_system_gives_no_thread_is_done_all_the_same() -> None:
    class Exhausted(Threads):
        def start(self, run: Callable[[], None]) -> None:
            raise RuntimeError("can't start new thread")

    lanes, done = Lanes(Exhausted()), list[int]()
    for _time in range(2 * WIDTH):
        lanes.start("a", lambda: done.append(get_ident()))
    assert done == [get_ident()] * 2 * WIDTH


def test_a_worker_whose_ledger_was_replaced_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[tuple[int, int]]()

    def be_told(process: int, number: int) -> None:
        told.append((process, number))

    def fail() -> None:
        raise LedgerGone

    monkeypatch.setattr("publisher.delivery.threads.os.kill", be_told)
    Lanes(AtOnce()).start("a", fail)
    guarded(fail)
    assert told == [(os.getpid(), signal.SIGTERM)] * 2


def test_what_waited_in_its_lane_for_longer_than_its_lease_is_not_sent(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    channel: ScriptedChannel,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """It is claimed anew meanwhile, by this worker or another one."""

    class Late(AtOnce):
        def start(self, run: Callable[[], None]) -> None:
            clock.advance(20)
            run()

    courier = courier_with(
        attempts,
        lambda _account: nullcontext(channel),
        clock,
        identity=NotAskedYet(),
        threads=Late(),
    )
    add(ledger, wish(clock, due_in=0))
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(19), 1)
    courier.deliver([claim])
    assert (channel.prepared, channel.sent) == (0, [])
    assert queries.counts() == {State.PUBLISHING: 1}
