"""What a lost ledger may have published: the platform is read, and what it shows is on record."""

from collections.abc import Sequence

import pytest

from publisher.ledger.aftermath import face
from publisher.ledger.audit import Audit
from publisher.ledger.database import Database
from publisher.ledger.doubts import Doubts
from publisher.ledger.ledger import Ledger
from publisher.models import Claim
from publisher.outcome import Absent, Accepted, Deferred, Kind, Sighting
from publisher.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish


@pytest.fixture
def doubts(database: Database, clock: ManualClock) -> Doubts:
    return Doubts(database, clock)


def forget(database: Database, ledger: Ledger, clock: ManualClock, texts: Sequence[str]) -> None:
    """A restored ledger with a post that was due since the backup."""
    add(ledger, wish(clock, due_in=1, texts=tuple(texts)))
    clock.advance(3600)
    face(database, clock, "manager")


def look(doubts: Doubts, clock: ManualClock, sighting: Sighting) -> State:
    """What comes of one reading."""
    (claim,) = doubts.claim(clock.ahead(30), 10)
    delivery = doubts.take(Claim(delivery=claim.delivery, version=claim.version))
    assert delivery is not None
    return doubts.record(delivery, sighting).state


def test_what_is_seen_is_published(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """Without anybody typing its id."""
    forget(database, ledger, clock, ["Un."])
    assert look(doubts, clock, Accepted("71", url="https://x.com/71")) is State.PUBLISHED
    assert Audit(database, clock).verify().breaks == ()


def test_what_is_not_seen_waits_for_a_person(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """It may be there under other words, or was deleted: an absence never sends it again."""
    forget(database, ledger, clock, ["Un."])
    assert look(doubts, clock, Deferred(Kind.UNAVAILABLE, "503")) is State.UNCERTAIN
    for _ in range(2):
        clock.advance(3600)
        assert look(doubts, clock, Absent()) is State.UNCERTAIN
    clock.advance(3600)
    assert doubts.claim(clock.ahead(30), 10) == []


def test_of_a_thread_each_part_is_looked_for(
    database: Database, ledger: Ledger, doubts: Doubts, clock: ManualClock
) -> None:
    """The next part may be out as well: it is not sent because the one before it was seen."""
    forget(database, ledger, clock, ["Un.", "Deux.", "Trois."])
    for remote_id in ("71", "72"):
        assert look(doubts, clock, Accepted(remote_id)) is State.UNCERTAIN
        clock.advance(30)
    for _ in range(2):
        assert look(doubts, clock, Absent()) is State.UNCERTAIN
        clock.advance(3600)
    assert doubts.claim(clock.ahead(30), 10) == []
