"""What people and systemd say to `publisher run` while it runs: end."""

import signal
from types import FrameType
from typing import Self


class Interruption:
    """Counts SIGINT, SIGTERM and SIGHUP instead of dying of them: one means drain, two at once.

    SIGUSR1 and SIGUSR2 mean nothing.
    """

    def __init__(self) -> None:
        self._count = 0

    def __enter__(self) -> Self:
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # which is how nohup asks to go on
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        # Others' signs to reopen logs or the like: what they would do by themselves is kill.
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            self._before[number] = signal.signal(number, _do_nothing)
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


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler and not SIG_IGN, which the children would inherit."""
