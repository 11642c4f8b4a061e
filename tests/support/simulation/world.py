"""Processes that run step by step in one thread, on a clock that moves only when all wait.

Every step is numbered. At each the plan may strike, and the scheduler may let another process go
on: by the seed, or always the one that waited longest.
"""

import math
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from tests.support.simulation.plan import PERSON, Act, Fault, Moment, Plan, Step, possible

START = datetime(2016, 3, 7, 8, tzinfo=UTC)
RESTART_AFTER = 1.0  # seconds until a process that died is started again
WRONG_FOR = 30.0  # seconds
MOST_STEPS = 5_000


class Died(BaseException):
    """The process ended here."""


class Endless(AssertionError):
    """The history does not come to an end: something is tried again and again."""


@dataclass(eq=False)
class Process:
    """What dies as one: its threads, and all that they have in memory."""

    name: str
    main: Callable[["Process"], None]
    restarts: bool = True
    threads: list["Thread"] = field(default_factory=list)
    died_at: float | None = None
    """Real seconds since the history began."""


class Thread(greenlet):  # type: ignore[misc]
    """One line of execution; `wakes` gives the real second when it can go on, None: not by time."""

    def __init__(self, world: "World", process: Process, run: Callable[[], None]) -> None:
        super().__init__(run, parent=world.hub)
        self.process = process
        self.wakes: Callable[[], float | None] = lambda: 0.0
        self.dying = False
        self.turn = 0


class SimulatedClock:
    """The wall clock of all processes, which a plan may set."""

    speed = 1.0

    def __init__(self, world: "World") -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.now()

    def ahead(self, machine_seconds: float) -> datetime:
        return self._world.now() + timedelta(seconds=machine_seconds)

    def sleep_until(self, instant: datetime, patience: float = math.inf) -> None:
        end = self._world.elapsed + patience
        while instant > self._world.now() and self._world.elapsed < end:
            self._world.wait_until(instant, end)
            self._world.step(Moment.WOKE)

    def monotonic(self) -> float:
        return self._world.elapsed


class SimulatedQueue:
    """A queue whose reader waits in a world's time."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._entries = deque[Any]()

    def put(self, entry: Any) -> None:
        self._entries.append(entry)

    def get(self) -> Any:
        while not self._entries:
            self._world.wait(lambda: 0.0 if self._entries else None)
        return self._entries.popleft()

    def get_nowait(self) -> Any:
        if not self._entries:
            raise Empty
        return self._entries.popleft()


@dataclass(frozen=True)
class Aimed:
    """What goes wrong at the next step that can have it; `moment` None: at any."""

    moment: Moment | None
    act: Act
    value: float


class World:
    """One history under way."""

    def __init__(self, plan: Plan, seed: int | None = None, *, only_possible: bool = False) -> None:
        """`seed` None: no process is interrupted where it need not wait.

        `only_possible`: a fault that `plan.possible` does not give its step does nothing.
        """
        self.hub = getcurrent()
        self.elapsed = 0.0
        self.steps: list[Step] = []
        self.struck: list[Fault] = []
        self.changes = 0
        """Grows with everything that may give a dispatcher something to do."""
        self.times_set = 0
        """How often the clock was set."""
        self.violations: list[str] = []
        self.on_person: Callable[[Fault], None] = lambda _fault: None
        self.on_second_ledger: Callable[[], None] = lambda: None
        self.on_set_back: Callable[[float], None] = lambda _seconds: None
        self.on_outage: Callable[[Fault], None] = lambda _fault: None
        self._offset = 0.0
        self._error = 0.0
        self._random = None if seed is None else Random(seed)  # noqa: S311 - a schedule
        self._only_possible = only_possible
        self._aimed: list[Aimed] = []
        self._faults: dict[int, list[Fault]] = {}
        for fault in plan:
            self._faults.setdefault(fault.step, []).append(fault)
        self._threads: list[Thread] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._turns = 0
        for fault in self._faults.get(0, ()):
            self._offset += fault.value

    # what processes call

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed + self._offset)

    def current(self) -> Thread | None:
        """The thread that calls; None for the test itself, whose steps do not count."""
        thread = getcurrent()
        return thread if isinstance(thread, Thread) else None

    def step(self, moment: Moment, label: str = "") -> list[Fault]:
        """Number this step and let strike what is planned; gives the faults the caller must
        play.
        """
        thread = self.current()
        if thread is None:
            return []
        if thread.dying:
            raise Died
        number = len(self.steps) + 1
        if number > MOST_STEPS:
            raise Endless(f"more than {MOST_STEPS} steps")
        self.steps.append(Step(number, moment, thread.process.name, label, self.elapsed))
        faults = self._faults.get(number, [])
        if self._only_possible and (faults or self._aimed):
            can_be = set(possible(self.steps[-1]))
            faults = [fault for fault in faults if fault in can_be or fault.act in PERSON]
            faults += self._hit(self.steps[-1], can_be)
        for fault in faults:
            self._strike(fault, thread)
        self.switch()
        return faults

    def _hit(self, step: Step, can_be: Collection[Fault]) -> list[Fault]:
        """The first thing that was aimed at this step."""
        for aimed in self._aimed:
            fault = Fault(step.number, aimed.act, aimed.value)
            if aimed.moment in (None, step.moment) and fault in can_be:
                self._aimed.remove(aimed)
                return [fault]
        return []

    def _strike(self, fault: Fault, thread: Thread) -> None:
        self.struck.append(fault)
        match fault.act:
            case Act.DIE:
                self.kill(thread.process)
                raise Died
            case Act.FREEZE:
                self.sleep(fault.value)
            case Act.JUMP:
                self.set_clock(fault.value)
            case Act.WRONG:
                self.set_wrong(fault.value)
            case Act.SECOND_LEDGER:
                self.on_second_ledger()
            case Act.GOES_BACK:
                self.on_set_back(fault.value)
            case Act.POWER_CUT | Act.PUT_BACK:
                self.on_outage(fault)
                raise Died
            case act if act in PERSON:
                self.on_person(fault)

    def switch(self) -> None:
        """Let others go on, if the schedule says so."""
        thread = self.current()
        if thread is not None and self._random is not None:
            self._pause(thread, lambda: 0.0)

    def sleep(self, seconds: float) -> None:
        """Wait so many real seconds."""
        until = self.elapsed + seconds
        self.wait(lambda: until)

    def wait_until(self, instant: datetime, end: float = math.inf) -> None:
        """Wait until the wall clock shows `instant`, or the real second `end` has come."""
        self.wait(lambda: min((instant - START).total_seconds() - self._offset, end))

    def wait(self, wakes: Callable[[], float | None]) -> None:
        thread = self.current()
        assert thread is not None, "only a process can wait"
        self._pause(thread, wakes)

    def _pause(self, thread: Thread, wakes: Callable[[], float | None]) -> None:
        if thread.dying:  # its death was taken for another's: one thread acts for many at the gate
            raise Died
        thread.wakes = wakes
        self.hub.switch()
        if thread.dying:
            raise Died

    # what the stage calls

    def start(self, process: Process) -> None:
        self.spawn(process, lambda: process.main(process))

    def spawn(self, process: Process, run: Callable[[], None]) -> None:
        """A new thread of a process."""
        thread = Thread(self, process, run)
        process.threads.append(thread)
        self._threads.append(thread)

    def kill(self, process: Process) -> None:
        """All its threads end where they are; somebody starts it again."""
        for thread in process.threads:
            thread.dying = True
        process.threads = []
        process.died_at = self.elapsed
        if process.restarts:
            self.at(RESTART_AFTER, lambda: self.start(process) if process.restarts else None)

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something in so many real seconds, whatever becomes of the caller."""
        self._turns += 1
        self._timers.append((self.elapsed + seconds, self._turns, act))

    def run(self, longest: float) -> None:
        """Until nobody has anything to do any more; Endless after `longest` real seconds."""
        end = self.elapsed + longest
        while True:
            ready, next_at = self._next()
            if ready:
                self._go_on(ready)
            elif next_at is None:
                return
            elif next_at > end:
                raise Endless(f"still busy after {longest:g} s")
            else:
                self.elapsed = next_at

    def aim(self, moment: Moment | None, act: Act, value: float = 0.0) -> None:
        """Let something go wrong at the next step of this kind; for worlds that run by the seed."""
        self._aimed.append(Aimed(moment, act, value))

    def set_clock(self, by: float) -> None:
        """Set everybody's wall clock forward or back, in seconds."""
        self._offset += by
        self.changes += 1
        self.times_set += 1

    def set_wrong(self, by: float) -> None:
        """Let everybody's wall clock be wrong for a while."""

        def mend() -> None:
            self._error -= by
            self.set_clock(-by)

        self._error += by
        self.set_clock(by)
        self.at(WRONG_FOR, mend)

    def true_time(self) -> datetime:
        """What the platforms' clock shows."""
        return self.now() - timedelta(seconds=self._error)

    def take(self, steps: int) -> None:
        """Run for so many steps, or until nobody has anything to do any more."""
        enough = len(self.steps) + steps
        while len(self.steps) < enough:
            ready, next_at = self._next()
            if ready:
                self._go_on(ready)
            elif next_at is None:
                return
            else:
                self.elapsed = next_at

    def let_pass(self, seconds: float) -> None:
        """Run for so many real seconds."""
        end = self.elapsed + seconds
        while True:
            ready, next_at = self._next()
            if ready:
                self._go_on(ready)
            elif next_at is None or next_at > end:
                self.elapsed = end
                return
            else:
                self.elapsed = next_at

    def _next(self) -> tuple[list[Thread], float | None]:
        self._bury()
        self._ring()
        return self._ready()

    def stop(self) -> None:
        """End all processes, so that nothing of this history stays behind."""
        self._timers = []
        for thread in self._threads:
            thread.dying = True
        self._bury()

    def _bury(self) -> None:
        for thread in [thread for thread in self._threads if thread.dying]:
            self._threads.remove(thread)
            if thread:  # it has begun, and stands somewhere in its code
                with suppress(Died):
                    thread.switch()
                assert thread.dead, "a process survived its death"

    def _ring(self) -> None:
        for timer in sorted(timer for timer in self._timers if timer[0] <= self.elapsed):
            self._timers.remove(timer)
            timer[2]()

    def _ready(self) -> tuple[list[Thread], float | None]:
        """Who can go on now, and when the next one can."""
        ready, later = [], [timer[0] for timer in self._timers]
        for thread in self._threads:
            at = thread.wakes()
            if at is not None and at <= self.elapsed:
                ready.append(thread)
            elif at is not None:
                later.append(at)
        return ready, min(later, default=None)

    def _go_on(self, ready: list[Thread]) -> None:
        if self._random is None:
            thread = min(ready, key=lambda thread: thread.turn)
        else:
            thread = self._random.choice(ready)
        self._turns += 1
        thread.turn = self._turns
        with suppress(Died):
            thread.switch()
        if thread.dead:
            self._threads = [each for each in self._threads if each is not thread]
