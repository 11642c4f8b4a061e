"""Heartbeat of this process: a thread that records in the ledger that the process is alive.

It does so only if the process's main loop has run since the last time, as its pulse shows: a
process that hangs is as silent as a dead one. The thread never delays publishing. `trouble` has its
last error: no other write is as regular, so that it also shows whether the ledger accepts writes.
The heartbeat also records a wrong clock of this machine. A process whose ledger was migrated by
another version ends: it would write into tables that it does not know.

It also records that the process stood still: while a single call takes all of its time, such as a
search in a text that was made for it, nothing of it goes on, no post and no page. The heartbeat's
thread notices that it was not woken.
"""

import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog

from publisher import version
from publisher.base.errors import LedgerTooNew, LedgerUnavailable, PublisherError
from publisher.base.i18n import _
from publisher.base.process import Pulse
from publisher.ledger.heartbeats import EVERY, Heartbeats, Process, ProcessKind
from publisher.model.clock_check import ClockCheck

_UNTIL_THE_FIRST = 0.5  # seconds between two checks of a loop that has not run yet
_SLOW = 5.0  # seconds after which a waiting write is a trouble
_BREATH = 0.25  # seconds between two looks whether the process goes on
_STANDSTILL = 1.0  # seconds without one that are worth telling
_TOLD_FOR = 60.0  # seconds

log = structlog.get_logger()


class Beating:
    """The heartbeat's thread."""

    def __init__(
        self,
        heartbeats: Heartbeats,
        kind: ProcessKind,
        pulse: Pulse,
        clock_check: ClockCheck | None = None,
    ) -> None:
        """`clock_check`: the process's check of its clock, if it has one."""
        self.process = Process(uuid.uuid4().hex, kind, socket.gethostname(), os.getpid(), version())
        self._heartbeats = heartbeats
        self._pulse = pulse
        self._clock_check = clock_check
        self._turns = 0
        self._trouble: PublisherError | None = None
        self._trying_since: float | None = None
        self._standstills: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def trouble(self) -> PublisherError | None:
        """Why the ledger did not accept the last heartbeat, or has not for seconds."""
        since = self._trying_since
        if since is not None and time.monotonic() - since > _SLOW and not self._trouble:
            message = _("Nothing can be written to the ledger.")
            hint = _(
                "Another program has locked it: a backup, a database browser, an open "
                "transaction. Publisher then continues by itself."
            )
            return LedgerUnavailable(message, hint=hint, plainly=message)
        return self._trouble

    def start(self) -> None:
        self._thread.start()

    def finish(self, limit: float) -> None:
        """End, and remove the process from the ledger; waits at most `limit` real seconds."""
        self._stop.set()
        if self._thread.ident is None:  # `LiveCopies` recorded the first heartbeat, if there is one
            self._record_the_end()
        else:
            self._thread.join(limit)

    def look(self) -> None:
        """Record a heartbeat in the ledger, if the main loop has run since the last call."""
        turns, self._turns = self._turns, self._pulse.beats
        if self._turns != turns:
            ahead = self._clock_check.ahead() if self._clock_check else None
            still = self.stood_still()
            self._try(lambda process: self._heartbeats.beat(process, ahead, still))

    def stood_still(self) -> timedelta | None:
        """For how long the process did nothing in the last minute; None: for no second at once."""
        since = time.monotonic() - _TOLD_FOR
        self._standstills = [one for one in self._standstills if one[0] > since]
        longest = max((seconds for _ended, seconds in self._standstills), default=None)
        return None if longest is None else timedelta(seconds=longest)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._rest(EVERY if self._turns else _UNTIL_THE_FIRST)
        self._record_the_end()

    def _record_the_end(self) -> None:
        if not isinstance(self._trouble, LedgerTooNew):
            self._try(self._heartbeats.end)

    def _rest(self, seconds: float) -> None:
        """Wait until the next heartbeat, which follows a standstill at once."""
        end = (before := time.monotonic()) + seconds
        while before < end and not self._stop.wait(min(_BREATH, end - before)):
            now = time.monotonic()
            if (still := now - before) > _STANDSTILL:
                self._standstills.append((now, still))
                return
            before = now

    def _try(self, act: Callable[[Process], None]) -> None:
        self._trying_since = time.monotonic()
        try:
            act(self.process)
        except PublisherError as error:
            self._trouble = error
            if isinstance(error, LedgerTooNew):
                log.error(str(error), hint=error.hint)  # noqa: TRY400 - foreseen
                self._stop.set()
                os.kill(os.getpid(), signal.SIGTERM)  # it ends in order
        except Exception:
            log.exception("heartbeat failed")
        else:
            self._trouble = None
        finally:
            self._trying_since = None
