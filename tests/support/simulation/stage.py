"""The processes of an installation: dispatchers, workers with their threads, and people."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import redis
import structlog

from publisher.base.errors import BrokerUnavailable, PublisherError
from publisher.delivery.leases import LOOK_AHEAD
from publisher.delivery.threads import guarded
from publisher.ledger.heartbeats import ProcessKind
from publisher.ledger.integrity.watermarks import EVERY, Watermarks
from publisher.model.deliveries import Claim
from publisher.monitoring.account_locks import AccountLocks
from tests.support.simulation import parts
from tests.support.simulation.desk import Desk
from tests.support.simulation.lives import Lives
from tests.support.simulation.persons import Persons
from tests.support.simulation.plan import Act, Fault, Moment
from tests.support.simulation.platform import Platform
from tests.support.simulation.world import START, Process, World

_TICK = 0.1  # as the dispatcher's own while there is something to do
_AHEAD = round(LOOK_AHEAD * 1e6)  # microseconds
_IN_TROUBLE = 1.0
_DOWN_FOR = 60.0
"""Seconds until a machine is started again."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Message:
    """What the broker carries."""

    task: str
    claims: tuple[Claim, ...]


class MarkMemory:
    """Marks of the ledger that outlive it and all processes."""

    def __init__(self) -> None:
        self._marks: dict[str, bytes] = {}

    def read(self, ledger: str) -> bytes | None:
        return self._marks.get(ledger)

    def write(self, ledger: str, mark: bytes) -> None:
        self._marks[ledger] = mark


class Stage:
    """One installation in one world."""

    def __init__(
        self,
        world: World,
        desk: Desk,
        *,
        dispatchers: int = 1,
        workers: int = 1,
        locks: redis.Redis | None = None,
        beside: "Stage | None" = None,
    ) -> None:
        """`locks`: the broker's, for accounts; None: nobody else publishes to them. `beside`: the
        installation that is there already, and has another ledger.
        """
        self.world = world
        self.settings = parts.settings()
        self.database = parts.ledger(parts.SECOND if beside else parts.FIRST)
        self.database.empty()
        self.database.world = world
        self.platform: Platform = beside.platform if beside else Platform(world)
        self.broker: deque[Message] = deque()
        self.persons = Persons(world, self.app, self.platform, desk)
        self._locks = locks
        if not beside:
            world.on_person = self._act
            world.on_set_back = self._go_back
            world.on_outage = self._go_down
        self._lives = Lives(world)
        self._sent: list[tuple[float, Message]] = []
        self._names: list[tuple[str, Callable[[Process], None]]] = [
            *((f"dispatcher-{number + 1}", self._dispatch) for number in range(dispatchers)),
            *((f"worker-{number + 1}", self._work) for number in range(workers)),
        ]
        self._running: list[Process] = []
        self.start()

    def start(self) -> None:
        """Start all dispatchers and workers."""
        self._running = [Process(name, main) for name, main in self._names]
        for process in self._running:
            self.world.start(process)

    def end(self) -> None:
        """End them wherever they are; nobody starts them again but `start`."""
        for process in self._running:
            process.restarts = False
            self.world.kill(process)

    def shut_down(self) -> None:
        """End them and every command, and wait until no request has an effect any more."""
        self.end()
        self.persons.end()
        self.world.let_pass(0)
        while self.platform.under_way:
            self.world.let_pass(1)

    def _go_down(self, fault: Fault) -> None:
        """All processes die; the machine is put back, if it is, before they are started again.

        Its broker has all that it ever had by then: what was taken later too.
        """
        self.end()
        self.broker.clear()
        if fault.act is Act.PUT_BACK:
            self._forget(fault.value)
            self._compare_with(MarkMemory())
            self._lives.go_back(fault.value)
            until = self.world.elapsed - fault.value
            self.broker.extend(message for at, message in self._sent if at <= until)
        self.world.at(_DOWN_FOR, self.start)

    def ask_for_approvals(self) -> None:
        """From now on all accounts need them; processes read the settings when they start."""
        self.settings = parts.settings(approvals=True)
        self.end()
        self.start()

    def _act(self, fault: Fault) -> None:
        if fault.act is Act.RULE:
            self.ask_for_approvals()
        else:
            self.persons.act(fault)

    def keep_past(self) -> None:
        """Keep each state of the ledger from now on, which its processes compare with its marks.

        Only in histories whose ledger goes back: in others it would be most of their steps.
        """
        self.database.keep_past(self.persons.remember)
        self._compare_with(MarkMemory())

    def _compare_with(self, marks: MarkMemory) -> None:
        self.database.watch = Watermarks(self.database, self.app().clock, [marks])

    def _go_back(self, seconds: float) -> None:
        self._forget(seconds)
        self.world.at(EVERY, self._look)

    def _forget(self, seconds: float) -> None:
        persons = self.persons
        persons.said.set_back(self.database.go_back(seconds), persons.remember())

    def _look(self) -> None:
        """Compare the ledger with its marks, as all dispatchers and workers do now and then."""
        for process in self._running:
            if process.threads and self.database.watch:
                self.world.spawn(process, partial(guarded, self.database.watch.look))

    def app(self) -> parts.SimulatedApplication:
        """A process's own Publisher: nothing is shared but the ledger."""
        return parts.SimulatedApplication(
            self.settings, self.platform, self.database, self._lives.heartbeats
        )

    def close(self) -> None:
        self.world.stop()
        self.database.leave()

    # the dispatcher

    def _dispatch(self, process: Process) -> None:
        self._lives.begin(process, ProcessKind.DISPATCHER)
        app = self.app()
        self.database.begin()
        dispatcher = parts.dispatcher_class()(app, self._hand_over, lambda: len(self.broker))
        while True:
            seen = self.world.changes
            try:
                dispatcher.tick()
            except PublisherError as error:
                log.info("in trouble", error=str(error))
                self.world.sleep(_IN_TROUBLE)
            else:
                self._idle(seen)

    def _idle(self, seen: int) -> None:
        """Until the next tick that can find something to do; idle ticks are skipped."""
        tick_at, times_set = self.world.elapsed + _TICK, self.world.times_set
        known: dict[int, float | None] = {}

        def wakes() -> float | None:
            if self.world.times_set != times_set:
                return tick_at  # each tick looks whether the clock was set
            changes = self.world.changes
            if changes not in known:
                known[changes] = self._next_instant(is_changed=changes != seen)
            instant = known[changes]
            return None if instant is None else max(tick_at, instant)

        self.world.wait(wakes)

    def _next_instant(self, *, is_changed: bool) -> float | None:
        """The real second from which on a tick may find something; None: not by time alone.

        What stood in an unchanged ledger at the last tick, and was due then, waits for more than
        an instant.
        """
        now = _microseconds(self.world.now())
        past, next_at = self.database.peek(_INSTANTS, {"now": now, "ahead": _AHEAD})
        if is_changed and past:
            return self.world.elapsed
        return None if next_at is None else self.world.elapsed + (next_at - now) / 1e6 + 1e-6

    def _hand_over(self, task: Any, claims: Sequence[Claim]) -> None:
        message = Message(task.name, tuple(claims))
        self._sent.append((self.world.elapsed, message))
        faults = {fault.act: fault for fault in self.world.step(Moment.MESSAGE, task.name)}
        if Act.REFUSED_BY_BROKER in faults:
            raise BrokerUnavailable
        if delayed := faults.get(Act.DELAYED):
            self.world.at(delayed.value, lambda: self.broker.append(message))
        elif Act.LOST not in faults:
            self.broker.extend([message] * (2 if Act.DOUBLED in faults else 1))
        if Act.TAKEN_UNSAID in faults:
            raise BrokerUnavailable

    # the workers

    def _work(self, process: Process) -> None:
        self._lives.begin(process, ProcessKind.WORKER)
        app = self.app()
        self.database.begin()
        if self._locks is not None:
            app.account_lock = AccountLocks(app, self._locks)
        app.work_in(process)
        acts: dict[str, Callable[[Sequence[Claim]], None]] = {
            "publisher.publish": app.delivery.courier.deliver,
            "publisher.reconcile": _each(app.delivery.reconciler.reconcile),
            "publisher.clear": _each(app.delivery.clearing.clear),
            "publisher.withdraw": _each(app.delivery.withdrawal.go_on),
        }
        while True:
            self.world.wait(lambda: 0.0 if self.broker else None)
            message = self.broker.popleft()
            self.world.changes += 1  # a dispatcher hands nothing over while this lies there
            self.world.step(Moment.TAKEN, message.task)
            # A worker takes several batches at a time.
            act = partial(acts[message.task], message.claims)
            self.world.spawn(process, partial(guarded, act))


def _each(act: Callable[[Claim], None]) -> Callable[[Sequence[Claim]], None]:
    def all_of_them(claims: Sequence[Claim]) -> None:
        for claim in claims:
            guarded(partial(act, claim))

    return all_of_them


_INSTANTS = """
    SELECT sum(instant <= :now), min(CASE WHEN instant > :now THEN instant END) FROM (
        SELECT next_check_at - :ahead AS instant FROM deliveries WHERE state = 'scheduled'
        UNION ALL SELECT next_check_at FROM deliveries WHERE state = 'uncertain'
        UNION ALL SELECT lease_until FROM deliveries WHERE state IN ('publishing', 'uncertain')
        UNION ALL SELECT expires_at FROM deliveries
            WHERE state IN ('scheduled', 'held', 'awaiting-approval')
        UNION ALL SELECT suspended_until FROM accounts
        UNION ALL SELECT clear_at + (CASE WHEN doubt_since IS NULL THEN 0 ELSE 900000000 END)
            FROM deliveries WHERE clear_at IS NOT NULL
        UNION ALL SELECT withdraw_at FROM deliveries WHERE withdraw_at IS NOT NULL
    )
"""
"""All that a dispatcher's tick waits for, as instants in microseconds."""


def _microseconds(instant: datetime) -> int:
    return round((instant - START).total_seconds() * 1e6) + round(START.timestamp()) * 1_000_000
