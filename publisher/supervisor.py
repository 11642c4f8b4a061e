"""`publisher run`: everything that publishes, on one machine, as child processes.

The supervisor itself publishes nothing and decides nothing about deliveries. It starts the
embedded broker (unless the settings name another), the dispatcher and the workers, starts again
what dies, follows the ledger's history, and ends its children in the right order. Whatever happens
to it, the ledger says what is true, and the next `publisher run` goes on from there.
"""

import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Self

from publisher import broker
from publisher.app import Application
from publisher.child import Child
from publisher.clock import ENVIRONMENT_VARIABLE, FastClock, SharedClock
from publisher.errors import BrokerUnavailable, LedgerUnavailable, ProcessFailed
from publisher.ledger.queries import Step
from publisher.lock import locked
from publisher.settings import Settings
from publisher.states import State

_TICK = 0.2  # seconds between two looks at the children and the history
_BROKER_LOOK = 1.0  # seconds between two looks at the embedded broker
_QUICK = 10.0  # seconds; whoever dies younger than that died at once
_QUICK_DEATHS = 5  # so many in a row, and starting it again is no remedy
_LONGEST_DELAY = 30.0  # seconds before something is started again
_DISPATCHER_LIMIT = 5.0  # seconds that the dispatcher may take to finish its tick
_WORKER_GRACE = 10.0  # seconds beyond a request's time-out that a worker may take to end
_PROBLEMS = frozenset({State.FAILED, State.MISSED, State.UNCERTAIN})

Say = Callable[[str], None]


def run(
    app: Application,
    *,
    until_idle: bool = False,
    report: Callable[[Step], None],
    say: Say,
) -> int:
    """Keep everything running until SIGINT or SIGTERM, or until nothing waits.

    `report` gets every step of every delivery as it happens, `say` a line about the processes.
    The exit code is 0, or 1 when a delivery that moved meanwhile has failed, was missed or is
    uncertain at the end, when an account waits for a person, or when `until_idle` was interrupted.
    Raises AlreadyRunning, BrokerUnavailable, CredentialsMissing when none of the accounts has any,
    StorageError, and ProcessFailed when a process dies at once again and again.
    """
    with locked(app.settings.var / "run.lock", "`publisher run`"), Interruption() as interruption:
        _look_at_credentials(app.settings, say)
        processes = Processes(app.settings, say, _clock_for_children(app))
        history = History(app, report)
        idle = False
        try:
            processes.start()
            while not (interruption.wanted or idle):
                processes.tend()
                history.follow()
                idle = until_idle and nothing_waits(app)
                time.sleep(_TICK)
        except BaseException:
            processes.drain(interruption)  # without a report: its reader may be what failed
            raise
        processes.drain(interruption, history.follow)
        history.follow()
    return 1 if history.problems or needs_a_person(app) or (until_idle and not idle) else 0


def _look_at_credentials(settings: Settings, say: Say) -> None:
    """Name the accounts that cannot publish; CredentialsMissing when not one of them could."""
    missing = settings.without_credentials()
    if missing and len(missing) == len(settings.accounts):
        raise next(iter(missing.values()))
    for error in missing.values():
        say(f"{error} Its posts wait. {error.hint}")


def _clock_for_children(app: Application) -> dict[str, str]:
    """A clock of our own as it stands; each child would begin it anew, also when started again."""
    if not isinstance(app.clock, FastClock) or isinstance(app.clock, SharedClock):
        return {}
    path = app.settings.var / "clock.json"
    SharedClock.create(path, app.clock.now(), app.clock.speed)
    return {ENVIRONMENT_VARIABLE: f"file:{path}"}


def nothing_waits(app: Application) -> bool:
    """Whether no delivery will move any more without a person or a new draft."""
    try:
        waiting = app.queries.waiting()
    except LedgerUnavailable:
        return False
    return not (waiting.scheduled or waiting.publishing or waiting.reading)


def needs_a_person(app: Application) -> bool:
    """Whether posts stand still until somebody acts: a pause, or an account with a dead token."""
    stopped = any(s.paused_at or not s.held_until for s in app.queries.accounts())
    return stopped and bool(app.queries.counts().get(State.SCHEDULED))


class History:
    """Follows the steps that are written into the ledger from now on."""

    def __init__(self, app: Application, report: Callable[[Step], None]) -> None:
        self._queries = app.queries
        self._report = report
        self._seen = app.queries.last_step()
        self._states: dict[int, State] = {}

    def follow(self) -> None:
        """Report what is new. While the database is away there is nothing new."""
        try:
            while steps := self._queries.steps(self._seen):
                for step in steps:
                    self._seen = step.id
                    if step.target and step.delivery is not None:
                        self._states[step.delivery] = step.target
                    self._report(step)
        except LedgerUnavailable:
            return

    @property
    def problems(self) -> int:
        """How many of the deliveries that moved stand where somebody must look at them."""
        return sum(state in _PROBLEMS for state in self._states.values())


class Interruption:
    """Counts SIGINT, SIGTERM and SIGHUP instead of dying of them: one means drain, two at once."""

    def __init__(self) -> None:
        self._count = 0

    def __enter__(self) -> Self:
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # which is how nohup asks to go on
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1

    @property
    def wanted(self) -> bool:
        return self._count > 0

    @property
    def urgent(self) -> bool:
        return self._count > 1


class Processes:
    """The broker, the dispatcher and the workers of one workspace."""

    def __init__(
        self, settings: Settings, say: Say, environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment`: what the children get beyond this process's own."""
        self._say = say
        more = {**(environment or {}), "PUBLISHER_WORKSPACE": str(settings.workspace)}
        self._broker = None if settings.broker.url else broker.EmbeddedBroker(settings.var)
        self._external = settings.broker.url
        self._broker_failures = 0
        self._next_broker_look = 0.0
        self._patience = settings.delivery.request_timeout.total_seconds() + _WORKER_GRACE
        self._dispatcher = _Kept(_dispatcher(settings, more), say)
        self._workers = [
            _Kept(_worker(settings, number, more), say)
            for number in range(1, settings.delivery.workers + 1)
        ]

    def start(self) -> None:
        """Start all of it. Raises BrokerUnavailable and StorageError."""
        if self._broker:
            self._broker.start()
        else:
            broker.check(self._external)
        self._tell_address()
        for kept in (*self._workers, self._dispatcher):  # the workers take longer to be ready
            kept.start()

    def ready(self) -> bool:
        """Whether every worker waits for work. Of another broker than the embedded one, who waits
        there is not known, and this is true at once.
        """
        return self._broker is None or self._broker.listeners() >= len(self._workers)

    def tend(self) -> None:
        """Start again what has died. Raises ProcessFailed when that is no remedy."""
        if self._broker and time.monotonic() >= self._next_broker_look:
            self._tend_broker(self._broker)
            self._next_broker_look = time.monotonic() + _BROKER_LOOK
        for kept in (self._dispatcher, *self._workers):
            kept.tend()

    def drain(
        self, interruption: Interruption, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """End all of it: nothing new is taken, what is in hand is finished, the broker goes last.

        `meanwhile` is called all the time. A second interruption ends everything at once; so does
        a worker that takes longer than any request may. What it had in hand is in the ledger.
        """
        workers = [kept.child for kept in self._workers]
        self._end([self._dispatcher.child], _DISPATCHER_LIMIT, interruption, meanwhile)
        self._end(workers, self._patience, interruption, meanwhile)
        if self._broker:
            self._broker.stop()

    def _end(
        self,
        children: Sequence[Child],
        limit: float,
        interruption: Interruption,
        meanwhile: Callable[[], None],
    ) -> None:
        for child in children:
            child.terminate()
        end = time.monotonic() + limit
        while any(child.running for child in children):
            if interruption.urgent or time.monotonic() > end:
                break
            meanwhile()
            time.sleep(0.05)
        for child in children:
            if child.running:
                self._say(f"{child.name} did not end by itself and was stopped.")
                child.kill()

    def _tend_broker(self, embedded: broker.EmbeddedBroker) -> None:
        address = embedded.url
        try:
            restarted = embedded.tend()
        except BrokerUnavailable as error:
            self._broker_failures += 1
            if self._broker_failures >= _QUICK_DEATHS:
                raise
            self._say(f"broker: {error}")
            return
        self._broker_failures = 0
        if restarted:
            self._say("The broker had died or hung and was started again.")
        if embedded.url != address:
            self._tell_address()
            for kept in (self._dispatcher, *self._workers):
                kept.child.terminate()  # it starts again with the new address

    def _tell_address(self) -> None:
        url = self._broker.url if self._broker else self._external
        for kept in (self._dispatcher, *self._workers):
            kept.child.environment["PUBLISHER_BROKER__URL"] = url


class _Kept:
    """A child that is started again when it ends, after a delay that grows."""

    def __init__(self, child: Child, say: Say) -> None:
        self.child = child
        self._say = say
        self._quick_deaths = 0
        self._start_at: float | None = None

    def start(self) -> None:
        self._start_at = None
        self.child.start()

    def tend(self) -> None:
        if self.child.running:
            return
        if self._start_at is None:
            self._note_death()
        elif time.monotonic() >= self._start_at:
            self.start()

    def _note_death(self) -> None:
        child = self.child
        # What somebody kills from outside is no fault of its own, and starts again each time.
        own = child.exit_status is not None and child.exit_status >= 0
        quick = child.age < _QUICK
        self._quick_deaths = self._quick_deaths + own if quick else 0
        how = _describe(child.exit_status)
        if self._quick_deaths >= _QUICK_DEATHS:
            raise ProcessFailed(
                f"{child.name} {how} {_QUICK_DEATHS} times as soon as it was started. "
                f"Its last lines:\n{child.last_lines()}",
                hint=f"Its whole log is {child.log}.",
            )
        delay = min(_LONGEST_DELAY, 0.25 * 2**self._quick_deaths if self._quick_deaths else 0.0)
        self._start_at = time.monotonic() + delay
        self._say(f"{child.name} {how}; it starts again" + (f" in {delay:g} s." if delay else "."))


def _describe(status: int | None) -> str:
    if status is not None and status < 0:
        return f"was killed (signal {-status})"
    return f"ended (status {status})"


def _dispatcher(settings: Settings, environment: Mapping[str, str]) -> Child:
    return _child(settings, environment, "dispatcher", "workers.dispatcher")


def _worker(settings: Settings, number: int, environment: Mapping[str, str]) -> Child:
    name = f"worker-{number}"
    # Mingling, gossip and heartbeats let Celery's workers know one another; ours need not, and
    # mingling alone would delay the first delivery by a second.
    options = ["-A", "workers", "worker", "--pool", "threads", "--loglevel", "WARNING"]
    options += ["--concurrency", str(settings.delivery.threads), "-n", f"{name}@%h"]
    options += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    return _child(settings, environment, name, "celery", *options)


def _child(
    settings: Settings, environment: Mapping[str, str], name: str, module: str, *options: str
) -> Child:
    return Child(
        name,
        [sys.executable, "-m", module, *options],
        settings.var / "log" / f"{name}.log",
        environment=dict(environment),
    )
