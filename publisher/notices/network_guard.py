"""Network guard: what people's own addresses lead to is in the public internet.

A person names the server that is asked. It must not be this machine or one beside it: those trust
requests from here. A name is checked where it leads, as the connection is made, because it may lead
elsewhere than a moment ago. Python's audit hooks tell that of every connection, whatever library
makes it.
"""

import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

_IPv4 = ipaddress.IPv4Address
_IPv6 = ipaddress.IPv6Address
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as NAT64 writes them. Source: RFC 6052, 2.1."""
_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)


class _Refused(OSError):
    """A connection leads to an address that is not public."""


@contextmanager
def public_only() -> Iterator[list[str]]:
    """In this block and thread, refuse connections to addresses that are not public.

    Yields the list of those that were refused, as a library may hide the exception.
    """
    _watch()
    refused: list[str] = []
    token = _refused.set(refused)
    try:
        yield refused
    finally:
        _refused.reset(token)


@cache
def _watch() -> None:
    """Install the hook, once in a process, as it cannot be taken away."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    refused = _refused.get()
    if refused is None:
        return
    address = arguments[1]
    host = address[0] if isinstance(address, tuple) else ""
    if not is_public(host):
        refused.append(str(host))
        raise _Refused


def is_private(host: str) -> bool:
    """Whether a host is known to be private: `localhost`, or an address that is not public."""
    return host == "localhost" or is_public(host.strip("[]")) is False


def leads_to_private(host: str) -> bool:
    """Whether a host, by what its name leads to now, is not in the public internet.

    A name that leads nowhere is not private: nothing can be asked there.
    """
    if is_private(host):
        return True
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return any(is_public(str(address[0])) is False for *_rest, address in found)


def is_public(host: str) -> bool | None:
    """Whether an IP address is in the public internet; None for what is none, such as a name."""
    try:
        address: _IPv4 | _IPv6 = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, _IPv6):
        address = _inside(address) or address
    return address.is_global and not address.is_multicast


def _inside(address: _IPv6) -> _IPv4 | None:
    """The IPv4 address that packets to this one are sent to."""
    if address in _TRANSLATED:
        return _IPv4(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
