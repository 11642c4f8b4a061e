"""The arithmetic of reports."""

from collections import Counter

import pytest

from publisher.base.text import shortened
from publisher.model.states import State
from publisher.reporting import charts, outcomes
from publisher.reporting.charts import HEIGHT, WIDTH
from publisher.reporting.outcomes import Outcome, Tally


def test_every_state_is_an_outcome() -> None:
    assert set(outcomes._OF) == set(State)
    assert set(outcomes._OF.values()) == set(Outcome)


def test_a_beginning_ends_between_words() -> None:
    assert shortened("un  deux\ntrois", 110) == "un deux trois"
    assert shortened("mot " * 40, 10) == "mot mot\N{NO-BREAK SPACE}…"


@pytest.mark.parametrize("highest", [0, 1, 5, 6, 23, 400, 9_999])
def test_levels_are_round_and_reach_the_highest_column(highest: int) -> None:
    chart = charts.simple([("a", highest)])
    numbers = [int(level.text.replace(",", "")) for level in chart.levels]
    assert numbers[0] == 0
    assert numbers[-1] >= highest
    assert numbers[-2] < max(highest, 1)
    assert len(numbers) <= 6


@pytest.mark.parametrize("count", [1, 7, 62])
def test_columns_stay_inside_the_drawing_and_stand_on_one_another(count: int) -> None:
    tallies = [
        Tally(f"{number} Mar", Counter({Outcome.PUBLISHED: number, Outcome.FAILED: 2}))
        for number in range(1, count + 1)
    ]
    chart = charts.stacked(tallies)
    assert len(chart.boxes) == 2 * count
    for below, above in zip(chart.boxes[::2], chart.boxes[1::2], strict=True):
        assert (below.kind, above.kind) == ("published", "failed")
        assert below.y + below.height == pytest.approx(chart.floor)
        assert above.y + above.height == pytest.approx(below.y)
        assert above.y >= 0
        assert below.x >= 0
        assert below.x + below.width <= WIDTH
    assert len(chart.names) <= 12
    assert chart.floor < HEIGHT


def test_a_bar_is_as_long_as_its_share() -> None:
    tally = Tally("bice-x", Counter({Outcome.PUBLISHED: 3, Outcome.MISSED: 1}))
    first, second = charts.bar(tally, 8)
    assert (first.x, first.width, first.title) == (0, 37.5, "3 published")
    assert (second.x, second.width, second.title) == (37.5, 12.5, "1 missed")
