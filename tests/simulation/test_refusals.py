"""One bad post and an innocent one 25 seconds later, over every answer that is known."""

from datetime import datetime, timedelta

import pytest

from publisher.model.outcomes import AccountSuspended, Kind, Outcome, Step
from publisher.model.states import State
from tests.support.answers.kinds import NOW
from tests.support.answers.refusals import REFUSALS, Refusal
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.parts import ACCOUNTS
from tests.support.simulation.plan import Moment
from tests.support.simulation.profiles import PROFILES, Making

ACCOUNT_OF = {entry.channel: name for name, entry in reversed(ACCOUNTS.items())}
EXPIRES = timedelta(hours=1)
SOON = timedelta(minutes=10)


def _held(outcome: Outcome) -> timedelta:
    """For how long the account can do nothing, at the least."""
    if not isinstance(outcome, AccountSuspended):
        return timedelta(0)
    return outcome.until - NOW if outcome.until else next(iter(outcome.backoff), timedelta(0))


def _is_played(refusal: Refusal) -> bool:
    """Only drafts are prepared there: a picture's upload has no other meanings than these.

    Of clocks, all of `test_clocks.py` is. Who is closed for longer than a post waits misses it.
    """
    has_drafts = PROFILES[refusal.channel].making is Making.REVEALS
    is_of_clock = getattr(refusal.outcome, "kind", None) is Kind.CLOCK
    can_meet = refusal.step is not Step.PREPARE or has_drafts
    return can_meet and not is_of_clock and _held(refusal.outcome) < EXPIRES


PLAYED = list({one.gist: one for one in reversed(REFUSALS) if _is_played(one)}.values())[::-1]
"""Of those that mean the same, the first: the simulated channels hear nothing but that."""
CASES = [
    pytest.param(refusal, always, id=f"{refusal}, {'always' if always else 'once'}")
    for refusal in PLAYED
    for always in (False, True)
    # Where the platform names an instant, all of the account waits for that.
    if not (always and getattr(refusal.outcome, "until", None))
]


@pytest.mark.parametrize(("refusal", "always"), CASES)
def test_an_innocent_post_goes_out_whatever_another_meets(refusal: Refusal, always: bool) -> None:
    """Be it refused once, or each time it is tried; and all promises hold."""
    awaited = Moment.PREPARATION if refusal.step is Step.PREPARE else Moment.REQUEST
    struck = 0

    def answers(moment: Moment, text: str, now: datetime) -> Outcome | None:
        nonlocal struck
        concerns = moment is awaited and text.startswith(f"post-1 \N{SECTION SIGN}{refusal.nth} ")
        if not concerns or (struck and not always):
            return None
        struck += 1
        return refusal.at(now)

    scenario = Scenario(
        "one bad post", refusal.nth, 2, (ACCOUNT_OF[refusal.channel],), apart=25,
        expires=EXPIRES.total_seconds(),
    )  # fmt: skip
    history = run(scenario, answers=answers)
    assert struck
    bad, innocent = sorted(history.ended, key=lambda delivery: delivery.post)
    assert not history.broken, str(history)
    assert innocent.state is State.PUBLISHED
    assert innocent.published_at
    assert innocent.published_at - innocent.due_at < max(SOON, _held(refusal.outcome))
    assert always or bad.state is refusal.end
