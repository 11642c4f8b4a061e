"""How late posts were, as figures."""

import pytest

from publisher.reporting.lateness import LatenessSummary, in_words


@pytest.mark.parametrize(
    ("posts", "p95"), [(1, 1), (2, 2), (19, 19), (20, 19), (21, 20), (100, 95), (101, 96)]
)
def test_of_twenty_posts_nineteen_are_no_later_than_the_95th_percentile(
    posts: int, p95: int
) -> None:
    summary = LatenessSummary.of(range(posts, 0, -1))
    assert summary
    assert summary.p95 == p95
    assert summary.worst == posts


def test_what_was_not_published_has_no_lateness() -> None:
    assert LatenessSummary.of([]) is None


def test_the_bins_reach_from_the_first_post_to_the_last() -> None:
    summary = LatenessSummary.of([-0.1, 0.0, 0.1, 0.6, 0.6, 3_600, 3_601])
    assert summary
    assert summary.early == 1
    counts = [count for _bin, count in summary.distribution]
    assert counts == [1, 2, 0, 2, 0, 0, 0, 0, 1, 1]
    summary = LatenessSummary.of([2.0, 20.0])
    assert summary
    assert [str(name) for name, _count in summary.distribution] == ["to 5 s", "to 30 s"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0123, "12 ms"), (0.9, "900 ms"), (1.44, "1.4 s"), (99, "99.0 s"),
        (840, "14 min"), (12_600, "3.5 h"), (-0.5, "-500 ms"),
    ],
)  # fmt: skip
def test_a_lateness_is_said_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert in_words(seconds) == text
