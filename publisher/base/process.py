"""This process: its signs of life, the files it may open, and the environment it hands on.

Signs of life go through a pipe: a child writes into it now and then, and its parent listens. It needs no disk, keeps a sign until somebody listens, and is gone with its processes.
"""

import os
import resource
import weakref
from contextlib import suppress

VARIABLE = "PULSE_FD"
"""In the child's environment: the descriptor that it writes to. It is no setting."""


class Pulse:
    """The child's end."""

    def __init__(self, descriptor: int | None) -> None:
        """`descriptor` None: nobody listens."""
        self._descriptor = descriptor
        self.beats = 0
        """How many signs of life there were: this process's own heartbeat follows them."""

    @classmethod
    def of_environment(cls) -> "Pulse":
        """The end that the parent has left for this process, and not for its own children."""
        descriptor = os.environ.pop(VARIABLE, None)
        return cls(None if descriptor is None else int(descriptor))

    @property
    def is_heard(self) -> bool:
        """Whether a parent listens."""
        return self._descriptor is not None

    def beat(self) -> None:
        """Give a sign of life."""
        self.beats += 1
        if self._descriptor is not None:
            # It is full when nobody has listened for hours, and broken when nobody will any more.
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, b".")


class Listener:
    """The parent's end, for one process."""

    def __init__(self) -> None:
        self._descriptor, self.childs = os.pipe()
        """`childs` is the descriptor that the child gets; `hand_over` closes it here."""
        os.set_blocking(self._descriptor, False)
        os.set_blocking(self.childs, False)
        weakref.finalize(self, os.close, self._descriptor)

    def hand_over(self) -> None:
        """The child has its end."""
        os.close(self.childs)

    def hears(self) -> bool:
        """Whether there was a sign of life since this was last asked."""
        heard = False
        with suppress(BlockingIOError):
            while os.read(self._descriptor, 65536):
                heard = True
        return heard


_NEEDED = frozenset({
    "PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ", "TMPDIR",
    "LD_LIBRARY_PATH", "PYTHONPATH",
})  # fmt: skip


def bare_environment() -> dict[str, str]:
    """What a program needs to run, and nothing that anybody set for Publisher."""
    return {name: value for name, value in os.environ.items() if name in _NEEDED}


def allow_many_files() -> None:
    """As many files and connections as the system permits: it allows few if nobody asks for more."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
