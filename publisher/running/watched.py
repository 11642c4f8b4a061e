"""Watchdog of a container's process: `python -m publisher.running.watched COMMAND …`.

Docker starts again what ends, and not what hangs. So this runs the command, listens to the signs of
life of its main loop as systemd does (sd_notify(3)), and kills it when they stay away for too long.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from publisher.base.i18n import _
from publisher.base.process import NOTIFY
from publisher.running.supervised import SILENCE_LIMIT, START_LIMIT

_LOOK = 1.0  # seconds


def run(
    command: Sequence[str], *, at_first: float = START_LIMIT, limit: float = SILENCE_LIMIT
) -> int:
    """Run the command, and return its exit status, as a shell does for one that was killed.

    `at_first`: seconds until its first sign of life; `limit`: from each one to the next.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address := f"\0publisher-{os.getpid()}")
        line.settimeout(min(_LOOK, limit))
        environment = {**os.environ, NOTIFY: address.replace("\0", "@")}
        with subprocess.Popen(command, env=environment) as process:
            is_ending = False

            def end(number: int, _frame: object) -> None:
                nonlocal is_ending
                is_ending = True  # it finishes what it has in hand, for as long as Docker lets it
                process.send_signal(number)

            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, end)
            silence, silence_limit, looked_at = 0.0, at_first, time.monotonic()
            while process.poll() is None:
                is_heard = _hears(line)
                now = time.monotonic()
                # Only the time in which this process ran counts: the machine may have stood still.
                waited, looked_at = min(now - looked_at, _LOOK), now
                if is_heard:
                    silence, silence_limit = 0.0, limit
                elif (silence := silence + waited) > silence_limit and not is_ending:
                    seconds = f"{silence_limit:g}"
                    ended = _(
                        "gave no sign of life for {seconds} s and was killed", seconds=seconds
                    )
                    sys.stderr.write(f"{' '.join(command)} {ended}\n")
                    process.kill()
            status = process.wait()
    return 128 - status if status < 0 else status


def _hears(line: socket.socket) -> bool:
    """Whether a sign of life comes; waits for it up to the socket's limit."""
    try:
        return b"WATCHDOG=1" in line.recv(4096)
    except TimeoutError:
        return False


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
