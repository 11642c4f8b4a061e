"""The line to a platform: how far a request came, and what is kept of the answer."""

import gzip
import json
import queue
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter

from publisher.channels import connection
from publisher.channels.base import Leave, NotDeparted
from publisher.channels.connection import CONNECT_LIMIT
from publisher.channels.http import IDLE_LIMIT, MAX_BODY, Recorder
from publisher.clock import Clock, SystemClock
from publisher.delivery import Leases
from publisher.errors import ConfigurationError
from publisher.meaning.common import quote
from publisher.outcome import Answer, Wire
from tests.support.waiting import wait_for

PLATFORM = "https://api.twitter.com"
SECRET = "geheim/4711+x"
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"id": "77"}'

Handler = Callable[[socket.socket], None]


@contextmanager
def serving(handler: Handler) -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that hands each connection to `handler`; gives its address and who connected."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(connection)
                with connection, suppress(OSError):
                    handler(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


def request_of(connection: socket.socket) -> bytes:
    """One request without a body, or nothing when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = heard(connection)
        if not piece:
            return b""
        data += piece
    return data


def heard(connection: socket.socket) -> bytes:
    """What came next, or nothing when the client is gone, who does not say so politely."""
    with suppress(ConnectionResetError):
        return connection.recv(65_536)
    return b""


def answering(answer: bytes, *, then: Callable[[socket.socket], None] | None = None) -> Handler:
    def handle(connection: socket.socket) -> None:
        while request_of(connection):
            connection.sendall(answer)
            if then:
                then(connection)
                return

    return handle


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def nothing(_connection: socket.socket) -> None:
    return


def recorder(base_url: str, seconds: float = 2, clock: Clock | None = None) -> Recorder:
    return Recorder(
        PLATFORM,
        base_url=base_url,
        timeout=timedelta(seconds=seconds),
        clock=clock or SystemClock(),
        secrets=[SECRET],
    )


def get(line: Recorder, path: str = "/2/tweets", **more: Any) -> Answer:
    return line.call(lambda: line.session.get(f"{PLATFORM}{path}", **more))


def answer_to(handler: Handler, seconds: float = 2, **more: Any) -> Answer:
    with serving(handler) as (address, _):
        return get(recorder(address, seconds), **more)


def test_a_complete_answer_is_kept() -> None:
    answer = answer_to(answering(OK))
    assert (answer.wire, answer.status, answer.body) == (Wire.ANSWERED, 200, '{"id": "77"}')
    assert answer.headers["content-type"] == "application/json"


def test_only_headers_that_tell_something_are_kept_in_lower_case() -> None:
    kept = {
        "x-rate-limit-reset": "5",
        "x-user-limit-24hour-limit": "50",
        "x-app-limit-24hour-limit": "50",
        "x-app-usage": "{}",
        "x-page-usage": "{}",
        "x-business-use-case-usage": "{}",
        "retry-after": "3",
    }
    lines = "".join(f"{name.title()}: {value}\r\n" for name, value in kept.items()).encode()
    other = b"Set-Cookie: a=b\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    answer = answer_to(answering(b"HTTP/1.1 429 No\r\n" + lines + other))
    assert answer.headers == kept


def test_a_connection_is_kept_for_the_next_request() -> None:
    with serving(answering(OK)) as (address, connections):
        line = recorder(address)
        for _ in range(3):
            assert get(line).status == 200
        assert len(connections) == 1


# The instant.


def departing(line: Recorder, before: Callable[[], None]) -> Answer:
    """A request that leaves once `before` returns."""

    def depart(leave: Leave) -> None:
        before()
        leave()

    return line.call(lambda: line.session.get(f"{PLATFORM}/2/tweets"), depart)


def test_the_connection_stands_before_the_instant_and_nothing_has_left() -> None:
    heard: list[bytes] = []
    connected, departed = threading.Event(), threading.Event()

    def handle(connection: socket.socket) -> None:
        connected.set()
        assert departed.wait(5)
        heard.append(request_of(connection))
        connection.sendall(OK)

    def depart() -> None:
        assert connected.wait(5)
        (connection,) = connections
        assert select.select([connection], [], [], 0.1)[0] == []
        departed.set()

    with serving(handle) as (address, connections):
        assert departing(recorder(address), depart).status == 200
    assert heard[0].startswith(b"GET /2/tweets")


def test_what_departing_raises_goes_on_and_nothing_leaves() -> None:
    heard: list[bytes] = []
    ended = threading.Event()

    def handle(connection: socket.socket) -> None:
        heard.append(request_of(connection))
        ended.set()

    def depart() -> None:
        raise NotDeparted

    with serving(handle) as (address, _):
        with pytest.raises(NotDeparted):
            departing(recorder(address), depart)
        assert ended.wait(5)
    assert heard == [b""]


def test_the_time_for_an_answer_runs_from_the_instant() -> None:
    def depart() -> None:
        threading.Event().wait(0.4)

    def handle(connection: socket.socket) -> None:
        request_of(connection)
        threading.Event().wait(0.2)
        connection.sendall(OK)

    with serving(handle) as (address, _):
        assert departing(recorder(address, 0.5), depart).wire is Wire.ANSWERED


def test_a_server_that_hung_up_while_the_request_waited_is_called_again() -> None:
    hung_up = threading.Event()

    def handle(connection: socket.socket) -> None:
        if len(connections) == 1:
            connection.close()
            hung_up.set()
        else:
            answering(OK)(connection)

    def depart() -> None:
        assert hung_up.wait(5)

    with serving(handle) as (address, connections):
        assert departing(recorder(address), depart).status == 200
        assert len(connections) == 2


def test_who_had_to_be_called_again_is_asked_once_more_whether_it_may_leave() -> None:
    """To connect took its time, and the instant may be long past."""
    hung_up = threading.Event()
    asked: list[int] = []

    def handle(connection: socket.socket) -> None:
        if len(connections) == 1:
            connection.close()
            hung_up.set()
        else:
            received.append(heard(connection))

    def depart() -> None:
        assert hung_up.wait(5)
        asked.append(1)
        if len(asked) > 1:
            raise NotDeparted

    received: list[bytes] = []
    with serving(handle) as (address, connections):
        with pytest.raises(NotDeparted):
            departing(recorder(address), depart)
        wait_for(lambda: received)
    assert received == [b""], "nothing left"


def test_a_safe_connection_that_waited_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's session tickets lie unread in it, and are no sign that it hung up."""
    certificate, key = self_signed(tmp_path)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    greeted = threading.Event()
    client: Any = None

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as safe:
            greeted.set()
            answering(OK)(safe)

    def depart() -> None:
        assert greeted.wait(5)
        assert select.select([client.sock], [], [], 5)[0], "the tickets are there"

    with serving(handle) as (address, connections):
        line = recorder(address.replace("http", "https"))
        connect = connection._SafeConnection.connect

        def noting(self: Any) -> None:
            nonlocal client
            client = self
            connect(self)

        monkeypatch.setattr(connection._SafeConnection, "connect", noting)
        assert departing(line, depart).status == 200
        assert len(connections) == 1


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_server_is_believed_by_its_certificate_for_its_own_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The certificate is for 127.0.0.1, and an authority vouches for it, or none does."""
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def handle(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as safe:
            answering(OK)(safe)

    def asked() -> Answer:
        with serving(handle) as (address, _):
            return get(recorder(address.replace("http://127.0.0.1", f"https://{name}")))

    assert (asked().wire, asked().reason) == (Wire.NOT_SENT, "its certificate is not valid")
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    assert asked().wire is (Wire.ANSWERED if name == "127.0.0.1" else Wire.NOT_SENT)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now, address = datetime.now(UTC), x509.IPAddress(ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def test_only_the_request_that_was_to_wait_waits() -> None:
    departed: list[int] = []
    with serving(answering(OK)) as (address, _):
        line = recorder(address)
        departing(line, lambda: departed.append(1))
        get(line)
    assert departed == [1]


# Never sent.


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
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out in connecting")


def test_all_addresses_of_a_name_share_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight that swallow the handshake neither delay the request nor keep it from the ninth."""
    monkeypatch.setattr(connection, "CONNECT_LIMIT", 0.5)
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
    monkeypatch.setattr(connection, "CONNECT_LIMIT", 0.1)
    with serving(answering(OK)) as (address, connections):

        def slow(*_: object, **__: object) -> Addresses:
            threading.Event().wait(0.2)
            return addresses([int(address.rpartition(":")[2])])

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        answer = get(recorder("http://api.invalid"))
        assert connections == []
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "it took too long to connect")


def test_a_look_up_that_hangs_frees_the_thread_and_sends_nothing_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither when it ends at last, nor does it keep the next request from being sent."""
    monkeypatch.setattr(connection, "CONNECT_LIMIT", 0.2)
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
        assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "it took too long to connect")
        goes_on.set()
        looking[0].join(5)
        assert not looking[0].is_alive()
        assert connections == []
        assert get(line).status == 200
        assert len(connections) == 1


def test_a_connection_that_was_made_too_late_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_LIMIT", 0.1)
    connect = socket.socket.connect

    def slow(sock: socket.socket, address: Any) -> None:
        connect(sock, address)
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
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "it took too long to connect")
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
    with serving(_wait) as (address, _):
        answer = get(recorder(address.replace("http", "https"), 0.3))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out in connecting")


def test_a_tls_handshake_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_LIMIT", 0.3)

    def drip_a_record(connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")  # 16 KiB shall follow
        _drip(connection)

    clock = SystemClock()
    start = clock.monotonic()
    with serving(drip_a_record) as (address, _):
        answer = get(recorder(address.replace("http", "https")))
    assert (answer.wire, answer.reason) == (Wire.NOT_SENT, "time-out in connecting")
    assert clock.monotonic() - start < 1


# Sent, and no answer.


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


def _wait(connection: socket.socket) -> None:
    """Say nothing until the client hangs up."""
    while connection.recv(65_536):
        pass


def _drip(connection: socket.socket) -> None:
    """A byte now and then, each in time, and never an end."""
    while True:
        connection.sendall(b" ")
        threading.Event().wait(0.05)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    "handler",
    [answering(b"", then=_wait), answering(HEAD, then=_wait), answering(HEAD, then=_drip)],
    ids=["silent", "silent after the head", "dripping"],
)
def test_a_time_out_in_reading_is_no_answer(handler: Handler) -> None:
    """The time-out is for the whole answer, not for each byte of it."""
    clock = SystemClock()
    start = clock.monotonic()
    answer = answer_to(handler, 0.4)
    assert (answer.wire, answer.reason) == (Wire.NO_ANSWER, "time-out in waiting for the answer")
    assert clock.monotonic() - start < 1.5


def _drip_a_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(connection)


def _go_on(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        threading.Event().wait(0.01)


@pytest.mark.parametrize("then", [_drip_a_head, _go_on], ids=["dripping head", "endless 100"])
def test_a_head_that_never_ends_is_no_answer(then: Handler) -> None:
    clock = SystemClock()
    start = clock.monotonic()
    answer = answer_to(answering(b"", then=then), 0.4)
    assert (answer.wire, answer.reason) == (Wire.NO_ANSWER, "time-out in waiting for the answer")
    assert clock.monotonic() - start < 1.5


def test_a_slow_upload_has_the_whole_time_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit for connecting is not one for sending."""
    monkeypatch.setattr(connection, "CONNECT_LIMIT", 0.2)
    size = 20_000_000  # more than the sockets' buffers hold

    def handle(connection: socket.socket) -> None:
        threading.Event().wait(0.5)
        received = 0
        while received < size:
            received += len(connection.recv(1_000_000))
        connection.sendall(OK)

    with serving(handle) as (address, _):
        line = recorder(address, 5)
        answer = line.call(lambda: line.session.post(f"{PLATFORM}/2/media", data=b"x" * size))
    assert answer.wire is Wire.ANSWERED


def test_an_upload_that_gets_stuck_ends_in_time() -> None:
    clock = SystemClock()
    start = clock.monotonic()
    ended = threading.Event()

    def read_nothing(_connection: socket.socket) -> None:
        ended.wait(5)

    with serving(read_nothing) as (address, _):
        line = recorder(address, 0.4)
        answer = line.call(lambda: line.session.post(f"{PLATFORM}/2/media", data=b"x" * 20_000_000))
        ended.set()
    assert (answer.wire, answer.reason) == (Wire.NO_ANSWER, "time-out in waiting for the answer")
    assert clock.monotonic() - start < 1.5


def test_what_has_not_arrived_when_nobody_waits_any_more_never_arrives() -> None:
    """The machine would deliver it when it can again, also after the post was sent anew."""
    given_up = threading.Event()
    ends: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read_later(connection: socket.socket) -> None:
        given_up.wait(5)
        try:
            while connection.recv(1_000_000):
                pass
            ends.put("all that the machine had left came")
        except ConnectionResetError:
            ends.put("cut off")

    with serving(read_later) as (address, _):
        line = recorder(address, 0.4)
        line.call(lambda: line.session.post(f"{PLATFORM}/2/media", data=b"x" * 20_000_000))
        given_up.set()
        assert ends.get(timeout=5) == "cut off"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
def test_the_machine_gives_up_in_time_also_while_the_process_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[socket.socket] = []
    connected = connection._connected

    def noting(*words: Any) -> socket.socket:
        made.append(connected(*words))
        return made[-1]

    monkeypatch.setattr(connection, "_connected", noting)
    with serving(answering(OK)) as (address, _):
        line = recorder(address, 0.4)
        line.call(lambda: line.session.get(f"{PLATFORM}/2/users/me"))
        assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 400


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "in two"])
@pytest.mark.parametrize("status", [100, 102, 103])
def test_an_interim_answer_is_not_taken_for_the_final_one(status: int, together: bool) -> None:
    """Else each later answer would be taken for that of the next request."""
    count = 0

    def handle(connection: socket.socket) -> None:
        nonlocal count
        while request_of(connection):
            count += 1
            interim = f"HTTP/1.1 {status} Wait\r\nLink: </a>\r\n\r\n".encode()
            final = b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n%d" % count
            if not together:
                connection.sendall(interim)
                threading.Event().wait(0.02)
            connection.sendall(interim + final if together else final)

    with serving(handle) as (address, connections):
        line = recorder(address)
        answers = [get(line) for _ in range(3)]
        assert len(connections) == 1
    assert [(a.wire, a.status, a.body) for a in answers] == [
        (Wire.ANSWERED, 201, str(number)) for number in (1, 2, 3)
    ]


def test_a_change_of_protocol_is_no_answer_and_ends_the_connection() -> None:
    with serving(answering(b"HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\n\r\n")) as (
        address,
        connections,
    ):
        line = recorder(address)
        for count in (1, 2, 3):
            assert get(line).wire is Wire.NO_ANSWER
            assert len(connections) == count


def test_a_request_is_never_sent_twice() -> None:
    with serving(answering(b"", then=reset)) as (address, connections):
        get(recorder(address))
        assert len(connections) == 1


def test_a_connection_that_died_while_idle_is_replaced_and_not_a_doubt() -> None:
    with serving(answering(OK, then=nothing)) as (address, connections):
        line = recorder(address)
        assert get(line).status == 200
        adapter = line.session.get_adapter(f"{PLATFORM}/")
        assert isinstance(adapter, HTTPAdapter)
        (key,) = adapter.poolmanager.pools.keys()
        idle = adapter.poolmanager.pools[key].pool.queue[-1]
        select.select([idle.sock], [], [], 5)  # until the end of the connection has come through
        assert get(line).status == 200
        assert len(connections) == 2


def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    """A NAT may have dropped it without a word, and the post would be in doubt."""

    class Jumping(SystemClock):
        ahead_by = 0.0

        def monotonic(self) -> float:
            return super().monotonic() + self.ahead_by

    clock = Jumping()
    with serving(answering(OK)) as (address, connections):
        line = recorder(address, clock=clock)
        for idle, expected in ((0.0, 1), (IDLE_LIMIT - 1, 1), (IDLE_LIMIT + 1, 2)):
            clock.ahead_by += idle
            assert get(line).status == 200
            assert len(connections) == expected


# What is read.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    seen: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        while request := request_of(connection):
            seen.append(request.partition(b"\r\n")[0])
            head = f"HTTP/1.1 {status} Moved\r\nLocation: {PLATFORM}/elsewhere\r\n"
            connection.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())

    with serving(handle) as (address, _):
        line = recorder(address)
        answer = line.call(lambda: line.session.post(f"{PLATFORM}/2/tweets"))
    assert answer.status == status
    assert seen == [b"POST /2/tweets HTTP/1.1"]


def test_an_endless_body_is_cut_off() -> None:
    size = 5 * MAX_BODY
    head = f"HTTP/1.1 502 Bad\r\nContent-Length: {size}\r\n\r\n".encode()

    def flood(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(head + b"x" * size)

    answer = answer_to(flood)
    assert (answer.wire, answer.status, len(answer.body)) == (Wire.ANSWERED, 502, MAX_BODY)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 200_000_000)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    )
    answer = answer_to(answering(head + bomb, then=nothing))
    assert len(answer.body) == MAX_BODY


def test_bytes_that_are_no_text_are_kept_as_far_as_they_go() -> None:
    body = b'\xef\xbb\xbf{"a": "\xff"}'
    answer = answer_to(
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    )
    assert answer.body == '{"a": "\ufffd"}'


@pytest.mark.parametrize("spelling", [SECRET, "geheim%2F4711%2Bx"])
def test_a_secret_in_an_answer_is_blacked_out(spelling: str) -> None:
    body = f'{{"detail": "bad token {spelling}"}}'.encode()
    head = f"HTTP/1.1 400 No\r\nRetry-After: {spelling}\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = answer_to(answering(head.encode() + body))
    assert spelling not in repr(answer)
    assert "bad token" in answer.body


ESCAPED = "".join(f"\\u{ord(character):04x}" for character in SECRET)


@pytest.mark.parametrize("spelling", [ESCAPED, SECRET.replace("/", "\\/")])
def test_a_secret_in_json_escapes_reaches_no_message(spelling: str) -> None:
    """The meanings read the values, in which the escapes are gone."""
    body = f'{{"detail": "bad token {spelling}", "n": [1, null]}}'.encode()
    answer = answer_to(
        answering(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    )
    assert json.loads(answer.body) == {"detail": "bad token [secret]", "n": [1, None]}


def test_a_secret_with_characters_that_json_escapes_is_blacked_out(closed_port: str) -> None:
    line = Recorder(
        PLATFORM,
        base_url=closed_port,
        timeout=timedelta(seconds=1),
        clock=SystemClock(),
        secrets=['quo"ted\\secret'],
    )
    assert json.loads(line.redacted(json.dumps(['x quo"ted\\secret y']))) == ["x [secret] y"]


def test_a_message_quotes_no_control_characters() -> None:
    """Nor what turns the direction of writing around, or hides in a word."""
    text = "No\x1b[31m \x00way\u202e,\u200b\tsir\x7f\u0085"
    assert quote(text) == " (“No[31m way, sir”)"
    assert quote("\x00 \u200b") == ""


# Where it goes.


def test_a_base_url_may_have_a_path() -> None:
    seen: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        seen.append(request_of(connection))
        connection.sendall(OK)

    with serving(handle) as (address, _):
        line = recorder(f"{address}/stand-in/")
        get(line, "/2/tweets?a=1")
    assert seen[0].startswith(b"GET /stand-in/2/tweets?a=1 HTTP/1.1\r\n")


def test_the_request_keeps_the_platforms_url() -> None:
    """A redirect or a log that looks at the request must not see another server."""
    with serving(answering(OK)) as (address, _):
        line = recorder(address)
        request = line.session.prepare_request(requests.Request("GET", f"{PLATFORM}/2/tweets"))
        line.session.send(request)
    assert request.url == f"{PLATFORM}/2/tweets"


@pytest.mark.parametrize(
    "url",
    ["https://example.org/", "http://api.twitter.com/", "https://api.twitter.com.evil.example/"],
)
def test_nothing_else_can_be_reached(url: str, closed_port: str) -> None:
    line = recorder(closed_port)
    with pytest.raises(requests.exceptions.InvalidSchema):
        line.call(lambda: line.session.get(url))


def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, closed_port: str
) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, closed_port)
    assert answer_to(answering(OK)).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:x",
        "http://u:p@127.0.0.1",
        "http://127.0.0.1/?a=1",
        "http://127.0.0.1:99999",
        "http://[::1",
        "file:///etc",
    ],
)
def test_a_base_url_that_is_none_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        recorder(url)
    assert "PUBLISHER_TWITTER_API_URL" in str(caught.value.hint)


# Our own mistakes.


def test_a_mistake_before_the_request_is_not_swallowed(closed_port: str) -> None:
    line = recorder(closed_port)
    with pytest.raises(TypeError):
        line.call(line.session.get)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no request"):
        line.call(lambda: None)


def test_a_mistake_that_quotes_a_secret_is_told_without_it(closed_port: str) -> None:
    line = recorder(closed_port)

    def mistake() -> None:
        raise ValueError(f"bad header: {SECRET}")

    with pytest.raises(RuntimeError, match="bad header") as caught:
        line.call(mistake)
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_earlier_answer_is_not_taken_for_the_next_one(closed_port: str) -> None:
    with serving(answering(OK)) as (address, _):
        line = recorder(address)
        assert get(line).status == 200
        with pytest.raises(RuntimeError, match="no request"):
            line.call(lambda: None)


def test_a_mistake_after_the_request_does_not_hide_the_answer() -> None:
    def handle(line: Recorder) -> None:
        line.session.get(f"{PLATFORM}/2/tweets")
        raise KeyError("what the library made of it")

    with serving(answering(OK)) as (address, _):
        line = recorder(address)
        assert line.call(lambda: handle(line)).body == '{"id": "77"}'
