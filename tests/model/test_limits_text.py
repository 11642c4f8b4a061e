"""What the platforms' headers tell of their limits, however odd, and how people read it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model import limits_text
from publisher.model.outcomes import (
    THROTTLED,
    Accepted,
    AccountSuspended,
    Answer,
    Limit,
    Step,
    Wire,
)
from tests.support.answers.judging import meaning

NOW = datetime(2016, 3, 7, 7, 30, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
X, FACEBOOK = "twitter", "facebook"
CREATED = json.dumps({"data": {"id": "707"}})
OUT = json.dumps({"id": "1_2"})
MOST = 10**12
"""More than any number that is believed."""


def answer(channel: str, headers: dict[str, object], status: int = 200) -> Answer:
    words = {name: str(value) for name, value in headers.items()}
    return Answer(Wire.ANSWERED, NOW, status, words, CREATED if channel == X else OUT)


def told(
    channel: str, headers: dict[str, object], step: Step = Step.PUBLISH, status: int = 200
) -> tuple[Limit, ...]:
    return meaning(channel, answer(channel, headers, status), step).limits


def window(header: str, total: object, remaining: object, reset: object) -> dict[str, object]:
    return {f"{header}-limit": total, f"{header}-remaining": remaining, f"{header}-reset": reset}


def usage(calls: object, **more: object) -> str:
    return json.dumps({"call_count": calls, "total_time": 3, "total_cputime": 1, **more})


SHORT, DAY, APP = "x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"
BUSINESS, PAGE, OF_APP = "x-business-use-case-usage", "x-page-usage", "x-app-usage"
SOON = EPOCH + 899


def test_each_window_of_x_is_told_by_what_it_counts() -> None:
    headers = {
        **window(SHORT, 100, 98, SOON),
        **window(DAY, 50, 17, EPOCH + 19_999),
        **window(APP, 10_000, 9_990, EPOCH + 80_000),
    }
    in_a_day = NOW + timedelta(seconds=20_000)
    assert told(X, headers) == (
        Limit("posts-15min", 100, 98, NOW, NOW + timedelta(minutes=15)),
        Limit("posts-24h", 50, 17, NOW, in_a_day),
        Limit("posts-24h-app", 10_000, 9_990, NOW, NOW + timedelta(seconds=80_001)),
    )


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (Step.PUBLISH, "posts-15min"),
        (Step.PREPARE, "uploads-15min"),
        (Step.WITHDRAW, "deletions-15min"),
        (Step.READ, "readings-15min"),
    ],
)
def test_x_counts_each_kind_of_request_by_itself(step: Step, name: str) -> None:
    assert [limit.name for limit in told(X, window(SHORT, 50, 49, SOON), step)] == [name]


@pytest.mark.parametrize("status", [403, 429, 500])
def test_a_request_that_is_not_taken_tells_of_the_limits_too(status: int) -> None:
    (limit,) = told(X, window(DAY, 50, 0, SOON), status=status)
    assert (limit.name, limit.remaining) == ("posts-24h", 0)


@pytest.mark.parametrize(
    ("total", "remaining", "reset"),
    [
        ("", 3, SOON),
        ("many", 3, SOON),
        (0, 0, SOON),
        (-50, 3, SOON),
        (50, -3, SOON),
        (50, "3.5", SOON),
        (50, "٣", SOON),
        (50, "३", SOON),
        (50, "3, 4", SOON),
        (MOST, 3, SOON),
        (50, MOST, SOON),
        ("9" * 60_000, 3, SOON),
        (50, 3, "soon"),
        (50, 3, EPOCH - 61),
        (50, 3, -1),
        (50, 3, EPOCH + 3_602),
        (50, 3, EPOCH + 8 * 86_400),
        (50, 3, "9" * 60_000),
        (50, 3, f"{SOON}\udce9"),
    ],
)
def test_a_window_that_is_not_credible_tells_nothing(
    total: object, remaining: object, reset: object
) -> None:
    assert told(X, window(SHORT, total, remaining, reset)) == ()


def test_space_around_a_number_is_no_part_of_it() -> None:
    """Python's regular expressions and `int` do not agree what space is."""
    (limit,) = told(X, window(SHORT, " 50\x1f", "\x1c17\t", SOON))
    assert (limit.total, limit.remaining) == (50, 17)


def test_no_more_is_left_than_there_is() -> None:
    (limit,) = told(X, window(SHORT, 50, 900, SOON))
    assert (limit.total, limit.remaining) == (50, 50)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({OF_APP: usage(28)}, [("requests-1h-app", 72, 60)]),
        ({OF_APP: usage(0, total_time=0, total_cputime=0)}, [("requests-1h-app", 100, 60)]),
        ({OF_APP: usage(28, total_time=40.2)}, [("requests-1h-app", 59, 60)]),
        ({OF_APP: usage(340)}, [("requests-1h-app", 0, 60)]),
        ({PAGE: usage(30)}, [("requests-24h-page", 70, 1440)]),
        (
            {BUSINESS: f'{{"100": [{usage(97)}, {usage(3)}], "200": [{usage(5)}]}}'},
            [("requests-24h-page", 3, 1440)],
        ),
        (
            {BUSINESS: f'{{"100": [{usage(100, estimated_time_to_regain_access=20)}]}}'},
            [("requests-24h-page", 0, 20)],
        ),
        (
            {BUSINESS: f'{{"1": [{usage(100, type="ads_insights")}, {usage(4, type="pages")}]}}'},
            [("requests-24h-page", 96, 1440)],
        ),
        (
            {BUSINESS: f'{{"100": [{usage(100, estimated_time_to_regain_access=1441)}]}}'},
            [("requests-24h-page", 0, 1440)],
        ),
        (
            {OF_APP: usage(1), PAGE: usage(2), BUSINESS: f'{{"1": [{usage(40)}]}}'},
            [("requests-1h-app", 97, 60), ("requests-24h-page", 60, 1440)],
        ),
        ({OF_APP: usage(-7, total_time=None, total_cputime="5")}, []),
        ({OF_APP: usage(True, total_time=[], total_cputime={})}, []),
        ({OF_APP: usage(10**4000, total_time=1e300, total_cputime=None)}, []),
        ({OF_APP: '{"call_count": NaN, "total_time": Infinity}'}, []),
        ({OF_APP: "soon", PAGE: "[" * 60_000, BUSINESS: "{"}, []),
        ({OF_APP: "{}", PAGE: "[28]", BUSINESS: '{"1": 7, "2": [7], "3": [[]]}'}, []),
        ({OF_APP: '{"call_count": ' + "9" * 60_000 + "}"}, []),
        (
            {BUSINESS: json.dumps({str(n): [json.loads(usage(n % 50))] for n in range(2_000)})},
            [("requests-24h-page", 51, 1440)],
        ),
    ],
)
def test_facebook_tells_percents_of_what_the_app_and_the_page_may_ask(
    headers: dict[str, object], expected: list[tuple[str, int, int]]
) -> None:
    found = told(FACEBOOK, headers)
    minutes = [int((limit.ends_at - NOW).total_seconds() / 60) for limit in found]
    assert [(f.name, f.remaining, m) for f, m in zip(found, minutes, strict=True)] == expected
    assert {limit.total for limit in found} <= {100}


def test_a_page_whose_own_limit_is_nearly_used_up_rests() -> None:
    outcome = meaning(FACEBOOK, answer(FACEBOOK, {PAGE: usage(96)}), Step.REVEAL)
    assert isinstance(outcome, Accepted)
    assert outcome.suspended_until is not None
    assert outcome.backoff == THROTTLED


@pytest.mark.parametrize(
    ("entry", "minutes"),
    [
        ({"type": "pages", "estimated_time_to_regain_access": 1440}, 1440),
        ({"type": "pages", "estimated_time_to_regain_access": 1441}, None),
        ({"type": "ads_insights", "estimated_time_to_regain_access": 600}, None),
    ],
)
def test_a_page_rests_for_a_day_at_most_and_for_no_advertisements(
    entry: dict[str, Any], minutes: int | None
) -> None:
    """Otherwise it is asked whether it goes on."""
    told: dict[str, object] = {BUSINESS: f'{{"1002": [{usage(100, **entry)}]}}'}
    outcome = meaning(FACEBOOK, answer(FACEBOOK, told, 429), Step.REVEAL)
    assert isinstance(outcome, AccountSuspended)
    assert outcome.until == (None if minutes is None else NOW + timedelta(minutes=minutes))
    assert outcome.backoff == (THROTTLED if minutes is None else ())


def test_what_a_platform_says_of_its_limits_does_not_change_what_an_answer_means() -> None:
    plain = meaning(X, answer(X, {}, 429))
    assert isinstance(plain, AccountSuspended)
    assert plain == meaning(X, answer(X, window(DAY, 50, 3, SOON), 429))


_ANY: Any = (
    st.text(max_size=30)
    | st.integers().map(str)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["call_count", "total_time", "estimated_time_to_regain_access"]),
                inner,
            )
        ),
    ).map(json.dumps)
)
_HEADERS = [
    *(f"{kind}-{part}" for kind in (SHORT, DAY, APP) for part in ("limit", "remaining", "reset")),
    OF_APP,
    PAGE,
    BUSINESS,
]


@given(
    st.sampled_from([X, FACEBOOK]),
    st.sampled_from(Step),
    st.dictionaries(st.sampled_from(_HEADERS), _ANY),
)
def test_whatever_headers_say_the_limits_are_few_and_within_bounds(
    channel: str, step: Step, headers: dict[str, object]
) -> None:
    found = told(channel, headers, step)
    assert len({limit.name for limit in found}) == len(found) <= 3
    for limit in found:
        assert 0 <= limit.remaining <= limit.total < MOST
        assert NOW < limit.ends_at <= NOW + timedelta(hours=25, seconds=1)
        assert limits_text.in_words(limit, str)


def of(name: str, total: int, remaining: int) -> Limit:
    return Limit(name, total, remaining, NOW, NOW + timedelta(hours=6, minutes=35))


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (of("posts-24h", 50, 17), "17 of 50 posts in 24 hours left, until 14:05"),
        (of("posts-15min", 100, 98), "98 of 100 posts in 15 minutes left, until 14:05"),
        (
            of("posts-24h-app", 10_000, 9_990),
            "9,990 of 10,000 posts by the whole app in 24 hours left, until 14:05",
        ),
        (of("deletions-15min", 50, 49), "49 of 50 deletions in 15 minutes left, until 14:05"),
        (
            of("requests-1h-app", 100, 72),
            "72% of the requests by the whole app in an hour left, as of 07:30",
        ),
    ],
)
def test_a_limit_reads_as_a_sentence(limit: Limit, words: str) -> None:
    assert limits_text.in_words(limit, "{:%H:%M}".format) == words


@pytest.mark.parametrize(
    ("remaining", "expected"), [(0, True), (100, True), (101, False), (1000, False)]
)
def test_a_tenth_or_less_is_nearly_used_up(remaining: int, expected: bool) -> None:
    assert limits_text.is_nearly_used_up(of("posts-24h", 1000, remaining)) is expected
