"""Supervised child process: restarted when it ends, and killed when it hangs."""

import time
from collections.abc import Callable

from publisher.base.errors import ProcessFailed
from publisher.base.i18n import _
from publisher.running.child_process import Child

QUICK_DEATHS = 5  # in a row, after which it is not restarted any more
_QUICK = 10.0  # seconds; an exit before that counts as quick
_LONGEST_DELAY = 30.0  # seconds before a restart
SILENCE_LIMIT = 90.0
"""Seconds without a sign of life after which a child counts as hung.

Legitimate silences are shorter: PostgreSQL ends a dispatcher's statement after 60 seconds, and
SQLite's lock times out after 30 (see ledger/database.py). A worker's loop does not wait for the
database.
"""
START_LIMIT = 180.0
"""The same until its first sign of life; many starts at once on a busy machine take long."""
_LONGEST_LOOK = 1.0  # seconds

Say = Callable[[str], None]


class Kept:
    """Supervises a child: restarts it when it ends, after a growing delay."""

    def __init__(self, child: Child, say: Say) -> None:
        self.child = child
        self._say = say
        self._quick_deaths = 0
        self._is_ended = False
        """Whether we ended it ourselves."""
        self._start_at: float | None = None
        self._silence = 0.0
        self._silence_limit = START_LIMIT
        self._listened_at = 0.0

    def start(self) -> None:
        self._start_at = None
        self._silence, self._silence_limit = 0.0, START_LIMIT
        self._listened_at = time.monotonic()
        self.child.start()

    def tend(self) -> None:
        """Check the child; call it several times a second.

        Raises ProcessFailed after 5 quick exits in a row.
        """
        if self.child.running:
            self._listen()
        elif self._start_at is None:
            self._note_death()
        elif time.monotonic() >= self._start_at:
            self.start()

    def end(self) -> None:
        """End the child, to start it again: that is no failure."""
        self._is_ended = True
        self.child.terminate()

    def _listen(self) -> None:
        """Kill a child that has given no sign of life for too long.

        Only the time in which this process ran counts: whatever stopped it, or the whole machine,
        or the database that it reads, has stopped the child as well.
        """
        now = time.monotonic()
        waited, self._listened_at = now - self._listened_at, now
        if self.child.shows_life():
            self._silence, self._silence_limit = 0.0, SILENCE_LIMIT
        else:
            self._silence += min(waited, _LONGEST_LOOK)
        if self._silence > self._silence_limit:
            self.child.kill()

    def _note_death(self) -> None:
        child = self.child
        # A child that was killed from outside did not fail, and is restarted each time.
        own = child.exit_status is not None and child.exit_status >= 0 and not self._is_ended
        self._is_ended = False
        quick = child.age < _QUICK
        self._quick_deaths = self._quick_deaths + own if quick else 0
        how = self._how_it_ended()
        if self._quick_deaths >= QUICK_DEATHS:
            message = _(
                "{process} {ended} {times} times as soon as it started. Its last lines:\n{lines}",
                process=child.name,
                ended=how,
                times=QUICK_DEATHS,
                lines=child.last_lines(),
            )
            raise ProcessFailed(message, hint=_("The whole log is in {log}.", log=child.log))
        delay = min(_LONGEST_DELAY, 0.25 * 2**self._quick_deaths if self._quick_deaths else 0.0)
        self._start_at = time.monotonic() + delay
        again = (
            _("it restarts in {seconds} s.", seconds=f"{delay:g}") if delay else _("it restarts.")
        )
        self._say(f"{child.name} {how}; {again}")

    def _how_it_ended(self) -> str:
        status = self.child.exit_status
        if self._silence > self._silence_limit:
            silence = f"{self._silence_limit:g}"
            return _("gave no sign of life for {seconds} s and was killed", seconds=silence)
        if status is not None and status < 0:
            return _("was killed (signal {number})", number=-status)
        return _("ended (status {number})", number=status)
