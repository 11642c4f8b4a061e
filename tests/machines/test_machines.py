"""A host that is cut off and comes back, and a broker that is replaced, lose and double nothing.

`make machines` does the same with ten times as many deliveries, and cuts in the midst of sending.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from publisher.base.errors import LedgerUnavailable
from publisher.ledger.database import Database
from tests.machines import certificate, network
from tests.machines.network import Network
from tests.support import closing, postgres, system

_LIMIT = 600  # seconds; it takes about 60 on two idle cores
_FAREWELL = 60  # seconds
_ROOT = Path(__file__).parents[2]
_ADDRESSES = {"ledger": "10.78.0.1", "worker": "10.78.0.2", "other": "10.78.0.3"}


@pytest.fixture(autouse=True)
def _may() -> None:
    if reason := network.why_not():
        pytest.skip(reason)
    if not postgres.available():
        system.missing("PostgreSQL", "postgresql")


@pytest.mark.timeout(_LIMIT)
def test_a_host_that_is_cut_off_loses_and_doubles_nothing(
    record_property: Callable[[str, object], None],
) -> None:
    """In another process: this one may not leave loopback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.machines", "--short", "--seed", "1"],
        cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        told, _nothing = process.communicate()
    finally:  # a time-out too: it takes its processes and hosts down with it
        process.terminate()
        process.wait(_FAREWELL)
    record_property(closing.CHAOS, told)
    assert process.returncode == 0, told


def test_a_request_that_was_given_up_is_not_sent_when_the_network_is_back() -> None:
    """The kernel has nothing left to send, so that no later read of the platform can be wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.machines.late"],
        cwd=_ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.endswith("time-out while waiting for the answer []"), (
        done.stdout + done.stderr
    )


@pytest.fixture
def hosts() -> Iterator[Network]:
    with network.lay_out(_ADDRESSES) as hosts:
        yield hosts


@pytest.fixture
def url(hosts: Network, tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL on its own host, over TLS."""
    own = certificate.write(tmp_path / "ca.pem", _ADDRESSES.values())
    with hosts.inside("ledger"):
        serving = postgres.serve(host=_ADDRESSES["ledger"], certificate=own)
        server = serving.__enter__()
    try:
        with hosts.inside("other"), server.database() as url:
            yield url
    finally:
        serving.__exit__(None, None, None)


def test_a_host_that_vanishes_in_the_midst_of_a_statement_locks_nothing_for_long(
    hosts: Network, url: str
) -> None:
    """Its server waits for the rest of the statement, which no time-out of transactions ends."""
    theirs, mine = Database(url), Database(url)
    try:
        with mine.write() as connection:
            connection.execute(text("CREATE TABLE rows (id integer)"))
            connection.execute(text("INSERT INTO rows VALUES (1)"))
        with hosts.inside("worker"):
            pooled = theirs.engine.raw_connection()
        _update_but_for_the_end(pooled.driver_connection)
        hosts.pull("worker")
        since = time.monotonic()
        while not _may_update(mine):
            assert time.monotonic() - since < 30, "others wait for a host that is gone"
        hosts.plug_in("worker")
        pooled.invalidate()
    finally:
        theirs.close()
        mine.close()


def _update_but_for_the_end(connection: object) -> None:
    assert isinstance(connection, psycopg.Connection)
    connection.pgconn.exec_(b"BEGIN")
    connection.pgconn.enter_pipeline_mode()
    connection.pgconn.send_query_params(b"UPDATE rows SET id = 2", None)
    connection.pgconn.send_flush_request()
    connection.pgconn.flush()
    while connection.pgconn.is_busy():
        connection.pgconn.consume_input()


def _may_update(database: Database) -> bool:
    """Waits for ten seconds at most, as the product does."""
    try:
        with database.write() as connection:
            connection.execute(text("UPDATE rows SET id = 3"))
    except LedgerUnavailable:
        return False
    return True
