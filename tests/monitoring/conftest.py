"""A workspace whose surroundings get into trouble, a service that is told, and a dead man's
switch.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.process import Pulse
from publisher.ledger.heartbeats import NEEDED, Process, ProcessKind
from publisher.monitoring.heartbeat import Beating
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.receiver import Receiver, receiving
from tests.support.workspaces import Workspace


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Switch:
    """The service that is pinged: keeps the paths that it was asked for."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/secret-of-ours"
        self.status = 200
        self.asked: list[str] = []


@contextmanager
def waiting() -> Iterator[Switch]:
    made: Switch

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Switch(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def switch() -> Iterator[Switch]:
    with waiting() as switch:
        yield switch


@pytest.fixture
def workspace(tmp_path: Path, receiver: Receiver, switch: Switch) -> Workspace:
    workspace = Workspace(tmp_path)
    workspace.write(
        "secrets.toml", f"[notices]\nurls = ['{receiver.url}']\nheartbeat = '{switch.url}'\n"
    ).chmod(0o600)
    return workspace


@pytest.fixture
def app(
    workspace: Workspace, ledger_url: str, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """On each database, with a broker of its own; a dispatcher and a worker are alive."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
    monkeypatch.setenv("PUBLISHER_BROKER__URL", broker_url)
    app = Application(settings.load(workspace.path), ManualClock())
    app.database.migrate()
    for kind in NEEDED:
        app.heartbeats.beat(process(kind))
    yield app
    app.close()


def process(kind: ProcessKind, host: str = "alpha") -> Process:
    return Process(f"{kind}-{host}-".ljust(32, "x"), kind, host, 7, "0.1.0")


@pytest.fixture
def beating(app: Application) -> Beating:
    """The heartbeat of this process, as that of a dispatcher."""
    pulse = Pulse(None)
    pulse.beat()
    return Beating(app.heartbeats, ProcessKind.DISPATCHER, pulse)
