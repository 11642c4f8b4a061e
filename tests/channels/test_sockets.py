"""What happens before a connection stands: then nothing was sent."""

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from publisher.base.clock import SystemClock
from publisher.channels.http import client
from publisher.channels.http.client import CONNECT_LIMIT, Client
from publisher.delivery.leases import Leases
from publisher.model.outcomes import Wire
from tests.support.lines import (
    OK,
    PLATFORM,
    Handler,
    answer_to,
    answering,
    drip,
    get,
    heard,
    nothing,
    recorder,
    reset,
    serving,
    serving_together,
    wait_for_its_end,
)
from tests.support.waiting import wait_for

pytestmark = pytest.mark.guards("publisher.channels.http.client")


@pytest.fixture(autouse=True)
def _own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which waits for no look-up of another test."""
    own = Client()
    monkeypatch.setattr(client, "shared", lambda: own)


def test_a_refused_connection_was_not_sent(closed_port: str) -> None:
    answer = get(recorder(closed_port))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "connection refused")


def test_a_name_that_nobody_knows_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = get(recorder("http://api.invalid"))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "its address was not found")


Addresses = list[tuple[int, int, int, str, tuple[str, int]]]


def addresses(ports: list[int]) -> Addresses:
    return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]


def test_a_name_that_cannot_be_one_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def encoded(host: str, *_: object, **__: object) -> None:
        host.encode("idna")  # as the real one does first: a label is too long

    monkeypatch.setattr(socket, "getaddrinfo", encoded)
    answer = get(recorder(f"http://{'a' * 70}.invalid"))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "its address was not found")


def test_an_address_of_a_kind_that_the_machine_lacks_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kernel without IPv6 may be given such an address all the same."""
    with serving(answering(OK)) as (address, _):
        known = addresses([int(address.rpartition(":")[2])])
        strange: Addresses = [(9999, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: strange + known)
        assert get(recorder("http://api.invalid")).status == 200


@contextmanager
def mute_port() -> Iterator[int]:
    """A listener whose queue is full does not answer the handshake."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_time_out_in_connecting_was_not_sent() -> None:
    with mute_port() as port:
        answer = get(recorder(f"http://127.0.0.1:{port}", 0.3))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out while connecting")


def test_all_addresses_of_a_name_share_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight that swallow the handshake neither delay the request nor keep it from the ninth."""
    monkeypatch.setattr(client, "CONNECT_LIMIT", 0.5)
    clock = SystemClock()
    with mute_port() as mute, serving(answering(OK)) as (address, _):
        ports = [mute] * 8 + [int(address.rpartition(":")[2])]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses(ports))
        start = clock.monotonic()
        answer = get(recorder("http://api.invalid"))
    assert answer.wire is Wire.ANSWERED
    assert clock.monotonic() - start < 1


def test_a_request_that_was_long_in_connecting_does_not_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its lease, its expiry or a pause may have passed meanwhile."""
    monkeypatch.setattr(client, "CONNECT_LIMIT", 0.1)
    with serving(answering(OK)) as (address, connections):

        def slow(*_: object, **__: object) -> Addresses:
            threading.Event().wait(0.2)
            return addresses([int(address.rpartition(":")[2])])

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        answer = get(recorder("http://api.invalid"))
        assert connections == []
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out while connecting")


def test_a_look_up_that_hangs_frees_the_thread_and_sends_nothing_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither when it ends at last, nor does it keep the next request from being sent."""
    monkeypatch.setattr(client, "CONNECT_LIMIT", 0.2)
    clock, goes_on, looking = SystemClock(), threading.Event(), list[threading.Thread]()
    with serving(answering(OK)) as (address, connections):
        known = addresses([int(address.rpartition(":")[2])])

        def hang_once(*_: object, **__: object) -> Addresses:
            looking.append(threading.current_thread())
            if len(looking) == 1:
                assert goes_on.wait(30)
            return known

        monkeypatch.setattr(socket, "getaddrinfo", hang_once)
        line = recorder("http://api.invalid", 5)
        start = clock.monotonic()
        answer = get(line)
        assert clock.monotonic() - start < 2
        assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out while connecting")
        goes_on.set()
        looking[0].join(5)
        assert not looking[0].is_alive()
        assert connections == []
        assert get(line).status == 200
        assert len(connections) == 1


def test_those_who_look_for_one_server_at_one_moment_share_a_look_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand posts to it would otherwise start a thousand threads; another port has its own."""
    everyone = threading.Event()
    ports: list[int] = []

    def look_up(_host: str, port: int, **_: object) -> Addresses:
        ports.append(port)
        assert everyone.wait(5)
        return addresses([port])

    with serving_together(answering(OK)) as one, serving_together(answering(OK)) as other:
        servers = [int(address.rpartition(":")[2]) for address in (one, other)]
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        own, connected = client.shared(), queue.SimpleQueue[Any]()
        lines = [recorder(f"http://api.invalid:{port}") for port in servers * 10]
        own.connect(
            [line.built(partial(line.session.get, f"{PLATFORM}/")) for line in lines],
            connected.put,
        )
        wait_for(lambda: len(ports) == 2)
        everyone.set()
        found = dict(connected.get(timeout=5)[0] for _ in lines)
        assert sorted(ports) == sorted(servers)
        went_to = [found[n]._socket.getpeername()[1] for n in range(len(lines))]
        assert went_to == servers * 10


def test_a_connection_that_was_made_too_late_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands, and the process was frozen meanwhile."""
    monkeypatch.setattr(client, "CONNECT_LIMIT", 0.1)
    connect = socket.socket.connect

    def slow(sock: socket.socket, address: Any) -> None:
        try:
            connect(sock, address)
        finally:
            threading.Event().wait(0.2)

    seen: list[bytes] = []
    ended = threading.Event()

    def handle(connection: socket.socket) -> None:
        seen.append(heard(connection))
        ended.set()

    with serving(handle) as (address, _):
        monkeypatch.setattr(socket.socket, "connect", slow)
        answer = get(recorder(address))
        assert ended.wait(5)
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out while connecting")
    assert seen == [b""]


def test_a_request_begins_and_ends_well_within_its_lease() -> None:
    """A worker takes up to five seconds from its intent to `send`; five more are to spare."""
    for seconds in (1, 5, 30):
        lease = Leases.for_timeout(timedelta(seconds=seconds)).sending
        assert lease >= 5 + min(CONNECT_LIMIT, seconds) + 5


@pytest.mark.parametrize(
    "handler", [answering(OK), reset, nothing], ids=["no-tls", "reset", "closed"]
)
def test_a_failed_tls_handshake_was_not_sent(handler: Handler) -> None:
    def greeted(connection: socket.socket) -> None:
        connection.recv(10)
        if handler in (reset, nothing):
            handler(connection)
        else:
            connection.sendall(OK)

    with serving(greeted) as (address, _):
        answer = get(recorder(address.replace("http", "https")))
    assert answer.wire is Wire.NOT_SENT


def test_a_tls_handshake_that_hangs_was_not_sent() -> None:
    with serving(wait_for_its_end) as (address, _):
        answer = get(recorder(address.replace("http", "https"), 0.3))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out while connecting")


def test_a_tls_handshake_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CONNECT_LIMIT", 0.3)

    def drip_a_record(connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")  # 16 KiB shall follow
        drip(connection)

    clock = SystemClock()
    start = clock.monotonic()
    with serving(drip_a_record) as (address, _):
        answer = get(recorder(address.replace("http", "https")))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out while connecting")
    assert clock.monotonic() - start < 1


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (answering(b"", then=reset), "connection reset"),
        (answering(b"", then=nothing), "connection reset"),
        (answering(OK[:-4], then=nothing), "the connection broke"),
        (answering(OK[:-4], then=reset), "connection reset"),
        (answering(b"SMTP ready\r\n\r\n", then=nothing), "the connection broke"),
        (
            answering(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n', then=nothing),
            "the connection broke",
        ),
        (
            answering(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"id"\r\n', then=nothing),
            "the connection broke",
        ),
        (
            answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", then=nothing),
            "the connection broke",
        ),
    ],
    ids=["reset", "closed", "cut", "cut-reset", "no-http", "cut-chunk", "bad-chunk", "bad-gzip"],
)  # fmt: skip
def test_what_breaks_after_sending_is_no_answer(handler: Handler, reason: str) -> None:
    answer = answer_to(handler)
    assert (answer.wire, answer.reason) == (Wire.NO_ANSWER, reason)
    assert answer.status is None
