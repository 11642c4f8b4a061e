"""One bad post and an innocent one 25 seconds later, over every answer that is known.

On all seven channels; the website, which asks nobody, is refused by its disk. A sample of them goes
by real HTTP in tests/delivery/test_refusals.py.
"""

from datetime import datetime, timedelta

import pytest

from publisher.model.outcomes import AccountSuspended, Kind, Outcome, Step, Unknown
from publisher.model.states import State
from tests.support.answers.kinds import NOW
from tests.support.answers.refusals import REFUSALS, Refusal
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.parts import ACCOUNTS
from tests.support.simulation.plan import Moment
from tests.support.simulation.profiles import PROFILES, Making
from tests.support.simulation.world import START

pytestmark = pytest.mark.deep

ACCOUNT_OF = {entry.channel: name for name, entry in reversed(ACCOUNTS.items())}
EXPIRES = timedelta(hours=1)
SOON = timedelta(minutes=10)


def _held(outcome: Outcome) -> timedelta:
    """For how long the account can do nothing, at the least."""
    if not isinstance(outcome, AccountSuspended):
        return timedelta(0)
    return outcome.until - NOW if outcome.until else next(iter(outcome.backoff), timedelta(0))


def _is_upload(refusal: Refusal) -> bool:
    """Whether only a post with a picture meets it: the others are drafts of a platform."""
    return refusal.step is Step.PREPARE and PROFILES[refusal.channel].making is not Making.REVEALS


def _can_go_on(refusal: Refusal) -> bool:
    """Whether the account goes on before its posts expire, as all is well with our own clock.

    What a wrong clock does is in test_clocks.py; and X calls no upload a duplicate.
    """
    is_of_clock = getattr(refusal.outcome, "kind", None) is Kind.CLOCK
    is_doubt = isinstance(refusal.outcome, Unknown) and refusal.step is Step.PREPARE
    return not is_of_clock and not is_doubt and _held(refusal.outcome) < EXPIRES


SIMULATED = [refusal for refusal in REFUSALS if _can_go_on(refusal)]
PLAYED = list({one.gist: one for one in reversed(SIMULATED)}.values())[::-1]
"""Of those that mean the same, the first: the simulated channels hear nothing but that."""
CASES = [
    pytest.param(refusal, always, id=f"{refusal}, {'always' if always else 'once'}")
    for refusal in PLAYED
    for always in (False, True)
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
        expires=EXPIRES.total_seconds(), pictured=_is_upload(refusal),
    )  # fmt: skip
    history = run(scenario, answers=answers)
    assert struck
    bad, innocent = sorted(history.ended, key=lambda delivery: delivery.post)
    assert not history.broken, str(history)
    assert innocent.state is State.PUBLISHED
    assert innocent.published_at
    # After an end that the platform names, the one that was told it goes first once.
    turns = 2 if always else 1
    assert innocent.published_at - innocent.due_at < max(SOON, turns * _held(refusal.outcome))
    assert always or bad.state is refusal.end


def _is_of_each(refusal: Refusal) -> bool:
    """Whether each post may fail by it: it names the words, the picture or the link."""
    outcome = refusal.outcome
    is_duplicate = isinstance(outcome, Unknown) and outcome.duplicate
    return is_duplicate or getattr(outcome, "of_post", False)


@pytest.mark.parametrize("refusal", [one for one in PLAYED if not _is_of_each(one)], ids=str)
def test_no_refusal_fails_a_series(refusal: Refusal) -> None:
    """The platform refuses all posts for a while: one fails at the most, the others go out."""
    awaited = Moment.PREPARATION if refusal.step is Step.PREPARE else Moment.REQUEST
    over = START + timedelta(minutes=25)

    def answers(moment: Moment, text: str, now: datetime) -> Outcome | None:
        concerns = moment is awaited and f" \N{SECTION SIGN}{refusal.nth} " in text
        return refusal.at(now) if concerns and now < over else None

    scenario = Scenario(
        "a series", refusal.nth, 4, (ACCOUNT_OF[refusal.channel],), apart=25,
        expires=3 * EXPIRES.total_seconds(), pictured=_is_upload(refusal),
    )  # fmt: skip
    history = run(scenario, answers=answers)
    assert not history.broken, str(history)
    states = [delivery.state for delivery in history.ended]
    assert states.count(State.FAILED) <= 1
    assert {*states} <= {State.FAILED, State.PUBLISHED}
