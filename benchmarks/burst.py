"""How late 1,000 posts arrive that are due at one instant, with Publisher and in other ways.

All of them send to the same stand-in for X, in one run. Publisher is as it comes, with its broker,
dispatcher and one worker; the others have two processes and many threads: tweepy in threads that do
nothing else; APScheduler with a store on disk; Celery with an ETA for each task; a look ten times a
second with a task of Celery's for each post; and procrastinate with its queue in PostgreSQL. Then
Publisher once more with five times as many posts, and over TLS. Lateness is when a request was at
the stand-in as a whole, minus its due time, both by this machine's clock. Memory is what the kernel
divides among those who share it (PSS), of all of Publisher's processes.

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
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks import page
from publisher.running.embedded_broker import find_server
from tests.machines import certificate
from tests.support import postgres

HERE = Path(__file__).parent
PORT, BROKER_PORT = 8392, 8393
ADDRESS = f"http://127.0.0.1:{PORT}"
LEAD = 25.0  # seconds until the posts are due: all is queued and everybody is at work by then
PROCESSES = 2
PATIENCE = 60.0  # seconds after they are due
TIMES_BETTER = 25.0
"""At 99 %, than those that it is held against."""
OURS = "Publisher"
HELD_AGAINST = ("tweepy in threads", "APScheduler", "Celery with ETA", "procrastinate")
COMPARED = ("procrastinate", "apscheduler")  # packages
Way = Callable[[float, list[str], argparse.Namespace, Path], AbstractContextManager[None]]


class Limits(NamedTuple):
    """What Publisher is held to."""

    median: float | None
    within: float
    """99 % of what arrived."""
    memory: float | None = None


class Measured(NamedTuple):
    """What came of one burst."""

    late: list[float]
    """Milliseconds, of what arrived."""
    memory: float
    """The most MB at one time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of the stand-in")
    parser.add_argument(
        "--threads", type=int, default=1000, help="of each of the two processes, but Publisher's"
    )
    parser.add_argument("--only", choices=[*WAYS, *ALONE], action="append")
    options = parser.parse_args()
    asked = options.only or [*WAYS, *ALONE]
    if not options.only and not all(map(importlib.util.find_spec, COMPARED)):
        parser.error("pip install '.[bench]' first: it brings what Publisher is compared with")
    print(f"{options.posts} posts at one instant, {options.latency * 1000:.0f} ms of latency")
    figures: list[page.Figure] = []
    found: dict[str, Measured] = {}
    for name in asked:
        factor, is_safe, limits = ALONE.get(name, (1, False, None))
        posts = options.posts * factor
        found[name] = measure(WAYS.get(name, publisher), posts, options, is_safe=is_safe)
        figures += told(name, found[name], posts, LIMITS if name == OURS else limits)
    if OURS in found:
        ours = quantile(found[OURS].late, 0.99)
        figures += [
            page.Figure(
                f"99 % within, {name} / Publisher", quantile(found[name].late, 0.99) / ours,
                "times", TIMES_BETTER, at_least=True,
            )
            for name in HELD_AGAINST if name in found
        ]  # fmt: skip
    for figure in figures:
        print(f"{figure.measured:9.1f} {figure.unit:6} {figure.what}")
    page.keep("burst", figures, **{"stand-in": standing()})


def told(name: str, found: Measured, posts: int, limits: Limits | None) -> Iterator[page.Figure]:
    """The figures of one way; Publisher's are held to their limits."""
    if not found.late:
        sys.exit(f"{name}: nothing arrived")
    yield page.Figure(
        f"99 % within, {name}", quantile(found.late, 0.99), "ms", limits and limits.within,
        chart="Posts at one instant: 99 % arrived within",
    )  # fmt: skip
    yield page.Figure(f"median, {name}", quantile(found.late, 0.5), "ms", limits and limits.median)
    yield page.Figure(f"last, {name}", max(found.late), "ms")
    none = limits and 0.0
    yield page.Figure(f"too early, {name}", sum(one < 0 for one in found.late), "posts", none)
    yield page.Figure(f"lost, {name}", posts - len(found.late), "posts", none)
    if limits:
        yield page.Figure(f"memory, {name}", found.memory, "MB", limits.memory)


def measure(
    way: Way, posts: int, options: argparse.Namespace, *, is_safe: bool = False
) -> Measured:
    """Let the posts go out on one of the ways."""
    texts = [f"Post {number} of the burst." for number in range(posts)]
    memory = 0.0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        arrivals = Path(folder, "arrivals.jsonl")
        if is_safe:
            running.enter_context(trusted(Path(folder)))
        pid = running.enter_context(stand_in(arrivals, options.latency))
        due = float(round(time.time() + LEAD + posts / 100))
        with way(due, texts, options, Path(folder)):
            limit = due + PATIENCE
            while time.time() < limit and len(seen(arrivals)) < posts:
                memory = max(memory, memory_of(set(family(os.getpid())) - {os.getpid(), pid}))
                time.sleep(0.5)
        return Measured([(at - due) * 1000 for at in seen(arrivals).values()], memory)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    below: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has just ended
            below += map(int, path.read_text().split())
    return [pid, *(one for child in below for one in family(child))]


def memory_of(pids: Iterable[int]) -> float:
    """MB of these processes."""
    found = 0.0
    for pid in pids:
        with suppress(OSError):  # it has just ended
            found += number(Path(f"/proc/{pid}/smaps_rollup"), "Pss")
    return found * 1.024 / 1000


def number(path: Path, key: str) -> int:
    """A number in a file of the kernel's."""
    lines = path.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


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
def trusted(folder: Path) -> Iterator[None]:
    """The stand-in speaks TLS, and Publisher trusts its certificate."""
    own = certificate.write(folder / "own.pem", ["127.0.0.1"])
    package = folder / "packages" / "certifi.py"  # requests asks it for the authorities
    package.parent.mkdir()
    package.write_text(f"def where() -> str:\n    return {str(own)!r}\n")
    before = dict(os.environ)
    found_first = os.pathsep.join([str(package.parent), before.get("PYTHONPATH", "")])
    os.environ |= {"BENCH_CERTIFICATE": str(own), "PYTHONPATH": found_first}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def publisher(due: float, texts: list[str], _: argparse.Namespace, folder: Path) -> Iterator[None]:
    """`publisher run`; the posts go out on twenty accounts, or fifty posts on each."""
    with serve(folder, dict.fromkeys(texts, due), accounts_of(texts)):
        yield


def accounts_of(texts: list[str]) -> dict[str, str]:
    """Twenty accounts by turns, or one for fifty posts."""
    number = max(20, len(texts) // 50)
    return {text: f"voice-{place % number}" for place, text in enumerate(texts)}


@contextmanager
def serve(folder: Path, due: dict[str, float], accounts: dict[str, str]) -> Iterator[None]:
    """`publisher run` with a post for each text, due at an instant and for an account on X."""
    command, environment = campaign(folder, due, accounts)
    subprocess.run([*command, "queue"], env=environment, check=True, capture_output=True)
    with process([*command, "run", "--no-web"], environment):
        yield


def campaign(
    folder: Path, due: dict[str, float], accounts: dict[str, str]
) -> tuple[list[str], dict[str, str]]:
    """A workspace with a draft for each account's text; what is not in `due` goes out at once.

    Returns the command for it, and its environment.
    """
    workspace = folder / "campaign"
    (workspace / "posts").mkdir(parents=True)
    names = sorted(set(accounts.values()))
    (workspace / "publisher.toml").write_text(
        "".join(f'[accounts.{name}]\nchannel = "twitter"\n' for name in names)
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
        at = "now"
        if text in due:
            at = f"{datetime.fromtimestamp(due[text], UTC):%Y-%m-%dT%H:%M:%SZ}"
        draft = f"---\nat: {at}\nto: [{to}]\n---\n{text}\n"
        (workspace / "posts" / f"{number:05}.md").write_text(draft)
    command = [sys.executable, "-m", "publisher", "--workspace", str(workspace)]
    is_safe = "BENCH_CERTIFICATE" in os.environ
    address = ADDRESS.replace("http:", "https:") if is_safe else ADDRESS
    return command, {**os.environ, "PUBLISHER_TWITTER_API_URL": address}


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
        with ExitStack() as running:
            for _number in range(PROCESSES):
                running.enter_context(process(worker, environment))
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
    "tweepy in threads": raw,
    "APScheduler": apscheduler,
    "Celery with ETA": celery,
    "a task for each after a look": poll,
    "procrastinate": procrastinate,
}
LIMITS = Limits(20.0, 60.0)
ALONE = {
    "Publisher, five times as many": (5, False, Limits(None, 400.0, 400.0)),
    "Publisher, over TLS": (1, True, Limits(None, 150.0)),
}
"""Without the others: how many times as many posts, whether over TLS, and the limits."""


if __name__ == "__main__":
    main()
