"""What no protocol can promise against X: docs/reliability.md says so, and here it is seen.

Should one of these hold one day, the page promises too little.
"""

import pytest

from tests.support.simulation.history import run
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import ON_FACEBOOK, ON_X

_REQUEST = next(step.number for step in run(ON_X).steps if step.moment is Moment.REQUEST)

BEYOND: dict[str, Plan] = {
    "the timeline lags longer than the settling time": (
        Fault(_REQUEST, Act.ANSWER_LOST),
        Fault(_REQUEST, Act.LAGS, 120),
    ),
    "the platform does it longer after the client gave up": (Fault(_REQUEST, Act.DONE_LATE, 120),),
    "the process stands still between its last look at the clock and the request": (
        Fault(_REQUEST, Act.FREEZE, 200),
    ),
}


@pytest.mark.parametrize("limit", BEYOND)
def test_beyond_the_limit_a_post_can_be_out_twice_on_x(limit: str) -> None:
    assert any("doubled" in broken for broken in run(ON_X, BEYOND[limit]).broken)


@pytest.mark.parametrize("limit", BEYOND)
def test_beyond_the_limit_nothing_is_out_twice_on_facebook(limit: str) -> None:
    """Its posts have an id before they are public."""
    moments = {step.moment: step.number for step in run(ON_FACEBOOK).steps}
    plan = tuple(Fault(moments[Moment.REQUEST], fault.act, fault.value) for fault in BEYOND[limit])
    assert not any("doubled" in broken for broken in run(ON_FACEBOOK, plan).broken)
