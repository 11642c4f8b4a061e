"""What ended deliveries left at a platform: whose turn it is to be cleared away, and when."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.operations import Control
from publisher.ledger.news.outbox import News, StuckDelivery
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Claim, Delivery, Prepared
from publisher.model.outcomes import Accepted, Kind, Refused, Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne, first_found
from tests.support.wishes import add, wish

PAGE = {"account": "bice-page", "channel": "facebook"}
LEFT = Prepared(leftovers=("1_1",), photos=("7",))
"""What is to be cleared away of a post that was prepared: itself, and its picture."""


@pytest.fixture
def leftovers(database: Database, clock: ManualClock) -> Orphans:
    return Orphans(database, clock)


@pytest.fixture
def ready(ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    """A delivery in a worker's hands, whose post is prepared on the Page."""
    add(ledger, wish(clock, due_in=1, **PAGE))
    return lay_ready(dispatch, attempts, clock)


def lay_ready(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(17), 1)
    delivery = attempts.take(claim)
    assert delivery
    laid = Prepared(draft_id="1_1", digest=delivery.content.digest, media_ids={"a": "7"})
    return attempts.checkpoint(delivery, laid, clock.ahead(17))


@pytest.fixture
def end(
    dispatch: Dispatch,
    attempts: OneByOne,
    control: Control,
    ledger: Ledger,
    queries: Queries,
    clock: ManualClock,
) -> Callable[[Delivery, State], None]:
    """Bring a delivery whose post is prepared to its end."""

    def cancel(_: Delivery) -> None:
        control.cancel("post.fr", None, "manager", "trop tard")

    def refuse(delivery: Delivery) -> None:
        intended = attempts.intend(delivery, clock.now(), clock.ahead(17))
        assert intended
        attempts.record(intended, Refused(Kind.POLICY, "No."), clock.ahead(17))

    def miss(delivery: Delivery) -> None:
        dispatch.release([Claim(delivery=delivery.id, version=delivery.version)])
        clock.advance(5 * 3600)
        dispatch.expire()

    def hold(delivery: Delivery) -> None:
        held = wish(clock, due_in=1, state=State.HELD, reason="annulé", **PAGE)
        ledger.apply(add=(), edit=[(delivery, held)], cancel=(), pictures={}, actor="redaction")

    ways = {
        State.CANCELLED: cancel, State.FAILED: refuse, State.MISSED: miss, State.HELD: hold,
    }  # fmt: skip

    def bring(delivery: Delivery, state: State) -> None:
        ways[state](delivery)
        assert queries.deliveries()[0].state is state
        clock.advance(20)  # until whoever had it in hand has let go

    return bring


def claim(leftovers: Orphans, clock: ManualClock) -> list[Claim]:
    return leftovers.claim(clock.ahead(200), 10)


@pytest.mark.parametrize("state", [State.CANCELLED, State.FAILED, State.MISSED, State.HELD])
def test_what_lies_ready_for_an_ended_delivery_is_given_up_before_it_is_deleted(
    state: State,
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    queries: Queries,
    clock: ManualClock,
    database: Database,
) -> None:
    """From then on no worker can publish it, though somebody brings the delivery back."""
    end(ready, state)
    (claimed,) = claim(leftovers, clock)
    assert claim(leftovers, clock) == [], "one at a time"
    given_up = leftovers.give_up(claimed)
    assert given_up
    assert given_up.prepared == LEFT
    (kept,) = queries.deliveries()
    assert (kept.state, kept.prepared.draft_id) == (state, None)
    done = leftovers.cleared(given_up, Prepared())
    assert (done.state, done.prepared.stays, done.clear_at) == (state, False, None)
    clock.advance(10**6)
    assert claim(leftovers, clock) == []
    last = queries.history("post.fr")[-1]
    assert (last.event, last.detail) == ("cleared away", {"ids": ["1_1"]})
    assert Audit(database, clock).verify().breaks == ()


def test_who_took_it_and_died_is_followed_by_another(
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    clock: ManualClock,
    queries: Queries,
) -> None:
    """Without a step for each try that came to nothing."""
    end(ready, State.CANCELLED)
    steps = len(queries.history("post.fr"))
    for _ in range(3):
        assert len(claim(leftovers, clock)) == 1
        clock.advance(201)
    assert len(queries.history("post.fr")) == steps


def test_nothing_is_cleared_that_may_still_be_of_use(
    ready: Delivery,
    leftovers: Orphans,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    queries: Queries,
) -> None:
    """Neither while it is under way, nor while nobody knows, nor when it is out."""
    intended = attempts.intend(ready, clock.now(), clock.ahead(17))
    assert intended
    for outcome, state in (
        (Unknown("No answer."), State.UNCERTAIN), (Accepted("1_1"), State.PUBLISHED),
    ):  # fmt: skip
        clock.advance(10**5)
        assert claim(leftovers, clock) == []
        attempts.record(intended, outcome, clock.ahead(17))
        assert queries.deliveries()[0].state is state
    clock.advance(10**5)
    assert claim(leftovers, clock) == []


def test_whoever_has_it_in_hand_may_still_be_making_something(
    ready: Delivery, leftovers: Orphans, control: Control, clock: ManualClock
) -> None:
    control.cancel("post.fr", None, "manager", "")
    assert claim(leftovers, clock) == []
    clock.advance(18)
    assert len(claim(leftovers, clock)) == 1


def test_a_request_of_unknown_outcome_has_long_settled(
    ready: Delivery,
    leftovers: Orphans,
    attempts: OneByOne,
    control: Control,
    clock: ManualClock,
) -> None:
    """Who looked too early would delete what becomes public at that moment."""
    intended = attempts.intend(ready, clock.now(), clock.ahead(17))
    assert intended
    attempts.record(intended, Unknown("No answer."), clock.ahead(17))
    control.retry("post.fr", None, "manager")
    control.cancel("post.fr", None, "manager", "")
    clock.advance(890)
    assert claim(leftovers, clock) == []
    clock.advance(20)
    assert len(claim(leftovers, clock)) == 1


@pytest.mark.parametrize("account", ["bice-page", None])
def test_nothing_is_cleared_while_the_account_is_paused_or_suspended(
    account: str | None,
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    control: Control,
    clock: ManualClock,
) -> None:
    control.pause(account, "essai", "manager")
    end(ready, State.CANCELLED)
    assert claim(leftovers, clock) == []
    control.resume(account, "manager")
    assert len(claim(leftovers, clock)) == 1


def test_who_brings_it_back_first_keeps_what_lies_ready(
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    control: Control,
    clock: ManualClock,
) -> None:
    end(ready, State.CANCELLED)
    (claimed,) = claim(leftovers, clock)
    (back,) = control.retry("post.fr", None, "manager")
    assert leftovers.give_up(claimed) is None
    assert (back.prepared.draft_id, back.clear_at) == ("1_1", None)


def test_what_the_platform_refused_is_deleted_before_another_is_made(
    ready: Delivery, end: Callable[[Delivery, State], None], control: Control
) -> None:
    end(ready, State.FAILED)
    (back,) = control.retry("post.fr", None, "manager")
    assert back.prepared == LEFT


def test_what_another_delivery_knows_is_left_alone(
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    ledger: Ledger,
    leftovers: Orphans,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
) -> None:
    end(ready, State.CANCELLED)
    add(ledger, wish(clock, "other.fr", due_in=1, **PAGE))
    lay_ready(dispatch, attempts, clock)
    (claimed,) = claim(leftovers, clock)
    given_up = leftovers.give_up(claimed)
    assert given_up
    assert given_up.prepared.leftovers == ()


def test_what_cannot_be_cleared_is_tried_later_each_time_and_not_for_ever(
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    queries: Queries,
    clock: ManualClock,
) -> None:
    end(ready, State.CANCELLED)
    waits: list[float] = []
    tried_at: datetime = clock.now()
    for _ in range(7):
        (waiting,) = queries.deliveries()
        found = first_found(clock, waiting.clear_at, lambda: claim(leftovers, clock))
        waits.append((clock.now() - tried_at).total_seconds())
        tried_at = clock.now()
        delivery = leftovers.give_up(found[0])
        assert delivery
        post_alone = delivery.prepared.model_copy(update={"photos": ()})
        leftovers.failed(delivery, post_alone, "No connection.")
    assert all(later > earlier for earlier, later in pairwise(waits))
    assert sum(waits) > 20 * 3600
    clock.advance(10**7)
    assert claim(leftovers, clock) == []
    last = queries.history("post.fr")[-1]
    assert (last.event, last.detail["ids"]) == ("left behind", ["1_1"])


def test_a_picture_is_tried_until_it_is_gone(
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    clock: ManualClock,
) -> None:
    """Pictures of people must not stay at a platform, however long it takes."""
    end(ready, State.CANCELLED)
    for _ in range(20):
        clock.advance(10**6)
        (found,) = claim(leftovers, clock)
        delivery = leftovers.give_up(found)
        assert delivery
        leftovers.failed(delivery, delivery.prepared, "No connection.")


def test_what_is_public_after_all_is_shown_in_the_log(
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    queries: Queries,
    clock: ManualClock,
) -> None:
    end(ready, State.CANCELLED)
    given_up = leftovers.give_up(claim(leftovers, clock)[0])
    assert given_up
    leftovers.public(given_up, Prepared(), "It is public, as 1_1.")
    (delivery,) = queries.deliveries()
    assert (delivery.error_kind, delivery.error_message) == (
        "unknown-outcome",
        "It is public, as 1_1.",
    )
    clock.advance(10**6)
    assert claim(leftovers, clock) == []


def test_that_it_failed_is_still_news_after_it_was_cleared_away(
    ready: Delivery,
    end: Callable[[Delivery, State], None],
    leftovers: Orphans,
    database: Database,
    clock: ManualClock,
) -> None:
    """Whatever came first, the clearing away or the notice."""
    news = News(database, clock)
    news.begin("mail", clock.now())
    end(ready, State.FAILED)
    given_up = leftovers.give_up(claim(leftovers, clock)[0])
    assert given_up
    leftovers.cleared(given_up, Prepared())
    (item,) = news.untold("mail")
    assert isinstance(item, StuckDelivery)
