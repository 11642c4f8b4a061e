"""Kept children: who waits for one, and when one has taken too long."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from publisher.base.process_pool import Ended, NoneFree, ProcessPool
from tests.support.waiting import wait_for

_PROGRAM = """
import sys, time
from publisher.base.process_pool import ChildLimits, serve
def answer(question, data, step):
    for number in range(question["steps"]):
        step(f"step {number}")
        time.sleep(question["each"])
    return {"echo": question["steps"]}, data
serve(sys.stdin.buffer, sys.stdout.buffer, answer, ChildLimits(1 << 30, 10, 60.0))
"""
Make = Callable[..., ProcessPool]


@pytest.fixture
def make() -> Iterator[Make]:
    made = []

    def pool(most: int = 1, *, wait: float | None = None, crowd: int | None = None) -> ProcessPool:
        one = ProcessPool("none", most, wait=wait, crowd=crowd)
        one.program = (sys.executable, "-P", "-c", _PROGRAM)
        made.append(one)
        return one

    yield pool
    for one in made:
        one.interrupt()
        one.end()


@pytest.mark.deep
def test_each_step_has_its_own_time(make: Make) -> None:
    """However many there are; the last one is named for which it took too long."""
    pool = make()
    assert pool.ask({"steps": 1, "each": 0}, b"loaded") == ({"echo": 1, "size": 6}, b"loaded")
    pool.idle[0]._patience = 2.0
    assert pool.ask({"steps": 25, "each": 0.1})[0]["echo"] == 25
    with pytest.raises(Ended) as caught:
        pool.ask({"steps": 2, "each": 600})
    assert caught.value.place == "step 0"


def test_a_crowd_is_refused_at_once_and_who_waits_gets_the_next(make: Make) -> None:
    """Each who waits keeps a thread, in which nothing else is done."""
    pool = make(crowd=1)
    endless = {"steps": 10_000, "each": 0.1}
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(pool.ask, endless)
        wait_for(lambda: bool(pool.busy and pool.busy[0].process))
        second = threads.submit(pool.ask, {"steps": 0, "each": 0}, b"second")
        wait_for(lambda: pool._waiting == 1)
        with pytest.raises(NoneFree):
            pool.ask({"steps": 0, "each": 0})
        assert not second.done()
        pool.interrupt()
        with pytest.raises(Ended):
            first.result()
        assert second.result()[1] == b"second"
    assert (len(pool.busy), len(pool.idle), pool._waiting) == (0, 1, 0)


def test_who_has_waited_for_too_long_is_refused(make: Make) -> None:
    with pytest.raises(NoneFree):
        make(0, wait=0.05).ask({})
