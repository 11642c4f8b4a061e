"""How many posts a second one worker process sends, and what a post takes of the processor.

All posts are due at one instant. Publisher is its broker, its dispatcher and one worker; beside it,
in the same run, stands tweepy alone in the threads of one process, which are few, so that they are
always busy. Both send to the same stand-in for X. The processor's time is that of
all processes of each way, from shortly before the instant until the last outcome is on record,
divided by the number of posts; the stand-in's own is left out.

    .venv/bin/pip install '.[bench]'
    .venv/bin/python benchmarks/throughput.py [--posts 2000] [--threads 32] [--latency 0 0.2]
"""

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import burst, page

BEFORE = 6.0  # seconds before the instant: all is started, and nothing is claimed
AFTERWARDS = 2.0  # seconds after the last arrival: its answer came, and is on record
LEAST, MOST = (0.9, 0.95), 1.5  # posts a second at once and after a while; processor's time
TICKS = os.sysconf("SC_CLK_TCK")


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
        ways = {
            name: run(burst.WAYS[name], latency, options)
            for name in ("tweepy in threads", "Publisher")
        }
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
        raw, ours = ways.values()
        sent = ours.posts_a_second / raw.posts_a_second
        used = ours.milliseconds_a_post / raw.milliseconds_a_post
        print(f"  {'Publisher / tweepy':26}{sent:9.2f}{used:24.2f}")
        when = f"Publisher / tweepy, answers after {latency * 1000:.0f} ms"
        figures += [
            page.Figure(f"sent, {when}", sent, "times", LEAST[bool(latency)], at_least=True),
            page.Figure(f"processor, {when}", used, "times", MOST),
        ]
    page.keep("throughput", figures, **{"stand-in": burst.standing()})


def run(way: burst.Way, latency: float, options: argparse.Namespace) -> Run:
    texts = [f"Post {number} of many." for number in range(options.posts)]
    with TemporaryDirectory() as folder:
        arrivals = Path(folder, "arrivals.jsonl")
        with burst.stand_in(arrivals, latency) as stand_in:
            due = float(round(time.time() + burst.LEAD + options.posts / 100))
            with way(due, texts, options, Path(folder)):
                time.sleep(max(0.0, due - BEFORE - time.time()))
                used = processor_seconds(besides=stand_in)
                limit = due + burst.PATIENCE + options.posts * 0.02
                while time.time() < limit and len(burst.seen(arrivals)) < options.posts:
                    time.sleep(0.2)
                time.sleep(latency + AFTERWARDS)
                used = processor_seconds(besides=stand_in) - used
        arrived = burst.seen(arrivals)
    if len(arrived) < options.posts:
        raise SystemExit(f"{options.posts - len(arrived)} posts did not arrive")
    return Run(options.posts / (max(arrived.values()) - due), used * 1000 / options.posts)


def processor_seconds(besides: int) -> float:
    """What the living processes that this one started have used so far, but for one of them."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            pid = int(entry.name)
            parents[pid] = int(fields[1])
            used[pid] = sum(int(ticks) for ticks in fields[11:15]) / TICKS
    return sum(used[pid] for pid in used if pid != besides and is_ours(pid, parents))


def is_ours(pid: int, parents: dict[int, int]) -> bool:
    while (pid := parents.get(pid, 0)) > 1:
        if pid == os.getpid():
            return True
    return False


if __name__ == "__main__":
    main()
