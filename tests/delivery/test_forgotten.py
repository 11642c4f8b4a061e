"""What a lost ledger may have published: the platform is read, and what it shows is on record."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from publisher.delivery.reconcile import Reconciler
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger
from publisher.ledger.heartbeats import Heartbeat, Process, ProcessKind
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.integrity.silence import Silence
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.replication_lag import CROWD
from publisher.model.content import Content, Correction, Part
from publisher.model.deliveries import Claim, Delivery
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
from tests.delivery.scripted import ScriptedChannel
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, Strangers, lanes, never
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.integrity.forgotten",
    "publisher.ledger.doubts.lookalikes",
    "publisher.ledger.doubts.reconciliation",
    "publisher.delivery.reconcile",
)

LOST = 3600  # seconds between the backup and the restore

Send = Callable[[str], None]


@pytest.fixture
def doubts(database: Database, clock: ManualClock) -> Doubts:
    return Doubts(database, clock, settle=60)


@pytest.fixture
def send(
    ledger: Ledger, dispatch: Dispatch, attempts: OneByOne, clock: ManualClock, control: Control
) -> Send:
    """Send a post with these words, of which no answer comes."""

    def send(text: str) -> None:
        control.resume(None, "manager")
        add(ledger, wish(clock, "sent", 0, texts=(text,)))
        (claim,) = dispatch.claim(clock.ahead(2), clock.ahead(30), 1)
        delivery = attempts.take(claim)
        assert delivery
        intended = attempts.intend(delivery, clock.now(), clock.ahead(30))
        assert intended
        attempts.record(intended, Unknown("No answer."), clock.ahead(30))

    return send


def forget(database: Database, ledger: Ledger, clock: ManualClock, *threads: Sequence[str]) -> None:
    """A restored ledger with posts that were due since the backup."""
    posts = [wish(clock, f"lost-{n}", 1, texts=tuple(t)) for n, t in enumerate(threads)]
    add(ledger, *(post.model_copy(update={"repeat": True}) for post in posts))
    clock.advance(LOST)
    face(database, clock, "manager")


def taken(doubts: Doubts, clock: ManualClock, most: int = 100) -> list[Delivery]:
    """What is looked for now."""
    return [d for claim in doubts.claim(clock.ahead(30), most) if (d := doubts.take(claim))]


def look(doubts: Doubts, clock: ManualClock, sighting: Sighting) -> Delivery:
    """What comes of one reading."""
    (delivery,) = taken(doubts, clock)
    return doubts.record(delivery, sighting)


def of(queries: Queries, post: str) -> Delivery:
    return next(one for one in queries.deliveries() if one.post == post)


def test_what_is_seen_is_published(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """Without anybody typing its id, and at the time that the platform tells."""
    forget(database, ledger, clock, ["Un."])
    made_at = clock.now() - timedelta(minutes=30)
    found = look(doubts, clock, Accepted("71", url="https://x.com/71", made_at=made_at))
    assert (found.state, found.remote_ids, found.published_at) == (
        State.PUBLISHED, ("71",), made_at,
    )  # fmt: skip
    assert Audit(database, clock).verify().breaks == ()


def test_a_time_to_come_is_not_the_time_at_which_it_went_out(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "lost", 1, expires_at=None))
    clock.advance(LOST)
    face(database, clock, "manager")
    found = look(doubts, clock, Accepted("71", made_at=clock.now() + timedelta(days=9000)))
    assert (found.state, found.published_at) == (State.PUBLISHED, clock.now())


def test_what_is_not_seen_waits_for_a_person(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """It may be there under other words, or was deleted: an absence never sends it again."""
    forget(database, ledger, clock, ["Un."])
    assert look(doubts, clock, Deferred(Kind.UNAVAILABLE, "503")).state is State.UNCERTAIN
    clock.advance(LOST)
    assert look(doubts, clock, Absent()).settled_at is not None
    clock.advance(LOST)
    left = look(doubts, clock, Absent())
    assert (left.state, left.settled_at) == (State.UNCERTAIN, None)
    assert "Look at the account" in str(left.error_message)
    clock.advance(LOST)
    assert taken(doubts, clock) == []


def test_of_a_thread_each_part_is_looked_for(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """The next part may be out as well: it is not sent because the one before it was seen."""
    forget(database, ledger, clock, ["Un.", "Deux.", "Trois."])
    for remote_id in ("71", "72"):
        assert look(doubts, clock, Accepted(remote_id)).state is State.UNCERTAIN
    for _ in range(2):
        left = look(doubts, clock, Absent())
        clock.advance(LOST)
    assert (left.state, left.remote_ids) == (State.UNCERTAIN, ("71", "72"))
    assert taken(doubts, clock) == []


def test_what_was_made_after_its_expiry_is_not_taken_for_it(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """Publisher sends nothing so late: somebody else did, or another draft had the words."""
    forget(database, ledger, clock, ["Un."])
    late = clock.now() + timedelta(hours=4)
    left = look(doubts, clock, Accepted("71", made_at=late))
    assert (left.state, left.settled_at, left.remote_ids) == (State.UNCERTAIN, None, ())


def test_of_two_with_the_same_words_neither_is_guessed(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """One of them may not be out: a person says which."""
    forget(database, ledger, clock, ["Un."], ["Un."])
    for delivery in taken(doubts, clock):
        left = doubts.record(delivery, Accepted("71"))
        assert (left.state, left.settled_at, left.remote_ids) == (State.UNCERTAIN, None, ())


def test_the_post_of_another_delivery_is_never_taken_for_it(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    forget(database, ledger, clock, ["Un."], ["Deux."])
    first, second = taken(doubts, clock)
    doubts.record(first, Accepted("71"))
    assert doubts.ids_of_others(second) == {"71"}
    assert doubts.record(second, Accepted("71")).state is State.UNCERTAIN


def test_they_are_no_sign_that_the_platform_is_overloaded(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock, send: Send,
    queries: Queries,
) -> None:  # fmt: skip
    """Nor does the date of one of them tell how late the platform is with what was just sent."""
    forget(database, ledger, clock, *([f"{n}."] for n in range(2 * CROWD)))
    assert doubts.crowds() == []
    send("Nouveau.")
    for number, delivery in enumerate(taken(doubts, clock)):
        if number == 0:
            doubts.record(delivery, Accepted("71", made_at=clock.now()))
    for _look in range(3):
        clock.advance(61)
        for delivery in taken(doubts, clock):
            if delivery.post == "sent":
                doubts.record(delivery, Absent())
    assert of(queries, "sent").state is State.SCHEDULED


def test_what_was_sent_since_does_not_wait_for_one_with_the_same_words(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock, send: Send,
    queries: Queries,
) -> None:  # fmt: skip
    """And its post is not taken for that of the forgotten one, which would send it twice."""
    forget(database, ledger, clock, ["Un."])
    send("Un.")
    (forgotten,) = taken(doubts, clock)
    doubts.record(forgotten, Accepted("71"))
    assert of(queries, "lost-0").remote_ids == ()
    clock.advance(6)
    sent = next(one for one in taken(doubts, clock) if one.post == "sent")
    assert doubts.record(sent, Accepted("71")).remote_ids == ("71",)


def test_a_clock_that_was_set_does_not_send_them(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock, queries: Queries
) -> None:
    forget(database, ledger, clock, ["Un."])
    doubts.settle_again(60)
    for _look in range(4):
        clock.advance(LOST)
        for delivery in taken(doubts, clock):
            doubts.record(delivery, Absent())
    left = of(queries, "lost-0")
    assert (left.state, left.settled_at) == (State.UNCERTAIN, None)


def test_a_correction_of_what_never_came_out_does_not_wait_for_it(
    database: Database,
    ledger: Ledger,
    doubts: Doubts,
    dispatch: Dispatch,
    attempts: OneByOne,
    clock: ManualClock,
    queries: Queries,
) -> None:
    """Both fell due in a power cut, in which the post expired."""
    post = wish(clock, "post.fr", 1, expires_at=clock.ahead(60))
    told = {"corrects": "post.fr", "reason": "Un mot.", "way": "reply"}
    fix = Correction(**told, replaces=post.content.digest)
    words = Content(parts=(Part(text="Le mot juste."),), lang="fr", correction=fix)
    add(ledger, post, wish(clock, "fix.fr", 2, content=words, expires_at=None))
    clock.advance(LOST)
    last = Heartbeat(Process("d" * 32, ProcessKind.DISPATCHER, "alpha", 7, "1"), LOST - 1, 9)
    assert Silence(database, clock, lambda _connection: [last]).face(0) == 2
    unread = ScriptedChannel(clock)  # which fails when it is read
    reconciler = Reconciler(doubts, lambda _: nullcontext(unread), AnyKeys(), lanes(), never)

    def look() -> str | None:
        claims = doubts.claim(clock.ahead(30), 10)
        for delivery in filter(None, map(doubts.take, claims)):
            if not delivery.corrects:
                doubts.record(delivery, Absent())
        for claim in claims:
            if doubts.take(claim):
                reconciler.reconcile(claim)
        clock.advance(LOST)
        return of(queries, "fix.fr").error_message

    assert "once it is known that post.fr" in str(look())
    look()
    assert dispatch.expire() == 1
    with capture_logs() as logged:
        look(), look()
    assert [(one["post"], one["state"]) for one in logged] == [("fix.fr", State.SCHEDULED)]
    (claim,) = dispatch.claim(clock.now(), clock.ahead(30), 10)
    assert not attempts.take(claim)
    held = of(queries, "fix.fr")
    assert held.state is State.HELD
    assert "there is nothing to correct" in str(held.reason)


def test_with_keys_of_somebody_else_nothing_is_read(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock, queries: Queries
) -> None:
    """The account is held; what they would show is another's."""
    forget(database, ledger, clock, ["Un."])
    channel = ScriptedChannel(clock)  # which fails when it is read
    held = AccountSuspended(Kind.AUTH, "The keys belong to @other.")
    reconciler = Reconciler(
        doubts, lambda _account: nullcontext(channel), Strangers(held), lanes(), never
    )
    (claim,) = doubts.claim(clock.ahead(30), 10)
    reconciler.reconcile(Claim(delivery=claim.delivery, version=claim.version))
    clock.advance(LOST)
    assert doubts.claim(clock.ahead(30), 10) == []
    assert of(queries, "lost-0").is_forgotten
