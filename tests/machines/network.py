"""Several hosts on one machine: Linux network namespaces on one bridge.

Each host has one address and one cable. Pulling the cable makes a black hole: nothing arrives, and
nobody is told, so that connections hang instead of being reset.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support import system

_CLONE_NEWNET = 0x40000000
_NAMED = Path("/run/netns")
_OWN = Path("/proc/thread-self/ns/net")
_SWITCH = "switch"
BEHIND = "behind"
"""Where servers without TLS talk to one another, as behind the hosts that have it."""
_libc = ctypes.CDLL(None, use_errno=True)


class Network:
    """The hosts and their cables; made by `lay_out`."""

    def __init__(self, prefix: str, addresses: dict[str, str], behind: Sequence[str]) -> None:
        self._prefix = prefix
        self.addresses = addresses
        """Of each host, by its name."""
        self._behind = behind

    @contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """This thread is on that host: so are its new sockets, and the processes it starts."""
        with _OWN.open() as here, (_NAMED / self._named(host)).open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def pull(self, host: str) -> None:
        """Take its cable out of the switch."""
        self._ip(_SWITCH, "link", "set", "dev", host, "nomaster")

    def plug_in(self, host: str) -> None:
        self._ip(_SWITCH, "link", "set", "dev", host, "master", "bridge")

    def set_up(self) -> None:
        for name in (_SWITCH, BEHIND, *self.addresses):
            _run("ip", "netns", "add", self._named(name))
            self._ip(name, "link", "set", "lo", "up")
        for host in self._behind:
            self._ip(BEHIND, "address", "add", f"{self.addresses[host]}/32", "dev", "lo")
        self._ip(_SWITCH, "link", "add", "bridge", "type", "bridge")
        self._ip(_SWITCH, "link", "set", "bridge", "up")
        for host, address in self.addresses.items():
            self._ip(_SWITCH, "link", "add", "name", host, "type", "veth", "peer", "name", "net",
                     "netns", self._named(host))  # fmt: skip
            self._ip(_SWITCH, "link", "set", "dev", host, "master", "bridge", "up")
            self._ip(host, "address", "add", f"{address}/24", "dev", "net")
            self._ip(host, "link", "set", "net", "up")

    def tear_down(self) -> None:
        for name in (*self.addresses, BEHIND, _SWITCH):
            with suppress(RuntimeError):
                _run("ip", "netns", "delete", self._named(name))

    def _named(self, host: str) -> str:
        return f"{self._prefix}-{host}"

    def _ip(self, host: str, *words: str) -> None:
        _run("ip", "-netns", self._named(host), *words)


@contextmanager
def lay_out(addresses: dict[str, str], behind: Sequence[str] = ()) -> Iterator[Network]:
    """Hosts of these names, none longer than 15 letters, and addresses; gone afterwards.

    `behind`: those that have their address also in the host BEHIND, which has no cable.
    """
    network = Network(f"publisher-{os.getpid()}", addresses, behind)
    try:
        network.set_up()
        yield network
    finally:
        network.tear_down()


def why_not() -> str | None:
    """Why this user cannot make hosts on this machine; None if it can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if system.program("ip", "/usr/sbin", "/sbin") is None:
        return "iproute2 is not installed; `apt-get install iproute2` brings it"
    try:
        with lay_out({"probe": "10.77.0.1"}) as network, network.inside("probe"):
            pass
    except (RuntimeError, OSError) as error:
        return f"network namespaces are not permitted here: {error}"
    return None


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _run(*words: str) -> None:
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    done = subprocess.run(words, env={"PATH": path}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
