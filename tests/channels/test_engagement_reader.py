"""Reading of counts: three times for each post, by one machine, and never in the way of a post."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest

from publisher.base.errors import ConfigurationError, CredentialsMissing, PublisherError
from publisher.channels.base import Channel
from publisher.delivery.engagement_reader import EngagementReader
from publisher.ledger.database import Database
from publisher.ledger.engagement import EngagementTurns
from publisher.ledger.reading.engagement import EngagementCounts
from publisher.ledger.reading.statistics import Span
from publisher.model.engagement import Age, Metric
from publisher.model.states import State
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import PLATFORMS, Stages
from tests.channels.desk import Desk
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards("publisher.delivery.engagement_reader")

HOUR = 3_600.0
Reading = Callable[..., EngagementReader]


@pytest.fixture
def counts(database: Database) -> EngagementCounts:
    return EngagementCounts(database)


@pytest.fixture
def turns(database: Database, clock: ManualClock) -> EngagementTurns:
    return EngagementTurns(database, clock)


@pytest.fixture
def reader(desk: Desk, turns: EngagementTurns) -> Reading:
    def make(is_busy: Callable[[str], bool] = lambda _account: False) -> EngagementReader:
        account = desk.stage.account
        return EngagementReader(
            turns, {account.name: account}, lambda _name: nullcontext(desk.stage.open()), is_busy
        )

    return make


def publish(desk: Desk, *posts: str) -> list[int]:
    for post in posts or ("post.fr",):
        desk.queue(f"Le texte de {post}", post)
    while any(one.state is State.SCHEDULED for one in desk.queries.deliveries()):
        desk.clock.advance(2)
        desk.work()
    found = desk.queries.deliveries()
    assert {one.state for one in found} == {State.PUBLISHED}
    return [one.id for one in found]


def readings(desk: Desk) -> int:
    return int(desk.stage.sandbox.state()["requests"].get("getObject", 0))


def test_a_post_is_read_after_an_hour_a_day_and_a_week(
    desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    (post,) = publish(desk)
    reader().look()
    assert counts.of([post]) == {}
    for age, hours in ((Age.HOUR, 1), (Age.DAY, 23), (Age.WEEK, 6 * 24)):
        desk.clock.advance(hours * HOUR + 60)
        reader().look()
        reader().look()
        assert [*counts.of([post])[post]][-1] is age
    assert readings(desk) == 3
    found = counts.of([post])[post]
    views = [found[age].engagement.counts[Metric.VIEWS] for age in Age]
    assert 0 < views[0] < views[1] < views[2]


def test_posts_of_one_account_are_read_together(
    desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    """At one look; Facebook takes a request for each."""
    ids = publish(desk, "one.fr", "two.fr", "three.fr")
    desk.clock.advance(HOUR + 60)
    reader().look()
    assert counts.of(ids).keys() == set(ids)
    assert readings(desk) == 3


def test_posts_that_follow_each_other_closely_are_read_together(
    desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    """An account has a pause between two readings: some platforms take few requests in a day."""
    ids = publish(desk, "one.fr")
    desk.clock.advance(HOUR - 200)
    ids = publish(desk, "two.fr")
    desk.clock.advance(300)
    reader().look()
    assert len(counts.of(ids)) == 1
    desk.clock.advance(HOUR)
    reader().look()
    assert len(counts.of(ids)) == 2
    ids = publish(desk, "three.fr", "four.fr")
    desk.clock.advance(HOUR + 60)
    reader().look()
    assert len(counts.of(ids)) == 4
    assert readings(desk) == 4


def test_what_is_too_late_is_not_read_as_if_it_were_early(
    desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    """After a night without any machine, the counts of the first hour are missing, and stay so."""
    (post,) = publish(desk)
    desk.clock.advance(12 * HOUR)
    reader().look()
    assert counts.of([post]) == {}
    desk.clock.advance(13 * HOUR)
    reader().look()
    assert [*counts.of([post])[post]] == [Age.DAY]


def test_of_two_machines_one_reads(desk: Desk, turns: EngagementTurns) -> None:
    publish(desk)
    desk.clock.advance(HOUR + 60)
    account = desk.stage.account.name
    assert turns.take(account)
    assert not turns.take(account)
    assert turns.due({"facebook"}) == {}
    desk.clock.advance(301)  # the first one died
    assert turns.take(account)


def test_nothing_is_read_while_something_is_about_to_leave(
    desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    (post,) = publish(desk)
    desk.clock.advance(HOUR + 60)
    reader(lambda _account: True).look()
    assert readings(desk) == 0
    reader().look()
    assert counts.of([post])


def test_a_refused_reading_is_told_and_suspends_nothing(
    desk: Desk, reader: Reading, turns: EngagementTurns
) -> None:
    """It is said once, until the keys may read."""
    publish(desk)
    account = desk.stage.account.name
    desk.clock.advance(HOUR + 60)
    desk.stage.sandbox.faults.set([Fault(what=What.TOKEN_DEAD)])
    reader().look()
    reader().look()
    assert "token" in turns.troubles()[account]
    assert readings(desk) == 1
    assert all(one.suspended_at is None for one in desk.queries.accounts())
    desk.stage.sandbox.faults.set([])
    desk.clock.advance(HOUR)
    reader().look()
    assert turns.troubles() == {}


@pytest.mark.parametrize("kind", [ConfigurationError, CredentialsMissing])
def test_keys_that_cannot_be_used_are_told_with_what_to_do(
    desk: Desk, turns: EngagementTurns, kind: type[PublisherError]
) -> None:
    publish(desk)
    account = desk.stage.account
    desk.clock.advance(HOUR + 60)

    def open_(_name: str) -> AbstractContextManager[Channel]:
        raise kind("The page_token is empty.", hint="Put it into secrets.toml.")

    EngagementReader(turns, {account.name: account}, open_, lambda _account: False).look()
    assert turns.troubles()[account.name] == "The page_token is empty. Put it into secrets.toml."


def test_what_the_keys_do_not_give_is_told_beside_the_rest(
    desk: Desk, reader: Reading, counts: EngagementCounts, turns: EngagementTurns
) -> None:
    (post,) = publish(desk)
    desk.clock.advance(HOUR + 60)
    desk.stage.sandbox.faults.set([Fault(what=What.COUNTS_REFUSED)])
    reader().look()
    assert "read_insights" in turns.troubles()[desk.stage.account.name]
    assert Metric.REACTIONS in counts.of([post])[post][Age.HOUR].engagement.counts


@pytest.mark.parametrize("what", [What.SERVER_ERROR, What.RATE_LIMIT, What.HANG_UP])
def test_what_passes_is_read_later_and_told_to_nobody(
    what: What, desk: Desk, reader: Reading, counts: EngagementCounts, turns: EngagementTurns
) -> None:
    (post,) = publish(desk)
    desk.clock.advance(HOUR + 60)
    desk.stage.sandbox.faults.set([Fault(what=what)])
    reader().look()
    desk.stage.sandbox.faults.set([])
    reader().look()
    assert counts.of([post]) == {}
    desk.clock.advance(1_000)
    reader().look()
    assert counts.of([post])
    assert turns.troubles() == {}


def test_a_deleted_post_is_said_to_be_gone(
    desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    (post,) = publish(desk)
    desk.clock.advance(HOUR + 60)
    for entry in desk.stage.sandbox.store.entries:
        entry.deleted = True
    reader().look()
    assert counts.of([post])[post][Age.HOUR].engagement.is_gone
    assert counts.posts(Span(), Age.HOUR, 10) == []


def test_the_report_gets_each_post_with_what_it_is_like(
    desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    publish(desk, "one.fr", "two.fr")
    desk.clock.advance(HOUR + 60)
    reader().look()
    found = counts.posts(Span(), Age.HOUR, 10)
    assert {one.post for one in found} == {"one.fr", "two.fr"}
    assert all(one.lang == "fr" and not one.has_picture and not one.is_thread for one in found)
    assert counts.posts(Span(account="another"), Age.HOUR, 10) == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_is_read(
    platform: str, stages: Stages, desk: Desk, reader: Reading, counts: EngagementCounts
) -> None:
    desk.stage = stages(platform)
    (post,) = publish(desk)
    desk.clock.advance(HOUR + 60)
    reader().look()
    assert counts.of([post])[post][Age.HOUR].engagement.counts
