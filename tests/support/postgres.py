"""A real PostgreSQL for the tests, from Debian's packages, on a free port of loopback.

It does not wait for the disk (fsync is off), so nothing is proven about a machine that loses its
power; what SQL does, what locks hold and what a lost connection looks like is real. What a server
that dies has committed is there afterwards only if it was started as `durable`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.support import system

_DEBIAN = "/usr/lib/postgresql/*/bin"
_HOST = "127.0.0.1"
_USER = "publisher"
_OPTIONS = {
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # no database lives long enough to need it
    "max_wal_size": "4GB",  # and no checkpoint in between
    "max_connections": "200",
    "timezone": "America/Lima",  # not UTC: whatever relies on the server's zone shows itself
}
_QUICK = {"synchronous_commit": "off"}
STOP_MODES = ("fast", "immediate")
"""How a server can be ended: it cuts all sessions, or it dies and has to recover."""


class Server:
    """A running PostgreSQL server."""

    def __init__(self, port: int, folder: Path, host: str, query: str) -> None:
        self.port = port
        self._folder = folder
        self._host, self._query = host, query
        self._session: psycopg.Connection | None = None
        """For what is done to databases; kept, for to begin one takes as long as a statement."""

    def restart(self, mode: str) -> None:
        """End it in one of the STOP_MODES and start it again; returns when it takes sessions."""
        _run(self._folder, "pg_ctl", "restart", "--pgdata", self._folder / "data", "--wait",
             "--mode", mode, "--log", self._folder / "log")  # fmt: skip

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes stand still; the kernel still acknowledges what is sent."""
        main = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        found = [main, *_children(main)]
        for pid in found:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in found:
                with suppress(ProcessLookupError):  # it had ended as it was to stand still
                    os.kill(pid, signal.SIGCONT)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A database of its own, as the URL that SQLAlchemy takes; dropped with its sessions.

        It is empty, or a copy of the database named `template`, which nobody uses meanwhile.
        """
        name = f"test_{uuid.uuid4().hex}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield f"postgresql+psycopg://{_USER}@{self._host}:{self.port}/{name}{self._query}"
        finally:
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def closed(self, name: str) -> Iterator[None]:
        """Nobody has a session with this database: those that are there end."""
        self._administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            self._administer(
                f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
            )
            yield
        finally:
            self._administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    def replace(self, name: str, template: str) -> None:
        """Put a copy of another database in the place of this one, whose sessions end."""
        self._administer(f"DROP DATABASE {name} WITH (FORCE)")
        self._administer(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")

    def _administer(self, statement: str) -> None:
        if self._session is not None:
            with suppress(psycopg.OperationalError):  # a test ended all sessions
                self._session.execute("SELECT")
        if self._session is None or self._session.closed:
            address = f"postgresql://{_USER}@{self._host}:{self.port}/postgres{self._query}"
            self._session = psycopg.connect(address, autocommit=True)
        self._session.execute(statement.encode())

    def close(self) -> None:
        """End the session that is kept."""
        if self._session is not None:
            self._session.close()


def _children(parent: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[1]) == parent:
            yield int(status.parent.name)


def available() -> bool:
    """Whether the server's programs are on this machine."""
    return _initdb() is not None


@contextmanager
def serve(
    *, durable: bool = False, host: str = _HOST, certificate: Path | None = None
) -> Iterator[Server]:
    """Run a server in a temporary folder; it and the folder are gone afterwards.

    `durable`: a commit outlives the server's own death. `certificate`: a file with a key and its
    own certificate for `host`; the server then takes no session without TLS.
    """
    # Not under pytest's folders: those are closed to the other user that root must become.
    # In memory, where there is some: a database is copied in a tenth of the time.
    folder = Path(tempfile.mkdtemp(prefix="publisher-postgres-", dir=system.memory()))
    try:
        if user := identity():
            shutil.chown(folder, user)
        data, port = folder / "data", system.free_port()
        _run(folder, "initdb", "--pgdata", data, "--username", _USER, "--auth", "trust",
             "--encoding", "UTF8", "--locale", "C", "--no-sync")  # fmt: skip
        options = {
            **_OPTIONS, **({} if durable else _QUICK), "port": str(port), "listen_addresses": host,
        }  # fmt: skip
        query = _insist_on_tls(folder, certificate, options) if certificate else ""
        with (data / "postgresql.conf").open("a") as configuration:
            for key, value in options.items():
                configuration.write(f"{key} = '{value}'\n")
        _run(folder, "pg_ctl", "start", "--pgdata", data, "--wait", "--log", folder / "log")
        server = Server(port, folder, host, query)
        try:
            yield server
        finally:
            server.close()
            _run(folder, "pg_ctl", "stop", "--pgdata", data, "--mode", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _insist_on_tls(folder: Path, certificate: Path, options: dict[str, str]) -> str:
    """Change the server's options; how a client must ask for it, and verify it."""
    own = folder / "server.pem"
    own.touch(mode=0o600)
    own.write_bytes(certificate.read_bytes())
    if user := identity():
        shutil.chown(own, user)
    options |= {"ssl": "on", "ssl_cert_file": str(own), "ssl_key_file": str(own)}
    (folder / "data" / "pg_hba.conf").write_text("hostssl all all all trust\n")
    return f"?sslmode=verify-full&sslrootcert={certificate}"


def _initdb() -> Path | None:
    return system.program("initdb", _DEBIAN)


def identity() -> str | None:
    """Whom to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def _run(folder: Path, tool: str, *arguments: str | Path) -> None:
    initdb, user = _initdb(), identity()
    assert initdb is not None, "PostgreSQL is gone"
    output = folder / f"{tool}.out"
    # Into a file, not a pipe: the server inherits it, and a pipe would stay open for its life.
    with output.open("w") as stream:
        done = subprocess.run(
            [initdb.with_name(tool), *arguments],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            check=False,
        )
    if done.returncode != 0:
        log = folder / "log"
        details = output.read_text() + (log.read_text() if log.exists() else "")
        raise RuntimeError(f"{tool} ended with {done.returncode}:\n{details}")
