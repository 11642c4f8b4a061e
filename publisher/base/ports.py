"""Ports: listening on one of this machine, and in words why that cannot be."""

import errno
import socket

from publisher.base.errors import why
from publisher.base.i18n import _

HIGHEST = 65_535


def bound(host: str, port: int) -> socket.socket:
    """A socket that has the port; 0: any free one. OSError, or OverflowError, if it cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small packets at once only if the protocol is named. Otherwise a response's body
    # waits 40 ms for the client to acknowledge its head.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError):
        found.close()
        raise
    return found


def refused(error: Exception, host: str, port: int) -> str:
    """Why `bound` failed, for a person."""
    if isinstance(error, OSError):
        if error.errno == errno.EADDRINUSE:
            return _("Another program is using port {port}.", port=port)
        if error.errno == errno.EADDRNOTAVAIL:
            return _("{host} is not an address of this machine.", host=host)
        if error.errno in (errno.EACCES, errno.EPERM):
            return _("Only root may use port {port}.", port=port)
        return _("Port {port} cannot be used: {reason}.", port=port, reason=why(error))
    return _("Port {port} cannot be used: {reason}.", port=port, reason=error)


def answers(host: str, port: int) -> bool:
    """Whether a program takes connections there now."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True
