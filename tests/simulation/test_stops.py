"""Whatever a person stops while it may be out does not go out once it is known that it was not."""

from collections.abc import Iterator

import pytest

from tests.support.simulation.history import Scenario, run
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import ON_FACEBOOK, ON_X, THREAD

pytestmark = pytest.mark.deep

_STOPS = (Act.CANCEL, Act.EDIT, Act.MOVE, Act.HALT)


def stops_in_doubt(scenario: Scenario, act: Act, nth: int = 1) -> Iterator[Plan]:
    """The nth request fails unseen, and a person stops it at one of the steps after that."""
    requests = [s.number for s in run(scenario).steps if s.moment is Moment.REQUEST]
    failing = Fault(requests[nth - 1], Act.NOT_DONE)
    for step in run(scenario, (failing,)).steps:
        if step.number >= failing.step:
            yield (failing, Fault(step.number, act))


@pytest.mark.parametrize("act", _STOPS)
@pytest.mark.parametrize("scenario", [ON_X, ON_FACEBOOK], ids=lambda s: s.name)
def test_a_stop_at_whatever_step_holds(scenario: Scenario, act: Act) -> None:
    for plan in stops_in_doubt(scenario, act):
        history = run(scenario, plan)
        assert not history.broken, str(history)


def test_a_stop_of_a_thread_holds_for_the_part_in_doubt() -> None:
    for plan in stops_in_doubt(THREAD, Act.CANCEL, nth=2):
        history = run(THREAD, plan)
        assert not history.broken, str(history)


def test_a_draft_is_renamed_while_its_platform_makes_the_post_public_on_its_own() -> None:
    """Under its new name it does not go out a second time."""
    laying = next(s.number for s in run(ON_FACEBOOK).steps if s.moment is Moment.PREPARATION)
    early = Fault(laying, Act.PUBLISHES_EARLY)
    steps = [step.number for step in run(ON_FACEBOOK, (early,)).steps]
    assert len(steps) > laying
    for number in steps:
        renamed = Fault(number, Act.RENAME)
        plan = (renamed, early) if number < laying else (early, renamed)
        history = run(ON_FACEBOOK, plan)
        assert not history.broken, str(history)
