"""A server in between that loses answers: it passes requests on, and keeps what comes back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests


@dataclass
class Losing:
    """What passes, and what gets lost."""

    address: str = ""
    seen: list[str] = field(default_factory=list)
    """The paths of all requests, without their queries."""
    lose: str = ""
    """The end of the paths of requests whose answers get lost; empty: of none."""
    keep_back: str = ""
    """The end of the paths of requests that are not passed on, until `let_go`."""
    held: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    server: str = ""

    def let_go(self) -> list[int]:
        """Pass on what was kept back; the status of each answer, which nobody waits for."""
        kept, self.held = self.held, []
        return [
            requests.request(
                method, f"{self.server}{path}", headers=headers, data=body, timeout=30
            ).status_code
            for method, path, headers, body in kept
        ]


@contextmanager
def losing(server: str) -> Iterator[Losing]:
    """Run one in front of `server`."""
    state = Losing(server=server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            path = self.path.partition("?")[0]
            state.seen.append(path.rpartition("/")[2])
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("host", "connection", "content-length")
            }
            if state.keep_back and path.endswith(state.keep_back):
                state.held.append((self.command, self.path, headers, body))
                self._hang_up()
                return
            answer = requests.request(
                self.command, f"{server}{self.path}", headers=headers, data=body, timeout=30
            )
            if state.lose and path.endswith(state.lose):
                self._hang_up()
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in (
                    "content-encoding", "content-length", "transfer-encoding", "connection",
                    "keep-alive", "date",
                ):  # fmt: skip
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def _hang_up(self) -> None:
            self.close_connection = True

        do_GET = do_POST = pass_on  # noqa: N815 - the names that the library asks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    between = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=between.serve_forever, daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{between.server_address[1]}"
    try:
        yield state
    finally:
        between.shutdown()
        between.server_close()
        thread.join(10)
