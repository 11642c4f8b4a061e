"""Signal handling of what runs until Ctrl-C: drain, or end at once."""

import signal
import socket
from contextlib import suppress
from types import FrameType
from typing import Self


class Interruption:
    """Counts SIGINT, SIGTERM and SIGHUP: one means drain, two mean end at once.

    SIGUSR1 and SIGUSR2 are ignored. Nothing is raised, so what begins meanwhile begins whole.

    Each also leaves a byte in a socket: a wait for the socket notices a signal that came after
    Python last looked for one, or that another thread got. A wait for anything else does not.
    """

    def __init__(self) -> None:
        self._count = 0
        self._woken, self._waking = socket.socketpair()

    def __enter__(self) -> Self:
        self._waking.settimeout(0)
        self._wakes_before = signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, self._note)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            # SIGHUP is ignored by nohup, and SIGINT where a script began it in the background.
            if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN
        }
        # Other programs use these to reopen logs; their default action would end this process.
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            # Children would inherit SIG_IGN, but not a handler.
            self._before[number] = signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakes_before)
        self._woken.close()
        self._waking.close()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1

    def fileno(self) -> int:
        """Becomes readable with a signal; `wait(0)` takes back what is to be read."""
        return self._woken.fileno()

    def wait(self, seconds: float | None = None) -> None:
        """Wait so long, without a limit by default, or until a signal comes or has come."""
        self._woken.settimeout(0 if self.wanted else seconds)
        with suppress(TimeoutError, BlockingIOError):
            self._woken.recv(4096)

    @property
    def wanted(self) -> bool:
        return self._count > 0

    @property
    def urgent(self) -> bool:
        return self._count > 1
