"""Whoever sends a request slowly, or not to its end, is cut off; nobody else has to wait."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import uvicorn

from publisher.app import Application
from publisher.settings.schema import WebSettings
from publisher.web import request_buffer, server, slow_requests
from publisher.web.app import create
from tests.support.pages import Visit, listening


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_requests, "_HEAD", 0.5)
    monkeypatch.setattr(slow_requests, "_GRACE", 1.0)


@pytest.fixture
def port(app: Application, patience: None) -> Iterator[int]:
    with listening(create(app), http=slow_requests.PatientProtocol) as address:
        yield int(address.rpartition(":")[2])


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def _is_cut_off(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y"],
    ids=["nothing", "a line", "a head"],
)
def test_half_a_head_is_not_waited_for(port: int, sent: bytes) -> None:
    with _connected(port) as line:
        line.sendall(sent)
        assert _is_cut_off(line)


def test_a_head_letter_by_letter_is_cut_off(port: int) -> None:
    begun = time.monotonic()
    with _connected(port) as line:
        line.settimeout(0.05)
        cut_off = False
        while not cut_off and time.monotonic() - begun < 15:
            try:
                line.sendall(b"G")
                cut_off = _is_cut_off(line)
            except TimeoutError:
                continue
            except OSError:
                cut_off = True
    assert cut_off


def test_half_a_head_behind_a_whole_request_is_cut_off(port: int) -> None:
    with _connected(port) as line:
        line.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /")
        received = b""
        while chunk := line.recv(65536):
            received += chunk
        assert received.startswith(b"HTTP/1.1 200")


def test_half_a_body_is_not_waited_for(port: int) -> None:
    with _connected(port) as line:
        head = "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
        line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nname=".encode())
        assert _is_cut_off(line)


def test_a_long_body_that_keeps_coming_is_taken(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it takes longer than a short one may."""
    monkeypatch.setattr(slow_requests, "_RATE", 100)

    def pieces() -> Iterator[bytes]:
        begun = time.monotonic()
        while time.monotonic() - begun < 2.5:
            yield b"name=" + b"x" * 100 + b"&"
            time.sleep(0.05)  # what takes long is what this is about

    answer = httpx.post(
        f"http://127.0.0.1:{port}/login",
        content=pieces(),
        headers={"content-type": "application/x-www-form-urlencoded"},
        timeout=20,
    )
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("length", [100, 900_000])
def test_whoever_sends_half_a_form_takes_nobody_s_place(
    app: Application, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """More of them than there are places for strangers, or for long forms."""
    monkeypatch.setattr(request_buffer, "_PATIENCE", 1.0)
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n"
    form = f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nname=".encode()
    with (
        listening(create(app), http=slow_requests.PatientProtocol) as address,
        ExitStack() as lines,
    ):
        port = int(address.rpartition(":")[2])
        for _ in range(12):
            lines.enter_context(_connected(port)).sendall(form)
        begun = time.monotonic()
        with Visit(address) as visit:
            visit.get("/login")
            assert visit.log_in("direction").status_code == 200
        assert time.monotonic() - begun < 20  # their patience would be a minute
        with _connected(port) as line:
            line.sendall(form)
            assert line.recv(65536).startswith(b"HTTP/1.1 408")


def test_a_long_form_is_received_as_a_whole(address: str) -> None:
    """A text that is kept over a log-in has as many bytes as a draft."""
    with httpx.Client(base_url=address) as client:
        for path, field in (("/posts/a/file", "body"), ("/posts/a/edit", "text"), ("/new", "text")):
            answer = client.post(path, data={field: "Le texte. " * 30_000})
            assert answer.status_code == 401
            assert "Le texte. Le texte." in answer.text


def test_a_connection_that_is_kept_between_requests_is_let_live(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/login").status_code == 200
        time.sleep(1.0)  # longer than a head may take
        assert client.get("/login").status_code == 200


def test_the_pages_are_served_so(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many open files as the system permits, and an end to the number of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    made: list[uvicorn.Config] = []

    async def look(started: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        made.append(started.config)

    monkeypatch.setattr(server._Server, "serve", look)
    with socket.create_server(("127.0.0.1", 0)) as free:
        where = WebSettings(port=free.getsockname()[1])
    try:
        server.serve(app, where, say=lambda _text: None)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    (config,) = made
    assert config.http is slow_requests.PatientProtocol
    assert config.limit_concurrency == server._AT_ONCE
