"""Whatever goes wrong at whatever step, the six promises of docs/reliability.md hold."""

import os
from random import Random

import pytest

from publisher.ledger.doubts.pending_stops import reason_of
from publisher.model.states import State
from tests.support.simulation.history import Scenario, pairs, run, singles
from tests.support.simulation.mutants_of_platforms import a_late_comment_is_lost
from tests.support.simulation.plan import Act, Fault, Moment
from tests.support.simulation.scenarios import (
    APPROVED,
    BATCH,
    BRIEF,
    COMMENTED,
    CORRECTED,
    EMBARGO,
    EVERYWHERE,
    OFTEN,
    SELDOM,
    SMALL,
    TO_A_READER,
    UNNAMED,
)

PAIRS = int(os.environ.get("PUBLISHER_SIMULATION_HISTORIES", "60"))
"""Pairs for each scenario; `python -m tests.simulation` plays all of them."""
_OF_EACH = 3  # pairs with one first fault


@pytest.mark.parametrize(
    "scenario",
    [*SMALL, *CORRECTED, BATCH, BRIEF, EMBARGO, APPROVED, UNNAMED, EVERYWHERE],
    ids=lambda s: s.name,
)
def test_nothing_goes_wrong_when_nothing_goes_wrong(scenario: Scenario) -> None:
    history = run(scenario)
    assert not history.broken, str(history)
    assert [step.label for step in history.steps if step.moment == "request"], "it was sent"


@pytest.mark.deep
@pytest.mark.parametrize("scenario", [*OFTEN, BATCH, APPROVED, UNNAMED], ids=lambda s: s.name)
def test_every_single_fault_at_every_step_keeps_the_promises(scenario: Scenario) -> None:
    for plan in singles(scenario):
        history = run(scenario, plan)
        assert not history.broken, str(history)


@pytest.mark.deep
@pytest.mark.parametrize("scenario", [*SELDOM, *CORRECTED], ids=lambda s: s.name)
def test_single_faults_keep_the_promises_on_the_other_platforms(scenario: Scenario) -> None:
    """A sample, always the same one; `python -m tests.simulation --singles` plays all of them."""
    random = Random(scenario.name)  # noqa: S311 - a sample
    for plan in random.sample(list(singles(scenario)), PAIRS // _OF_EACH):
        history = run(scenario, plan)
        assert not history.broken, str(history)


def test_a_first_comment_is_found_in_a_list_that_is_not_sorted() -> None:
    """Among older ones of other people."""
    (plan,) = a_late_comment_is_lost(COMMENTED)
    assert Act.UNSORTED in {fault.act for fault in plan}
    history = run(COMMENTED, plan)
    assert not history.broken, str(history)
    (delivery,) = history.ended
    assert (delivery.state, len(delivery.remote_ids)) == (State.PUBLISHED, 2)


def test_a_post_that_is_public_early_lacks_its_comment_and_somebody_is_told() -> None:
    (prepared, *_) = [step for step in run(COMMENTED).steps if step.moment is Moment.PREPARATION]
    history = run(COMMENTED, (Fault(prepared.number, Act.PUBLISHES_EARLY),))
    assert not history.broken, str(history)
    (delivery,) = history.ended
    assert (delivery.state, len(delivery.remote_ids)) == (State.PUBLISHED, 1)
    assert "1 of 2 parts are out" in str(reason_of(delivery))


def test_the_reader_of_an_answer_that_is_withdrawn_waits_again() -> None:
    last = run(TO_A_READER).steps[-1]
    history = run(TO_A_READER, (Fault(last.number, Act.WITHDRAW),))
    assert not history.broken, str(history)
    (delivery,) = history.ended
    assert delivery.state is State.WITHDRAWN


@pytest.mark.deep
@pytest.mark.parametrize("scenario", OFTEN, ids=lambda s: s.name)
def test_pairs_of_faults_keep_the_promises(scenario: Scenario) -> None:
    """A sample, always the same one: a second fault at a step after the first."""
    random = Random(scenario.name)  # noqa: S311 - a sample
    first = list(singles(scenario))
    for plan in random.sample(first, min(len(first), PAIRS // _OF_EACH)):
        second = list(pairs(scenario, plan))
        for both in random.sample(second, min(len(second), _OF_EACH)):
            history = run(scenario, both)
            assert not history.broken, str(history)
