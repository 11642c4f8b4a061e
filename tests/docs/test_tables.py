"""Tables that bring several rows of the code together lose none of them."""

import re

from benchmarks import page
from benchmarks.page import Figure, Result
from publisher.model.states import MOVES
from tests.docs import states


def test_every_move_is_in_the_table_once() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \|", states.moves(), re.MULTILINE)
    shown = [(source, to) for to, cell in rows for source in re.findall(r"`([\w-]+)`", cell)]
    assert sorted(shown) == sorted(MOVES)


def test_a_figure_stands_in_its_row_and_column_with_its_limit() -> None:
    """In bold if it misses the limit; a unit that differs from its column's is named."""
    figures = [
        Figure("sent, ours", 12, "posts/s", 10, at_least=True),
        Figure("processor, ours", 3, "ms", 2),
        Figure("sent, theirs", 6, "posts/s"),
        Figure("sent, ours / theirs", 2, "times"),
    ]
    assert [*page._table(Result("throughput", "2026-11-28", "", {}, figures))] == [
        "| | sent, posts/s | processor, ms |",
        "|---|---:|---:|",
        "| ours | 12 (≥10) | **3** (not ≤2) |",
        "| theirs | 6 |  |",
        "| ours / theirs | 2 times |  |",
    ]


def test_of_a_long_list_the_slowest_and_whatever_has_a_limit_are_shown() -> None:
    figures = [Figure(f"/{n}", 100 - n, "ms") for n in range(20)]
    paint = Figure("first paint", 300, "ms", 400)
    shown, others = page._shown(Result("pages", "2026-11-28", "", {}, [*figures, paint]))
    assert shown == [*figures[:12], paint]
    assert others == figures[12:]
