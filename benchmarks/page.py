"""What the benchmarks leave, and docs/benchmarks.md, which is made from it.

    .venv/bin/python -m benchmarks.page

Each benchmark keeps its figures, and the machine that they are of, in `results/NAME.json`. They are
committed, so that the page can be made again without the hour that measuring takes.

The page's own words are written by hand; between its marks stand the tables, which are made here,
as are the pictures in docs/images/benchmarks/. The same figures give the same bytes, with the
versions of constraints.txt. Why a figure misses its limit is said in results/reasons.toml.
"""

import json
import math
import os
import platform
import re
import shlex
import sqlite3
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
DOCS = Path(__file__).parents[1] / "docs"
PICTURES = "images/benchmarks"
REASONS = RESULTS / "reasons.toml"
NAMES = (
    "size", "idle", "burst", "new-accounts", "fairness", "hanging", "on-time", "throughput", "commands", "startup", "pages", "check",
)  # fmt: skip
"""The benchmarks that the page tells of, by the names of their results."""
_GIB = 1024**3
_EVERYWHERE = ("memory", "system", "Python", "SQLite")
"""What results/ says of the machine, and the page does not repeat."""
_LONG, _MOST = ("startup", "pages"), 12
"""The lists that show so many figures without a limit: the slowest come first."""
_LARGE_SMALL = ", large / small"
_COLUMN_FIRST = {
    name: re.compile(rf"(?P<column>{columns}), (?P<row>.+)")
    for name, columns in {
        "idle": "memory|processor|wake-ups|taken by the host meanwhile",
        "burst": "99 % within|median|last|too early|lost|memory",
        "throughput": "sent|processor",
        "commands": "processor",
        "check": "processor",
    }.items()
}
"""How the names of figures begin that stand in one row of a table."""
_FAR_APART = 20.0  # between the longest bar and the shortest, and the scale becomes logarithmic
_INK, _BAR, _MISSED, _LIMIT = "#222222", "#3b6ea5", "#b3372f", "#b3372f"


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
    RESULTS.mkdir(exist_ok=True)
    said = Result(
        name=name,
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        command=_command(),
        machine={**_machine(), **versions},
        figures=[_rounded(figure) for figure in figures],
    )
    text = json.dumps(asdict(said), ensure_ascii=False, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def kept() -> dict[str, Result]:
    """All that was written down, by name."""
    found = {}
    for path in sorted(RESULTS.glob("*.json")):
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


def table_of(name: str) -> str:
    """What stands in the page about one benchmark."""
    result = kept().get(name)
    if result is None:
        return "Not measured yet."
    machine = "; ".join(
        f"{what} {value}" if what[0].isupper() else value
        for what, value in result.machine.items()
        if what not in _EVERYWHERE
    )
    lines = [f"Measured on {result.day} by `{result.command}`: {machine}.", "", *_table(result)]
    lines += _reasons(name, result.figures)
    for number, title in enumerate(_titles(result), 1):
        lines += ["", f"![{title}]({_picture(name, number)})"]
    return "\n".join(lines)


PARTS: Mapping[str, Callable[[], str]] = {
    name: lambda name=name: table_of(name)  # type: ignore[misc]
    for name in NAMES
}
"""As in tests/docs/parts.py."""


def _table(result: Result) -> Iterator[str]:
    """A row for each thing that was measured, a column for each way to measure it.

    A column names the unit that most of its figures have, and a figure any other.
    """
    shown, others = _shown(result)
    rows: dict[str, dict[str, Figure]] = {}
    units: dict[str, Counter[str]] = {}
    for figure in shown:
        row, column = _place(result.name, figure.what)
        rows.setdefault(row, {})[column] = figure
        units.setdefault(column, Counter())[figure.unit] += 1
    common = {column: counts.most_common(1)[0][0] for column, counts in units.items()}
    yield f"| | {' | '.join(f'{column}, {unit}' for column, unit in common.items())} |"
    yield f"|---|{'---:|' * len(common)}"
    for row, found in rows.items():
        cells = [_cell(found[c], unit) if c in found else "" for c, unit in common.items()]
        yield f"| {row} | {' | '.join(cells)} |"
    if others:
        most = max(others, key=lambda figure: figure.measured)
        yield f"| {len(others)} others, each at most | {_cell(most, *common.values())} |"


def _shown(result: Result) -> tuple[Sequence[Figure], Sequence[Figure]]:
    """The figures of the table, and those of a long list that it leaves out."""
    if result.name not in _LONG:
        return result.figures, ()
    free = [figure for figure in result.figures if figure.limit is None]
    left_out = free[_MOST:]
    return [figure for figure in result.figures if figure not in left_out], left_out


def _place(name: str, what: str) -> tuple[str, str]:
    """The row and the column of a figure, by its name."""
    if name in _COLUMN_FIRST and (found := _COLUMN_FIRST[name].fullmatch(what)):
        return found["row"], found["column"]
    if name == "size":
        database, _, rest = what.partition(": ")
        row = rest.removesuffix(_LARGE_SMALL)
        return row, database + (_LARGE_SMALL if row != rest else "")
    return what, "measured"


def _cell(figure: Figure, unit: str) -> str:
    """With its limit, and in bold where that is missed; `unit` is that of the column."""
    measured = _number(figure.measured)
    if figure.unit != unit:
        measured = f"{measured} {figure.unit}".rstrip()
    if figure.limit is None:
        return measured
    limit = f"{'≥' if figure.at_least else '≤'}{_number(figure.limit)}"
    return f"**{measured}** (not {limit})" if figure.missed else f"{measured} ({limit})"


def _reasons(name: str, figures: Sequence[Figure]) -> Iterator[str]:
    """Why figures miss their limits; those with one reason together."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8")) if REASONS.exists() else {}
    alike: dict[str, list[str]] = {}
    for figure in figures:
        if figure.missed:
            reason = reasons.get(name, {}).get(figure.what, "the reason is not known yet.")
            alike.setdefault(reason, []).append(figure.what)
    for reason, missed in alike.items():
        yield from ("", f"Missed, {'; '.join(missed)}: {reason}")


def _number(value: float) -> str:
    """12,345; 12.3; 0.123."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _titles(result: Result) -> list[str]:
    return list(dict.fromkeys(figure.chart for figure in result.figures if figure.chart))


def _picture(name: str, number: int) -> str:
    return f"{PICTURES}/{name}-{number}.svg"


def draw(folder: Path) -> None:
    """Draw every picture of the page into the folder of the pages, and remove old ones."""
    for old in (folder / PICTURES).glob("*.svg"):
        old.unlink()
    found = kept()
    for name, result in ((name, found[name]) for name in NAMES if name in found):
        for number, title in enumerate(_titles(result), 1):
            path = folder / _picture(name, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            _draw(path, title, [figure for figure in result.figures if figure.chart == title])


def _draw(path: Path, title: str, figures: Sequence[Figure]) -> None:
    """Lying bars, the first at the top, with the limit where all have the same."""
    import matplotlib as mpl  # noqa: PLC0415 - the tables are made without it
    from matplotlib.figure import Figure as Drawing  # noqa: PLC0415

    mpl.rcParams.update({"svg.hashsalt": title, "svg.fonttype": "none", "font.size": 10})
    values = [figure.measured for figure in figures]
    drawing = Drawing(figsize=(8, 0.9 + 0.34 * len(figures)), layout="constrained")
    axes = drawing.subplots()
    colours = [_MISSED if figure.missed else _BAR for figure in figures]
    bars = axes.barh(_labels(figures), values, color=colours, height=0.7)
    labels = [f"{_number(value)} {figures[0].unit}" for value in values]
    axes.bar_label(bars, labels, padding=4, color=_INK)
    axes.invert_yaxis()
    limits = {figure.limit for figure in figures}
    limit = limits.pop() if len(limits) == 1 else None
    _scale(axes, [value for value in (*values, limit) if value])
    if limit is not None:
        axes.axvline(limit, color=_LIMIT, linestyle="--", linewidth=1)
    axes.set_title(title, loc="left", color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    drawing.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    _without_trailing_blanks(path)


def _scale(axes: Any, values: Sequence[float]) -> None:
    """Room for the numbers beside the bars; a short bar can be seen beside a long one."""
    if not values:
        return
    if max(values) / min(values) > _FAR_APART:
        axes.set_xscale("log")
        axes.set_xlim(min(values) / 3, max(values) * 4)
    else:
        axes.set_xlim(0, max(values) * 1.25)


def _labels(figures: Sequence[Figure]) -> list[str]:
    """What the figures are called, without the words that all begin with."""
    names = [figure.what for figure in figures]
    shared = ""
    for letters in zip(*names, strict=False):
        if len(names) == 1 or len({*letters}) > 1:
            break
        shared += letters[0]
    begins = max(shared.rfind(", "), shared.rfind(": ")) + 2
    return [name[begins:] if begins > 1 else name for name in names]


def _without_trailing_blanks(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


def main() -> int:
    """Draw, and write the page's tables anew."""
    from tests.docs.write import rewritten  # noqa: PLC0415 - which asks for the tables

    draw(DOCS)
    page = DOCS / "benchmarks.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(rewritten(text, PARTS), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
