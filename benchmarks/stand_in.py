"""The least of a platform: it takes posts as X does, after a while, and notes when each arrived.

    .venv/bin/python benchmarks/stand_in.py --port 8392 --latency 0.2 --arrivals FILE [--tls PEM]

It checks nothing, so that it takes little of the processor; the sandbox is the strict one. FILE gets
a line of JSON for each post: when its request was there as a whole (seconds since 1970), and its text.
Run it as root: then it goes first, and a post is not late because a sender has the processor.
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_ids = itertools.count(1_000_000)


class Connection(asyncio.Protocol):
    """One connection, which is kept; requests come one after the other."""

    def __init__(self, latency: float, arrivals: TextIO) -> None:
        self._latency = latency
        self._arrivals = arrivals
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        request = self._received + data if self._received else data
        end, length = request.find(b"\r\n\r\n"), _LENGTH.search(request)
        if end < 0 or len(request) < end + 4 + (int(length[1]) if length else 0):
            self._received = request
            return
        self._received = b""
        # No more than this as a request arrives: others are in the queue behind it.
        asyncio.get_running_loop().call_later(
            self._latency, self._answer, time.time(), request[end + 4 :]
        )

    def _answer(self, arrived: float, body: bytes) -> None:
        text = json.loads(body)["text"] if body else ""
        self._arrivals.write(json.dumps({"at": arrived, "text": text}) + "\n")
        body = json.dumps({"data": {"id": str(next(_ids)), "text": text}}).encode()
        self._transport.write(
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )


async def serve(port: int, latency: float, arrivals: TextIO, tls: Path | None) -> None:
    loop = asyncio.get_running_loop()
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls)
    server = await loop.create_server(
        lambda: Connection(latency, arrivals), "127.0.0.1", port, backlog=4096, ssl=context
    )
    await server.serve_forever()


def go_first() -> bool:
    """Wait for no sender's processor: a platform has its own. Without the right to that, it waits."""
    with suppress(AttributeError, PermissionError):  # no Linux; not root
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--arrivals", type=Path, required=True)
    parser.add_argument("--tls", type=Path, help="a file with certificate and key")
    options = parser.parse_args()
    go_first()
    with options.arrivals.open("w", buffering=1) as arrivals:
        asyncio.run(serve(options.port, options.latency, arrivals, options.tls))


if __name__ == "__main__":
    main()
