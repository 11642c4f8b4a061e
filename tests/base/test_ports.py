"""Ports: why one cannot be had, in words that say what to do about it."""

import errno
import socket

import pytest

from publisher.base import ports


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (OSError(errno.EADDRINUSE, "x"), "Another program is using port 80."),
        (OSError(errno.EADDRNOTAVAIL, "x"), "192.0.2.1 is not an address of this machine."),
        (PermissionError(errno.EACCES, "x"), "Only root may use port 80."),
        (OSError(errno.ENOBUFS, "No buffers"), "Port 80 cannot be used: No buffers."),
        (OverflowError("too high"), "Port 80 cannot be used: too high."),
    ],
)
def test_each_cause_has_its_words(cause: Exception, said: str) -> None:
    assert ports.refused(cause, "192.0.2.1", 80) == said


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_is_had_once(host: str) -> None:
    with ports.bound(host, 0) as found:
        port = found.getsockname()[1]
        assert not ports.answers(host, port)
        found.listen()
        assert ports.answers(host, port)
        with pytest.raises(OSError, match="in use") as refused:
            ports.bound(host, port)
        assert ports.refused(refused.value, host, port) == f"Another program is using port {port}."
    with pytest.raises(OverflowError):
        ports.bound(host, 70_000)
    assert isinstance(found, socket.socket)
