"""Watchdog: a thread that runs the monitor every ten seconds, and reports lasting problems.

- `Alarms` report troubles of the environment, without the ledger.
- Late posts are recorded in the ledger's history, and reported by the notices.
- While all is well, the heartbeat of `[notices]` is pinged.

`publisher run` watches for all its processes. Elsewhere each dispatcher does, and each worker
watches only the dispatchers. Nothing here delays publishing.
"""

import threading
import time
from collections.abc import Collection
from datetime import datetime

import structlog

from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.base.i18n import _, joined
from publisher.ledger.reading.lateness import ALL_PAUSED, NOTHING_LATE
from publisher.ledger.tables import EVERYTHING
from publisher.model.clock_check import boot_seconds
from publisher.monitoring import backups
from publisher.monitoring.alarms import Alarms, Outbox
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.monitor import Monitor, Report
from publisher.monitoring.ping import Ping
from publisher.monitoring.troubles import SEVERAL, Subject, Trouble

_LOOK = 10.0  # real seconds between two checks
_SHARE = 20  # the pause is this many times the duration of a slow check, up to the limit below
_LONGEST_LOOK = 30.0
STILL = 60.0
"""Real seconds between two checks that mean that this process, or the machine, was suspended."""
_CALM = 2  # checks without a late post until lateness is over
_LATE = 3  # checks in a row with late posts until it is recorded: a clock may have been set
_OF_ALL = SEVERAL | {Subject.DISPATCHERS, Subject.WORKERS, Subject.CLOCK, Subject.PLATFORMS}
"""Subjects that every process sees in the ledger: only one of them reports these."""

log = structlog.get_logger()


class Watchdog:
    """The watchdog's thread."""

    def __init__(
        self,
        app: Application,
        monitor: Monitor,
        *,
        beating: Beating,
        subjects: Collection[Subject] = frozenset(Subject),
        leads: bool = False,
    ) -> None:
        """`beating`: this process's own heartbeat. `subjects`: those that it reports. `leads`:
        whether this process watches for others as well.

        A process that watches all subjects also records late posts and pings the heartbeat.
        """
        self._app = app
        self._monitor = monitor
        self._beating = beating
        self._subjects = subjects
        self._leads = leads
        self._watches_all = set(subjects) == set(Subject)
        self._alarms = Alarms(Outbox(app.settings.notices.urls).put)
        self._ping = Ping(app.settings.notices.heartbeat if self._watches_all else None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._looked_at = boot_seconds()
        self._looked = app.clock.now()
        self._still = ""
        self._still_looks = 0
        self._calm = 0
        self._late_looks = 0
        self._trouble: str | None = None

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """End, without waiting for a running check."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                self.look()
                self._trouble = None
            except PublisherError as error:
                self._log_once(str(error), error.hint)
            except Exception as error:
                if self._trouble != repr(error):
                    log.exception("the watchdog failed")
                self._trouble = repr(error)
            took = time.monotonic() - begun
            self._stop.wait(min(max(_LOOK, _SHARE * took), _LONGEST_LOOK))

    def _log_once(self, message: str, hint: str | None) -> None:
        if self._trouble != message:
            log.warning(message, hint=hint)
        self._trouble = message

    def look(self) -> None:
        """Run one check, and report its results."""
        since = self._looked
        self._mind_standing_still()
        report = self._monitor.look()
        found = [one for one in (*report.troubles, *report.warnings) if self._is_mine(one, report)]
        # It stops no post, so that neither /healthz nor the heartbeat to elsewhere hears of it.
        if self._watches_all and (old := backups.trouble_of(self._app.settings.backups)):
            found.append(old)
        self._alarms.look(found)
        self._ping.look(is_well=report.is_well)
        if self._watches_all and not report.about(Subject.LEDGER, Subject.DISK):
            self._note(report, since)

    def _mind_standing_still(self) -> None:
        now = boot_seconds()
        gap, self._looked_at, self._looked = now - self._looked_at, now, self._app.clock.now()
        self._still_looks = max(0, self._still_looks - 1)
        if not self._still_looks:
            self._still = ""
        if gap > STILL:
            self._still_looks = 3
            self._still = _(
                "This machine, or Publisher on it, did nothing for {seconds} s.",
                seconds=f"{gap:.0f}",
            )

    def _is_mine(self, trouble: Trouble, report: Report) -> bool:
        if trouble.subject not in self._subjects:
            return False
        if self._leads or trouble.subject not in _OF_ALL:
            return True
        me = self._beating.process
        ids = [
            one.process.id
            for one in report.heartbeats
            if one.is_alive and one.process.kind is me.kind
        ]
        return min([me.id, *ids]) == me.id

    def _note(self, report: Report, since: datetime) -> None:
        """Record that posts are late, and that it is over."""
        noted, late = self._app.lateness.noted(), report.late.unexplained
        is_open = noted is not None and not noted.is_over
        self._calm = 0 if late else self._calm + 1
        self._late_looks = self._late_looks + 1 if late else 0
        if self._late_looks >= _LATE and not is_open:
            cause = (
                self._monitor.in_words(late, self._still) if self._still else report.late_in_words
            )
            self._app.lateness.begin(late, cause)
        elif is_open and self._calm >= _CALM:
            self._app.lateness.end(self._ending(report))
        elif self._still and not is_open and (noted is None or noted.at < since):
            self._note_what_went_out(since)

    def _ending(self, report: Report) -> str:
        """The message that nothing is late any more, or only posts with a reported reason."""
        if not report.late:
            standing = self._app.queries.accounts()
            all_paused = any(one.account == EVERYTHING and one.paused_at for one in standing)
            return _(ALL_PAUSED if all_paused else NOTHING_LATE)
        rest = self._monitor.in_words(report.late, "")
        return joined(_("What was late without a known reason goes out again. But:"), rest)

    def _note_what_went_out(self, since: datetime) -> None:
        """Record posts that were late during a suspension, and went out before the next check."""
        if late := self._app.lateness.went_out_late(since):
            self._calm = 0
            self._app.lateness.begin(late, self._monitor.in_words(late, self._still))
