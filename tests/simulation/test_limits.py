"""What no protocol can promise against X, LinkedIn, or a server without keys, and is seen here.

docs/reliability.md says so.

Should one of these hold one day, the page promises too little.
"""

import pytest

from tests.support.simulation.history import Scenario, run
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import (
    ON_BLUESKY,
    ON_FACEBOOK,
    ON_LINKEDIN,
    ON_MASTODON,
    ON_WORDPRESS,
    ON_X,
    THREAD_ON_BLUESKY,
    WITHOUT_KEYS,
)

BEYOND: dict[str, Plan] = {
    "the timeline lags longer than the settling time": (
        Fault(1, Act.ANSWER_LOST),
        Fault(1, Act.LAGS, 120),
    ),
    "the platform does it longer after the client gave up": (Fault(1, Act.DONE_LATE, 120),),
    "the process stands still between its last look at the clock and the request": (
        Fault(1, Act.FREEZE, 200),
    ),
}
"""At the step at which the request leaves."""


def _is_doubled(scenario: Scenario, limit: str) -> bool:
    request = next(step.number for step in run(scenario).steps if step.moment is Moment.REQUEST)
    plan = tuple(Fault(request, fault.act, fault.value) for fault in BEYOND[limit])
    return any("doubled" in broken for broken in run(scenario, plan).broken)


@pytest.mark.parametrize("scenario", [ON_X, WITHOUT_KEYS, ON_LINKEDIN], ids=lambda s: s.name)
@pytest.mark.parametrize("limit", BEYOND)
def test_beyond_the_limit_a_post_can_be_out_twice(limit: str, scenario: Scenario) -> None:
    assert _is_doubled(scenario, limit)


@pytest.mark.parametrize(
    "scenario",
    [ON_FACEBOOK, ON_WORDPRESS, ON_BLUESKY, THREAD_ON_BLUESKY, ON_MASTODON],
    ids=lambda s: s.name,
)
@pytest.mark.parametrize("limit", BEYOND)
def test_beyond_the_limit_nothing_is_out_twice_that_has_an_id_or_a_key(
    limit: str, scenario: Scenario
) -> None:
    """It has it before it is public; Mastodon knows a key for an hour."""
    assert not _is_doubled(scenario, limit)
