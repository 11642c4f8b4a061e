"""What people said: the promises are measured by it, so it must be right itself."""

import pytest

from publisher.base.errors import NotPossible
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery
from tests.support.clock import ManualClock
from tests.support.simulation.said import Agreed, Said
from tests.support.wishes import add, wish


@pytest.fixture
def versions(ledger: Ledger, queries: Queries, clock: ManualClock) -> list[Delivery]:
    """One delivery in two versions."""
    add(ledger, wish(clock))
    (first,) = queries.deliveries()
    return [first, first.model_copy(update={"content": Content(parts=(Part(text="v2"),))})]


def agreed(said: Said) -> list[Agreed]:
    return [each for approved in said.agreed().values() for each in approved]


def test_who_is_refused_takes_back_nobody_elses_word(versions: list[Delivery]) -> None:
    """Such as somebody who looked at an older version, and is slower."""
    said, (first, second) = Said(), versions
    with said.agreeing(second):
        pass
    for looked_at in (first, second):
        with pytest.raises(NotPossible), said.agreeing(looked_at):
            raise NotPossible("It is scheduled.")
    assert agreed(said) == [Agreed.of(second)]


def test_the_last_word_counts(versions: list[Delivery]) -> None:
    said, (first, second) = Said(), versions
    for looked_at in (first, second):
        with said.agreeing(looked_at):
            pass
    assert agreed(said) == [Agreed.of(second)]


def test_of_those_who_approve_at_once_any_may_be_the_one(versions: list[Delivery]) -> None:
    said, (first, second) = Said(), versions
    with said.agreeing(first), said.agreeing(second):
        assert agreed(said) == [Agreed.of(first), Agreed.of(second)]
    assert set(agreed(said)) == {Agreed.of(first), Agreed.of(second)}


def test_who_dies_may_have_approved_until_that_is_void(versions: list[Delivery]) -> None:
    said, (first, _second) = Said(), versions
    with pytest.raises(RuntimeError), said.agreeing(first):
        raise RuntimeError
    assert agreed(said) == [Agreed.of(first)]
    said.void([(first.post, first.account)])
    assert agreed(said) == []
