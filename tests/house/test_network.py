"""No socket of a test leaves loopback, whatever the code under test does with the refusal."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.network import LeftLoopback, is_loopback, needs_no_lookup

_OUTSIDE = "192.0.2.1"  # RFC 5737: an address for documentation, that no machine has
_OUTSIDE_V6 = "2001:db8::1"


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, _OUTSIDE), (socket.AF_INET6, _OUTSIDE_V6)]
)
@pytest.mark.parametrize("way", ["connect", "connect_ex"])
def test_a_connection_beyond_loopback_is_refused(
    family: socket.AddressFamily, address: str, way: str, refused_connections: list[str]
) -> None:
    with socket.socket(family) as sock, pytest.raises(LeftLoopback, match=address):
        getattr(sock, way)((address, 443))
    refused_connections.clear()


def test_a_lookup_of_an_outside_name_is_refused(refused_connections: list[str]) -> None:
    with pytest.raises(LeftLoopback, match=r"api\.example"):
        socket.create_connection(("api.example", 443))
    refused_connections.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_stays_open(host: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection((host, server.getsockname()[1])) as client,
    ):
        assert client.getpeername()[0] == "127.0.0.1"


def test_a_socket_file_stays_open(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", b"::1"])
def test_loopback_addresses(host: str | bytes) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "::ffff:10.0.0.1", "0.0.0.0", "localhost.example"])
def test_other_addresses(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "::", "localhost"])
def test_addresses_to_bind_ask_nobody(host: str | None) -> None:
    assert needs_no_lookup(host)


def test_swallowing_the_refusal_fails_the_test_all_the_same(
    run_pytest: Callable[[str], str],
) -> None:
    """Channels turn network errors into outcomes; that must not hide a leak."""
    output = run_pytest(f"""
import socket
def test_leak():
    try:
        socket.create_connection(("{_OUTSIDE}", 80))
    except BaseException:
        pass
""")
    assert "1 passed, 1 error" in output
    assert f"tried to connect to {_OUTSIDE} port 80" in output
