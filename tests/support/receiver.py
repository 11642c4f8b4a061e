"""A service that takes notices: a real HTTP server on loopback, in a thread of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Keeps what comes; answers with `status`, or not at all while it hangs."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.status = 200
        self.messages: list[dict[str, Any]] = []
        self.requests = 0
        """How many have come, whatever became of them."""
        self._free = threading.Event()
        self._free.set()

    @property
    def url(self) -> str:
        """Its address as Apprise takes it."""
        return f"json://{self.address}/"

    @property
    def bodies(self) -> list[str]:
        return [message["message"] for message in self.messages]

    def hang(self) -> None:
        """Answer no request until `let_go`."""
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()

    @property
    def hangs(self) -> bool:
        return not self._free.is_set()

    def take(self, message: dict[str, Any]) -> int:
        self.requests += 1
        self._free.wait()
        status = self.status
        if status == 200:
            self.messages.append(message)
        return status


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver at work."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            status = receiver.take(json.loads(self.rfile.read(length)))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that gave up is no error here."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go()
        server.shutdown()
        thread.join()
        server.server_close()
