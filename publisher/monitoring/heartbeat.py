"""The heartbeat of this process: a thread that notes in the ledger that the process is alive.

It does so only if the process's own loop has turned since the last time, as its pulse tells: a
process that hangs is as silent as one that is dead. The thread is never in the way of publishing,
and what goes wrong is kept in `trouble`: no other write is made as regularly as this one, so that
it also tells whether the ledger takes any. It tells others, too, that this machine's clock is wrong.
"""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable

import structlog

from publisher import __version__
from publisher.base.errors import LedgerUnavailable, PublisherError
from publisher.base.i18n import _
from publisher.base.process import Pulse
from publisher.ledger.heartbeats import EVERY, Heartbeats, Process, ProcessKind
from publisher.model.clock_check import ClockCheck

_UNTIL_THE_FIRST = 0.5  # seconds between two looks at a loop that has not turned yet
_SLOW = 5.0  # seconds after which a write that waits is a trouble

log = structlog.get_logger()


class Beating:
    """The thread."""

    def __init__(
        self,
        heartbeats: Heartbeats,
        kind: ProcessKind,
        pulse: Pulse,
        clock_check: ClockCheck | None = None,
    ) -> None:
        """`clock_check`: what the process has heard of the time, where it listens."""
        self.process = Process(
            uuid.uuid4().hex, kind, socket.gethostname(), os.getpid(), __version__
        )
        self._heartbeats = heartbeats
        self._pulse = pulse
        self._clock_check = clock_check
        self._turns = 0
        self._trouble: PublisherError | None = None
        self._trying_since: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def trouble(self) -> PublisherError | None:
        """Why the ledger did not take the last heartbeat, or has not taken it for seconds."""
        since = self._trying_since
        if since is not None and time.monotonic() - since > _SLOW and not self._trouble:
            message = _("The ledger takes nothing that is written.")
            return LedgerUnavailable(
                message,
                hint=_(
                    "Another program has locked it: a backup, a database browser, an open "
                    "transaction. Publisher goes on by itself then."
                ),
                plainly=message,
            )
        return self._trouble

    def start(self) -> None:
        self._thread.start()

    def finish(self, limit: float) -> None:
        """End, and take the process out of the ledger; at most `limit` real seconds are waited."""
        self._stop.set()
        self._thread.join(limit)

    def look(self) -> None:
        """Note a sign of life in the ledger, if the loop has turned since the last look."""
        turns, self._turns = self._turns, self._pulse.beats
        if self._turns != turns:
            ahead = self._clock_check.ahead() if self._clock_check else None
            self._try(lambda process: self._heartbeats.beat(process, ahead))

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(EVERY if self._turns else _UNTIL_THE_FIRST)
        self._try(self._heartbeats.end)

    def _try(self, act: Callable[[Process], None]) -> None:
        self._trying_since = time.monotonic()
        try:
            act(self.process)
        except PublisherError as error:
            self._trouble = error
        except Exception:
            log.exception("heartbeat failed")
        else:
            self._trouble = None
        finally:
            self._trying_since = None
