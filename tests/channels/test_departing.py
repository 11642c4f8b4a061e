"""How a request waits for its instant, and leaves."""

import queue
import select
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
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

from publisher.channels.http.client import Client, Leaving
from publisher.channels.http.connection import Connection
from publisher.channels.http.recorder import Recorder
from publisher.channels.outgoing import Exchanged, Objection
from publisher.model.outcomes import Answer, Deferred, Kind, Outcome, Wire
from tests.support.lines import (
    OK,
    PLATFORM,
    answering,
    get,
    heard,
    nothing,
    recorder,
    request_of,
    serving,
    serving_together,
)
from tests.support.waiting import wait_for

pytestmark = pytest.mark.guards("publisher.channels.http.client", "publisher.channels.outgoing")


def test_a_connection_is_kept_for_the_next_request() -> None:
    with serving(answering(OK)) as (address, connections):
        line = recorder(address)
        for _ in range(3):
            assert get(line).status == 200
        assert len(connections) == 1


def departing(
    line: Recorder, before: Callable[[], object], objection: Objection = lambda: None
) -> Answer | Outcome:
    """A request that is connected, and leaves once `before` returns."""
    client, lines, ends = Client(), queue.SimpleQueue[Any](), queue.SimpleQueue[Any]()
    request = line.built(lambda: line.session.get(f"{PLATFORM}/2/tweets"))
    client.connect([request], lines.put)
    ((_, connected),) = lines.get(timeout=30)
    before()
    client.leave([Leaving(connected, objection, ends.put)])
    how = ends.get(timeout=30)
    return request.answer(how) if isinstance(how, Exchanged) else how


def test_the_connection_stands_before_the_instant_and_nothing_has_left() -> None:
    heard: list[bytes] = []
    connected, departed = threading.Event(), threading.Event()

    def handle(connection: socket.socket) -> None:
        connected.set()
        assert departed.wait(5)
        heard.append(request_of(connection))
        connection.sendall(OK)

    def before() -> None:
        assert connected.wait(5)
        (connection,) = connections
        assert select.select([connection], [], [], 0.1)[0] == []
        departed.set()

    with serving(handle) as (address, connections):
        assert answered(departing(recorder(address), before)).status == 200
    assert heard[0].startswith(b"GET /2/tweets")


def answered(how: Answer | Outcome) -> Answer:
    assert isinstance(how, Answer)
    return how


TOO_LATE = Deferred(Kind.UNAVAILABLE, "Too late.")


def test_where_there_is_an_objection_nothing_leaves() -> None:
    with serving(answering(OK)) as (address, connections):
        assert departing(recorder(address), lambda: None, lambda: TOO_LATE) == TOO_LATE
        wait_for(lambda: connections)
        (connection,) = connections
        assert select.select([connection], [], [], 0.1)[0] == []


def test_an_objection_that_fails_lets_nothing_leave_and_the_next_one_leaves() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with serving(answering(OK)) as (address, connections):
        line, ends = recorder(address), queue.SimpleQueue[Any]()
        client, lines = Client(), queue.SimpleQueue[Any]()
        request = line.built(lambda: line.session.get(f"{PLATFORM}/2/tweets"))
        client.connect([request], lines.put)
        ((_, first),) = lines.get(timeout=30)
        client.leave([Leaving(first, fail, ends.put), Leaving(first, lambda: None, ends.put)])
        assert [ends.get(timeout=30).wire for _ in range(2)] == [Wire.NOT_SENT, Wire.ANSWERED]
        assert len(connections) == 1


def test_the_time_for_an_answer_runs_from_the_instant() -> None:
    def handle(connection: socket.socket) -> None:
        request_of(connection)
        threading.Event().wait(0.2)
        connection.sendall(OK)

    with serving(handle) as (address, _):
        wait = threading.Event().wait
        answer = answered(departing(recorder(address, 0.5), lambda: wait(0.4)))
    assert answer.wire is Wire.ANSWERED


def test_a_request_that_was_given_up_is_cut_off_before_that_is_told() -> None:
    """Else the operating system could still send it while others read that it never arrived."""
    told, done = queue.SimpleQueue[Any](), threading.Event()

    def handle(connection: socket.socket) -> None:
        request_of(connection)
        assert done.wait(5)

    def ended(how: Exchanged | Outcome) -> None:
        (peer,) = connections
        try:
            told.put((how, peer.recv(1, socket.MSG_DONTWAIT)))
        except OSError as error:
            told.put((how, error))
        done.set()

    with serving(handle) as (address, connections):
        line, client, lines = recorder(address, 0.2), Client(), queue.SimpleQueue[Any]()
        request = line.built(lambda: line.session.get(f"{PLATFORM}/2/tweets"))
        client.connect([request], lines.put)
        ((_, connected),) = lines.get(timeout=30)
        client.leave([Leaving(connected, lambda: None, ended)])
        how, found = told.get(timeout=30)
    assert how.wire is Wire.NO_ANSWER
    assert isinstance(found, ConnectionResetError), found


def test_a_server_that_hung_up_while_the_request_waited_is_called_again() -> None:
    hung_up = threading.Event()

    def handle(connection: socket.socket) -> None:
        if len(connections) == 1:
            connection.close()
            hung_up.set()
        else:
            answering(OK)(connection)

    def before() -> None:
        assert hung_up.wait(5)

    with serving(handle) as (address, connections):
        assert answered(departing(recorder(address), before)).status == 200
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

    def before() -> None:
        assert hung_up.wait(5)

    def objection() -> Outcome | None:
        asked.append(1)
        return TOO_LATE if len(asked) > 1 else None

    received: list[bytes] = []
    with serving(handle) as (address, connections):
        assert departing(recorder(address), before, objection) == TOO_LATE
    assert received in ([], [b""]), "nothing left"


def test_many_leave_in_their_order_before_any_answer_is_read() -> None:
    """Each on a connection of its own, at one instant."""
    arrived: list[bytes] = []
    everyone, number = threading.Barrier(20, timeout=30), 20

    def handle(connection: socket.socket) -> None:
        request = request_of(connection)
        arrived.append(request.split()[1])
        everyone.wait()
        connection.sendall(OK)

    with serving_together(handle) as address:
        line, client = recorder(address), Client()
        lines, ends = queue.SimpleQueue[Any](), queue.SimpleQueue[Any]()
        requests = [
            line.built(lambda n=n: line.session.get(f"{PLATFORM}/{n}"))  # type: ignore[misc]
            for n in range(number)
        ]
        client.connect(requests, lines.put)
        connected = sorted(lines.get(timeout=30)[0] for _ in range(number))
        client.leave([Leaving(one, lambda: None, ends.put) for _n, one in connected])
        assert {ends.get(timeout=30).status for _ in range(number)} == {200}
    assert sorted(arrived) == sorted(f"/{n}".encode() for n in range(number))


def test_a_safe_connection_that_waited_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's session tickets lie unread in it, and are no sign that it hung up."""
    certificate, key = self_signed(tmp_path)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    greeted = threading.Event()

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as safe:
            greeted.set()
            answering(OK, then=nothing)(safe)

    def before() -> None:
        assert greeted.wait(5)

    with serving(handle) as (address, connections):
        line = recorder(address.replace("http", "https"))
        assert answered(departing(line, before)).status == 200
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
            answering(OK, then=nothing)(safe)

    def asked() -> Answer:
        with serving(handle) as (address, _):
            return get(recorder(address.replace("http://127.0.0.1", f"https://{name}")))

    assert (asked().wire, asked().reason) == (Wire.NOT_SENT, "its certificate is not valid")
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    assert asked().wire is (Wire.ANSWERED if name == "127.0.0.1" else Wire.NOT_SENT)


def test_a_safe_connection_takes_little_memory_and_long_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand of them wait for one instant."""
    certificate, key = self_signed(tmp_path)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    long = b'{"id": "' + b"7" * 300_000 + b'"}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(long)

    def handle(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as safe:
            answering(head + long)(safe)

    with serving_together(handle) as address:
        line = recorder(address.replace("http", "https"))
        assert get(line).body == long.decode()
        request, client = line.built(lambda: line.session.get(f"{PLATFORM}/a")), Client()
        found = queue.SimpleQueue[Any]()
        tracemalloc.start()
        client.connect([request] * 20, found.put)
        connected = [one for _ in range(20) for _n, one in found.get(timeout=10)]
        ours = tracemalloc.Filter(
            inclusive=True, filename_pattern="*/asyncio/*"
        )  # the rest is the server's
        traces = tracemalloc.take_snapshot().filter_traces([ours])
        tracemalloc.stop()
        assert all(isinstance(one, Connection) for one in connected)
        assert sum(trace.size for trace in traces.statistics("filename")) < 20 * 64_000


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
