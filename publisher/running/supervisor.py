"""Supervisor (`publisher run`): runs everything that publishes, as child processes.

The supervisor itself publishes nothing and decides nothing about deliveries. It starts the embedded
broker (unless the settings name another), the dispatcher and the workers, restarts those that die
or hang, follows the ledger's history, and ends its children in the right order. Whatever happens to
it, the ledger has the true state, and the next `publisher run` continues from there.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from publisher.app import Application
from publisher.base.clock import ENVIRONMENT_VARIABLE, FastClock, SharedClock
from publisher.base.errors import LedgerUnavailable
from publisher.base.i18n import _
from publisher.base.lock import folder_locked, locked
from publisher.base.process import Pulse
from publisher.delivery.identity import verified
from publisher.drafts import planted
from publisher.ledger.heartbeats import ProcessKind
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.states import State
from publisher.monitoring import broker
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.live_copies import LiveCopies
from publisher.monitoring.monitor import Monitor
from publisher.monitoring.peers import differences
from publisher.monitoring.troubles import Trouble
from publisher.monitoring.watchdog import Watchdog
from publisher.running.log_echo import Echo
from publisher.running.processes import Processes
from publisher.running.signals import Interruption
from publisher.running.supervised import Say
from publisher.settings.settings import Settings

_TICK = 0.2  # seconds between two checks of the children and the history
_IDLE_TICK = 0.5  # the same when there was nothing new
_BROKER_LIMIT = 1.0  # seconds that an answer of the broker may take
_LAST_HEARTBEAT = 1.0  # seconds that the end may take
_RUN = "`publisher run`"
_PROBLEMS = frozenset({State.FAILED, State.MISSED, State.UNCERTAIN})


def run(
    app: Application,
    *,
    until_idle: bool = False,
    web: bool = False,
    report: Callable[[HistoryStep], None],
    say: Say,
    opened: Callable[[str], object] = lambda _address: None,
) -> int:
    """Run everything until SIGINT or SIGTERM, or until nothing waits; `web`: the pages too.

    `opened` is called once with the address of the pages, as soon as they answer.
    `report` gets every step of every delivery as it happens, `say` a line about the processes.
    The exit code is 0, or 1 when a delivery that moved meanwhile has failed, was missed or is
    uncertain at the end, when an account waits for a person, or when `until_idle` was interrupted.
    Raises AlreadyRunning, BrokerUnavailable, CredentialsMissing if no account has credentials,
    LedgerGone if the ledger's file is deleted or replaced, StorageError, and ProcessFailed if a
    process repeatedly ends right after its start.
    """
    with _alone(app.settings), Interruption() as interruption:
        unconnected = _look_at_credentials(app.settings, say)
        _name_owners(app, say)
        for name in planted.modules(app.settings.workspace):
            say(f"{planted.shadows(name)} {planted.remove(name)}")
        processes = Processes(app.settings, say, _clock_for_children(app), web=web, opened=opened)
        history, echo = History(app, report), Echo(processes.logs, say)
        pulse = Pulse.of_environment()
        heartbeat = Beating(app.heartbeats, ProcessKind.RUN, pulse)
        monitor = Monitor(app, heartbeat, processes.broker_url, _differences(app))
        watchdog = Watchdog(app, monitor, beating=heartbeat, leads=True)
        idle = False
        try:
            processes.start()
            _mind_copies(app)
            heartbeat.start()
            watchdog.start()
            while not (interruption.wanted or idle):
                pulse.beat()
                app.database.check_file()
                processes.tend()
                echo.look()
                is_new = history.follow()
                idle = until_idle and nothing_waits(app, unconnected)
                interruption.wait(_TICK if is_new else _IDLE_TICK)
        except BaseException:
            watchdog.finish()
            # Without a report: its reader may be what failed.
            processes.drain(interruption, pulse.beat)
            raise
        watchdog.finish()
        processes.drain(interruption, history.follow)
        heartbeat.finish(_LAST_HEARTBEAT)
        history.follow()
    is_needed = needs_a_person(app, unconnected if until_idle else ())
    return 1 if history.problems or is_needed or (until_idle and not idle) else 0


def _differences(app: Application) -> Callable[[], Sequence[Trouble]] | None:
    """The differences between machines; an embedded broker has one alone."""
    if not (url := app.settings.broker.url):
        return None
    return partial(differences, app, broker.client(url, _BROKER_LIMIT))


def _mind_copies(app: Application) -> None:
    """Tell of a copy of the ledger that is at work: the heartbeat shows it, and people are told."""
    if url := app.settings.broker.url:
        copies = LiveCopies(app, broker.client(url, _BROKER_LIMIT))
        app.watermarks.start(broker.BrokerMarks(url), copies=copies)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Lock: only one `publisher run` for a `var`.

    `git clean` deletes the lock file in it, while the process continues; so if `var` is in its
    usual place, the workspace's folder is locked as well.
    """
    with ExitStack() as locks:
        if settings.var == settings.workspace / "var":
            locks.enter_context(folder_locked(settings.workspace, _RUN))
        locks.enter_context(locked(settings.var / "run.lock", _RUN))
        yield


def _look_at_credentials(settings: Settings, say: Say) -> Collection[str]:
    """Report the accounts that cannot publish, and return their names.

    Raises CredentialsMissing if none can.
    """
    missing = settings.without_credentials()
    if missing and len(missing) == len(settings.accounts):
        raise next(iter(missing.values()))
    for error in missing.values():
        say(_("{error} Its posts wait. {hint}", error=error, hint=error.hint))
    return missing.keys()


def _name_owners(app: Application, say: Say) -> None:
    """Report the owner of each account's keys at the last check.

    A worker checks again at its start, and records the result in the history.
    """
    for name, owner in verified(app.owners, app.settings.public_accounts()).items():
        say(_("{account}: its keys belong to {owner}.", account=name, owner=owner))


def _clock_for_children(app: Application) -> dict[str, str]:
    """Share a fast clock at its present time: each child would otherwise begin it again."""
    if not isinstance(app.clock, FastClock) or isinstance(app.clock, SharedClock):
        return {}
    path = app.settings.var / "clock.json"
    SharedClock.create(path, app.clock.now(), app.clock.speed)
    return {ENVIRONMENT_VARIABLE: f"file:{path}"}


def nothing_waits(app: Application, unconnected: Collection[str] = ()) -> bool:
    """Whether no delivery will change any more without a person or a new draft.

    `unconnected`: accounts whose keys only a person can bring: nothing is sent, read or deleted
    there.
    """
    try:
        waiting = app.queries.waiting(unconnected)
    except LedgerUnavailable:
        return False
    return not (waiting.scheduled or waiting.publishing or waiting.reading or waiting.withdrawing)


def needs_a_person(app: Application, unconnected: Collection[str] = ()) -> bool:
    """Whether posts wait until a person acts, for example for a pause or an invalid token."""
    waiting = State.SCHEDULED, State.UNCERTAIN
    if app.queries.deliveries(state=waiting, accounts=unconnected, limit=1):
        return True
    stopped = any(status.needs_person for status in app.queries.accounts())
    return stopped and bool(app.queries.counts().get(State.SCHEDULED))


class History:
    """Follows the ledger's history from now on."""

    def __init__(self, app: Application, report: Callable[[HistoryStep], None]) -> None:
        self._queries = app.queries
        self._report = report
        self._seen = app.queries.last_step()
        self._states: dict[int, State] = {}

    def follow(self) -> bool:
        """Report new steps; returns whether there were any. None while the database is away."""
        before = self._seen
        try:
            while steps := self._queries.steps(self._seen):
                for step in steps:
                    self._seen = step.id
                    if step.target and step.delivery is not None:
                        self._states[step.delivery] = step.target
                    self._report(step)
        except LedgerUnavailable:
            pass
        return self._seen != before

    @property
    def problems(self) -> int:
        """Number of deliveries that changed and now need a person."""
        return sum(state in _PROBLEMS for state in self._states.values())
