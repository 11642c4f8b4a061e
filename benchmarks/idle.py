"""What `publisher run` takes of a machine while there is nothing to do.

A workspace with an account on each channel and an empty schedule; its broker, dispatcher and worker
have started and come to rest. Then, for a minute: memory as the kernel divides it among those who
share it (PSS), the processor's time, how often something wakes up (voluntary switches of context,
of all threads), and what the host of a virtual machine took from it meanwhile (steal). Then the
same of Celery alone: a broker and a worker of as many threads, with one task.

    .venv/bin/pip install '.[bench]'

    .venv/bin/python benchmarks/idle.py [--seconds 60] [--settle 15] [--web]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import burst, page

LIMIT_MEMORY = 220.0  # MB, of all processes together
LIMIT_PROCESSOR = 0.8  # percent of one core
THREADS = 2  # of a worker, as Publisher's
SETTINGS = """\
[accounts.voice-x]
channel = "twitter"
[accounts.voice-page]
channel = "facebook"
page_id = "100200300"
[accounts.voice-site]
channel = "site"
"""
SECRETS = """\
[voice-x]
api_key = "k"
api_secret = "s"
access_token = "1-a"
access_token_secret = "t"
[voice-page]
page_token = "t"
"""


class Usage(NamedTuple):
    """What a process has used since it began, and what it holds."""

    name: str
    memory: float
    """MB."""
    processor: float
    """Seconds."""
    wakes: int


class Watched(NamedTuple):
    """Processes at the beginning and at the end of a while."""

    before: Mapping[int, Usage]
    after: Mapping[int, Usage]
    seconds: float
    stolen: float
    """Seconds of a core that the host gave to somebody else."""

    def used(self, field: str) -> float:
        return total(self.after, field) - total(self.before, field)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=15.0, help="seconds until it is at rest")
    parser.add_argument("--web", action="store_true", help="with the web pages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), web=options.web) as pid:
        time.sleep(options.settle)
        ours = watched(pid, options.seconds)
    figures = [
        figure
        for key, usage in sorted(ours.after.items(), key=lambda item: item[1].name)
        for figure in of(usage.name, usage, ours.before[key], ours.seconds)
    ]
    figures += [
        page.Figure("memory, all processes", total(ours.after, "memory"), "MB", LIMIT_MEMORY),
        page.Figure(
            "processor, all processes",
            ours.used("processor") / ours.seconds * 100,
            "% of a core",
            LIMIT_PROCESSOR,
        ),
        page.Figure("wake-ups, all processes", ours.used("wakes") / ours.seconds, "a second"),
        taken_by_the_host("all processes", ours),
    ]
    figures += compared(ours, options)
    for figure in figures:
        bound = f"  (limit: {figure.limit:g})" if figure.limit else ""
        print(f"{figure.measured:9.2f} {figure.unit:12} {figure.what}{bound}")
    page.keep("idle", figures)


def watched(pid: int, seconds: float) -> Watched:
    """A process and all below it, for a while."""
    before, stolen, begin = usages(pid), steal(), time.monotonic()
    time.sleep(seconds)
    found = Watched(before, usages(pid), time.monotonic() - begin, steal() - stolen)
    if found.before.keys() != found.after.keys():
        sys.exit("processes came or went while nothing was to be done")
    return found


def steal() -> float:
    """Seconds of a core that the host has given to others since the start; 0 on real machines."""
    return int(Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")


def taken_by_the_host(name: str, found: Watched) -> page.Figure:
    share = found.stolen / found.seconds * 100
    return page.Figure(f"taken by the host meanwhile, {name}", share, "% of a core")


def compared(ours: Watched, options: argparse.Namespace) -> Iterator[page.Figure]:
    """Ours beside Celery's worker and broker alone."""
    burst.PROCESSES = 1
    with burst.celery_workers(argparse.Namespace(threads=THREADS)):
        time.sleep(options.settle)
        celery = watched(os.getpid(), options.seconds)
    then, now = (each[os.getpid()] for each in (celery.before, celery.after))  # this very process
    if "worker" not in {one.name for one in celery.after.values()}:
        sys.exit("Celery's worker did not start")
    for what, unit in (("memory", "MB"), ("processor", "% of a core"), ("wakes", "a second")):
        if what == "memory":
            used, theirs = total(ours.after, what), total(celery.after, what) - now.memory
        else:
            scale = 100 if what == "processor" else 1
            used = ours.used(what) / ours.seconds * scale
            own = getattr(now, what) - getattr(then, what)
            theirs = (celery.used(what) - own) / celery.seconds * scale
        name = "wake-ups" if what == "wakes" else what
        yield page.Figure(f"{name}, Celery alone", theirs, unit)
        yield page.Figure(f"{name}, all processes / Celery alone", used / theirs, "times")
    yield taken_by_the_host("Celery alone", celery)


def of(name: str, now: Usage, then: Usage, seconds: float) -> Iterator[page.Figure]:
    """What one process takes."""
    yield page.Figure(f"memory, {name}", now.memory, "MB", chart="Memory while idle")
    used = (now.processor - then.processor) / seconds * 100
    yield page.Figure(f"processor, {name}", used, "% of a core", chart="Processor while idle")
    wakes = (now.wakes - then.wakes) / seconds
    yield page.Figure(f"wake-ups, {name}", wakes, "a second", chart="Wake-ups while idle")


@contextmanager
def running(workspace: Path, *, web: bool) -> Iterator[int]:
    """`publisher run` for an empty schedule; the number of its process."""
    (workspace / "posts").mkdir()
    (workspace / "publisher.toml").write_text(SETTINGS)
    secrets = workspace / "secrets.toml"
    secrets.write_text(SECRETS)
    secrets.chmod(0o600)
    command = [sys.executable, "-m", "publisher", "--workspace", str(workspace), "run"]
    run = subprocess.Popen([*command, *([] if web else ["--no-web"])], stdout=subprocess.DEVNULL)
    try:
        yield run.pid
    finally:
        run.terminate()
        run.wait()


def usages(pid: int) -> Mapping[int, Usage]:
    """Of a process and all below it."""
    return {one: usage(one) for one in burst.family(pid)}


def usage(pid: int) -> Usage:
    folder = Path(f"/proc/{pid}")
    return Usage(
        name=name((folder / "cmdline").read_bytes().decode().split("\0")),
        memory=burst.memory_of([pid]),
        # Each look at the ledger is far shorter than the ticks that /proc/PID/stat counts in.
        processor=sum(
            int((task / "schedstat").read_text().split()[0]) for task in folder.glob("task/*")
        )
        / 1e9,
        wakes=sum(
            burst.number(task / "status", "voluntary_ctxt_switches")
            for task in folder.glob("task/*")
        ),
    )


def name(command: list[str]) -> str:
    """What a process is called in the documentation."""
    words = " ".join(command)
    for sign, meaning in (
        ("workers.dispatcher", "dispatcher"), ("celery", "worker"), ("publisher.web", "web pages"),
        ("publisher --workspace", "publisher run"),
    ):  # fmt: skip
        if sign in words:
            return meaning
    return "broker"


def total(found: Mapping[int, Usage], field: str) -> float:
    return float(sum(getattr(usage, field) for usage in found.values()))


if __name__ == "__main__":
    main()
