"""Process: its start, heartbeats to the parent, its limits, and the environment of children.

Heartbeats go through a pipe: a child writes into it regularly, and its parent reads. It needs no
disk, keeps a heartbeat until it is read, and ends with its processes. A service manager, which is
systemd or `running/watched.py`, gets the same heartbeats by a socket.
"""

import gc
import os
import resource
import signal
import socket
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress

VARIABLE = "PULSE_FD"
"""In the child's environment: the descriptor that it writes to. It is not a setting."""
NOTIFY = "NOTIFY_SOCKET"
"""The same: the address of a service manager's socket, as systemd's sd_notify(3) has it."""


def end_on_ctrl_c() -> None:
    """Let Ctrl-C end this process at once, without a traceback, until something else heeds it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def loading() -> Iterator[None]:
    """Load the modules of a process: they stay, and no garbage is looked for among them.

    That would take a third of the start of a worker, and a moment again and again afterwards.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        collect_rarely()


def collect_rarely() -> None:
    """Let Python look for cyclic garbage after 50,000 new objects, not after each 700.

    It was a tenth of a command's start, and of what a worker does for a post.
    """
    gc.set_threshold(50_000)


def collect_never() -> None:
    """Let Python look for no cyclic garbage until the command ends.

    Of 10,000 drafts, to look through what was read again and again takes a sixth of the time.
    """
    gc.disable()


class Pulse:
    """The child's end of the pipe, and of the socket of a service manager."""

    def __init__(self, descriptor: int | None, notify: str | None = None) -> None:
        """`descriptor`: None when no parent listens. `notify`: the service manager's socket."""
        self._descriptor = descriptor
        self._notify = notify.replace("@", "\0", 1) if notify else None
        self.beats = 0
        """How many signs of life there were: this process's own heartbeat follows them."""

    @classmethod
    def of_environment(cls) -> "Pulse":
        """The ends that were passed to this process; they are not passed on to its children."""
        descriptor = os.environ.pop(VARIABLE, None)
        return cls(None if descriptor is None else int(descriptor), os.environ.pop(NOTIFY, None))

    @property
    def is_heard(self) -> bool:
        """Whether a parent listens."""
        return self._descriptor is not None

    def beat(self) -> None:
        """Send a heartbeat to the parent, and to the service manager."""
        self.beats += 1
        if self._notify is not None:
            with (
                suppress(OSError),
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line,
            ):
                line.sendto(b"READY=1\nWATCHDOG=1", self._notify)
        if self._descriptor is not None:
            # It is full when the parent has not read for hours, and broken when the parent has
            # ended.
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, b".")


class Listener:
    """The parent's end of the pipe of one child."""

    def __init__(self) -> None:
        self._descriptor, self.childs = os.pipe()
        """`childs` is the descriptor that the child gets; `hand_over` closes it here."""
        os.set_blocking(self._descriptor, False)
        os.set_blocking(self.childs, False)
        weakref.finalize(self, os.close, self._descriptor)

    def hand_over(self) -> None:
        """Close the child's end here, once the child has it."""
        os.close(self.childs)

    def hears(self) -> bool:
        """Whether a heartbeat came since the last call."""
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
    """The environment that a program needs to run, without Publisher's variables."""
    return {name: value for name, value in os.environ.items() if name in _NEEDED}


def leave_no_dump() -> None:
    """Let no crash of this process write its memory, with the keys in it, to the disk."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def allow_many_files() -> None:
    """Raise the limit of open files and connections to the highest that the system permits."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
