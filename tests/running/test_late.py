"""Nobody has to look at a screen to learn that posts are late."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.ledger.tables import notice_services
from publisher.model.states import State
from publisher.sandbox import server
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.support.receiver import receiving
from tests.support.running import soon, states
from tests.support.system import free_port

pytestmark = pytest.mark.deep

Until = Callable[..., None]
Draft = Callable[..., None]
Queued = Callable[[], Application]
_RUN = """
import sys
from pathlib import Path
from publisher.app import Application
from publisher.ledger.reading import lateness
from publisher.monitoring import watchdog
from publisher.running import supervisor

lateness.LATE_AFTER, watchdog._LOOK = 3.0, 0.5
app = Application.open_or_make(Path(sys.argv[1]))
sys.exit(supervisor.run(
    app, report=lambda step: print(step.event, flush=True), say=lambda line: print(line, flush=True)
))
"""


@contextmanager
def running(workspace: Path, screen: Path) -> Iterator[None]:
    """`publisher run`, which has less patience than usual."""
    with screen.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", _RUN, str(workspace)], stdout=output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()


def is_told(app: Application) -> bool:
    """Whether the service is known by now, which is told what happens from then on."""
    with app.database.read() as connection:
        return connection.execute(select(notice_services)).first() is not None


def test_platforms_that_refuse_connections_are_told_and_that_it_goes_on(
    workspace: Path,
    draft: Draft,
    queued: Queued,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Each attempt moves the next one, so that nothing is ever due for long."""
    port = free_port()
    for name in ("PUBLISHER_TWITTER_API_URL", "PUBLISHER_FACEBOOK_GRAPH_URL"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    screen = tmp_path / "screen.txt"
    with receiving() as receiver:
        monkeypatch.setenv("PUBLISHER_NOTICES__URLS", receiver.url)
        app = queued()
        with running(workspace, screen):
            until(lambda: is_told(app), 90)
            draft("stuck", soon(0))
            queued().close()
            until(lambda: receiver.bodies, 90)
            assert "1 post is late" in receiver.bodies[0]
            assert (
                "X does not accept 1 of them (it does not work, or cannot be reached); Publisher tries it"
                in receiver.bodies[0]
            )
            assert "\nlate\n" in screen.read_text()
            stand_in = Sandbox(accounts_for(settings.load(workspace)), SystemClock())
            with server.running(stand_in, port):
                until(lambda: states(app) == [State.PUBLISHED], 120)
                until(lambda: "on time again" in screen.read_text(), 60)
