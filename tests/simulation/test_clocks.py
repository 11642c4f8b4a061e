"""Histories in which a clock is wrong or is set while a platform settles."""

import pytest

from tests.support.simulation.history import Scenario, run
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import ON_X


def step_of(scenario: Scenario, moment: Moment, nth: int = 1, after: Plan = ()) -> int:
    """The number of the nth step of this kind, in the history that has `after` in it."""
    steps = [step.number for step in run(scenario, after).steps if step.moment is moment]
    return steps[nth - 1]


@pytest.mark.parametrize("ahead", [120.0, 3600.0])
def test_a_clock_that_is_ahead_does_not_hide_what_is_out(ahead: float) -> None:
    scenario = Scenario("a clock that is ahead", due=5 + ahead)
    wrong = (Fault(0, Act.JUMP, ahead),)
    lost = Fault(step_of(scenario, Moment.REQUEST, after=wrong), Act.ANSWER_LOST)
    history = run(scenario, (*wrong, lost))
    assert not history.broken, str(history)


def test_a_clock_that_is_set_forward_does_not_shorten_the_settling_time() -> None:
    late = (Fault(step_of(ON_X, Moment.REQUEST), Act.DONE_LATE, 58),)
    doubted = step_of(ON_X, Moment.ANSWERED, after=late) + 2
    history = run(ON_X, (*late, Fault(doubted, Act.JUMP, 300)))
    assert not history.broken, str(history)


@pytest.mark.parametrize("seconds", [30, 300])
def test_a_lease_that_runs_out_early_leaves_its_request_the_time_to_be_done(
    seconds: float,
) -> None:
    """The clock is set forward while the request is under way, and it is done late."""
    late = (Fault(step_of(ON_X, Moment.REQUEST), Act.DONE_LATE, 58),)
    sent = step_of(ON_X, Moment.SENT, after=late)
    history = run(ON_X, (*late, Fault(sent, Act.JUMP, seconds)))
    assert not history.broken, str(history)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_an_unknown_outcome_that_a_wrong_clock_notes_settles_by_a_right_one(steps: int) -> None:
    """An hour behind for half a minute: it would count as settled an hour ago."""
    late = (Fault(step_of(ON_X, Moment.REQUEST), Act.DONE_LATE, 58),)
    sent = step_of(ON_X, Moment.SENT, after=late)
    history = run(ON_X, (*late, Fault(sent + steps, Act.WRONG, -3600)))
    assert not history.broken, str(history)
