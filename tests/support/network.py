"""The wall around the tests: no socket of theirs leaves loopback."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock


class LeftLoopback(AssertionError):
    """A test tried to reach another machine."""


@contextmanager
def loopback_only() -> Iterator[list[str]]:
    """Refuse every connection beyond loopback and every look-up of an outside name.

    Yields the list of what was refused, for code that swallows the exception.
    """
    refused: list[str] = []
    connect, connect_ex, getaddrinfo = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            refuse(f"connect to {address[0]} port {address[1]}")

    def refuse(what: str) -> None:
        refused.append(what)
        raise LeftLoopback(f"A test tried to {what}; nothing leaves loopback.")

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if not needs_no_lookup(host):
            refuse(f"look up {_text(host)}")
        return getaddrinfo(host, *args, **options)

    with (
        mock.patch.object(socket.socket, "connect", guarded_connect),
        mock.patch.object(socket.socket, "connect_ex", guarded_connect_ex),
        mock.patch.object(socket, "getaddrinfo", guarded_getaddrinfo),
    ):
        yield refused


def is_loopback(host: str | bytes) -> bool:
    """Whether an address or a name certainly means this machine."""
    address = _address(host)
    if address is None:
        return _text(host) == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def needs_no_lookup(host: str | bytes | None) -> bool:
    """Whether resolving a host asks nobody: an address, this machine, or any address to bind."""
    return not host or _text(host) == "localhost" or _address(host) is not None


def _address(host: str | bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(_text(host))
    except ValueError:
        return None


def _text(host: str | bytes) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host
