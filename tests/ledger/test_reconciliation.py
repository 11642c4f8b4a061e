"""Unknown outcomes: when the platform is read, what counts, and when a person decides."""

import itertools
from datetime import datetime, timedelta

import pytest

from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.transitions import Conflict
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Sighting,
    Unknown,
)
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.remote_ids", "publisher.ledger.doubts.uncertainty"
)

_SETTLE = 60  # seconds; as the fixtures have it


@pytest.fixture
def doubts(database: object, clock: ManualClock) -> Doubts:
    return Doubts(database, clock)  # type: ignore[arg-type]


@pytest.fixture
def sent_at(clock: ManualClock) -> datetime:
    return clock.now()


@pytest.fixture
def uncertain(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock, sent_at: datetime
) -> Delivery:
    """A thread of two whose first part was sent, and no answer came."""
    add(ledger, wish(clock, due_in=0, texts=("un", "deux")))
    return doubtful(dispatch, attempts, clock, Unknown("No answer."))


def doubtful(
    dispatch: Dispatch, attempts: OneByOne, clock: ManualClock, answer: Unknown
) -> Delivery:
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery is not None
    intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert intended is not None
    return attempts.record(intended, answer, clock.ahead(30))


def look(doubts: Doubts, clock: ManualClock, sighting: Sighting) -> Delivery:
    """Wait until the delivery may be looked for, claim it, and write what was seen."""
    for waited in range(1000):
        if claims := doubts.claim(clock.ahead(30), 10):
            taken = doubts.take(claims[0])
            assert taken is not None
            return doubts.record(taken, sighting)
        clock.advance(1 if waited < 60 else 30)
    raise AssertionError("it is never looked for")


def test_what_is_found_is_recorded_and_the_thread_goes_on_after_it(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock, sent_at: datetime
) -> None:
    found = look(doubts, clock, Accepted("7", "https://x.com/7"))
    assert (found.state, found.remote_ids) == (State.SCHEDULED, ("7",))
    assert (found.published_at, found.url) == (sent_at, "https://x.com/7")
    assert (found.intent_at, found.doubt_since, found.error_kind) == (None, None, None)


def test_a_post_that_is_found_is_published(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    doubts: Doubts,
    clock: ManualClock,
    sent_at: datetime,
) -> None:
    add(ledger, wish(clock, due_in=0))
    doubtful(dispatch, attempts, clock, Unknown("No answer."))
    found = look(doubts, clock, Accepted("7"))
    assert (found.state, found.published_at) == (State.PUBLISHED, sent_at)


def test_an_absence_counts_only_after_the_platform_has_settled_and_only_twice(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock, sent_at: datetime
) -> None:
    early = look(doubts, clock, Absent())
    assert (early.state, early.absences) == (State.UNCERTAIN, 0)
    first = look(doubts, clock, Absent())
    assert (first.state, first.absences) == (State.UNCERTAIN, 1)
    assert (clock.now() - sent_at).total_seconds() >= _SETTLE
    second = look(doubts, clock, Absent())
    assert (second.state, second.intent_at) == (State.SCHEDULED, None)
    assert second.doubt_since == sent_at, "a later look goes back to the first doubt"


def test_what_is_sent_again_at_once_keeps_the_intent_of_its_newest_request(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts, clock: ManualClock
) -> None:
    """Until it has another; the doubt goes back to the first."""
    add(ledger, wish(clock, due_in=0, account="bice-bluesky", channel="bluesky"))
    first = second = doubtful(dispatch, attempts, clock, Unknown("No answer."))
    for _ in range(2):
        again = look(doubts, clock, Absent())
        assert (again.state, again.intent_at) == (State.PUBLISHING, second.intent_at)
        assert again.doubt_since == first.intent_at
        clock.advance(1)
        intended = attempts.intend(again, clock.now(), clock.ahead(30))
        assert intended is not None
        second = attempts.record(intended, Unknown("No answer."), clock.ahead(30))
    assert second.intent_at != first.intent_at


def test_what_is_not_there_says_so_in_the_log(
    doubts: Doubts, uncertain: Delivery, dispatch: Dispatch, clock: ManualClock, queries: Queries
) -> None:
    """Also when it is missed afterwards: nobody is told then that it may be out."""
    for _ in range(3):
        absent = look(doubts, clock, Absent())
    assert (absent.error_kind, absent.error_message) == (
        Kind.UNAVAILABLE, "Publisher looked for it on the platform, and it is not there.",
    )  # fmt: skip
    clock.advance(5 * 3600)
    dispatch.expire()
    (missed,) = queries.deliveries()
    assert missed.error_message == (
        "It was not out when it expired. Publisher looked for it on the platform, and it is not there."
    )


def test_a_part_that_is_doubted_again_settles_for_as_long_as_its_doubts_have_lasted(
    doubts: Doubts,
    uncertain: Delivery,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    sent_at: datetime,
) -> None:
    """So that a timeline that lags for an hour does not cost a copy a minute."""
    sent = [clock.now()]
    while clock.now() < sent_at + timedelta(hours=3):
        for _ in range(3):
            absent = look(doubts, clock, Absent())
        assert absent.state is State.SCHEDULED
        sent.append(clock.now())
        doubtful(dispatch, attempts, clock, Unknown("No answer."))
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(sent)]
    assert gaps[0] < gaps[1] < gaps[2] < gaps[3]
    assert max(gaps) == pytest.approx(900, abs=30)


def test_a_post_that_shows_late_is_found_between_the_absences(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock
) -> None:
    look(doubts, clock, Absent())
    look(doubts, clock, Absent())
    assert look(doubts, clock, Accepted("7")).remote_ids == ("7",)


def test_reading_that_fails_is_repeated_and_counts_for_nothing(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock, sent_at: datetime
) -> None:
    pauses = []
    for _ in range(20):
        after = look(doubts, clock, Deferred(Kind.UNAVAILABLE, "No connection."))
        pauses.append((after.next_check_at - clock.now()).total_seconds())
        failing = (clock.now() - sent_at).total_seconds()
        assert pauses[-1] <= max(10, failing), "it is tried again before that has lasted twice"
    assert (after.state, after.absences) == (State.UNCERTAIN, 0)
    assert (pauses[0], pauses[-1]) == (10, 600), "the longer it fails, the rarer it is tried"


def test_where_reading_cannot_tell_a_person_decides(
    doubts: Doubts, uncertain: Delivery, queries: Queries, clock: ManualClock
) -> None:
    after = look(doubts, clock, Unknown("Too many posts to read."))
    assert (after.state, after.error_message) == (State.UNCERTAIN, "Too many posts to read.")
    clock.advance(3600)
    assert doubts.claim(clock.ahead(30), 10) == []
    assert queries.waiting().reading == 0


def test_an_account_that_cannot_be_read_is_held_and_read_after_its_hold(
    doubts: Doubts, uncertain: Delivery, ledger: Ledger, control: Control, clock: ManualClock
) -> None:
    look(doubts, clock, AccountSuspended(Kind.AUTH, "The token is dead."))
    clock.advance(600)
    assert doubts.claim(clock.ahead(30), 10) == []
    control.resume("bice-x", "direction")
    assert len(doubts.claim(clock.ahead(30), 10)) == 1


def test_a_paused_account_is_read_all_the_same(
    doubts: Doubts, uncertain: Delivery, ledger: Ledger, control: Control, clock: ManualClock
) -> None:
    """Reading publishes nothing, and the manager wants to know what is out."""
    control.pause("bice-x", "crise", "direction")
    assert look(doubts, clock, Accepted("7")).remote_ids == ("7",)


def test_a_duplicate_that_is_not_found_is_a_failure_and_not_sent_again(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts, clock: ManualClock
) -> None:
    add(ledger, wish(clock, due_in=0))
    doubtful(dispatch, attempts, clock, Unknown("It is there already.", duplicate=True))
    for _ in range(3):
        after = look(doubts, clock, Absent())
    assert (after.state, after.error_kind) == (State.FAILED, Kind.DUPLICATE)


def test_an_uncertain_delivery_never_expires_by_itself(
    doubts: Doubts, uncertain: Delivery, dispatch: Dispatch, queries: Queries, clock: ManualClock
) -> None:
    """It may be out: calling it missed would be untrue."""
    clock.advance(24 * 3600)
    dispatch.expire()
    assert queries.counts() == {State.UNCERTAIN: 1}


def test_a_person_who_decides_meanwhile_is_faster(
    doubts: Doubts, uncertain: Delivery, ledger: Ledger, control: Control, clock: ManualClock
) -> None:
    clock.advance(10)
    (claim,) = doubts.claim(clock.ahead(30), 10)
    taken = doubts.take(claim)
    assert taken is not None
    control.retry("post.fr", None, "direction")
    with pytest.raises(Conflict):
        doubts.record(taken, Accepted("7"))


def test_what_no_worker_took_is_looked_for_again_at_once(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock
) -> None:
    clock.advance(10)
    doubts.release(doubts.claim(clock.ahead(30), 10))
    assert len(doubts.claim(clock.ahead(30), 10)) == 1


def test_settling_again_forgets_absences_and_ends_a_reading_that_is_under_way(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock
) -> None:
    look(doubts, clock, Absent())
    look(doubts, clock, Absent())
    clock.advance(10)
    (claim,) = doubts.claim(clock.ahead(30), 10)
    taken = doubts.take(claim)
    assert taken is not None
    doubts.settle_again(_SETTLE)
    with pytest.raises(Conflict):
        doubts.record(taken, Absent())
    again = clock.now()
    seen = [look(doubts, clock, Absent()) for _ in range(3)]
    assert [each.absences for each in seen] == [0, 1, 0]
    assert seen[-1].state is State.SCHEDULED
    assert (clock.now() - again).total_seconds() >= _SETTLE


def test_settling_again_leaves_what_a_person_decides(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock
) -> None:
    look(doubts, clock, Unknown("Too many posts to read."))
    doubts.settle_again(_SETTLE)
    clock.advance(3600)
    assert doubts.claim(clock.ahead(30), 10) == []


def test_of_two_with_the_same_words_only_one_is_found_to_be_a_post(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts, clock: ManualClock
) -> None:
    for post in ("one.fr", "two.fr"):
        add(ledger, wish(clock, post, 0, texts=("Oui",), repeat=True))
        doubtful(dispatch, attempts, clock, Unknown("No answer."))
    first = look(doubts, clock, Accepted("7"))
    second = look(doubts, clock, Accepted("7"))
    assert first.remote_ids == ("7",)
    assert (second.state, second.remote_ids) == (State.UNCERTAIN, ())
    assert doubts.ids_of_others(second) == {"7"}
    assert doubts.ids_of_others(first) == set()
    assert look(doubts, clock, Accepted("77")).remote_ids == ("77",), "an id is compared whole"


def test_a_reader_that_died_is_replaced_when_its_lease_is_over(
    doubts: Doubts, uncertain: Delivery, clock: ManualClock
) -> None:
    clock.advance(10)
    assert len(doubts.claim(clock.ahead(30), 10)) == 1
    assert doubts.claim(clock.ahead(30), 10) == []
    clock.advance(31)
    assert len(doubts.claim(clock.ahead(30), 10)) == 1


def test_a_worker_that_died_while_sending_leaves_a_doubt_since_its_intent(
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    doubts: Doubts,
    clock: ManualClock,
    sent_at: datetime,
) -> None:
    add(ledger, wish(clock, due_in=0))
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery is not None
    attempts.intend(delivery, clock.now(), clock.ahead(30))
    clock.advance(31)
    dispatch.reap()
    found = look(doubts, clock, Accepted("7"))
    assert (found.state, found.published_at) == (State.PUBLISHED, sent_at)


def twins(ledger: Ledger, clock: ManualClock) -> None:
    """Two threads that begin with the same words; the second one is due a little later."""
    add(
        ledger,
        wish(clock, "one.fr", 0, texts=("Séance à midi", "Un")),
        wish(clock, "two.fr", 1, texts=("séance à  midi", "Deux")),
    )


def send_next(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    (claim,) = dispatch.claim(clock.now(), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery is not None
    intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert intended is not None
    return intended


def test_what_is_seen_is_not_believed_while_another_with_its_words_is_being_sent(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts, clock: ManualClock
) -> None:
    """It may be the other's post, whose answer is still to come."""
    twins(ledger, clock)
    attempts.record(send_next(dispatch, attempts, clock), Unknown("No answer."), clock.ahead(30))
    clock.advance(1)
    other = send_next(dispatch, attempts, clock)
    seen = look(doubts, clock, Accepted("7"))
    assert (seen.state, seen.remote_ids) == (State.UNCERTAIN, ())
    assert attempts.record(other, Accepted("7"), clock.ahead(30)).remote_ids == ("7",)
    again = look(doubts, clock, Accepted("7"))
    assert (again.state, again.remote_ids) == (State.UNCERTAIN, ())
    for _ in range(3):
        again = look(doubts, clock, Absent())
    assert again.state is State.SCHEDULED


def test_of_two_in_doubt_with_the_same_words_the_earlier_one_gets_what_is_seen(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts, clock: ManualClock
) -> None:
    """Its absence would count first: the other's post shows by the time when that one's counts."""
    twins(ledger, clock)
    attempts.record(send_next(dispatch, attempts, clock), Unknown("No answer."), clock.ahead(30))
    clock.advance(4)
    attempts.record(send_next(dispatch, attempts, clock), Unknown("No answer."), clock.ahead(30))
    clock.advance(10)
    first, second = (doubts.take(claim) for claim in doubts.claim(clock.ahead(30), 2))
    assert first is not None
    assert second is not None
    assert (first.post, second.post) == ("one.fr", "two.fr")
    assert doubts.record(second, Accepted("7")).remote_ids == ()
    assert doubts.record(first, Accepted("7")).remote_ids == ("7",)
    found = look(doubts, clock, Accepted("8"))
    assert (found.post, found.remote_ids) == ("two.fr", ("8",))


def test_where_a_person_decides_about_one_the_other_is_found(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, doubts: Doubts, clock: ManualClock
) -> None:
    twins(ledger, clock)
    attempts.record(send_next(dispatch, attempts, clock), Unknown("No answer."), clock.ahead(30))
    look(doubts, clock, Unknown("Too many posts to read."))
    attempts.record(send_next(dispatch, attempts, clock), Unknown("No answer."), clock.ahead(30))
    assert look(doubts, clock, Accepted("7")).remote_ids == ("7",)


def test_an_id_that_another_delivery_of_the_account_has_is_never_written(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, queries: Queries, clock: ManualClock
) -> None:
    """Whoever brings it: a worker, in time or late. A person looks."""
    twins(ledger, clock)
    first = send_next(dispatch, attempts, clock)
    attempts.record(first, Accepted("7"), clock.ahead(30))
    clock.advance(1)
    second = send_next(dispatch, attempts, clock)
    after = attempts.record(second, Accepted("7"), clock.ahead(30))
    assert (after.state, after.remote_ids, after.settled_at) == (State.UNCERTAIN, (), None)
    assert "already on record for one.fr" in (after.error_message or "")
    with pytest.raises(Conflict):
        attempts.record(second, Accepted("7"), clock.ahead(30))
    assert [d.remote_ids for d in queries.deliveries()] == [("7",), ()]
