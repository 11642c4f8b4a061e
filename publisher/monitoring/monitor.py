"""Monitor: checks ledger, disk, clock, broker and processes, and finds late posts.

Each check takes two seconds at most, whatever hangs. Causes come before their effects: without the
ledger nothing else is known, and without the broker no worker hears of a post.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import redis

from publisher.app import Application
from publisher.base.errors import AlreadyRunning, LedgerGone, PublisherError
from publisher.base.i18n import _, plural
from publisher.base.lock import ensure_free
from publisher.ledger.heartbeats import Heartbeat, lost, missing, wrong_clocks
from publisher.ledger.reading.lateness import Late
from publisher.ledger.replication_lag import Crowd
from publisher.model.states import State
from publisher.monitoring import broker
from publisher.monitoring.check import Check, NotInTime
from publisher.monitoring.disk_space import trouble_of
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.troubles import (
    Subject,
    Trouble,
    of_clocks,
    of_crowds,
    of_kind,
    of_lost,
    standstills,
)
from publisher.reporting import lateness_text

_PATIENCE = 1.5  # real seconds for all checks together
_BROKER_PATIENCE = 1.0  # real seconds
_UNCLAIMED = 15.0  # real seconds after which a due post should have been claimed


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one check of all parts."""

    troubles: Sequence[Trouble]
    """What stops posts; causes before their effects."""
    late: Late
    """The posts that have been late for minutes."""
    heartbeats: Sequence[Heartbeat]
    counts: Mapping[State, int]
    """Number of deliveries by state; empty if not requested, or unknown."""
    standstills: str = ""
    """The processes that did nothing for a second or more in the last minute; empty: none."""
    late_in_words: str = ""
    """The late posts and the cause; empty if none is late without a reported reason."""
    warnings: Sequence[Trouble] = ()
    """What stops no post yet."""

    @property
    def is_well(self) -> bool:
        return not self.troubles and not self.late.unexplained

    def about(self, *subjects: Subject) -> Trouble | None:
        """The first trouble with one of these subjects."""
        return next((found for found in self.troubles if found.subject in subjects), None)


@dataclass(frozen=True, slots=True)
class _Known:
    """The monitor's data from the ledger."""

    heartbeats: Sequence[Heartbeat]
    unclaimed: int
    crowds: Sequence[Crowd]

    @property
    def clocks(self) -> Mapping[str, timedelta]:
        return wrong_clocks(self.heartbeats)


class Monitor:
    """Checks one workspace, from one process."""

    def __init__(
        self,
        app: Application,
        beating: Beating | None = None,
        broker_url: Callable[[], str] | None = None,
        differences: Callable[[], Sequence[Trouble]] | None = None,
    ) -> None:
        """`beating`: the process's own heartbeat, which shows whether the ledger accepts writes.

        `broker_url`: the broker's URL, if it is not that of the settings. `differences`
        between the machines that publish.
        """
        self._app = app
        self._beating = beating
        self._broker_url = broker_url or (lambda: app.settings.broker.url)
        self._ledger = Check(self._read_ledger)
        self._broker = Check(self._ask_broker)
        self._late = Check(app.lateness.find)
        self._counts = Check(app.queries.counts)
        self._differences = Check(differences) if differences else None
        self._last_late = Late()

    def look(self, *, count: bool = False) -> Report:
        """Check all parts; `count` the deliveries too, which takes time if there are many."""
        end = time.monotonic() + _PATIENCE
        checks = self._ledger, self._broker, self._late, *((self._counts,) if count else ())
        for check in (*checks, *([self._differences] if self._differences else [])):
            check.begin()  # concurrently: one that hangs does not delay the others

        def left() -> float:
            return max(0.0, end - time.monotonic())

        known = self._known(left)
        troubles = list(self._troubles(known, left))
        # Without the ledger, the posts that were late are taken to be late still.
        is_known = isinstance(known, _Known)
        late = self._is_late(left) if is_known else self._last_late
        counts = self._counted(left) if count and is_known else {}
        cause = str(troubles[0]) if troubles else ""
        return Report(
            troubles,
            late,
            known.heartbeats if isinstance(known, _Known) else (),
            counts,
            standstills(known.heartbeats) if isinstance(known, _Known) else "",
            self.in_words(late.unexplained, cause),
            list(self._warnings(known, left)) if isinstance(known, _Known) else (),
        )

    def in_words(self, late: Late, cause: str) -> str:
        """Describe the late posts, and the `cause` if it is known; empty if none is late."""
        return lateness_text.in_words(late, self._app.session().zone, cause) if late else ""

    def _known(self, left: Callable[[], float]) -> _Known | Trouble:
        try:
            self._app.database.check_file()
            return self._ledger.result(left())
        except LedgerGone:
            return Trouble(
                Subject.LEDGER,
                _("The ledger's file was deleted or replaced while it was in use."),
                _("Stop everything at once, restore the ledger from a backup, then start again."),
            )
        except NotInTime:
            hint = _(
                "Another program has locked it, or its server does not respond or is overloaded; "
                "`publisher doctor` says more."
            )
            return Trouble(Subject.LEDGER, _("The ledger does not answer."), hint)
        except PublisherError as error:
            return _of_ledger(error)

    def _is_late(self, left: Callable[[], float]) -> Late:
        """The late posts; the previous result if the count does not finish in time."""
        with suppress(NotInTime, PublisherError):
            self._last_late = self._late.result(left())
        return self._last_late

    def _counted(self, left: Callable[[], float]) -> Mapping[State, int]:
        try:
            return self._counts.result(left())
        except (NotInTime, PublisherError):
            return {}

    def _troubles(self, known: _Known | Trouble, left: Callable[[], float]) -> Iterator[Trouble]:
        yield from self._of_disk()
        if isinstance(known, Trouble):
            yield known
        elif self._beating and self._beating.trouble:
            yield _of_ledger(self._beating.trouble)
        if isinstance(known, _Known) and known.clocks:
            yield of_clocks(known.clocks)
        yield from self._of_broker(left)
        if isinstance(known, _Known):
            yield from self._of_processes(known)
            if known.crowds:
                yield of_crowds(known.crowds)

    def _of_disk(self) -> Iterator[Trouble]:
        folders, database = {self._app.settings.var}, self._app.database
        if database.is_sqlite:
            folders.add(Path(str(database.engine.url.database)).parent)
        found = sorted({trouble for folder in folders if (trouble := trouble_of(folder))})
        for trouble in found[:1]:
            message = _("The disk with var/ or the ledger is {trouble}.", trouble=_(trouble))
            hint = _("Make room, or make it writable; publishing then continues by itself.")
            yield Trouble(Subject.DISK, message, hint)

    def _of_broker(self, left: Callable[[], float]) -> Iterator[Trouble]:
        try:
            self._broker.result(left())
        except NotInTime:
            hint = _("Check that its server runs; `publisher doctor` says more.")
            yield Trouble(Subject.BROKER, _("The broker does not answer."), hint)
        except PublisherError as error:
            message = error.plainly or _("The broker cannot be used.")
            yield Trouble(Subject.BROKER, message, error.hint or "")

    def _of_processes(self, known: _Known) -> Iterator[Trouble]:
        dead = missing(known.heartbeats)
        if not self._broker_url() and not self._is_running() and dead:
            message = _("`publisher run` is not running in this workspace.")
            yield Trouble(Subject.PUBLISHING, message, _("Start it: publisher run"))
            return
        for kind, last in dead.items():
            yield of_kind(kind, last)
        # With a wrong clock, posts seem to be due that are not.
        if known.unclaimed and not dead and not known.clocks:
            message = plural(
                "{number} post is due and has not been taken up for {seconds} s.",
                "{number} posts are due and have not been taken up for {seconds} s.",
                known.unclaimed,
                seconds=f"{_UNCLAIMED:g}",
            )
            yield Trouble(
                Subject.PUBLISHING, message, _("The logs of dispatchers and workers say why.")
            )

    def _warnings(self, known: _Known, left: Callable[[], float]) -> Iterator[Trouble]:
        yield from dict.fromkeys(map(of_lost, lost(known.heartbeats)))
        if self._differences:
            with suppress(NotInTime, PublisherError, redis.RedisError, OSError):  # told already
                yield from dict.fromkeys(self._differences.result(left()))

    def _is_running(self) -> bool:
        try:
            ensure_free(self._app.settings.var / "run.lock", "`publisher run`")
        except AlreadyRunning:
            return True
        except PublisherError:
            pass  # a problem of the disk, which is checked separately
        return False

    def _read_ledger(self) -> _Known:
        self._app.database.check_revision()
        app = self._app
        return _Known(app.heartbeats.all(), app.gauges.unclaimed(_UNCLAIMED), app.doubts.crowds())

    def _ask_broker(self) -> None:
        if url := self._broker_url():
            broker.check_writes(url, _BROKER_PATIENCE)


def _of_ledger(error: PublisherError) -> Trouble:
    message = error.plainly or _("The ledger cannot be used.")
    return Trouble(Subject.LEDGER, message, error.hint or _("`publisher doctor` says more."))
