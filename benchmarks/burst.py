"""How late 1,000 posts arrive that are due at one instant, with Publisher and in other ways.

All of them send to the same stand-in for X, in one run, from two processes: Publisher with its
broker and dispatcher, and once more as it is if nobody sets anything (one process); tweepy in
threads that do nothing else; APScheduler with a store on disk; Celery with an ETA for each task; a
look ten times a second with a task of Celery's for each post; and procrastinate with its queue in
PostgreSQL. Lateness is when a request was at the stand-in as a whole, minus its due time, both by
this machine's clock.

    .venv/bin/pip install '.[bench]'
    .venv/bin/python benchmarks/burst.py [--posts 1000] [--latency 0.2] [--threads 1000]
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import page
from publisher.running.embedded_broker import find_server
from tests.support import postgres

HERE = Path(__file__).parent
PORT, BROKER_PORT = 8392, 8393
ADDRESS = f"http://127.0.0.1:{PORT}"
LEAD = 25.0  # seconds until the posts are due: all is queued and everybody is at work by then
PROCESSES = 2
PATIENCE = 60.0  # seconds after they are due
LIMITS = {
    "99 % of what arrived, within": 300.0, "median": 60.0, "last": 1000.0, "too early": 0.0, "lost": 0.0,
}  # fmt: skip
TIMES_BETTER = 10.0
"""At 99 %, than those that it is held against."""
OURS = "Publisher"
HELD_AGAINST = ("Celery with ETA", "procrastinate")
COMPARED = ("procrastinate", "apscheduler")  # packages
Way = Callable[[float, list[str], argparse.Namespace, Path], AbstractContextManager[None]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of the stand-in")
    parser.add_argument(
        "--threads", type=int, default=1000, help="of each of the two processes, but Publisher's"
    )
    parser.add_argument("--only", choices=WAYS, action="append")
    options = parser.parse_args()
    if not options.only and not all(map(importlib.util.find_spec, COMPARED)):
        parser.error("pip install '.[bench]' first: it brings what Publisher is compared with")
    print(
        f"{options.posts} posts at one instant, {options.latency * 1000:.0f} ms of latency; ms late"
    )
    print(
        f"{'':24} {'p50':>7} {'p99':>7} {'max':>7} {'early':>6} {'lost':>5} {'p99 / Publisher':>16}"
    )
    ours: float | None = None
    figures = []
    for name in options.only or WAYS:
        late = measure(WAYS[name], options)
        if not late:
            sys.exit(f"{name}: nothing arrived")
        p99 = quantile(late, 0.99)
        ours = p99 if name == OURS else ours
        ratio = p99 / ours if ours else None
        print(
            f"{name:24} {quantile(late, 0.5):7.0f} {p99:7.0f} {max(late):7.0f}"
            f" {sum(one < 0 for one in late):6} {options.posts - len(late):5} "
            + (f"{ratio:16.1f}" if ratio else f"{'':16}")
        )
        figures += told(name, late, options.posts)
        if ratio and name in HELD_AGAINST:
            figures.append(
                page.Figure(
                    f"99 % of what arrived, within, {name} / Publisher", ratio, "times",
                    TIMES_BETTER, at_least=True,
                )
            )  # fmt: skip
    page.keep("burst", figures, **{"stand-in": standing()})


def told(name: str, late: list[float], posts: int) -> list[page.Figure]:
    """The figures of one way; Publisher's are held to their limits."""
    limit = LIMITS if name == OURS else {}
    chart = f"{posts:,} posts at one instant: 99 % arrived within"
    found = {
        "99 % of what arrived, within": quantile(late, 0.99),
        "median": quantile(late, 0.5),
        "last": max(late),
        "too early": sum(one < 0 for one in late),
        "lost": posts - len(late),
    }
    return [
        page.Figure(
            f"{what}, {name}",
            figure,
            "posts" if what in ("too early", "lost") else "ms",
            limit.get(what),
            chart=chart if what == "99 % of what arrived, within" else None,
        )
        for what, figure in found.items()
    ]


def measure(way: Way, options: argparse.Namespace) -> list[float]:
    """The lateness of each post that arrived, in milliseconds."""
    texts = [f"Post {number} of the burst." for number in range(options.posts)]
    with tempfile.TemporaryDirectory() as folder:
        arrivals = Path(folder, "arrivals.jsonl")
        with stand_in(arrivals, options.latency):
            due = float(round(time.time() + LEAD + options.posts / 100))
            with way(due, texts, options, Path(folder)):
                limit = due + PATIENCE
                while time.time() < limit and len(seen(arrivals)) < options.posts:
                    time.sleep(0.5)
        return [(at - due) * 1000 for at in seen(arrivals).values()]


def seen(arrivals: Path) -> dict[str, float]:
    """When each text arrived for the first time."""
    found: dict[str, float] = {}
    for line in arrivals.read_text().splitlines():
        row = json.loads(line)
        if row["text"]:
            found.setdefault(row["text"], row["at"])
    return found


@contextmanager
def stand_in(arrivals: Path, latency: float) -> Iterator[int]:
    """The server, for as long as the block runs; gives its process id."""
    command = [HERE / "senders.py", "stand-in", PORT, latency, arrivals]
    with process([sys.executable, *map(str, command)], {}) as pid:
        wait_for(arrivals.exists)
        time.sleep(0.5)
        yield pid


def standing() -> str:
    """How the stand-in stands to those who send, for the page."""
    code = "import senders; print(senders.go_first())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)
    goes_first = done.stdout.strip() == "True"
    return f"the stand-in {'goes first' if goes_first else 'waits as all others do'}"


@contextmanager
def publisher(due: float, texts: list[str], _: argparse.Namespace, folder: Path) -> Iterator[None]:
    """`publisher run`; the posts go out on twenty accounts."""
    accounts = {
        text: f"voice-{number % max(20, len(texts) // 50)}" for number, text in enumerate(texts)
    }
    delivery = f"[delivery]\nworkers = {PROCESSES}\n"
    with serve(folder, dict.fromkeys(texts, due), accounts, delivery):
        yield


@contextmanager
def unset(due: float, texts: list[str], _: argparse.Namespace, folder: Path) -> Iterator[None]:
    """The same, with nothing in [delivery]."""
    accounts = {
        text: f"voice-{number % max(20, len(texts) // 50)}" for number, text in enumerate(texts)
    }
    with serve(folder, dict.fromkeys(texts, due), accounts):
        yield


@contextmanager
def serve(
    folder: Path, due: dict[str, float], accounts: dict[str, str], settings: str = ""
) -> Iterator[None]:
    """`publisher run` with a post for each text, due at an instant and for an account on X."""
    workspace = folder / "campaign"
    (workspace / "posts").mkdir(parents=True)
    names = sorted(set(accounts.values()))
    (workspace / "publisher.toml").write_text(
        settings + "".join(f'[accounts.{name}]\nchannel = "twitter"\n' for name in names)
    )
    secrets = workspace / "secrets.toml"
    secrets.write_text(
        "".join(
            f'[{name}]\napi_key = "k"\napi_secret = "s"\n'
            f'access_token = "{number}-a"\naccess_token_secret = "t"\n'
            for number, name in enumerate(names, 1)
        )
    )
    secrets.chmod(0o600)
    for number, (text, to) in enumerate(accounts.items()):
        at = f"{datetime.fromtimestamp(due[text], UTC):%Y-%m-%dT%H:%M:%SZ}"
        draft = f"---\nat: {at}\nto: [{to}]\n---\n{text}\n"
        (workspace / "posts" / f"{number:05}.md").write_text(draft)
    command = [sys.executable, "-m", "publisher", "--workspace", str(workspace)]
    environment = {**os.environ, "PUBLISHER_TWITTER_API_URL": ADDRESS}
    subprocess.run([*command, "queue"], env=environment, check=True, capture_output=True)
    with process([*command, "run", "--no-web"], environment):
        yield


@contextmanager
def raw(due: float, texts: list[str], options: argparse.Namespace, _: Path) -> Iterator[None]:
    """Processes of threads that begin at the instant."""
    with ExitStack() as running:
        for number in range(PROCESSES):
            running.enter_context(sender("raw", due, texts[number::PROCESSES], options, {}))
        yield


@contextmanager
def apscheduler(
    due: float, texts: list[str], options: argparse.Namespace, folder: Path
) -> Iterator[None]:
    """APScheduler in each process, with its part of the posts."""
    with ExitStack() as running:
        for number in range(PROCESSES):
            store = {"BENCH_STORE": str(folder / f"{number}.db")}
            part = texts[number::PROCESSES]
            running.enter_context(sender("apscheduler", due, part, options, store))
        yield


@contextmanager
def sender(
    way: str, due: float, texts: list[str], options: argparse.Namespace, more: dict[str, str]
) -> Iterator[int]:
    """A process that sends these in one of the ways of senders.py."""
    command = [sys.executable, str(HERE / "senders.py"), way, str(due), str(options.threads)]
    with process([*command, *texts], {**os.environ, "BENCH_ADDRESS": ADDRESS, **more}) as pid:
        yield pid


@contextmanager
def celery(due: float, texts: list[str], options: argparse.Namespace, _: Path) -> Iterator[None]:
    """Celery with an ETA for each task."""
    with celery_workers(options) as environment:
        queue("queue_celery", due, texts, environment)
        yield


@contextmanager
def poll(due: float, texts: list[str], options: argparse.Namespace, folder: Path) -> Iterator[None]:
    """A look ten times a second, and a task for each post that is due."""
    with celery_workers(options) as environment:
        more = {**environment, "BENCH_STORE": str(folder / "posts.db")}
        with sender("poll", due, texts, options, more):
            yield


@contextmanager
def celery_workers(options: argparse.Namespace) -> Iterator[dict[str, str]]:
    """A broker and worker processes of threads; gives what their clients' environment is."""
    environment = {
        **os.environ,
        "BENCH_ADDRESS": ADDRESS,
        "BENCH_BROKER": f"redis://127.0.0.1:{BROKER_PORT}/0",
    }
    server = [find_server(), "--port", str(BROKER_PORT), "--save", "", "--bind", "127.0.0.1"]
    worker = [
        sys.executable, "-m", "celery", "--app", "senders:celery", "worker", "--pool", "threads",
        "--concurrency", str(options.threads), "--loglevel", "ERROR",
    ]  # fmt: skip
    with process(server, {}):
        time.sleep(1)
        with ExitStack() as running:
            for number in range(PROCESSES):
                running.enter_context(process([*worker, "-n", str(number)], environment))
            time.sleep(3)
            yield environment


@contextmanager
def procrastinate(
    due: float, texts: list[str], options: argparse.Namespace, _: Path
) -> Iterator[None]:
    """procrastinate, which looks into PostgreSQL ten times a second."""
    with postgres.serve() as server, server.database() as url:
        environment = {
            **os.environ,
            "BENCH_ADDRESS": ADDRESS,
            "BENCH_DATABASE": url.replace("+psycopg", ""),
            "BENCH_THREADS": str(options.threads),
        }
        queue("prepare_procrastinate", due, [], environment)
        worker = [
            sys.executable, "-m", "procrastinate", "--app", "senders.jobs", "worker",
            "--concurrency", str(options.threads), "--fetch-job-polling-interval", "0.1",
        ]  # fmt: skip
        with process(worker, environment), process(worker, environment):
            time.sleep(3)
            queue("queue_procrastinate", due, texts, environment)
            yield


def queue(function: str, due: float, texts: list[str], environment: dict[str, str]) -> None:
    code = (
        "import json, sys, senders; given = json.load(sys.stdin); "
        f"senders.{function}(*([given['due'], given['texts']] if given['texts'] else []))"
    )
    subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, cwd=HERE, text=True,
        input=json.dumps({"due": due, "texts": texts}),
    )  # fmt: skip


@contextmanager
def process(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    running = subprocess.Popen(
        command, env=environment or None, cwd=HERE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield running.pid
    finally:
        running.terminate()
        running.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    sys.exit("the stand-in did not start")


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


WAYS: dict[str, Way] = {
    OURS: publisher,
    "Publisher as it comes": unset,
    "tweepy in threads": raw,
    "APScheduler": apscheduler,
    "Celery with ETA": celery,
    "a task for each after a look": poll,
    "procrastinate": procrastinate,
}


if __name__ == "__main__":
    main()
