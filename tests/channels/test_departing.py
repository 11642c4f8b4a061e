"""How a request waits for its instant, and leaves."""

import select
import socket
import ssl
import threading
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

from publisher.channels.base import Leave, NotDeparted
from publisher.channels.http import sockets as connection
from publisher.channels.http.recorder import Recorder
from publisher.model.outcomes import Answer, Wire
from tests.support.lines import OK, PLATFORM, answering, get, heard, recorder, request_of, serving
from tests.support.waiting import wait_for


def test_a_connection_is_kept_for_the_next_request() -> None:
    with serving(answering(OK)) as (address, connections):
        line = recorder(address)
        for _ in range(3):
            assert get(line).status == 200
        assert len(connections) == 1


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
