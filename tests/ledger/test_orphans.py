"""Unpublished posts that were found on a platform go to no delivery that may not have made them."""

from typing import Any

import pytest

from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

WORDS: dict[str, Any] = {"texts": ("Bonjour",), "repeat": True, "due_in": 1}


@pytest.fixture
def found(ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    """A delivery of which an earlier attempt was begun."""
    add(ledger, wish(clock, "mine.fr", **WORDS))
    return begun(dispatch, attempts, clock)


def begun(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(17), 10)
    delivery = attempts.take(claim)
    assert delivery
    known = delivery.prepared.begin(delivery.content, clock.now())
    return attempts.checkpoint(delivery, known, clock.ahead(17))


def kept(attempts: OneByOne, delivery: Delivery, clock: ManualClock) -> Prepared:
    """What is written of two posts that were found, the first of which is to be used."""
    looked = Prepared(
        draft_id="1_1", digest=delivery.content.digest, leftovers=("1_1", "1_2"), note="Found."
    )
    return attempts.checkpoint(delivery, looked, clock.ahead(17)).prepared


def test_of_what_nobody_else_can_have_made_one_is_used_and_the_others_are_deleted(
    found: Delivery, attempts: OneByOne, clock: ManualClock, queries: Queries
) -> None:
    prepared = kept(attempts, found, clock)
    assert (prepared.draft_id, prepared.leftovers) == ("1_1", ("1_2",))
    assert prepared.holds(found.content)
    assert queries.history("mine.fr")[-1].detail["message"] == "Found."


@pytest.mark.parametrize("state", [State.SCHEDULED, State.PUBLISHING, State.HELD, State.UNCERTAIN])
def test_nothing_is_kept_while_the_same_words_wait_elsewhere(
    state: State, ledger: Ledger, found: Delivery, attempts: OneByOne, clock: ManualClock,
    dispatch: Dispatch,
) -> None:  # fmt: skip
    first = State.HELD if state is State.HELD else State.SCHEDULED
    add(ledger, wish(clock, "other.fr", state=first, **WORDS))
    if state in (State.PUBLISHING, State.UNCERTAIN):
        other = begun(dispatch, attempts, clock)
        if state is State.UNCERTAIN:
            attempts.intend(other, other.due_at, clock.ahead(1))
            clock.advance(2)
            dispatch.reap()
    prepared = kept(attempts, found, clock)
    assert (prepared.draft_id, prepared.digest, prepared.leftovers) == (None, None, ())
    assert "1_1, 1_2" in str(prepared.note)


def test_what_another_delivery_knows_is_not_kept(
    ledger: Ledger, found: Delivery, attempts: OneByOne, clock: ManualClock, dispatch: Dispatch
) -> None:
    """Whatever its words are by now."""
    add(ledger, wish(clock, "other.fr", **{**WORDS, "texts": ("Bonsoir",)}))
    other = begun(dispatch, attempts, clock)
    attempts.checkpoint(other, Prepared(draft_id="1_2"), clock.ahead(17))
    prepared = kept(attempts, found, clock)
    assert (prepared.draft_id, prepared.leftovers) == ("1_1", ())
    assert "1_2" in str(prepared.note)


def test_the_same_words_on_another_account_do_not_count(
    ledger: Ledger, found: Delivery, attempts: OneByOne, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "other.fr", account="other-page", **WORDS))
    assert kept(attempts, found, clock).leftovers == ("1_2",)
