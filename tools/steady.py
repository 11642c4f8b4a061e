# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Looks for flaky tests: on other dates, on a busy machine, in another order, and again.

    .venv/bin/python -m tools.steady [--seed 7] [--only order] [--files 30] [--times 3] [tests/web]

`make steady` runs it. For each part a sample of the tests' files is drawn, or all files of the
folders that are named; a line says how it went, and what failed is shown. The same seed draws the
same files, order and time zones again. Nothing is tried twice: what passes at a second try is
mended at its root.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from publisher.cli.output.console import print_line
from tests.support.spreading import WAITING

ROOT = Path(__file__).parents[1]
ZONES = ("UTC", "Europe/Warsaw", "America/Lima")
DATES = {
    "1 January": "2028-01-01 00:00:00",
    "29 February": "2028-02-29 12:00:00",
    "summer time begins": "2028-03-26 01:59:30",
    "summer time ends": "2028-10-29 02:59:30",
    "31 December": "2028-12-31 12:00:00",
    "midnight": "2028-06-14 23:59:30",
}
"""By the clock on the wall of the zone. Those at half a minute turn over while the tests run."""
NOT_BY_ANOTHER_CLOCK = {
    "tests/channels/test_time.py": "compares the clock with PostgreSQL's, which is the machine's",
    "tests/channels/test_versions.py": "is there to fail when a version is about to end",
    "tests/cli/test_stopped.py": "compares the drafts' times with the clock",
    "tests/house/test_image.py": "compares the backups' times with the clock",
    "tests/machines": "its hosts compare their clocks with one another's",
    "tests/media/test_cache.py": "compares the pictures' times with the clock",
    "tests/planning/test_illustrations.py": "compares the pictures' times with the clock",
    "tests/surroundings": "sets clocks of its own",
}
"""The kernel gives files their times, by its own clock: in these tests they are all old."""
_BUSY_LOOPS = 2
_LAST_CHARACTERS = 20_000  # of what pytest printed


class Part(NamedTuple):
    """A run of pytest; `wall_clock` is the time at which it starts in `zone`."""

    name: str
    files: Sequence[str]
    options: Sequence[str] = ()
    wall_clock: str | None = None
    zone: str = "UTC"
    is_busy: bool = False


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.steady", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))  # noqa: S311
    parser.add_argument("--only", default="", metavar="WORD", help="the parts named so")
    parser.add_argument("--files", type=int, default=30, help="of each part (30)")
    parser.add_argument("--times", type=int, default=3, help="for what waits (3)")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="all files of these instead")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # take pytest down with us
    print_line(f"Seed {chosen.seed}.")
    every = parts(chosen.seed, chosen.folders, chosen.files, chosen.times)
    wanted = [part for part in every if chosen.only in part.name]
    if not wanted:
        parser.error(f"no part is named {chosen.only}")
    passed = [_passes(part) for part in wanted]
    return 0 if all(passed) else 1


def parts(seed: int, folders: Sequence[str], files: int, times: int) -> Iterator[Part]:
    """All parts; each draws its own files, so that one alone draws the same again."""
    for name, wall_clock in DATES.items():
        chance = random.Random(f"{seed} {name}")  # noqa: S311
        zone = "Europe/Warsaw" if name.startswith("summer") else chance.choice(ZONES)
        drawn = _draw(chance, folders, files, without=tuple(NOT_BY_ANOTHER_CLOCK))
        yield Part(f"dates: {name}, {zone}", drawn, wall_clock=wall_clock, zone=zone)
    chance = random.Random(f"{seed} busy")  # noqa: S311
    yield Part("busy: beside two loops", _draw(chance, folders, files), is_busy=True)
    chance = random.Random(f"{seed} order")  # noqa: S311
    shuffled = ("--shuffle", str(seed))
    yield Part("order: shuffled", _draw(chance, folders, files), shuffled)
    waiting = folders or [f"tests/{folder}" for folder in (*WAITING, "web") if folder != "smoke"]
    for number in range(1, times + 1):
        chance = random.Random(f"{seed} again {number}")  # noqa: S311
        yield Part(f"again: what waits, {number} of {times}", _draw(chance, waiting, files))


def _draw(
    chance: random.Random, folders: Sequence[str], count: int, without: tuple[str, ...] = ()
) -> list[str]:
    """All files of the folders, or so many of any folder; none of `without`."""
    found = sorted(
        str(path.relative_to(ROOT))
        for folder in folders or ["tests"]
        for path in ([ROOT / folder] if (ROOT / folder).is_file() else (ROOT / folder).rglob("test_*.py"))
    )  # fmt: skip
    fitting = [file for file in found if not file.startswith(("tests/smoke/", *without))]
    return fitting if folders else sorted(chance.sample(fitting, min(count, len(fitting))))


def _passes(part: Part) -> bool:
    """Run the part, and say how it went."""
    begin = time.monotonic()
    command = [sys.executable, "-m", "pytest", "--quiet", "--tb=short", "-p", "no:cacheprovider",
               "--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder",
               *part.options, *part.files]  # fmt: skip
    with _busy(_BUSY_LOOPS if part.is_busy else 0):
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **_clock(part)}, capture_output=True, text=True, check=False
        )  # fmt: skip
    lines = done.stdout.splitlines()
    summary = lines[-1].strip("= ") if lines else done.stderr[-200:]
    print_line(
        f"{part.name}: {len(part.files)} files, {summary} ({time.monotonic() - begin:.0f} s)"
    )
    if done.returncode:
        print_line(done.stdout[-_LAST_CHARACTERS:] + done.stderr[-_LAST_CHARACTERS:])
    return done.returncode == 0


def _clock(part: Part) -> Mapping[str, str]:
    """The variables with which every process of the part sees that clock; it runs on from there."""
    if part.wall_clock is None:
        return {}
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        sys.exit("libfaketime is missing; `sh tests/support/system.sh test-parts` brings it.")
    start = datetime.fromisoformat(part.wall_clock).replace(tzinfo=ZoneInfo(part.zone))
    return {
        "TZ": part.zone,
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME": f"{start.timestamp() - time.time():+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",  # what it does to files' times depends on who asks
    }


@contextmanager
def _busy(loops: int) -> Iterator[None]:
    """So many processes that do nothing, as fast as they can."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
