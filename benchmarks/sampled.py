"""Where the processor's time of a post goes in a worker, by samples of what has Python's lock.

As in throughput.py: few threads, which are always busy, and a stand-in for X. py-spy looks at the worker
two hundred times a second from its first post to its last; a sample counts for the innermost layer that
is at work in it. The milliseconds are the worker's own by the kernel's count, divided by the shares.

    .venv/bin/pip install '.[bench]'
    .venv/bin/python benchmarks/sampled.py [--posts 2000] [--threads 32] [--latency 0 0.2]
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import burst
import idle
import results

PY_SPY = str(Path(sys.executable).with_name("py-spy"))
RATE = 200  # samples a second
LAYERS = {
    "the ledger: taking, intending, recording": ("publisher/ledger/", "sqlalchemy/", "psycopg/"),
    "the request: tweepy, its signature, HTTP": (
        "tweepy/", "oauthlib/", "requests_oauthlib/", "requests/", "urllib3/", "http/client", "ssl.py",
    ),
    "Publisher's own steps": ("publisher/",),
    "Celery, the broker": ("celery/", "kombu/", "redis/", "workers/"),
}  # fmt: skip
"""By folders in the frames' names; what stands first is innermost: a request writes its intent."""
OTHER = "all else"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--latency", type=float, nargs="+", default=[0.0, 0.2], metavar="SECONDS")
    options = parser.parse_args()
    burst.PROCESSES = 1
    figures = []
    for latency in options.latency:
        when = f"answers after {latency * 1000:.0f} ms"
        spent = measure(latency, options)
        print(f"{when}: {sum(spent.values()):.2f} ms of the worker for a post")
        for layer, milliseconds in spent.items():
            print(f"{milliseconds:8.2f} ms  {layer}")
            chart = f"A post in the worker, {when}"
            figures.append(results.Figure(f"{when}: {layer}", milliseconds, "ms", chart=chart))
    results.keep("sampled", figures, **{"stand-in": burst.standing()})


def measure(latency: float, options: argparse.Namespace) -> dict[str, float]:
    """Milliseconds of the worker's processor for a post, by layer."""
    texts = [f"Post {number} of many." for number in range(options.posts)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        arrivals, stacks = folder / "arrivals.jsonl", folder / "stacks"
        with burst.stand_in(arrivals, latency):
            due = float(round(time.time() + burst.LEAD + options.posts / 100))
            with burst.publisher(due, texts, options, folder):
                time.sleep(max(0.0, due - 1 - time.time()))
                worker = pid_of_the_worker()
                before = idle.usage(worker).processor
                command = [
                    PY_SPY, "record", "--gil", "--rate", str(RATE), "--format", "raw",
                    "--duration", "600", "--pid", str(worker), "--output", str(stacks),
                ]  # fmt: skip
                watching = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                limit = due + burst.PATIENCE + options.posts * 0.02
                while len(burst.seen(arrivals)) < options.posts:
                    if time.time() > limit or watching.poll() is not None:
                        sys.exit("posts did not arrive, or py-spy may not look into the worker")
                    time.sleep(0.2)
                watching.send_signal(signal.SIGINT)  # it writes what it saw
                watching.wait()
                used = idle.usage(worker).processor - before
        samples = layers_of(stacks.read_text(encoding="utf-8"))
    everything = sum(samples.values())
    if not everything:
        sys.exit("py-spy saw nothing: it must be allowed to look into other processes")
    return {
        layer: used * 1000 / options.posts * number / everything
        for layer, number in samples.most_common()
    }


def pid_of_the_worker() -> int:
    (worker,) = (pid for pid, one in idle.usages(os.getpid()).items() if one.name == "worker")
    return worker


def layers_of(stacks: str) -> Counter[str]:
    """How many samples fell into each layer, from lines of frames and their number."""
    found = Counter[str]()
    for line in stacks.splitlines():
        frames, _, number = line.rpartition(" ")
        found[layer_of(frames)] += int(number)
    return found


def layer_of(frames: str) -> str:
    for layer, signs in LAYERS.items():
        if any(f"({sign}" in frames for sign in signs):
            return layer
    return OTHER


if __name__ == "__main__":
    main()
