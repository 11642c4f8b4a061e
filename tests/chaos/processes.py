"""`publisher run` as a tree of real processes, each of which can be found, killed and frozen."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 60.0  # seconds that a tree may take to end when it is asked to
_PAUSE = 0.5  # seconds before a tree that ended by itself is started again
_KINDS = {
    b"celery": "worker",
    b"workers.dispatcher": "dispatcher",
    b"valkey-server": "broker",
    b"redis-server": "broker",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A living process of the tree."""

    pid: int
    kind: str
    """`supervisor`, `worker`, `dispatcher` or `broker`."""
    frozen: bool

    def send(self, number: signal.Signals) -> bool:
        """Whether the signal hit it alive."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if _state(self.pid) in "ZX":
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True


class Tree:
    """Keeps `publisher run` at work, as the machine's init would."""

    def __init__(self, workspace: Path, environment: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._environment = environment
        self._log = workspace / "run.log"
        self._run: subprocess.Popen[bytes] | None = None
        self.ends: list[str] = []
        """How it ended whenever it did so by itself."""

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._run = subprocess.Popen(
                [sys.executable, "-m", "publisher", "run", "--no-web"],
                cwd=self._workspace,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def tend(self) -> None:
        """Start it again if it has ended by itself."""
        if self._run and (status := self._run.poll()) is not None:
            last = self._log.read_text(errors="replace").splitlines()[-3:]
            self.ends.append(f"status {status}: {' / '.join(last)}")
            time.sleep(_PAUSE)
            self.start()

    def members(self) -> list[Member]:
        """Its living processes, and those of earlier trees that are left."""
        supervisor = self._run.pid if self._run else 0
        found = []
        for pid in self._pids():
            kind = "supervisor" if pid == supervisor else _kind(pid)
            state = _state(pid)
            if kind and state not in "ZX":
                found.append(Member(pid, kind, frozen=state == "T"))
        return found

    def kill_supervisor(self) -> bool:
        """Kill it alone, so that its children are orphans, and start another at once."""
        assert self._run
        hit = Member(self._run.pid, "supervisor", frozen=False).send(signal.SIGKILL)
        self._run.wait()
        self.start()
        return hit

    def kill_all(self) -> bool:
        """Kill every process, as a machine does that loses its power; then start another tree."""
        assert self._run
        hits = [Member(self._run.pid, "supervisor", frozen=False).send(signal.SIGKILL)]
        hits += [member.send(signal.SIGKILL) for member in self.members()]
        self._run.wait()
        self.start()
        return any(hits)

    def stop(self) -> int | None:
        """Ask it to end; its exit code, or None where it had to be killed."""
        assert self._run
        self._run.terminate()
        try:
            return self._run.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return None

    def sweep(self) -> list[str]:
        """Kill what is left; what that was."""
        left = [member for member in self.members() if member.send(signal.SIGKILL)]
        if self._run:
            self._run.wait()
        return [member.kind for member in left]

    def _pids(self) -> Iterator[int]:
        """Those with the workspace in their environment; the broker overwrites its own, and lives
        in the workspace's folder.
        """
        mark = f"PUBLISHER_WORKSPACE={self._workspace}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                home = (folder / "cwd").readlink()
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue  # gone meanwhile, or somebody else's
            if home.is_relative_to(self._workspace) or mark in environment.split(b"\0"):
                yield int(folder.name)


def _kind(pid: int) -> str | None:
    """What a child is; None for one that has not become anything yet."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    return next((kind for word, kind in _KINDS.items() if word in command), None)


def _state(pid: int) -> str:
    """The kernel's letter for what a process does: `T` stopped, `Z` dead and not yet buried."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "X"
    return status.rpartition(")")[2].split()[0]
