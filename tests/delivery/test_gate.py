"""What leaves at one instant is let go by one thread, and nobody before its turn."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Event, get_ident
from typing import Any

import pytest

from publisher.delivery.gate import Gate
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for

_PATIENCE = 5.0


class Held(ManualClock):
    """Whoever sleeps does so until a test lets the instant come, or ends the sleeper."""

    def __init__(self) -> None:
        super().__init__()
        self.instant = self.ahead(60)
        self.comes = Event()
        self.end: BaseException | None = None
        self.patience = 0.0

    def sleep_until(self, instant: datetime, patience: float = 0) -> None:
        self.patience = patience
        if instant == self.instant:
            assert self.comes.wait(20)
        if self.end:
            raise self.end


@pytest.fixture
def clock() -> Held:
    return Held()


@pytest.fixture
def gate(clock: Held) -> Gate:
    return Gate(clock, _PATIENCE)


def waiting(
    threads: ThreadPoolExecutor,
    gate: Gate,
    clock: Held,
    acts: Sequence[tuple[str, Callable[[], None]]],
) -> list[Future[None]]:
    """Let a thread wait for the instant with each of these, in their order."""

    def has(number: int) -> bool:
        return sum(map(len, gate._waiting.get(clock.instant, {}).values())) == number

    done = []
    for number, (account, act) in enumerate(acts, 1):
        done.append(threads.submit(gate.go, clock.instant, account, act))
        wait_for(partial(has, number))
    return done


def test_one_thread_lets_all_go_of_each_account_one_by_turns(gate: Gate, clock: Held) -> None:
    gone, by = list[str](), set[int]()

    def go(name: str) -> None:
        gone.append(name)
        by.add(get_ident())

    acts = [(name[0], partial(go, name)) for name in ("a1", "a2", "a3", "b1", "c1", "b2")]
    with ThreadPoolExecutor(9) as threads:
        done = waiting(threads, gate, clock, acts)
        assert gone == []
        clock.comes.set()
        for one in done:
            one.result(20)
    assert gone == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert len(by) == 1


@pytest.mark.parametrize("problem", [ValueError("mine"), SystemExit("mine")])
def test_what_going_raises_is_raised_for_whoever_wanted_it_alone(
    gate: Gate, clock: Held, problem: BaseException
) -> None:
    gone = list[str]()

    def fail() -> None:
        raise problem

    acts = [("a", lambda: gone.append("first")), ("b", fail), ("c", lambda: gone.append("last"))]
    with ThreadPoolExecutor(9) as threads:
        first, failed, last = waiting(threads, gate, clock, acts)
        clock.comes.set()
        with pytest.raises(type(problem), match="mine"):
            failed.result(20)
        assert (first.result(20), last.result(20)) == (None, None)
    assert gone == ["first", "last"]


def test_nobody_waits_for_a_thread_that_ends_while_it_sleeps(gate: Gate, clock: Held) -> None:
    gone = list[str]()
    acts = [(name, lambda: gone.append("left")) for name in "ab"]
    with ThreadPoolExecutor(9) as threads:
        done = waiting(threads, gate, clock, acts)
        clock.end = SystemExit()
        clock.comes.set()
        for one in done:
            with pytest.raises(SystemExit):
                one.result(20)
    assert gone == []
    assert gate._waiting == {}
    clock.end = None
    gate.go(clock.instant, "c", lambda: gone.append("later"))
    assert gone == ["later"], "nobody waits for that thread afterwards, either"


def test_nobody_waits_for_a_thread_that_ends_before_it_let_all_go(
    gate: Gate, clock: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_all: object) -> list[object]:
        raise MemoryError

    monkeypatch.setattr("publisher.delivery.gate.by_turns", fail)
    with ThreadPoolExecutor(9) as threads:
        done = waiting(threads, gate, clock, [(name, lambda: None) for name in "ab"])
        clock.comes.set()
        for one in done:
            with pytest.raises(MemoryError):
                one.result(20)


def test_what_has_gone_stays_so_when_the_thread_that_let_it_go_ends(
    gate: Gate, clock: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def second_only(accounts: Iterable[Sequence[Any]]) -> Iterator[Any]:
        yield list(accounts)[1][0]
        raise MemoryError

    monkeypatch.setattr("publisher.delivery.gate.by_turns", second_only)
    with ThreadPoolExecutor(9) as threads:
        first, second, third = waiting(
            threads, gate, clock, [(name, lambda: None) for name in "abc"]
        )
        clock.comes.set()
        assert second.result(20) is None
        for one in (first, third):
            with pytest.raises(MemoryError):
                one.result(20)


def test_nobody_is_awakened_until_all_have_gone(
    gate: Gate, clock: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is awake takes time from those that have yet to go."""
    seen = list[str]()

    class Signal(Event):
        def set(self) -> None:
            seen.append("awake")
            super().set()

    monkeypatch.setattr(clock, "signal", Signal)
    with ThreadPoolExecutor(9) as threads:
        done = waiting(threads, gate, clock, [(name, partial(seen.append, name)) for name in "abc"])
        clock.comes.set()
        for one in done:
            one.result(20)
    assert seen == ["a", "b", "c", "awake", "awake", "awake"]


def test_another_instant_is_not_waited_for(gate: Gate, clock: Held) -> None:
    gone = list[str]()
    with ThreadPoolExecutor(9) as threads:
        (held,) = waiting(threads, gate, clock, [("a", lambda: gone.append("later"))])
        gate.go(clock.instant - timedelta(seconds=1), "b", lambda: gone.append("sooner"))
        assert gone == ["sooner"]
        clock.comes.set()
        held.result(20)
    assert gone == ["sooner", "later"]


def test_who_comes_once_the_others_left_goes_at_once(gate: Gate, clock: Held) -> None:
    gone = list[str]()
    clock.comes.set()
    gate.go(clock.instant, "a", lambda: gone.append("first"))
    gate.go(clock.instant, "a", lambda: gone.append("second"))
    assert gone == ["first", "second"]
    assert gate._waiting == {}


def test_nobody_waits_longer_than_an_intent_lives(gate: Gate, clock: Held) -> None:
    """The clock may be set back by an hour just before the instant."""
    clock.comes.set()
    gate.go(clock.instant, "a", lambda: None)
    assert clock.patience == _PATIENCE


def test_an_instant_for_which_nobody_could_begin_to_wait_is_free_for_the_next(
    gate: Gate, clock: Held
) -> None:
    gone = list[str]()
    with pytest.raises(TypeError):
        gate.go(clock.instant, ["no name"], lambda: gone.append("never"))  # type: ignore[arg-type]
    clock.comes.set()
    gate.go(clock.instant, "a", lambda: gone.append("left"))
    assert gone == ["left"]
