"""The dispatcher: claims deliveries that fall due soon and hands them to the workers.

Run it as `python -P -m workers.dispatcher`; any number of them may run at once, because a claim is
a compare-and-set in the ledger. It ticks several times a second. What the broker does not take is
released, and the next tick tries again: a broker that is away or hangs causes delays, but no
losses.
"""

import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from types import FrameType

import structlog
from celery import Task

from publisher.app import Application
from publisher.base.clock import Watch
from publisher.base.errors import LedgerGone, LedgerTooNew, PublisherError
from publisher.delivery.leases import LOOK_AHEAD, Leases
from publisher.ledger.heartbeats import ProcessKind
from publisher.model.deliveries import Claim
from publisher.monitoring.broker import BrokerMarks
from publisher.monitoring.heartbeat import Beating
from publisher.monitoring.live_copies import TURN, LiveCopies
from publisher.monitoring.monitor import Monitor
from publisher.monitoring.peers import Peers, differences, keep
from publisher.monitoring.watchdog import Watchdog
from workers.app import at_the_broker, publisher
from workers.pulse import pulse
from workers.tasks import clear, hand_over, publish, reconcile, unread, withdraw

_TICK = 0.1  # real seconds
# The same after a tick that found nothing to do. Due deliveries are claimed well ahead
# (LOOK_AHEAD), and polls without a result are most of an idle machine's work.
_IDLE_TICK = 0.5
_PAUSE_IN_TROUBLE = 1.0
_BATCH = 100  # an empty task costs as much as a post: one task for many
_CLAIM_LIMIT = 1000
_SIGN = 1.0  # real seconds between two heartbeats to the parent
_SEAL = 60.0  # real seconds between two seals of the history
_CROWDED = 10.0  # real seconds for which batches wait at the broker until the log says so
_LAST_NOTICES = 3.0  # real seconds for notices and webhooks; `publisher run` waits for five
_LAST_HEARTBEAT = 1.0  # real seconds at the end

log = structlog.get_logger()


class Dispatcher:
    """The dispatcher's loop over the ledger."""

    def __init__(
        self,
        app: Application,
        hand_over: Callable[[Task, Sequence[Claim]], None] = hand_over,
        unread: Callable[[], int] = unread,
    ) -> None:
        """`hand_over` gives a batch to the workers, and `unread` counts batches that none has
        taken.

        Both may raise BrokerUnavailable.
        """
        self._app = app
        self._hand_over = hand_over
        self._unread = unread
        self._leases = Leases.for_timeout(app.settings.delivery.request_timeout)
        self._watch: Watch | None = None
        self._began = app.clock.monotonic()
        self._has_faced_silence = False
        self._stopped = False
        self._trouble: str | None = None
        self._sealed = float("-inf")
        self._next_sign = float("-inf")
        self._is_busy = False
        self._crowded_since: float | None = None
        self._is_crowd_logged = False

    def run(self) -> None:
        """Tick until `stop` is called. Raises LedgerGone when the ledger's file was replaced."""
        while not self._stopped:
            self._show_life()
            try:
                self.tick()
                self._seal()
            except LedgerGone:
                raise
            except PublisherError as error:
                self._tell(error)
                time.sleep(_PAUSE_IN_TROUBLE)
            else:
                self._tell_the_end()
                time.sleep(_TICK if self._is_busy else _IDLE_TICK)

    def _show_life(self) -> None:
        """Send a heartbeat, once a second: at each tick it would be a third of all idle work."""
        now = time.monotonic()
        if now >= self._next_sign:
            pulse.beat()
            self._next_sign = now + _SIGN

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End after the current tick."""
        self._stopped = True
        self._app.database.hurry()

    def tick(self) -> int:
        """Reap, expire, claim and hand over; returns how many posts were handed over.

        Raises BrokerUnavailable, or any other error, after what could not be handed over is
        scheduled again. Raises ClockWrong while the machine's clock is wrong: then nothing is done.
        """
        dispatch, clock = self._app.dispatch, self._app.clock
        self._now()
        self._mind_the_clock()
        self._face_silence()
        waits = self._app.due_poll.poll(clock.ahead(LOOK_AHEAD))
        self._is_busy = any(waits)
        claims: list[Claim] = []
        if waits.run_out:
            dispatch.reap()
            pulse.beat()
        if waits.late:
            dispatch.expire(self._now())
            pulse.beat()
        # While no worker takes what is at the broker, more claims would only run out: a post that
        # waits for hours would be claimed and released three times a minute, each time on record.
        for_workers = waits.due or waits.doubtful or waits.left_over or waits.still_out
        if for_workers and self._is_crowded():
            return 0
        if waits.due:
            left_behind = self._app.backlog.spread(now=self._now())
            claims = dispatch.claim(
                clock.ahead(LOOK_AHEAD),
                clock.ahead(self._leases.claimed),
                _CLAIM_LIMIT,
                left_behind,
            )
            self._hand_over_all(publish, claims, dispatch.release)
            if claims:
                log.info("handed to the workers", posts=len(claims))
        if waits.doubtful:
            doubts = self._app.doubts.claim(clock.ahead(self._leases.reading), _CLAIM_LIMIT)
            self._hand_over_all(reconcile, doubts, self._app.doubts.release)
        if waits.left_over:
            ended = self._app.leftovers.claim(clock.ahead(self._leases.preparing), _CLAIM_LIMIT)
            self._hand_over_all(clear, ended, lambda _claims: None)  # they are claimed again later
        if waits.still_out:
            begun = self._app.withdrawals.claim(clock.ahead(self._leases.preparing), _CLAIM_LIMIT)
            self._hand_over_all(withdraw, begun, lambda _claims: None)
        return len(claims)

    def _is_crowded(self) -> bool:
        """Whether batches wait at the broker; when that lasts, the log says so."""
        batches, now = self._unread(), time.monotonic()
        if not batches:
            if self._is_crowd_logged:
                log.info("the workers take batches again")
            self._crowded_since, self._is_crowd_logged = None, False
            return False
        self._crowded_since = now if self._crowded_since is None else self._crowded_since
        if now - self._crowded_since >= _CROWDED and not self._is_crowd_logged:
            self._is_crowd_logged = True
            log.warning(
                "the workers take no more batches",
                batches=batches,
                hint="They are too few, wait for the ledger, or hang: their logs say more.",
            )
        return True

    def _now(self) -> datetime:
        """The current instant, by a clock that is right; raises ClockWrong otherwise."""
        now = self._app.clock.now()
        if trouble := self._app.clock_check.trouble():
            # What a worker wrote meanwhile has the wrong time, also if the clock comes back to
            # where it was: then the settling times and leases begin again.
            self._watch = None
            raise trouble
        return now

    def _mind_the_clock(self) -> None:
        """If the clock was set, restart the settling times and shorten the leases."""
        if self._watch and not self._watch.was_set():
            return
        watch, self._watch = Watch(self._app.clock), None
        self._app.doubts.settle_again(self._app.longest_settle)
        self._app.dispatch.shorten_leases(self._leases.longest)
        self._watch = watch

    def _face_silence(self) -> None:
        """Once, before the first claim: have looked for what fell due while nothing was at work."""
        if self._has_faced_silence:
            return
        number = self._app.silence.face(self._app.clock.monotonic() - self._began)
        self._has_faced_silence = True
        if number:
            log.warning("due while nothing was at work, and looked for first", posts=number)

    def _hand_over_all(
        self, task: Task, claims: Sequence[Claim], release: Callable[[Sequence[Claim]], None]
    ) -> None:
        """Hand over batch by batch; after an error, release the rest and raise it."""
        for start in range(0, len(claims), _BATCH):
            pulse.beat()
            try:
                self._hand_over(task, claims[start : start + _BATCH])
            except Exception:
                release(claims[start:])
                raise

    def _seal(self) -> None:
        """Seal the history when it is due; if the ledger is too busy, at the next tick."""
        now = self._app.clock.monotonic()
        if now - self._sealed >= _SEAL and self._app.audit.seal():
            self._sealed = now

    def _tell(self, error: PublisherError) -> None:
        """Log an error once, not at each tick."""
        if str(error) != self._trouble:
            log.warning(str(error), hint=error.hint)
        self._trouble = str(error)

    def _tell_the_end(self) -> None:
        """Log that an error is over; with a full disk, it may not have been logged itself."""
        if self._trouble:
            log.info("it goes on", after=self._trouble)
        self._trouble = None


def main() -> int:
    dispatcher = Dispatcher(publisher())
    signal.signal(signal.SIGTERM, dispatcher.stop)
    signal.signal(signal.SIGINT, dispatcher.stop)
    heartbeat = Beating(
        publisher().heartbeats, ProcessKind.DISPATCHER, pulse, publisher().clock_check
    )
    copies = LiveCopies(publisher(), at_the_broker(), heartbeat.process)
    publisher().watermarks.start(BrokerMarks(publisher().settings.broker.url), copies=copies)
    copies.wait(pulse.beat, TURN + 1)  # after that, the heartbeat tells of a copy
    heartbeat.start()
    publisher().notices.start()
    publisher().webhooks.start()
    publisher().watch_the_clock()
    keep(Peers(publisher(), heartbeat.process, at_the_broker()).announce)
    monitor = Monitor(
        publisher(), heartbeat, differences=partial(differences, publisher(), at_the_broker())
    )
    watchdog = Watchdog(publisher(), monitor, beating=heartbeat)
    if not pulse.is_heard:  # else `publisher run` watches
        watchdog.start()
    try:
        dispatcher.run()
    except LedgerGone as error:
        log.error(str(error), hint=error.hint)  # noqa: TRY400 - foreseen, so without a traceback
        return error.exit_code
    watchdog.finish()
    until = time.monotonic() + _LAST_NOTICES
    publisher().notices.finish(_LAST_NOTICES)
    publisher().webhooks.finish(max(0.0, until - time.monotonic()))
    copies.end()
    heartbeat.finish(_LAST_HEARTBEAT)
    return LedgerTooNew.exit_code if isinstance(heartbeat.trouble, LedgerTooNew) else 0


if __name__ == "__main__":
    sys.exit(main())
