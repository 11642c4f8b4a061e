"""HTTP/1.1 connection: TCP, TLS and one exchange at a time, without a thread.

Before the first byte of a request leaves, the platform cannot have seen it; after that byte, it may
have. Nothing here takes longer than the time limit of its request.
"""

import asyncio
import asyncio.sslproto
import socket
import ssl
import struct
import zlib
from collections.abc import Callable
from typing import Any, cast

import h11

from publisher.base.i18n import _, later
from publisher.base.public_addresses import NotPublic
from publisher.channels.outgoing import Exchanged, Request
from publisher.model.outcomes import Wire

MAX_BODY = 1_000_000
"""The most bytes of a response that are read; no API's answer is longer."""
_MAX_HEAD = 65_536
_GZIP = 16 + zlib.MAX_WBITS
asyncio.sslproto.SSLProtocol.max_size = 16_384
"""The bytes that a connection over TLS reads at a time, in a buffer of its own: of asyncio's 256
kB, a thousand connections would take 260 MB.
"""
_SWITCH = 101

Ended = Callable[[Exchanged], None]


class Connection(asyncio.Protocol):
    """A connection to a server; belongs to one event loop."""

    def __init__(self, sock: socket.socket, *, is_safe: bool) -> None:
        """`is_safe`: whether it goes over TLS."""
        self._socket = sock
        self._is_safe = is_safe
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport
        self.is_open = False
        self._ended: Ended | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_open = cast("asyncio.WriteTransport", transport), True

    def load(self, request: Request) -> None:
        """Write a request as bytes, which `leave` sends."""
        self.request = request
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        events = (request.head, h11.Data(data=request.body), h11.EndOfMessage())
        self._bytes = b"".join(self._http.send(event) or b"" for event in events)

    def is_usable(self) -> bool:
        """Whether the server still listens: it has neither hung up nor said something unasked.

        Over TLS, readable bytes mean nothing: a server sends session tickets unasked.
        """
        if not self.is_open:
            return False
        try:
            seen = self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return bool(seen) and self._is_safe

    def leave(self, ended: Ended) -> None:
        """Send the request, in one piece; then `listen`, as soon as no other is to leave first.

        `ended` is called once, when the exchange has ended.
        """
        self._ended, self._left_at = ended, self._loop.time()
        self._transport.write(self._bytes)

    def listen(self) -> None:
        """Begin to wait for the response."""
        self._response: h11.Response | None = None
        self._body = b""
        end = self._left_at + self.request.timeout
        self._timer = self._loop.call_at(end, self._break, TimeoutError())

    def close(self) -> None:
        """Drop the connection, with all bytes that have not left."""
        self.is_open = False
        self._transport.abort()
        # The loop closes it in its next round, and the outcome may be told before that.
        self._socket.close()

    def data_received(self, data: bytes) -> None:
        if self._ended is None:
            self.close()
            return
        try:
            self._http.receive_data(data)
            self._read()
        except (h11.RemoteProtocolError, zlib.error):
            self._break(None)

    def eof_received(self) -> None:
        if self._ended and self._response:
            self.data_received(b"")
        if self._ended:
            self._break(None if self._response else ConnectionResetError())

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        self._break(error)

    def _read(self) -> None:
        while self._ended:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                return
            if isinstance(event, h11.InformationalResponse) and event.status_code != _SWITCH:
                continue
            if isinstance(event, h11.Response):
                self._response = event
                is_zipped = (b"content-encoding", b"gzip") in event.headers
                self._unzip = zlib.decompressobj(_GZIP) if is_zipped else None
            elif isinstance(event, h11.Data):
                self._take(event.data)
            elif isinstance(event, h11.EndOfMessage) and not self._is_cut():
                self._finish()
            else:  # another protocol from now on, an incomplete body, or the connection's end
                self._break(None)

    def _is_cut(self) -> bool:
        """Whether the body ends within its compressed data; an empty body has none."""
        return bool(self._body and self._unzip and not self._unzip.eof)

    def _take(self, data: bytes) -> None:
        room = MAX_BODY - len(self._body)
        self._body += self._unzip.decompress(data, room) if self._unzip else data[:room]
        if len(self._body) >= MAX_BODY:
            self._finish()

    def _finish(self) -> None:
        response = cast("h11.Response", self._response)
        is_whole = self._http.our_state is self._http.their_state is h11.DONE
        if not is_whole or self._http.trailing_data[0]:
            self.close()
        self._end(
            Exchanged(
                Wire.ANSWERED,
                status=response.status_code,
                headers=tuple((k.decode(), v.decode("latin-1")) for k, v in response.headers),
                body=self._body,
                took=self._loop.time() - self._left_at,
            )
        )

    def _break(self, error: BaseException | None) -> None:
        """End the exchange without a response."""
        if self._ended:
            self.close()
            self._end(Exchanged(Wire.NO_ANSWER, reason(error, sent=True)))

    def _end(self, exchanged: Exchanged) -> None:
        ended, self._ended = cast("Ended", self._ended), None
        self._timer.cancel()
        ended(exchanged)


async def connect(
    family: int, address: Any, host: str, tls: ssl.SSLContext | None, patience: float
) -> Connection:
    """Connect to an address of `host`; raises OSError.

    `patience`: real seconds until the operating system gives up on bytes that nobody confirms.
    """
    loop = asyncio.get_running_loop()
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _let_nothing_leave_later(sock, patience)
        await loop.sock_connect(sock, address)
        _transport, connection = await loop.create_connection(
            lambda: Connection(sock, is_safe=tls is not None),
            sock=sock,
            ssl=tls,
            server_hostname=host if tls else None,
        )
    except BaseException:
        sock.close()
        raise
    return connection


def _let_nothing_leave_later(sock: socket.socket, patience: float) -> None:
    """Make the operating system drop unsent bytes of a request that no one waits for any more.

    Otherwise it would keep trying for minutes, also after this process has ended: when a cable is
    plugged in again, the platform would get a request that is believed to be lost.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # while this process is frozen
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))


_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((socket.gaierror, UnicodeError), later("its address was not found")),
    (
        NotPublic,
        later(
            "its address is not on the public internet, and `private_hosts` under [delivery] in "
            "publisher.toml does not list it"
        ),
    ),
    (ConnectionRefusedError, later("connection refused")),
    ((ConnectionResetError, BrokenPipeError), later("connection reset")),
    (ssl.SSLCertVerificationError, later("its certificate is not valid")),
    (ssl.SSLError, later("no secure connection")),
)
"""The first match counts."""


def reason(error: BaseException | None, *, sent: bool) -> str:
    """Our own words for an error; those of a library may contain the URL, and so the token."""
    for types, words in _REASONS:
        if isinstance(error, types):
            return _(words)
    if isinstance(error, TimeoutError):
        return (
            _("time-out while waiting for the answer") if sent else _("time-out while connecting")
        )
    return _("the connection broke") if sent else _("no connection")
