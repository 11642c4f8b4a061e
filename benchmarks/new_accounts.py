"""How late posts are whose accounts have never published, on PostgreSQL and Redis with two workers.

A process verifies whose keys an account has before its first post, and of two thousand posts half
are such. All processes are those of several machines, on this one: a dispatcher and two workers,
PostgreSQL, and the broker. The posts are due over ten seconds, and go to burst.py's stand-in for X.
Lateness is when a request was at the stand-in as a whole, minus its due time, both by this
machine's clock.

    .venv/bin/pip install '.[bench]'
    .venv/bin/python benchmarks/new_accounts.py [--accounts 1000] [--posts 2000] [--window 10]
        [--workers 2] [--latency 0.2]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import burst, page
from publisher.running.embedded_broker import find_server
from tests.support import postgres

LIMIT = 1000.0
"""Milliseconds: 99 % of the posts are no later."""
WORKER = (
    "celery", "--app=workers", "worker", "--pool=threads", "--without-mingle", "--without-gossip",
    "--without-heartbeat", "--loglevel=WARNING",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--window", type=float, default=10.0, help="seconds in which they are due")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of the stand-in")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    late, doubled = measure(options)
    figures = [
        page.Figure("99 % within", burst.quantile(late, 0.99), "ms late", LIMIT),
        page.Figure("median", burst.quantile(late, 0.5), "ms late"),
        page.Figure("last", max(late), "ms late"),
        page.Figure("too early", sum(one < 0 for one in late), "posts", 0.0),
        page.Figure("lost", options.posts - len(late), "posts", 0.0),
        page.Figure("twice", doubled, "posts", 0.0),
    ]
    print(f"{options.posts} posts of {options.accounts} new accounts; load {before:.1f} before it")
    for figure in figures:
        print(f"{figure.measured:9.1f} {figure.unit:8} {figure.what}")
    page.keep("new-accounts", figures, **{"stand-in": burst.standing()})


def measure(options: argparse.Namespace) -> tuple[list[float], int]:
    """The lateness of each post in milliseconds, and how many arrived a second time."""
    texts = [f"Post {number} of a new account." for number in range(options.posts)]
    accounts = {text: f"voice-{place % options.accounts}" for place, text in enumerate(texts)}
    first = float(round(time.time() + burst.LEAD + options.posts / 50))
    due = {
        text: float(int(first + options.window * place / options.posts))
        for place, text in enumerate(texts)
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        arrivals = Path(folder, "arrivals.jsonl")
        running.enter_context(burst.stand_in(arrivals, options.latency))
        running.enter_context(several(Path(folder), due, accounts, options.workers))
        limit = max(due.values()) + burst.PATIENCE
        while time.time() < limit and len(burst.seen(arrivals)) < options.posts:
            time.sleep(0.5)
        lines = [json.loads(line)["text"] for line in arrivals.read_text().splitlines()]
        seen = burst.seen(arrivals)
    arrived = Counter(filter(None, lines))
    return [(at - due[text]) * 1000 for text, at in seen.items()], arrived.total() - len(arrived)


@contextmanager
def several(
    folder: Path, due: dict[str, float], accounts: dict[str, str], workers: int
) -> Iterator[None]:
    """The processes of several machines, with these posts queued."""
    server = [find_server(), "--port", str(burst.BROKER_PORT), "--save", "", "--bind", "127.0.0.1"]
    with ExitStack() as running:
        database = running.enter_context(postgres.serve())
        url = running.enter_context(database.database())
        running.enter_context(burst.process(server, {}))
        command, environment = burst.campaign(folder, due, accounts)
        environment |= {
            "PUBLISHER_DATABASE__URL": url,
            "PUBLISHER_BROKER__URL": f"redis://127.0.0.1:{burst.BROKER_PORT}/0",
            "PUBLISHER_WORKSPACE": str(folder / "campaign"),
        }
        for word in ("migrate", "queue"):
            subprocess.run([*command, word], env=environment, check=True, capture_output=True)
        module = [sys.executable, "-P", "-m"]
        for number in range(workers):
            worker = [*module, *WORKER, f"--hostname={number}@%h"]
            running.enter_context(burst.process(worker, environment))
        running.enter_context(burst.process([*module, "workers.dispatcher"], environment))
        yield


if __name__ == "__main__":
    main()
