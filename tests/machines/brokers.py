"""A primary, its replica and three Sentinels, each on a host of its own, with TLS and passwords.

The server that the tests have cannot speak TLS. So before each of them, on its host, stands what
can, and hands on over a socket of the file system; the servers talk to one another behind.
"""

import asyncio
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import Queue

import redis

from publisher.running import embedded_broker
from tests.machines.network import BEHIND, Network

HOSTS = ("broker1", "broker2", "broker3")
USER, PASSWORD, OWN_PASSWORD = "publisher", "broker-pass%word", "sentinel-password"
MASTER = "publisher"
_PORT, _SENTINEL_PORT = 6379, 26379
_QUORUM = 2
_DOWN_AFTER = 2000  # milliseconds of silence, after which a Sentinel believes that it is down
_FAILOVER_TIMEOUT = 4000  # milliseconds; after twice that, two that voted for themselves try again
_START_LIMIT = 60.0
_BROKER = """\
bind {address}
port 6379
unixsocket {folder}/broker.sock
dir {folder}
save ""
appendonly no
user default off
user {user} on >{password} ~* &* +@all
masteruser {user}
masterauth {password}
replica-announce-ip {address}
repl-diskless-sync-delay 0
"""
_SENTINEL = """\
bind {address}
port 26379
unixsocket {folder}/sentinel.sock
dir {folder}
requirepass {own_password}
sentinel sentinel-pass {own_password}
sentinel announce-ip {address}
sentinel monitor {master} {primary} 6379 {quorum}
sentinel auth-user {master} {user}
sentinel auth-pass {master} {password}
sentinel down-after-milliseconds {master} {down_after}
sentinel failover-timeout {master} {failover_timeout}
"""


class Brokers:
    """The servers of all HOSTS; the first is the primary, and the last has a Sentinel alone."""

    def __init__(self, network: Network, folder: Path) -> None:
        self._network = network
        self._folder = folder
        self._processes: dict[str, list[subprocess.Popen[bytes]]] = {}

    def url(self, certificate: Path) -> str:
        """For `[broker] url`."""
        hosts = ",".join(f"{self._network.addresses[host]}:{_SENTINEL_PORT}" for host in HOSTS)
        return (
            f"sentinels://{USER}:{PASSWORD.replace('%', '%25')}@{hosts}/0?master_name={MASTER}"
            f"&sentinel_password={OWN_PASSWORD}&ssl_ca_certs={certificate}"
        )

    def start(self) -> None:
        primary = self._network.addresses[HOSTS[0]]
        for host in HOSTS:
            self._processes[host] = []
            self.folder(host).mkdir()
        for host in HOSTS[:-1]:
            more = "" if host == HOSTS[0] else f"replicaof {primary} {_PORT}\n"
            self._launch(host, "broker", self._written(_BROKER, host) + more)
        _until(self._has_replica)
        for host in HOSTS:
            self._launch(host, "sentinel", self._written(_SENTINEL, host), "--sentinel")
        _until(self._is_whole)

    def primary(self) -> str:
        """The host of the primary, as the last of the Sentinels knows it."""
        with _client(self.folder(HOSTS[-1]) / "sentinel.sock", None, OWN_PASSWORD) as sentinel:
            address = sentinel.sentinel_get_master_addr_by_name(MASTER)[0]
        return next(h for h in HOSTS if self._network.addresses[h] == _text(address))

    def listeners(self) -> int:
        """How many workers wait for something to do, at the first primary."""
        with _client(self.folder(HOSTS[0]) / "broker.sock", USER, PASSWORD) as client:
            return int(client.info("clients")["blocked_clients"])

    def cut(self, host: str) -> None:
        """It stands still, and its cable is out: others get no answer, and no refusal."""
        self._network.pull(host)
        self._send(host, signal.SIGSTOP)

    def bring_back(self, host: str) -> None:
        self._send(host, signal.SIGCONT)
        self._network.plug_in(host)

    def stop(self) -> None:
        for processes in self._processes.values():
            for process in processes:
                process.kill()
        for processes in self._processes.values():
            for process in processes:
                process.wait()

    def folder(self, host: str) -> Path:
        return self._folder / host

    def fronts(self) -> Iterator[tuple[socket.socket, Path]]:
        """What listens on each host, and where it hands on to."""
        for host in HOSTS:
            ports = {"broker": _PORT, "sentinel": _SENTINEL_PORT}
            for kind, port in ports.items():
                if (host, kind) != (HOSTS[-1], "broker"):
                    with self._network.inside(host):
                        address = self._network.addresses[host], port
                        yield socket.create_server(address), self.folder(host) / f"{kind}.sock"

    def _send(self, host: str, number: signal.Signals) -> None:
        for process in self._processes[host]:
            process.send_signal(number)

    def _launch(self, host: str, kind: str, configuration: str, *words: str) -> None:
        folder = self.folder(host)
        file = folder / f"{kind}.conf"
        file.write_text(configuration)
        with self._network.inside(BEHIND), (folder / f"{kind}.log").open("wb") as log:
            process = subprocess.Popen(
                [embedded_broker.find_server(), file, *words], cwd=folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip
        self._processes[host].append(process)

    def _written(self, configuration: str, host: str) -> str:
        return configuration.format(
            address=self._network.addresses[host], primary=self._network.addresses[HOSTS[0]],
            folder=self.folder(host), master=MASTER, user=USER, password=PASSWORD,
            own_password=OWN_PASSWORD, quorum=_QUORUM, down_after=_DOWN_AFTER,
            failover_timeout=_FAILOVER_TIMEOUT,
        )  # fmt: skip

    def _has_replica(self) -> bool:
        with (
            suppress(redis.RedisError, OSError, KeyError),
            _client(self.folder(HOSTS[1]) / "broker.sock", USER, PASSWORD) as replica,
        ):
            return bool(replica.info("replication")["master_link_status"] == "up")
        return False

    def _is_whole(self) -> bool:
        """Whether each Sentinel knows the replica and the other Sentinels."""
        return all(self._knows_all(self.folder(host) / "sentinel.sock") for host in HOSTS)

    @staticmethod
    def _knows_all(path: Path) -> bool:
        with suppress(redis.RedisError, OSError, KeyError), _client(path, None, OWN_PASSWORD) as it:
            state = it.sentinel_masters()[MASTER]
            others, replicas = state["num-other-sentinels"], state["num-slaves"]
            return bool(others == len(HOSTS) - 1 and replicas == 1)
        return False


@contextmanager
def serve(network: Network, folder: Path, certificate: Path) -> Iterator[Brokers]:
    """Run all of it in `folder`; nothing of it runs afterwards."""
    brokers = Brokers(network, folder)
    with ExitStack() as stack:
        stack.callback(brokers.stop)
        brokers.start()
        stack.enter_context(_fronts(list(brokers.fronts()), certificate))
        yield brokers


@contextmanager
def _fronts(fronts: Sequence[tuple[socket.socket, Path]], certificate: Path) -> Iterator[None]:
    """Take TLS off what comes in, in a thread."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    started: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def serve_all() -> None:
        stop = asyncio.Event()
        for listener, path in fronts:
            await asyncio.start_server(_hand_on(path), sock=listener, ssl=context)
        started.put((asyncio.get_running_loop(), stop))
        await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve_all(),), name="fronts", daemon=True)
    thread.start()
    loop, stop = started.get(timeout=_START_LIMIT)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_START_LIMIT)


def _hand_on(path: Path) -> Callable[..., Awaitable[None]]:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):  # cancelled at the end of all
            inner_reader, inner_writer = await asyncio.open_unix_connection(path)
            await asyncio.gather(pump(inner_reader, writer), pump(reader, inner_writer))
        writer.close()

    return serve


def _client(path: Path, user: str | None, password: str) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(path), username=user, password=password, socket_timeout=10
    )


def _until(done: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _START_LIMIT
    while not done():
        if time.monotonic() > give_up:
            raise RuntimeError("The brokers did not find one another; their logs say more.")
        time.sleep(0.05)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
