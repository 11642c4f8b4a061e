"""Which answers speak for the whole app, so that all of its accounts rest."""

import json
from datetime import datetime, timedelta

import pytest

from publisher.model.outcomes import THROTTLED, Answer, Step
from tests.support.answers.judging import meaning
from tests.support.answers.kinds import (
    A_DAY_LATER,
    BY_DEFAULT,
    CREATED,
    EPOCH,
    FACEBOOK,
    HTML,
    IN_TEN_MINUTES,
    NOW,
    PREPARE,
    PUBLISH,
    READ,
    REVEAL,
    WITHDRAW,
    X,
    answered,
    graph_error,
    limit,
    no_answer,
    not_sent,
    problem,
    usage,
)

pytestmark = pytest.mark.guards("publisher.platforms.*.rate_limits")

SOON = NOW + THROTTLED[0]
_OF_X = "x_app_limit_24hour"
_USED_UP = limit(_OF_X, 0, EPOCH + 20 * 3600)
_OF_FACEBOOK = {"x_app_usage": json.dumps({"call_count": 97, "total_time": 1})}
_FOR_THE_APP: list[tuple[str, str, Answer, Step, datetime | None]] = [
    ("the day's limit, 429", X, problem(429, "Too Many", **_USED_UP), PUBLISH, A_DAY_LATER),
    ("the last post of the day", X, answered(201, CREATED, **_USED_UP), PUBLISH, BY_DEFAULT),
    ("refused, and the last", X, problem(400, "Invalid", **_USED_UP), PUBLISH, BY_DEFAULT),
    (
        "429 for six days, of a window of one",
        X,
        problem(429, "Too Many", **limit(_OF_X, 0, EPOCH + 6 * 86400)),
        PUBLISH,
        SOON,
    ),
    ("429, no time", X, answered(429, "", **limit(_OF_X, 0, "soon")), PUBLISH, SOON),
    ("taken, no time", X, answered(201, CREATED, **limit(_OF_X, 0, "soon")), PUBLISH, None),
    ("more to come", X, answered(201, CREATED, **limit(_OF_X, 1, EPOCH + 600)), PUBLISH, None),
    ("nonsense", X, answered(429, "", **limit(_OF_X, "none", "never")), PUBLISH, None),
    ("429 without headers", X, answered(429, HTML), PUBLISH, None),
    (
        "the user's 15 minutes",
        X,
        problem(429, "Too Many", **limit("x_rate_limit", 0, EPOCH + 600)),
        PUBLISH,
        None,
    ),
    (
        "the user's day",
        X,
        problem(429, "Too Many", **limit("x_user_limit_24hour", 0, EPOCH + 600)),
        PUBLISH,
        None,
    ),
    (
        "the user's day is longer than the app's",
        X,
        problem(
            429,
            "Too Many",
            **limit("x_user_limit_24hour", 0, EPOCH + 20 * 3600),
            **limit(_OF_X, 0, EPOCH + 600),
        ),
        PUBLISH,
        IN_TEN_MINUTES,
    ),
    *(
        (f"limit of what is no post: {step}", X, answered(429, "", **_USED_UP), step, None)
        for step in (PREPARE, WITHDRAW, READ)
    ),
    ("the app is throttled", FACEBOOK, graph_error(400, 4), REVEAL, SOON),
    ("so it is, preparing", FACEBOOK, graph_error(400, 4), PREPARE, SOON),
    (
        "the app is throttled, for ten minutes",
        FACEBOOK,
        graph_error(400, 4, headers=usage(estimated_time_to_regain_access=10)),
        REVEAL,
        NOW + timedelta(minutes=10),
    ),
    (
        "the app is throttled, and the Page for a day",
        FACEBOOK,
        graph_error(400, 4, headers=usage(estimated_time_to_regain_access=1440)),
        REVEAL,
        BY_DEFAULT,
    ),
    *(
        (f"throttled, {code}", FACEBOOK, graph_error(400, code), REVEAL, None)
        for code in (17, 32, 341, 613, 80001, 368, 190, 1)
    ),
    ("429", FACEBOOK, answered(429, HTML), REVEAL, None),
    (
        "the app is nearly used up",
        FACEBOOK,
        answered(200, {"success": True}, **_OF_FACEBOOK),
        REVEAL,
        SOON,
    ),
    (
        "the Page is nearly used up",
        FACEBOOK,
        answered(200, {"success": True}, **usage(call_count=97)),
        REVEAL,
        None,
    ),
    *(
        ("no word of a platform", channel, answer, PUBLISH, None)
        for channel in (X, FACEBOOK)
        for answer in (not_sent("no address"), no_answer("time-out"))
    ),
]


@pytest.mark.parametrize(
    ("name", "channel", "answer", "step", "until"),
    _FOR_THE_APP,
    ids=[f"{channel}: {name}" for name, channel, *_more in _FOR_THE_APP],
)
def test_an_answer_speaks_for_the_app(
    name: str, channel: str, answer: Answer, step: Step, until: datetime | None
) -> None:
    """Or for the account alone: then no other account is held because of it."""
    assert meaning(channel, answer, step).app_suspended_until == until, name
