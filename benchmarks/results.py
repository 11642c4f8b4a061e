"""What the benchmarks leave for the page about them: figures, and the machine that they are of.

Each benchmark keeps its own in `benchmarks/results/NAME.json`; `page.py` writes docs/benchmarks.md
from all of them. They are committed, so that the page can be made again without the hour that
measuring takes.
"""

import json
import os
import platform
import shlex
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured."""

    what: str
    measured: float
    unit: str
    limit: float | None = None
    """None: it is told, and held to nothing."""
    at_least: bool = False
    """The limit is the least that it may be, not the most."""
    chart: str | None = None
    """The title of the picture that it is a bar of; None: it is in none."""

    @property
    def missed(self) -> bool:
        """Whether it is beyond its limit."""
        if self.limit is None:
            return False
        return self.measured < self.limit if self.at_least else self.measured > self.limit


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found."""

    name: str
    day: str
    """When it was measured: 2026-11-26."""
    command: str
    machine: Mapping[str, str]
    figures: Sequence[Figure]


def keep(name: str, figures: Sequence[Figure], **versions: str) -> None:
    """Write down what a benchmark found; `versions` are those of servers that it used.

    Only if it ran as `make bench` runs it: a part, or another size, is no figure for the page.
    """
    if len(sys.argv) > 1:
        print(f"Not kept for the page, as it ran with {shlex.join(sys.argv[1:])}.")
        return
    FOLDER.mkdir(exist_ok=True)
    said = Result(
        name=name,
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        command=_command(),
        machine={**_machine(), **versions},
        figures=[_rounded(figure) for figure in figures],
    )
    text = json.dumps(asdict(said), ensure_ascii=False, indent=1)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def kept() -> dict[str, Result]:
    """All that was written down, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        figures = tuple(Figure(**figure) for figure in said.pop("figures"))
        found[path.stem] = Result(**said, figures=figures)
    return found


def _rounded(figure: Figure) -> Figure:
    """With four digits that count: the rest is noise, and would make each run another."""
    return Figure(**{**asdict(figure), "measured": float(f"{figure.measured:.4g}")})


def _command() -> str:
    """As it was given, without this machine's folders."""
    script, *words = sys.argv
    return f".venv/bin/python benchmarks/{Path(script).name} {shlex.join(words)}".rstrip()


def _machine() -> dict[str, str]:
    """In general terms: nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    return {
        "processor": f"{os.cpu_count()} cores, {_processor()}",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {_release()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _release() -> str:
    """The kernel's version without what its builder added, which may name a place."""
    return platform.release().partition("-")[0]
