"""Raw HTTP answers, and a server at loopback that gives them out one after the other."""

import gzip
import json
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.fuzz import platform_answers

ID_PLACE = "7077070707"
STRAY_PLACE = "8088080808"
"""Stand in an answer, and in what follows it, for ids that belong to that request alone."""

_LINES = st.sampled_from(
    (b"HTTP/1.1 201 Created",) * 4
    + (b"HTTP/1.1 200 OK",) * 4
    + (
        b"HTTP/1.1 200", b"HTTP/1.0 200 OK", b"HTTP/2 200", b"HTTP/1.1 403 Forbidden", b"HTTP/1.1 429 Too Many", b"HTTP/1.1 500 No", b"HTTP/1.1 302 Found",
        b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 100 Continue", b"HTTP/1.1 103 Early Hints", b"HTTP/1.1 101 Switch",
        b"HTTP/1.1 999 What", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 -200 OK", b"http/1.1 200 ok", b"ICY 200 OK", b"", b"\x16\x03\x01\x00\x05", b"HTTP/1.1 200 " + b"x" * 70_000,
        b"HTTP/1.1 200 \xff\x00",
    )
)  # fmt: skip
_HEADER_LINES = st.sampled_from(
    (
        b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade", b"Content-Type: application/json; charset=utf-16", b"Location: http://127.0.0.1:9/",
        b"Set-Cookie: a=b; Domain=.twitter.com", b" folded", b"no colon", b": no name", b"X-\xff: \xfe", b"X-Nul: a\x00b", b"X-Long: " + b"x" * 70_000, b"X-Many: 1\r\n" * 150 + b"X: 1",
        b"Content-Length: 0", b"Content-Length: -1", b"Content-Length: 1e3", b"Content-Length: 5, 5", b"Content-Length: " + b"9" * 30, b"Transfer-Encoding: identity",
        b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: xchunked", b"Content-Encoding: br", b"Content-Encoding: compress", b"Content-Encoding: " + b"gzip, " * 50 + b"gzip",
        b"Trailer: X-Rate-Limit-Reset", b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", b"Keep-Alive: timeout=0", b"Upgrade: h2c",
    )
)  # fmt: skip


@dataclass(frozen=True)
class RawAnswer:
    """Bytes, and what the server does after them."""

    data: bytes
    then: str
    """`keep` the connection, `close` or `reset` it."""


@st.composite
def raw_answers(draw: st.DrawFn) -> RawAnswer:
    """An answer that is right but for a few things, or for most."""
    text = draw(
        st.one_of(
            st.just(json.dumps({"data": {"id": ID_PLACE}, "id": ID_PLACE, "success": True})),
            platform_answers.body,
        )
    )
    content = text.encode("utf-8", "surrogatepass")[:300_000]
    lines = [draw(_LINES)]
    lines += [
        f"{name}: {value}".encode("latin-1", "replace")
        for name, value in draw(platform_answers.headers).items()
    ]
    lines += draw(st.lists(_HEADER_LINES, max_size=2))
    content, encoding = draw(st.sampled_from(_encodings(content)))
    lines += encoding
    framing = draw(
        st.sampled_from(
            (
                "length",
                "length",
                "length",
                "chunked",
                "chunked",
                "bad chunks",
                "until the end",
                "too long",
                "too short",
            )
        )
    )
    if framing == "chunked":
        lines.append(b"Transfer-Encoding: chunked")
        content = _chunked(content) + draw(
            st.sampled_from(
                (
                    b"0\r\n\r\n",
                    b"0;x=y\r\nX-Rate-Limit-Reset: 1\r\n\r\n",
                    b"00000\r\n\r\n",
                    b"0\r\n",
                    b"",
                )
            )
        )
    elif framing == "bad chunks":
        lines.append(b"Transfer-Encoding: chunked")
        content = (
            draw(
                st.sampled_from(
                    (
                        b"zz\r\n",
                        b"-1\r\n",
                        b"ffffffffffffffff\r\n",
                        b"5;\r\n",
                        b"\r\n",
                        b"5\r\nabc",
                        b"1" * 70_000,
                    )
                )
            )
            + content
        )
    elif framing != "until the end":
        more = {"length": 0, "too long": 10, "too short": -10}[framing]
        lines.append(b"Content-Length: %d" % max(0, len(content) + more))
    ending = draw(st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r")))
    data = ending.join(lines) + ending * 2 + content
    data += draw(
        st.sampled_from(
            (b"",) * 8
            + (
                b"HTTP/1.1 201 Created\r\nContent-Length: 30\r\n\r\n"
                + b'{"data": {"id": "%s"}}' % STRAY_PLACE.encode(),
                b"\r\n",
                b"\x00",
            )
        )
    )
    if draw(st.integers(0, 9)) == 0:
        data = data[: draw(st.integers(0, len(data)))]
    return RawAnswer(data, draw(st.sampled_from(("close", "close", "close", "keep", "reset"))))


def _encodings(content: bytes) -> list[tuple[bytes, list[bytes]]]:
    zipped = gzip.compress(content, mtime=0)
    return [
        *[(content, list[bytes]())] * 5,
        (zipped, [b"Content-Encoding: gzip"]),
        (zlib.compress(content), [b"Content-Encoding: deflate"]),
        (gzip.compress(zipped, mtime=0), [b"Content-Encoding: gzip, gzip"]),
        (zipped[: len(zipped) // 2], [b"Content-Encoding: gzip"]),
        (content, [b"Content-Encoding: gzip"]),
        (zipped + zipped, [b"Content-Encoding: GZIP"]),
    ]


def _chunked(content: bytes) -> bytes:
    pieces = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


@dataclass
class Server:
    """Gives the next of `answers` to whatever request comes; `given` counts them."""

    address: str
    answers: list[RawAnswer] = field(default_factory=list)
    given: int = 0

    def ids_until(self, number: int) -> set[str]:
        """The ids in the answers to the requests until `number`, counted from 1."""
        places = (int(ID_PLACE), int(STRAY_PLACE))
        return {str(place + n) for place in places for n in range(1, number + 1)}

    def serve(self, connection: socket.socket) -> None:
        while self.answers and _read_request(connection):
            try:
                answer = self.answers.pop(0)
            except IndexError:  # another connection's request got the last one
                return
            self.given += 1
            data = answer.data
            for place in (ID_PLACE, STRAY_PLACE):
                data = data.replace(place.encode(), b"%d" % (int(place) + self.given))
            connection.sendall(data)
            if answer.then == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if answer.then != "keep":
                return


@contextmanager
def serving() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(5)
                server.serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _read_request(connection: socket.socket) -> bool:
    """Read one request with its body; False when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return False
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return True
