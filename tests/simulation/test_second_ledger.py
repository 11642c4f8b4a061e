"""A second ledger, made by accident, publishes nothing that the first one publishes."""

from random import Random
from unittest import mock

import pytest

from publisher.monitoring.account_locks import AccountLocks
from tests.support.simulation.history import Scenario
from tests.support.simulation.plan import Plan, possible
from tests.support.simulation.scenarios import OFTEN, ON_FACEBOOK, ON_MASTODON, ON_X, THREAD
from tests.support.simulation.second_ledger import run, second_ledgers

pytestmark = pytest.mark.guards("publisher.monitoring.account_locks")
_PAIRS = 20


def _is_stopped_and_told(scenario: Scenario, plan: Plan) -> None:
    """One of them publishes, and the other one names both."""
    company = run(scenario, plan, shares_broker=True)
    assert not company.broken, str(company)
    (told,) = company.told
    assert all(place in told for place in company.places), str(company)


def test_a_ledger_that_takes_no_lock_is_caught() -> None:
    with mock.patch.object(AccountLocks, "take", return_value=None):
        company = run(ON_X, next(second_ledgers(ON_X)), shares_broker=True)
    assert any(one.startswith("doubled") for one in company.broken)


def test_it_is_stopped_at_the_shared_broker_whenever_it_begins() -> None:
    for plan in second_ledgers(ON_X):
        _is_stopped_and_told(ON_X, plan)


@pytest.mark.deep
@pytest.mark.parametrize("scenario", [THREAD, ON_FACEBOOK, ON_MASTODON], ids=lambda s: s.name)
def test_it_is_stopped_on_other_platforms(scenario: Scenario) -> None:
    for plan in second_ledgers(scenario):
        _is_stopped_and_told(scenario, plan)


@pytest.mark.deep
@pytest.mark.parametrize("scenario", OFTEN, ids=lambda s: s.name)
def test_it_doubles_nothing_whatever_else_goes_wrong(scenario: Scenario) -> None:
    """A sample of the faults after it began, always the same one."""
    random = Random(scenario.name)  # noqa: S311 - a sample
    begun = list(second_ledgers(scenario))
    for plan in random.choices(begun, k=_PAIRS):
        later = run(scenario, plan, shares_broker=True).steps[plan[0].step :]
        fault = random.choice([one for step in later for one in possible(step)])
        company = run(scenario, (*plan, fault), shares_broker=True)
        assert not [one for one in company.broken if one.startswith("doubled")], str(company)


@pytest.mark.parametrize(("scenario", "is_doubled"), [(ON_X, True), (ON_MASTODON, False)])
def test_without_a_shared_broker_nobody_knows_of_it(
    scenario: Scenario, *, is_doubled: bool
) -> None:
    """docs/reliability.md says so: only a platform that knows our keys takes a post once."""
    company = run(scenario, next(second_ledgers(scenario)), shares_broker=False)
    assert any(one.startswith("doubled") for one in company.broken) is is_doubled, str(company)
    assert not company.told
