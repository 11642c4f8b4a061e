"""A host with a dispatcher and workers of its own, as systemd would keep them there."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.machines.network import Network

WORKERS = 2
"""Worker processes on each host."""
_PATIENCE = 40.0  # seconds that a process may take to end when it is asked to
_WORKER = (
    "celery", "-A", "workers", "worker", "--pool", "threads",
    "--loglevel", "WARNING", "--without-mingle", "--without-gossip", "--without-heartbeat",
)  # fmt: skip
_PROCESSES = {
    "dispatcher": ("workers.dispatcher",),
    **{
        f"worker{number}": (*_WORKER, "--hostname", f"worker{number}@%h")
        for number in range(1, WORKERS + 1)
    },
}


class WorkerHost:
    """Its processes, which must not end before they are told to."""

    def __init__(
        self, network: Network, name: str, workspace: Path, environment: Mapping[str, str],
        certificate: Path,
    ) -> None:  # fmt: skip
        self.name = name
        self.address = network.addresses[name]
        self._network = network
        self._workspace = workspace
        self._program = trusting(certificate)
        self._environment = {**environment, "PUBLISHER_WORKSPACE": str(workspace)}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        with self._network.inside(self.name):
            for kind, command in _PROCESSES.items():
                with self._log(kind).open("wb") as log:
                    self._processes[kind] = subprocess.Popen(
                        [*self._program, *command], cwd=self._workspace,
                        env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    )  # fmt: skip

    def ask_to_end(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()

    def wait(self) -> Iterator[str]:
        """What was wrong with the ending of its processes."""
        for kind, process in self._processes.items():
            try:
                status = process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                yield f"{kind} on {self.name} did not end when it was asked to"
            else:
                if status:
                    last = self._log(kind).read_text(errors="replace")[-500:]
                    yield f"{kind} on {self.name} ended with {status}: {last}"

    def ended(self) -> Iterator[str]:
        """What ended by itself."""
        for kind, process in self._processes.items():
            if process.poll() is not None:
                yield f"{kind} on {self.name} ended by itself with {process.returncode}"

    def kill(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _log(self, kind: str) -> Path:
        return self._workspace / f"{kind}.log"


@contextmanager
def all_of(
    network: Network, names: Sequence[str], workspace: Path, environment: Mapping[str, str],
    certificate: Path,
) -> Iterator[list[WorkerHost]]:  # fmt: skip
    """Hosts of these names, each with its copy of the settings and secrets of `workspace`."""
    hosts = []
    for name in names:
        own = workspace.with_name(name)
        own.mkdir()
        for file in ("publisher.toml", "secrets.toml"):
            copy = own / file
            copy.touch(mode=0o600)
            copy.write_bytes((workspace / file).read_bytes())
        hosts.append(WorkerHost(network, name, own, environment, certificate))
    try:
        for host in hosts:
            host.start()
        yield hosts
    finally:
        for host in hosts:
            host.kill()


def clean_environment() -> dict[str, str]:
    """What processes get of this machine's: nothing that it says about Publisher."""
    return {key: os.environ[key] for key in os.environ if not key.startswith("PUBLISHER_")}


def trusting(certificate: Path) -> list[str]:
    """A Python that runs the module whose name follows, and trusts the own authority."""
    return [sys.executable, "-m", "tests.machines.trusting", str(certificate)]
