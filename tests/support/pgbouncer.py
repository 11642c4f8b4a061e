"""A real PgBouncer before a test's PostgreSQL, from Debian's packages, on a free port."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from tests.support import postgres, system


def program() -> Path | None:
    """Its program, which is not on every PATH."""
    return system.program("pgbouncer", "/usr/sbin")


@contextmanager
def before(url: str, mode: str) -> Iterator[str]:
    """PgBouncer with its defaults and this `pool_mode`; the URL of the same database behind it."""
    found, user, port = program(), postgres.identity(), system.free_port()
    assert found is not None, "PgBouncer is gone"
    to = make_url(url)
    # Not under pytest's folders: those are closed to the other user that root must become.
    folder = Path(tempfile.mkdtemp(prefix="publisher-pgbouncer-"))
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={to.host} port={to.port} user={to.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        f"unix_socket_dir =\npool_mode = {mode}\n"
    )
    settings.chmod(0o644)
    if user:
        shutil.chown(folder, user)
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [found, settings.name], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            user=user, env={"PATH": os.defpath},
        )  # fmt: skip
    behind = to.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    try:
        _wait_for(behind.replace("+psycopg", ""), folder / "log")
        yield behind
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder)


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return
