"""A process that starts while PostgreSQL does waits for it."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from publisher.base.errors import LedgerStarting
from publisher.ledger.database import Database

_ASKS_FOR_TLS = (80877103, 80877104)  # SSLRequest and GSSENCRequest of PostgreSQL's protocol


class Starting:
    """The server at the URL `behind`, at another port, where it says at first that it starts up."""

    def __init__(self, behind: str, refusals: int) -> None:
        self._real = make_url(behind)
        self._left = refusals
        self.refused = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        url = self._real.set(host="127.0.0.1", port=self._listener.getsockname()[1])
        self.url = url.render_as_string(hide_password=False)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                refuses, self._left = self._left > 0, self._left - 1
                answer = self._refuse if refuses else self._pass_on
                threading.Thread(target=answer, args=(client,), daemon=True).start()

    def _refuse(self, client: socket.socket) -> None:
        """As PostgreSQL's protocol has it: no TLS, the start-up message, an error."""
        with client:
            while True:
                head = client.recv(8, socket.MSG_WAITALL)
                if int.from_bytes(head[4:]) not in _ASKS_FOR_TLS:
                    break
                client.sendall(b"N")
            client.recv(int.from_bytes(head[:4]) - 8, socket.MSG_WAITALL)
            self.refused += 1
            fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
            client.sendall(b"E" + (len(fields) + 4).to_bytes(4) + fields)

    def _pass_on(self, client: socket.socket) -> None:
        place = str(self._real.host), self._real.port or 5432
        with client, socket.create_connection(place) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_a_server_that_starts_up_is_told_from_one_that_is_away(postgres_url: str) -> None:
    with (
        closing(Starting(postgres_url, refusals=1)) as server,
        closing(Database(server.url)) as database,
    ):
        with pytest.raises(LedgerStarting, match="is starting up"):
            database.check_revision()
        database.migrate()


@pytest.mark.parametrize("command", ["migrate", "status"])
def test_a_command_waits_until_it_has_started(
    postgres_url: str, tmp_path: Path, command: str
) -> None:
    (tmp_path / "publisher.toml").write_text("")
    with closing(Database(postgres_url)) as database:
        database.migrate()
    with closing(Starting(postgres_url, refusals=2)) as server:
        done = subprocess.run(
            [sys.executable, "-m", "publisher", "--workspace", str(tmp_path), command],
            env={**os.environ, "PUBLISHER_DATABASE__URL": server.url},
            capture_output=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert server.refused == 2
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("The ledger's database is starting up.") == 1
