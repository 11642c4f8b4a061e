"""A platform's server that does as it is told, and the line to it."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import Any

from publisher.base.clock import Clock, SystemClock
from publisher.channels.http.recorder import Recorder
from publisher.model.outcomes import Answer

PLATFORM = "https://api.x.com"


SECRET = "geheim/4711+x"


OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"id": "77"}'


Handler = Callable[[socket.socket], None]


@contextmanager
def serving(handler: Handler) -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that hands each connection to `handler`; gives its address and who connected."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connections.append(connection)
                with connection, suppress(OSError):
                    handler(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


@contextmanager
def serving_together(handler: Handler) -> Iterator[str]:
    """As `serving`, with a thread for each connection; gives the address."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                handler(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=handle, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def request_of(connection: socket.socket) -> bytes:
    """One request without a body, or nothing when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = heard(connection)
        if not piece:
            return b""
        data += piece
    return data


def heard(connection: socket.socket) -> bytes:
    """What came next, or nothing when the client is gone, who does not say so politely."""
    with suppress(ConnectionResetError):
        return connection.recv(65_536)
    return b""


def answering(answer: bytes, *, then: Callable[[socket.socket], None] | None = None) -> Handler:
    def handle(connection: socket.socket) -> None:
        while request_of(connection):
            connection.sendall(answer)
            if then:
                then(connection)
                return

    return handle


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def nothing(_connection: socket.socket) -> None:
    return


def recorder(base_url: str, seconds: float = 2, clock: Clock | None = None) -> Recorder:
    return Recorder(
        PLATFORM,
        base_url=base_url,
        timeout=timedelta(seconds=seconds),
        clock=clock or SystemClock(),
        secrets=[SECRET],
    )


def get(line: Recorder, path: str = "/2/tweets", **more: Any) -> Answer:
    return line.call(lambda: line.session.get(f"{PLATFORM}{path}", **more))


def answer_to(handler: Handler, seconds: float = 2, **more: Any) -> Answer:
    with serving(handler) as (address, _):
        return get(recorder(address, seconds), **more)


def wait_for_its_end(connection: socket.socket) -> None:
    """Say nothing until the client hangs up."""
    while connection.recv(65_536):
        pass


def drip(connection: socket.socket) -> None:
    """A byte now and then, each in time, and never an end."""
    while True:
        connection.sendall(b" ")
        threading.Event().wait(0.05)
