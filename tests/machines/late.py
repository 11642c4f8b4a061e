"""`python -m tests.machines.late`: what a host still tries to send after it gave a request up.

The cable is pulled as the request leaves. Prints the states of its connections afterwards, as in
/proc/net/tcp; none are left when nothing can arrive any more. Its own process, because tests may
not leave loopback.
"""

import socket
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from publisher.base.clock import SystemClock
from publisher.channels.http.client import Client, Leaving
from publisher.channels.http.recorder import Recorder
from tests.machines import network

_ADDRESSES = {"platform": "10.77.0.1", "worker": "10.77.0.2"}
_PLATFORM = "https://api.x.com"
_TIMEOUT = timedelta(seconds=0.5)


def main() -> int:
    with network.lay_out(_ADDRESSES) as hosts:
        with hosts.inside("platform"):
            listener = socket.create_server((_ADDRESSES["platform"], 0))
        with listener, hosts.inside("worker"):
            host, port = listener.getsockname()
            line = Recorder(
                _PLATFORM, base_url=f"http://{host}:{port}", timeout=_TIMEOUT, clock=SystemClock(),
                secrets=[],
            )  # fmt: skip
            request = line.built(lambda: line.session.post(f"{_PLATFORM}/2/tweets", data=b"x"))
            client, connected, ends = Client(), SimpleQueue[Any](), SimpleQueue[Any]()
            client.connect([request], connected.put)
            ((_, found),) = connected.get(timeout=5)
            hosts.pull("worker")
            client.leave([Leaving(found, lambda: None, ends.put)])
            answer = request.answer(ends.get(timeout=5))
            sys.stdout.write(f"{answer.wire.value}: {answer.reason} [{' '.join(_states())}]")
    return 0


def _states() -> Iterator[str]:
    """Of the connections of this thread's host."""
    for entry in Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]:
        yield entry.split()[3]


if __name__ == "__main__":
    sys.exit(main())
