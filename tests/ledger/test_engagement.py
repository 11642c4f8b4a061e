"""Which posts' counts are due, whose turn it is to read them, and what was read."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from publisher.ledger.database import Database
from publisher.ledger.engagement import DueCounts, EngagementTurns
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.engagement import EngagementCounts
from publisher.ledger.tables import deliveries
from publisher.model.engagement import Age, Engagement, Metric
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = pytest.mark.guards("publisher.model.engagement")

HOUR = 3_600


@pytest.fixture
def turns(database: Database, clock: ManualClock) -> EngagementTurns:
    return EngagementTurns(database, clock)


def out(
    database: Database,
    ledger: Ledger,
    clock: ManualClock,
    post: str = "post.fr",
    remote_ids: str = '["11", "12"]',
    state: State = State.PUBLISHED,
) -> None:
    """A post went out now."""
    add(ledger, wish(clock, post))
    with database.write() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.post == post)
            .values(state=state, published_at=clock.now(), remote_ids=remote_ids)
        )


def ages(turns: EngagementTurns) -> list[Age]:
    return [due.age for due in turns.due({"twitter"}).get("bice-x", [])]


def test_counts_are_due_at_each_age_as_long_as_they_mean_it(
    turns: EngagementTurns, database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    out(database, ledger, clock)
    seen, begun = {}, clock.now()
    for hours in (0.9, 1.1, 2.9, 3.1, 23.9, 24.1, 47.9, 48.1, 167.9, 168.1, 503.0, 505.0):
        clock.advance((begun + timedelta(hours=hours) - clock.now()).total_seconds())
        seen[hours] = ages(turns)
    assert {hours: found for hours, found in seen.items() if found} == {
        1.1: [Age.HOUR], 2.9: [Age.HOUR], 24.1: [Age.DAY], 47.9: [Age.DAY],
        168.1: [Age.WEEK], 503.0: [Age.WEEK],
    }  # fmt: skip


def test_the_first_part_of_a_thread_is_read(
    turns: EngagementTurns, database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    out(database, ledger, clock)
    clock.advance(HOUR + 1)
    (due,) = turns.due({"twitter"})["bice-x"]
    assert due.remote_id == "11"


def test_what_is_not_out_or_has_no_id_is_not_read(
    turns: EngagementTurns, database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    """Nor what is on a channel that is not read."""
    out(database, ledger, clock, "withdrawn.fr", state=State.WITHDRAWN)
    out(database, ledger, clock, "reported.fr", remote_ids="[]")
    out(database, ledger, clock, "post.fr")
    clock.advance(HOUR + 1)
    assert len(turns.due({"twitter"})["bice-x"]) == 1
    assert turns.due({"facebook"}) == {}
    assert turns.due(set()) == {}


def test_of_many_who_look_at_once_one_reads(turns: EngagementTurns) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _n: turns.take("bice-x"), range(8)))
    assert taken.count(True) == 1


def test_what_was_read_stays_as_it_was_read_first(
    turns: EngagementTurns, database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    """Missing counts stay missing, and a second reading, of a machine that was late, is nothing."""
    out(database, ledger, clock)
    clock.advance(HOUR + 1)
    (due,) = turns.due({"twitter"})["bice-x"]
    read_at = clock.now()
    turns.record({due: Engagement({Metric.VIEWS: 3_000_000_000})})
    clock.advance(5)
    turns.record({due: Engagement({Metric.VIEWS: 7})})
    found = EngagementCounts(database).of([due.delivery])[due.delivery]
    assert found[Age.HOUR].engagement.counts == {Metric.VIEWS: 3_000_000_000}
    assert found[Age.HOUR].read_at == read_at
    assert ages(turns) == []


def test_pauses_grow_while_nothing_can_be_read(turns: EngagementTurns, clock: ManualClock) -> None:
    for minutes in (15, 60, 240, 360, 360):  # both puttings-off count
        assert turns.take("bice-x")
        turns.put_off("bice-x", None, "the token has expired")
        clock.advance(60 * minutes - 1)
        assert not turns.take("bice-x")
        clock.advance(1)
        assert turns.take("bice-x")
        turns.put_off("bice-x", clock.now())
    assert turns.troubles() == {"bice-x": "the token has expired"}
    clock.advance(1)
    assert turns.take("bice-x")
    turns.give_back("bice-x")
    assert turns.troubles() == {}


def test_ids_that_nobody_counted_have_no_counts(database: Database) -> None:
    assert EngagementCounts(database).of([]) == {}
    assert EngagementCounts(database).of([1, 2]) == {}
    assert EngagementCounts(database).number() == 0


def test_a_due_reading_is_told_apart_by_its_age() -> None:
    assert DueCounts(1, Age.HOUR, "11") != DueCounts(1, Age.DAY, "11")
