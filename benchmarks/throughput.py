"""How many posts a second one worker process sends, and what a post takes of the processor.

All posts are due at once, and nothing of them is done before. Publisher is its broker, its
dispatcher and one worker, as it comes; its posts are queued all together, to go out now. Beside it,
in the same run, stands tweepy alone in the threads of one process, which are few, so that they are
always busy, and Celery and procrastinate with a task for each post, in as many threads. All send to
the same stand-in for X. Posts a second are counted from the first arrival to the last. The
processor's time is that of all processes of each way, from shortly before the first post until the
last outcome is on record, divided by the number of posts; that of the stand-in and of `publisher
queue` is left out.

    .venv/bin/pip install '.[bench]'
    .venv/bin/python benchmarks/throughput.py [--posts 2000] [--threads 32] [--latency 0 0.2]
"""

import argparse
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import burst, page

BEFORE = 6.0  # seconds before the instant: all is started
AFTERWARDS = 2.0  # seconds after the last arrival: its answer came, and is on record
LEAST, MOST = (1.0, 3.0), 1.1  # posts a second at once and after a while; processor's time
OTHERS = ("tweepy in threads", "Celery with ETA", "procrastinate")
TICKS = os.sysconf("SC_CLK_TCK")


Way = Callable[
    [float, list[str], argparse.Namespace, Path],
    AbstractContextManager[Callable[[], object] | None],
]


class Run(NamedTuple):
    """What one way took."""

    posts_a_second: float
    milliseconds_a_post: float
    """Of the processor."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--latency", type=float, nargs="+", default=[0.0, 0.2], metavar="SECONDS")
    options = parser.parse_args()
    burst.PROCESSES = 1
    figures = []
    print(f"{options.posts} posts, {options.threads} threads")
    for latency in options.latency:
        print(f"{latency * 1000:.0f} ms of latency{'posts/s':>22}{'ms of processor/post':>24}")
        ways = {name: run(WAYS[name], latency, options) for name in (burst.OURS, *OTHERS)}
        for name, found in ways.items():
            print(f"  {name:26}{found.posts_a_second:9.0f}{found.milliseconds_a_post:24.2f}")
            when = f"{name}, answers after {latency * 1000:.0f} ms"
            figures += [
                page.Figure(
                    f"sent, {when}", found.posts_a_second, "posts/s", chart="Posts a second"
                ),
                page.Figure(
                    f"processor, {when}", found.milliseconds_a_post, "ms/post",
                    chart="Processor's time for a post",
                ),
            ]  # fmt: skip
        ours, tweepy, *tasks = (ways[name] for name in (burst.OURS, *OTHERS))
        when = f"answers after {latency * 1000:.0f} ms"
        sent = ours.posts_a_second / tweepy.posts_a_second
        used = ours.milliseconds_a_post / tweepy.milliseconds_a_post
        less = ours.milliseconds_a_post / min(one.milliseconds_a_post for one in tasks)
        print(f"  {'Publisher / tweepy':26}{sent:9.2f}{used:24.2f}")
        print(f"  {'Publisher / a task for each':26}{less:33.2f}")
        figures += [
            page.Figure(
                f"sent, Publisher / tweepy, {when}", sent, "times", LEAST[bool(latency)],
                at_least=True,
            ),
            page.Figure(f"processor, Publisher / tweepy, {when}", used, "times", MOST),
            page.Figure(
                f"processor, Publisher / the thriftier of Celery and procrastinate, {when}", less,
                "times", 1.0,
            ),
        ]  # fmt: skip
    page.keep("throughput", figures, **{"stand-in": burst.standing()})


def run(way: Way, latency: float, options: argparse.Namespace) -> Run:
    texts = [f"Post {number} of many." for number in range(options.posts)]
    with TemporaryDirectory() as folder:
        arrivals = Path(folder, "arrivals.jsonl")
        with burst.stand_in(arrivals, latency) as stand_in:
            due = float(round(time.time() + burst.LEAD + options.posts / 100))
            with way(due, texts, options, Path(folder)) as begin:
                time.sleep(max(0.0, due - BEFORE - time.time()))
                used = processor_seconds(besides=stand_in)
                if begin:
                    begin()
                limit = due + burst.PATIENCE + options.posts * 0.02
                while time.time() < limit and len(burst.seen(arrivals)) < options.posts:
                    time.sleep(0.2)
                time.sleep(latency + AFTERWARDS)
                used = processor_seconds(besides=stand_in) - used
        arrived = burst.seen(arrivals)
    if len(arrived) < options.posts:
        raise SystemExit(f"{options.posts - len(arrived)} posts did not arrive")
    took = max(arrived.values()) - min(arrived.values())
    return Run(options.posts / took, used * 1000 / options.posts)


@contextmanager
def publisher(
    _due: float, texts: list[str], _options: argparse.Namespace, folder: Path
) -> Iterator[Callable[[], object]]:
    """`publisher run`, and what queues the posts, to go out now."""
    command, environment = burst.campaign(folder, {}, burst.accounts_of(texts))
    words = [*command, "queue", "--new-ledger"]  # else they may have gone out by another one
    queue = partial(subprocess.run, words, env=environment, check=True, capture_output=True)
    with burst.process([*command, "run", "--no-web"], environment):
        yield queue


def processor_seconds(besides: int) -> float:
    """What the living processes that this one started have used so far, but for one of them."""
    used = 0
    for pid in set(burst.family(os.getpid())) - {os.getpid(), besides}:
        with suppress(OSError):  # it has just ended
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += sum(int(ticks) for ticks in fields[11:15])
    return used / TICKS


WAYS: dict[str, Way] = {burst.OURS: publisher, **{name: burst.WAYS[name] for name in OTHERS}}

if __name__ == "__main__":
    main()
