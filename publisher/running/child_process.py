"""Child processes that write into a log file and do not outlive whoever started them."""

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

from publisher.base.errors import StorageError, why
from publisher.base.i18n import _
from publisher.base.process import VARIABLE, Listener, bare_environment

_LOG_LIMIT = 5_000_000  # bytes; a longer log is put aside, and the older one goes
_TETHER = (
    "import ctypes, os, sys\n"
    "parent, *command = sys.argv[1:]\n"
    "ctypes.CDLL(None).prctl(1, 15)\n"
    "if os.getppid() != int(parent): sys.exit(1)\n"
    "os.execvp(command[0], command)\n"
)


def _tethered(command: Sequence[str]) -> list[str]:
    """`command` such that the kernel sends it SIGTERM when this process dies, however it dies.

    Linux alone offers that (prctl(2), PR_SET_PDEATHSIG = 1). A process must ask for it itself, and
    what runs between fork and exec may not be Python once this process has threads: so a small
    interpreter asks and then becomes the command, about 10 ms later. The wish is bound to the
    thread that starts the child: start children from a thread that lives as long as they should.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), *command]


class Child:
    """One command, started any number of times, one process at a time.

    It leads a session of its own: Ctrl-C in the terminal reaches the parent alone, which then ends
    its children in the right order.
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
        """`listen`: to the signs of life that the command gives, as `Pulse` does. A `stranger` is a
        program that is not ours: of this process's environment it gets no credential.
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
        self._started_at = 0.0

    def start(self, standard_input: bytes = b"") -> None:
        """Start it; `standard_input` may hold secrets, which a command line must not.

        StorageError when the log cannot be written.
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
            # What ends before it has read is found to be no longer running.
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
        """As `subprocess` gives it: minus the signal's number for a process that was killed."""
        return self._process.poll() if self._process else None

    @property
    def age(self) -> float:
        """Seconds since its last start."""
        return time.monotonic() - self._started_at

    def shows_life(self) -> bool:
        """Whether it gave a sign since this was last asked; True where nobody listens."""
        return self._listener is None or self._listener.hears()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now, even if it is stopped (SIGKILL), and wait until it is gone."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def trim_log(self) -> None:
        """Put its log aside if it has grown long; the process goes on with an empty one.

        What it writes at that very moment may be lost. It always writes to the end, so that its next
        line is the first.
        """
        with suppress(OSError):  # a full disk: the log stays as it is
            if self.log.stat(follow_symlinks=False).st_size > _LOG_LIMIT:
                aside = _aside(self.log)
                aside.unlink(missing_ok=True)
                with self.log.open("rb") as log, _opened(aside) as copy:
                    shutil.copyfileobj(log, copy)
                with _opened(self.log) as log:
                    log.truncate(0)

    def last_lines(self, count: int = 8) -> str:
        """The end of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4000))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(line for line in lines[-count:] if line.strip())

    @contextmanager
    def _listening(self) -> Iterator[tuple[Mapping[str, str], Sequence[int]]]:
        """What the new process gets to be heard: variables, and descriptors that it inherits."""
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


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def _opened(path: Path) -> BinaryIO:
    """To append to. Texts under embargo may be named in it; whoever made a link of it may read them."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "ab")


def _open_log(path: Path) -> BinaryIO:
    """The log, to append to; one that has grown long is put aside first, the older one goes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path) and path.stat(follow_symlinks=False).st_size > _LOG_LIMIT:
            path.replace(_aside(path))
        return _opened(path)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.", path=path, reason=why(error))
        ) from error
