"""Chart geometry; `charts.html` draws the charts as inline SVG."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from publisher.base.formats import number
from publisher.base.i18n import _
from publisher.reporting.outcomes import Outcome, Tally

WIDTH, HEIGHT = 760, 240
_LEFT, _BOTTOM, _TOP, _RIGHT = 44, 26, 10, 16
"""Margins for the numbers at the left and the names below."""
_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class ChartBox:
    """A rectangle: a column, or a segment of one."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    """The name of its colour in the stylesheet."""
    title: str


@dataclass(frozen=True, slots=True)
class ChartMark:
    """An axis label: a number at the left, or a name below."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A column chart in a drawing of WIDTH by HEIGHT."""

    boxes: Sequence[ChartBox]
    levels: Sequence[ChartMark]
    names: Sequence[ChartMark]
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    floor: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def stacked(tallies: Sequence[Tally]) -> Chart:
    """A stacked column for each tally, by outcome."""
    return _columns(
        [tally.name for tally in tallies],
        [
            [(outcome.value, tally.counts[outcome]) for outcome in Outcome if tally.counts[outcome]]
            for tally in tallies
        ],
    )


def simple(columns: Sequence[tuple[str, int]]) -> Chart:
    """A column for each name and number."""
    return _columns([name for name, _count in columns], [[("column", n)] for _name, n in columns])


def bar(tally: Tally, longest: int) -> list[ChartBox]:
    """A horizontal stacked bar of a tally's outcomes, in a drawing of 100 by 1.

    `longest` is the number that fills the whole width.
    """
    counts = [(outcome, tally.counts[outcome]) for outcome in Outcome if tally.counts[outcome]]
    starts = itertools.accumulate((count for _outcome, count in counts), initial=0)
    scale = 100 / max(longest, 1)
    return [
        ChartBox(start * scale, 0, count * scale, 1, outcome.value, f"{number(count)} {_(outcome)}")
        for start, (outcome, count) in zip(starts, counts, strict=False)
    ]


def _columns(names: Sequence[str], columns: Sequence[Sequence[tuple[str, int]]]) -> Chart:
    floor = HEIGHT - _BOTTOM
    highest = max((sum(count for _kind, count in pieces) for pieces in columns), default=0)
    levels = _levels(highest)
    per_unit = (floor - _TOP) / max(levels[-1], 1)
    slot = (WIDTH - _LEFT - _RIGHT) / max(len(columns), 1)
    wide = min(slot * 0.8, 56)
    boxes = []
    for index, pieces in enumerate(columns):
        x = _LEFT + slot * (index + 0.5) - wide / 2
        y = float(floor)
        for kind, count in pieces:
            y -= count * per_unit
            what = "" if kind == "column" else f" {_(kind)}"
            title = f"{names[index]}: {number(count)}{what}"
            boxes.append(ChartBox(x, y, wide, count * per_unit, kind, title))
    every = -(-len(names) // _MOST_NAMES)
    return Chart(
        boxes=boxes,
        levels=[ChartMark(floor - level * per_unit, number(level)) for level in levels],
        names=[
            ChartMark(_LEFT + slot * (index + 0.5), name)
            for index, name in enumerate(names)
            if index % max(every, 1) == 0
        ],
    )


def _levels(highest: int) -> list[int]:
    """Round numbers from 0 to at least `highest`, in five steps at most."""
    steps = (factor * 10**power for power in itertools.count() for factor in (1, 2, 5))
    step = next(step for step in steps if step * 5 >= highest)
    return [step * number for number in range(-(-max(highest, 1) // step) + 1)]
