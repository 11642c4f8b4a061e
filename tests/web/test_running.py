"""The pages as a part of `publisher run`: they never stand in the way of a post."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.base.errors import ConfigurationError
from publisher.model.states import State
from publisher.running import supervisor
from publisher.settings import settings
from publisher.settings.schema import WebSettings
from publisher.web import server
from tests.support.pages import listening
from tests.support.running import nothing, soon
from tests.support.workspaces import SESSION, Workspace

pytestmark = pytest.mark.guards("publisher.web.__main__")


def test_a_port_that_is_taken_keeps_no_post_from_going_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        toml = f'[web]\nport = {port}\n[accounts.voice-site]\nchannel = "site"\nlanguage = "en"\n'
        workspace = Workspace(tmp_path, settings=toml, session=SESSION)
        workspace.draft("a.en", f"at: {soon(1):%Y-%m-%dT%H:%M:%SZ}\nto: [voice-site]")
        app = Application(settings.load(tmp_path, {}), SystemClock())
        app.database.migrate()
        assert not app.planner.queue(actor="redaction").errors
        said: list[str] = []
        code = supervisor.run(app, until_idle=True, web=True, report=nothing, say=said.append)
        assert code == 0
        assert [d.state for d in app.queries.deliveries()] == [State.PUBLISHED]
        told = f"Another program is using port {port}."
        (line,) = [line for line in said if told in line]
        assert "publishing goes on" in line
        assert f"`publisher run --port {port + 1}`" in line
        with pytest.raises(ConfigurationError, match=told):
            server.serve(app, app.settings.web, say=nothing)
        app.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_with_the_first_line_ends_the_pages_in_order(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Before the server runs that is to heed it; no heartbeat stays behind."""
    Workspace(tmp_path, settings="", session=SESSION)
    app = Application(settings.load(tmp_path, {}), SystemClock())
    app.database.migrate()
    unheeded = signal.getsignal(number)

    def send(_line: str) -> None:
        assert signal.getsignal(number) is not unheeded  # else it would end the tests
        os.kill(os.getpid(), number)

    anywhere = WebSettings().model_copy(update={"port": 0})
    server.serve(app, anywhere, say=send)
    assert not app.heartbeats.all()
    app.close()


def test_ctrl_c_while_the_pages_load_ends_them_at_once(tmp_path: Path) -> None:
    (tmp_path / "structlog.py").write_text(
        "import os, signal, threading\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Event().wait()\n"
    )  # the first that is loaded
    done = _pages("-m", "publisher.web", "--terminal", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_pages_that_have_ended_wait_for_no_request(tmp_path: Path) -> None:
    ended = (
        "import runpy, threading\n"
        "from publisher.web import server\n"
        "hanging = threading.Thread(target=threading.Event().wait)\n"
        "server.serve = lambda *_, say: (hanging.start(), say('The pages have ended.'))\n"
        "runpy.run_module('publisher.web', run_name='__main__', alter_sys=True)\n"
    )
    Workspace(tmp_path, settings="", session=SESSION)
    app = Application(settings.load(tmp_path, {}), SystemClock())
    app.database.migrate()
    app.close()
    done = _pages("-c", ended, "--terminal", PUBLISHER_WORKSPACE=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "The pages have ended.\n")


def _pages(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python to its end."""
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **variables},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("proxies", "client"), [((), "127.0.0.2"), (("127.0.0.2/31",), "198.51.100.9")]
)
def test_a_proxy_elsewhere_is_believed_where_the_settings_name_it(
    proxies: tuple[str, ...], client: str
) -> None:
    """About the address from which a reader comes."""

    async def echo(scope: Scope, _receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["client"][0])(scope, _receive, send)

    where = WebSettings(proxies=proxies)
    trusted = server.trusted_proxies(where)
    with listening(echo, lifespan="off", forwarded_allow_ips=trusted) as address:
        elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=elsewhere) as proxy:
            answer = proxy.get(address, headers={"X-Forwarded-For": "198.51.100.9"})
    assert answer.text == client


def test_answers_do_not_wait_for_one_another() -> None:
    """asyncio turns off Nagle's algorithm only for a socket that says that it is TCP's."""
    with server._listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
