"""Signal handling of `publisher run`: drain, or end at once."""

import signal
from types import FrameType
from typing import Self


class Interruption:
    """Counts SIGINT, SIGTERM and SIGHUP: one means drain, two mean end at once.

    SIGUSR1 and SIGUSR2 are ignored.
    """

    def __init__(self) -> None:
        self._count = 0

    def __enter__(self) -> Self:
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as set by nohup
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        # Other programs use these to reopen logs; their default action would end this process.
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            # Children would inherit SIG_IGN, but not a handler.
            self._before[number] = signal.signal(number, lambda *_: None)
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
