"""Child processes: they write to a log file, and end with their parent."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from publisher.base.files import file_errors
from publisher.base.process import VARIABLE, Listener, bare_environment

_LOG_LIMIT = 5_000_000  # bytes; a longer log is rotated
_KEPT_LOGS = 9
"""Older logs of a process. Who floods a log must not thereby delete who logged in before."""
_TETHER = (
    "import ctypes, os, sys\n"
    "parent, *command = sys.argv[1:]\n"
    "ctypes.CDLL(None).prctl(1, 15)\n"
    "if os.getppid() != int(parent): sys.exit(1)\n"
    "os.execvp(command[0], command)\n"
)


def _tethered(command: Sequence[str]) -> list[str]:
    """Wrap `command` so that the kernel sends it SIGTERM when this process dies, in any way.

    Only Linux offers that (prctl(2), PR_SET_PDEATHSIG = 1). A process must request it itself, and
    no Python may run between fork and exec once this process has threads: so a small interpreter
    makes the request and then becomes the command, about 10 ms later. The signal is sent when the
    thread that started the child ends: start children from a thread that lives long enough.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), *command]


class Child:
    """One command, started any number of times, one process at a time.

    It leads its own session: Ctrl-C in the terminal reaches only the parent, which then ends its
    children in the right order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        listen: bool = False,
        stranger: bool = False,
    ) -> None:
        """`listen`: for the command's signs of life, sent by `Pulse`. A `stranger` is a third-party
        program: it gets no credential from this process's environment.
        """
        self.name = name
        self.log = log
        self.environment = dict(environment or {})
        """What is set beyond this process's own environment."""
        self._command = command
        self._folder = folder
        self._listen = listen
        self._stranger = stranger
        self._listener: Listener | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    def start(self, standard_input: bytes = b"") -> None:
        """Start the process; `standard_input` may hold secrets, which a command line must not.

        Raises StorageError if the log cannot be written.
        """
        self._started_at = time.monotonic()
        with _open_log(self.log) as log, self._listening() as (variables, descriptors):
            self._process = subprocess.Popen(
                _tethered(self._command),
                stdin=subprocess.PIPE if standard_input else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **(bare_environment() if self._stranger else os.environ),
                    **self.environment,
                    **variables,
                },
                cwd=self._folder,
                start_new_session=True,
                pass_fds=descriptors,
            )
        if self._process.stdin:
            # A process that ends before it has read this is reported as not running.
            with suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write(standard_input)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """The exit status as in `subprocess`: minus the signal's number for a killed process."""
        return self._process.poll() if self._process else None

    @property
    def age(self) -> float:
        """Seconds since its last start."""
        return time.monotonic() - self._started_at

    def shows_life(self) -> bool:
        """Whether it gave a sign of life since the last call; True if it is not listened to."""
        return self._listener is None or self._listener.hears()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), once: a second time would mean at once."""
        if self._process is not self._asked:
            self._asked = self._process
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now, even if it is stopped (SIGKILL), and wait until it is gone."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False after so many seconds."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def trim_log(self) -> None:
        """Rotate its log if it is too long; the process continues with an empty one.

        Output during the rotation may be lost. The process always appends, so that its next line is
        the first of the empty log.
        """
        with suppress(OSError):  # a full disk: the log stays as it is
            if self.log.stat(follow_symlinks=False).st_size > _LOG_LIMIT:
                fresh = _aside(self.log, 0)  # a copy that fails must not displace an older log
                fresh.unlink(missing_ok=True)
                with self.log.open("rb") as log, _opened(fresh) as copy:
                    shutil.copyfileobj(log, copy)
                _put_aside(fresh, self.log)
                with _opened(self.log) as log:
                    log.truncate(0)

    def last_lines(self, count: int = 8) -> str:
        """The last lines of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4000))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(line for line in lines[-count:] if line.strip())

    @contextmanager
    def _listening(self) -> Iterator[tuple[Mapping[str, str], Sequence[int]]]:
        """The variables and inherited descriptors with which the process sends signs of life."""
        if not self._listen:
            yield {}, ()
            return
        self._listener = listener = Listener()
        try:
            yield {VARIABLE: str(listener.childs)}, (listener.childs,)
        finally:
            listener.hand_over()

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)


def _aside(log: Path, number: int) -> Path:
    """The name of an older log: the higher the number, the older."""
    return log.with_name(f"{log.name}.{number}")


def _put_aside(content: Path, log: Path) -> None:
    """Make `content` the newest of the older logs; the oldest is deleted if there are too many."""
    for number in range(_KEPT_LOGS - 1, 0, -1):
        if os.path.lexists(_aside(log, number)):
            _aside(log, number).replace(_aside(log, number + 1))
    content.replace(_aside(log, 1))


def _opened(path: Path) -> BinaryIO:
    """Open a log to append. Not through a link: its creator could read posts under embargo."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "ab")


def _open_log(path: Path) -> BinaryIO:
    """Open the log to append; one that is too long is rotated first."""
    with file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path) and path.stat(follow_symlinks=False).st_size > _LOG_LIMIT:
            _put_aside(path, path)
        return _opened(path)
