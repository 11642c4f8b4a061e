"""How long each command takes to start: `publisher CMD --help`, of every command that there is.

It needs no workspace, and shows what everybody waits for before a command does anything. Beside the
processor's time, which a busy machine changes less, stands the time by the clock.

    .venv/bin/python benchmarks/startup.py [--runs 5]
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import results

from publisher.cli import app

PUBLISHER = str(Path(sys.executable).with_name("publisher"))
SLOWEST = 12  # are drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    nothing, _ = timed([sys.executable, "-c", ""], options.runs)
    found = {
        words: timed([PUBLISHER, *words.split(), "--help"], options.runs)
        for words in ("", *commands(app.command()))
    }
    by_wall = sorted(found.items(), key=lambda item: -item[1][0])
    figures = [results.Figure("Python that does nothing", nothing, "ms")]
    for place, (words, (wall, cpu)) in enumerate(by_wall):
        name = f"publisher {words}".strip()
        print(f"{wall:7.0f} ms {cpu:7.0f} ms of the processor  {name}")
        chart = f"The {SLOWEST} slowest commands to start" if place < SLOWEST else None
        figures.append(results.Figure(name, wall, "ms", chart=chart))
    slowest, (wall, cpu) = by_wall[0]
    figures.insert(0, results.Figure(f"the slowest: {slowest}", wall, "ms"))
    figures.insert(1, results.Figure("processor's time of the slowest", cpu, "ms"))
    ratio = wall / nothing
    print(f"{ratio:7.1f} times as long as Python that does nothing: the slowest")
    figures.insert(2, results.Figure("the slowest / Python that does nothing", ratio, "times"))
    results.keep("startup", figures)


def commands(group: Any, before: str = "") -> Iterator[str]:
    """Every command of a group (Typer's), and those below it."""
    for name, command in group.commands.items():
        yield before + name
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")


def timed(command: list[str], runs: int) -> tuple[float, float]:
    """Medians of the milliseconds by the clock and of the processor."""
    walls, cpus = [], []
    for _ in range(runs):
        begin, used = time.perf_counter(), os.times()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        now = os.times()
        walls.append((time.perf_counter() - begin) * 1000)
        cpus.append((sum(now[2:4]) - sum(used[2:4])) * 1000)
    return statistics.median(walls), statistics.median(cpus)


if __name__ == "__main__":
    main()
