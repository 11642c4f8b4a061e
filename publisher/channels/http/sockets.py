"""Sockets to a platform's server: DNS, TCP, TLS, and whether a request began to leave.

Before the first byte leaves, the platform cannot have seen the request; after that byte, it may
have. Nothing here takes longer than the time limit of its request.
"""

import http.client
import io
import queue
import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from threading import Thread, local
from typing import Any, cast

import requests
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util.wait import wait_for_read

from publisher.base.i18n import _, later
from publisher.channels.base import Depart, Leave

CONNECT_LIMIT = 5.0
"""Real seconds to connect to the server: name, addresses and TLS together."""


class TooLate(ConnectTimeoutError):
    """Connecting took so long that the request may no longer leave."""


class Exchange:
    """One request: whether it has begun to leave the machine, and how much time it has."""

    def __init__(self, monotonic: Callable[[], float], timeout: float, depart: Depart) -> None:
        self._monotonic = monotonic
        self._depart = depart
        self.timeout = timeout
        self._connecting = min(CONNECT_LIMIT, timeout)
        self._begin_by = monotonic() + self._connecting
        self._end_by = 0.0
        self.sent = False

    def set_out(self) -> None:
        """Mark the request as sent from now on."""
        self.sent = True

    def left(self) -> float:
        """Seconds until it must have left or, after that, until the whole answer must be here.

        Raises `TooLate` or TimeoutError when none are left.
        """
        seconds = (self._end_by if self.sent else self._begin_by) - self._monotonic()
        if seconds > 0:
            return seconds
        raise TimeoutError if self.sent else TooLate

    def took(self) -> float:
        """Real seconds since it left."""
        return self._monotonic() - (self._end_by - self.timeout)

    def depart(self, leave: Leave) -> None:
        """Let the request leave at its instant, which starts the time limit for its answer."""

        def at_the_instant() -> None:
            self._begin_by = self._monotonic() + self._connecting
            self._end_by = self._monotonic() + self.timeout
            leave()

        self.left()
        self._depart(at_the_instant)


class _Thread(local):
    """The request of this thread."""

    exchange: Exchange


_thread = _Thread()


def begin(monotonic: Callable[[], float], timeout: float, depart: Depart) -> Exchange:
    """Begin a request: everything that this thread then does on a connection belongs to it.

    `timeout`: real seconds, from its first byte to the last one of the answer. `depart` lets that
    first byte leave; its exceptions are passed on.
    """
    _thread.exchange = Exchange(monotonic, timeout, depart)
    return _thread.exchange


class _TimedReader(io.RawIOBase):
    """Reads a socket within the exchange's time limit, however slowly the bytes come."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._file = cast("io.RawIOBase", sock.makefile("rb", buffering=0))
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._exchange.left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _FinalResponse(http.client.HTTPResponse):
    """The final answer to a request; http.client skips only a 100."""

    def __init__(self, sock: socket.socket, *more: Any, **options: Any) -> None:
        super().__init__(sock, *more, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, _thread.exchange))

    def begin(self) -> None:
        super().begin()
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # makes it read the next one
            super().begin()


_Addresses = Sequence[tuple[int, int, int, str, Any]]


def _addresses(host: str, port: int, exchange: Exchange) -> _Addresses:
    """The result of `socket.getaddrinfo` for a host; raises `TooLate` when it takes too long.

    A look-up that hangs cannot be ended, so another thread waits for it; a late result is ignored.
    """
    found: queue.SimpleQueue[_Addresses | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001  raised in the thread that asked
            found.put(error)

    Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    try:
        answer = found.get(timeout=exchange.left())
    except queue.Empty:
        raise TooLate from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _connected(
    family: int, kind: int, address: Any, exchange: Exchange, candidates: int
) -> socket.socket:
    """A connection to the first of the candidates; OSError when its share of the time is over."""
    sock = socket.socket(family, kind)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _let_nothing_leave_later(sock, exchange.timeout)
        sock.settimeout(exchange.left() / candidates)
        sock.connect(address)
        sock.settimeout(exchange.left())  # for the TLS handshake as a whole
    except Exception:
        sock.close()
        raise
    return sock


def _let_nothing_leave_later(sock: socket.socket, timeout: float) -> None:
    """Make the operating system drop unsent bytes of a request that no one waits for any more.

    Otherwise it would keep trying for minutes, also after this process has ended: when a cable is
    plugged in again, the platform would get a request that is believed to be lost.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # while this process is frozen
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(timeout * 1000))


def _hung_up(sock: socket.socket) -> bool:
    """Whether the server closed, or sent something unasked; the socket is non-blocking.

    Over TLS, readable bytes mean nothing: a server sends session tickets unasked.
    """
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True


def _sent_at_once(sock: socket.socket, data: bytes) -> int:
    """How many bytes the socket took at once: mostly all."""
    try:
        return sock.send(data)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return 0


class _PlainConnection(HTTPConnection):
    """A connection that keeps its exchange's time limit."""

    response_class = _FinalResponse

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; all addresses share the time that is left."""
        exchange = _thread.exchange
        try:
            addresses = _addresses(self._dns_host, self.port, exchange)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError as error:  # a name that cannot be a host's
            unknown = socket.gaierror(socket.EAI_NONAME, "no name of a host")
            raise NameResolutionError(self.host, self, unknown) from error
        failure: OSError | None = None
        for index, (family, kind, _protocol, _canonical, address) in enumerate(addresses):
            try:
                return _connected(family, kind, address, exchange, len(addresses) - index)
            except OSError as error:
                failure = error
        kind_of = ConnectTimeoutError if isinstance(failure, TimeoutError) else NewConnectionError
        raise kind_of(self, "No address took the connection.") from failure

    def request(self, *request: Any, **more: Any) -> None:
        self._unsent: list[bytes] = []
        super().request(*request, **more)
        self._leave(b"".join(self._unsent))

    def send(self, data: Any) -> None:
        """Buffer a piece of the request: it leaves as a whole."""
        self._unsent.append(data)

    def _leave(self, request: bytes) -> None:
        exchange = _thread.exchange
        if self.sock is None:
            self.connect()
        self.sock.settimeout(0)
        gone = 0

        def leave() -> None:
            nonlocal gone
            exchange.sent = not _hung_up(self.sock)
            if exchange.sent:
                gone = _sent_at_once(self.sock, request)

        exchange.depart(leave)
        if not exchange.sent:
            self.sock.close()
            self.connect()
            exchange.depart(exchange.set_out)  # if it still may
        if gone < len(request):
            self.sock.settimeout(exchange.left())
            self.sock.sendall(memoryview(request)[gone:])
        # The reader is created only when there is an answer: others have yet to leave at this
        # instant.
        wait_for_read(self.sock, exchange.left())


class _SafeConnection(_PlainConnection, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


POOLS = {"http": _PlainPool, "https": _SafePool}
"""The connection pools for urllib3, by URL scheme."""


_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((TooLate,), later("it took too long to connect")),
    ((NameResolutionError,), later("its address was not found")),
    ((ConnectionRefusedError,), later("connection refused")),
    ((ConnectionResetError, BrokenPipeError), later("connection reset")),
    ((ssl.SSLCertVerificationError,), later("its certificate is not valid")),
    ((ssl.SSLError, requests.exceptions.SSLError), later("no safe connection")),
    ((NewConnectionError,), later("no way there")),
)
"""The first match counts: urllib3 treats a refused connection as a time-out."""
_TIME_OUTS = (ConnectTimeoutError, ReadTimeoutError, TimeoutError)


def reason(error: BaseException, *, sent: bool) -> str:
    """Our own message about an error: the libraries' messages contain the URL, and so the token."""
    chain = list(_causes(error))
    for types, words in _REASONS:
        if any(isinstance(cause, types) for cause in chain):
            return _(words)
    if any(isinstance(cause, _TIME_OUTS) for cause in chain):
        return _("time-out in waiting for the answer") if sent else _("time-out in connecting")
    return _("the connection broke") if sent else _("no connection")


def _causes(error: BaseException) -> Iterable[BaseException]:
    """An exception and all its causes, innermost last."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            waiting += [
                current.__cause__,
                current.__context__,
                getattr(current, "reason", None),
                *current.args,
            ]
    return seen
