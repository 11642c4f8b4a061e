"""A person says under which ids an uncertain post is on the platform."""

import pytest

from publisher.base.errors import NotPossible, UsageError
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted, Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.wishes import add, wish


@pytest.fixture
def thread(
    database: Database, ledger: Ledger, control: Control, queries: Queries, clock: ManualClock
) -> Delivery:
    """Three parts, of which the restored ledger knows none; nothing is paused any more."""
    add(ledger, wish(clock, "thread", due_in=1, texts=("un", "deux", "trois")))
    clock.advance(60)
    face(database, clock, "manager")
    control.resume(None, "manager")
    (delivery,) = queries.deliveries()
    assert delivery.state is State.UNCERTAIN
    return delivery


def send(dispatch: Dispatch, attempts: OneByOne, clock: ManualClock) -> Delivery:
    """Claim the next one that is due, and write the intent."""
    (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
    delivery = attempts.take(claim)
    assert delivery is not None
    intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
    assert intended is not None
    return intended


def refusal(queries: Queries, control: Control, post: str, *ids: str) -> str:
    """What `resolve` says when it refuses; it changes nothing then."""
    before = queries.deliveries()
    with pytest.raises((NotPossible, UsageError)) as caught:
        control.resolve(post, None, ids, "manager")
    assert queries.deliveries() == before
    return f"{caught.value} {caught.value.hint}"


def test_a_thread_goes_on_behind_the_last_part_that_is_named(
    thread: Delivery, control: Control, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock
) -> None:
    (resolved,) = control.resolve("thread", None, ("71", "72"), "manager")
    assert (resolved.state, resolved.remote_ids) == (State.SCHEDULED, ("71", "72"))
    intended = send(dispatch, attempts, clock)
    done = attempts.record(intended, Accepted("73"), clock.ahead(30))
    assert (done.state, done.remote_ids) == (State.PUBLISHED, ("71", "72", "73"))


def test_a_thread_of_which_all_parts_are_named_is_published(
    thread: Delivery, control: Control, queries: Queries
) -> None:
    (resolved,) = control.resolve("thread", None, ("71", "72", "73"), "manager")
    assert (resolved.state, resolved.remote_ids) == (State.PUBLISHED, ("71", "72", "73"))
    assert (resolved.error_kind, resolved.doubt_since) == (None, None)
    assert resolved.published_at == thread.doubt_since
    last = queries.history("thread")[-1]
    assert (last.event, last.actor) == ("resolved", "manager")
    assert last.detail == {"ids": ["71", "72", "73"]}


def test_of_two_accounts_where_it_is_uncertain_one_is_named(
    database: Database, ledger: Ledger, control: Control, queries: Queries, clock: ManualClock
) -> None:
    add(ledger, *(wish(clock, "two", 1, account=name) for name in ("bice-x", "lima-x")))
    clock.advance(60)
    face(database, clock, "manager")
    told = refusal(queries, control, "two", "71")
    assert "two is uncertain on several accounts: bice-x, lima-x." in told
    assert "--account" in told


def test_more_ids_than_parts_are_refused(
    thread: Delivery, control: Control, queries: Queries
) -> None:
    told = refusal(queries, control, "thread", "71", "72", "73", "74")
    assert told.startswith("thread to bice-x has 3 parts; you gave 4 ids.")
    assert "at most 3 ids, in the order of the parts" in told


def test_parts_on_record_are_not_named_again(
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """The first part has its id from the platform; the second is in doubt."""
    add(ledger, wish(clock, "thread", due_in=0, texts=("un", "deux")))
    first = send(dispatch, attempts, clock)
    second = attempts.record(first, Accepted("71"), clock.ahead(30))
    intended = attempts.intend(second, clock.now(), clock.ahead(30))
    assert intended is not None
    attempts.record(intended, Unknown("No answer."), clock.ahead(30))
    told = refusal(queries, control, "thread", "72", "73")
    assert "thread to bice-x has 2 parts, and 1 of them on record; you gave 2 ids." in told
    assert "Give one id. Begin with part 2." in told
    assert "71 is already on record, as part 1 of thread." in refusal(
        queries, control, "thread", "71"
    )
    (done,) = control.resolve("thread", None, ("72",), "manager")
    assert (done.state, done.remote_ids) == (State.PUBLISHED, ("71", "72"))


def test_an_id_that_another_post_of_the_account_has_is_refused(
    thread: Delivery,
    ledger: Ledger,
    control: Control,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> None:
    """On another account it may be another post's: the ids are those of the platform's account."""
    add(ledger, wish(clock, "other", 0), wish(clock, "elsewhere", 0, account="lima-x"))
    for remote_id in ("71", "99"):
        attempts.record(send(dispatch, attempts, clock), Accepted(remote_id), clock.ahead(30))
    told = refusal(queries, control, "thread", "70", "71")
    assert "71 is already on record, as part 1 of other." in told
    (done,) = control.resolve("thread", None, ("7", "1", "99"), "manager")
    assert done.state is State.PUBLISHED


@pytest.mark.parametrize(
    "given",
    [
        "",
        "https://x.com/bice/status/71",
        "71 72",
        "71\n",
        "sept",
        "-71",
        "7" * 20,
        '7"1',
        "%",
        "٧١",
    ],
)
def test_what_is_no_id_of_x_is_refused(
    thread: Delivery, control: Control, queries: Queries, given: str
) -> None:
    told = refusal(queries, control, "thread", "70", given)
    assert "is not an id of a post on bice-x" in told
    assert "the number at the end of the post's address" in told


def test_an_id_is_named_once(thread: Delivery, control: Control, queries: Queries) -> None:
    assert "71 is given more than once" in refusal(queries, control, "thread", "71", "71")


@pytest.mark.parametrize(
    ("channel", "remote_id"),
    [
        ("facebook", "100200300_400500600"),
        ("facebook", "400500600"),
        ("facebook", "pfbid02AbCdEf"),
        ("site", "2016-03-07-annual-day.fr"),
        ("site", "journ-e~0123456789ab"),
    ],
)
def test_other_channels_have_ids_of_another_shape(
    database: Database,
    ledger: Ledger,
    control: Control,
    clock: ManualClock,
    channel: str,
    remote_id: str,
) -> None:
    add(ledger, wish(clock, due_in=1, account="voice", channel=channel))
    clock.advance(60)
    face(database, clock, "manager")
    with pytest.raises(UsageError):
        control.resolve("post.fr", None, (f"https://example.org/{remote_id}",), "manager")
    (done,) = control.resolve("post.fr", None, (remote_id,), "manager")
    assert (done.state, done.remote_ids) == (State.PUBLISHED, (remote_id,))
