"""One bad post and an innocent one 25 seconds later, over every answer that is known."""

from datetime import datetime, timedelta

import pytest

from publisher.model.outcomes import Outcome, Step
from publisher.model.states import State
from tests.support.answers.judging import meaning
from tests.support.answers.refusals import REFUSALS, STEPS, Refusal
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.plan import Moment

ACCOUNT_OF = {"twitter": "bice-x", "facebook": "bice-page"}
MOMENTS = {
    Step.PUBLISH: Moment.REQUEST,
    Step.REVEAL: Moment.REQUEST,
    Step.PREPARE: Moment.PREPARATION,
}
PLAYED = [one for one in REFUSALS if not one.pictured and not one.commit]
CASES = [
    pytest.param(refusal, always, id=f"{refusal.name[:70]}, {'always' if always else 'once'}")
    for refusal in PLAYED
    for always in (False, True)
    # Where the platform names an instant, all of the account waits for that.
    if not (always and refusal.headers)
]
SOON, CAPPED = timedelta(minutes=10), timedelta(minutes=31)


@pytest.mark.parametrize(("refusal", "always"), CASES)
def test_an_innocent_post_goes_out_whatever_another_meets(refusal: Refusal, always: bool) -> None:
    """Be it refused once, or each time it is tried; and all promises hold."""
    step, struck = STEPS[refusal.endpoint], 0

    def answers(moment: Moment, text: str, now: datetime) -> Outcome | None:
        nonlocal struck
        concerns = moment is MOMENTS[step] and text.startswith(
            f"post-1 \N{SECTION SIGN}{refusal.nth} "
        )
        if not concerns or (struck and not always):
            return None
        struck += 1
        return meaning(refusal.channel, refusal.answer(now), step)

    scenario = Scenario(
        "one bad post", refusal.parts, 2, (ACCOUNT_OF[refusal.channel],), apart=25, expires=3 * 3600
    )
    history = run(scenario, answers=answers)
    assert struck
    assert not history.broken, str(history)
    bad, innocent = sorted(history.ended, key=lambda delivery: delivery.post)
    assert innocent.state is State.PUBLISHED
    assert innocent.published_at
    limit = CAPPED if "usage capped" in refusal.name else SOON
    assert innocent.published_at - innocent.due_at < limit
    assert always or bad.state in refusal.ends
