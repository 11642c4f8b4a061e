"""Two deliveries of an account begin with the same words, and one is in doubt while the other goes
out.
"""

import pytest

from tests.support.simulation.history import run
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import TWINS

pytestmark = pytest.mark.deep


def _requests(after: Plan) -> list[int]:
    return [step.number for step in run(TWINS, after).steps if step.moment is Moment.REQUEST]


@pytest.mark.parametrize("second", [Act.SLOW, Act.ANSWER_LOST, Act.DONE_LATE, Act.LAGS, Act.DIE])
@pytest.mark.parametrize("first", [Act.NOT_DONE, Act.ANSWER_LOST, Act.DONE_LATE])
def test_neither_takes_the_others_post_for_its_own(first: Act, second: Act) -> None:
    """Each is on record with one post of its own, and none is out a third time."""
    seconds = {Act.DONE_LATE: 58.0, Act.LAGS: 50.0}
    plan: Plan = (Fault(_requests(())[0], first, seconds.get(first, 0.0)),)
    plan = (*plan, Fault(_requests(plan)[1], second, seconds.get(second, 0.0)))
    history = run(TWINS, plan)
    assert not history.broken, str(history)
