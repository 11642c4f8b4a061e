"""What a report counts."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reading.statistics import Figures, Span
from publisher.model.content import Content, Part
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

pytestmark = pytest.mark.each_database

HOURS = 24 * 400  # two changes of the clocks, and more


@pytest.mark.parametrize("name", ["Europe/Zurich", "America/Lima", "Asia/Kathmandu", "UTC"])
def test_days_are_those_of_the_zone_also_where_its_clocks_change(
    database: Database, ledger: Ledger, queries: Queries, clock: ManualClock, name: str
) -> None:
    """Also where an embargo makes a post leave on a later day than it is due."""
    posts = [
        wish(
            clock, f"{hours}.fr", hours * 3600, texts=(f"{hours}",),
            embargo_until=clock.now() + timedelta(hours=hours + 9) if hours % 3 else None,
        )
        for hours in range(0, HOURS, 13)
    ]  # fmt: skip
    add(ledger, *posts)
    zone = ZoneInfo(name)
    expected = Counter(d.not_before.astimezone(zone).date() for d in queries.deliveries())
    found = Figures(database).counts(Span(), zone)
    assert {count.day: count.number for count in found} == expected
    assert [count.day for count in found] == sorted(expected)


def test_what_is_alike_is_counted_together(
    database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    content = Content(parts=(Part(text='{"lang": "pl"}'),), lang="es")
    add(
        ledger, wish(clock, "a.fr"), wish(clock, "b.fr"), wish(clock, "c.fr", state=State.HELD),
        wish(clock, "d.es", content=content, account="lima-page", channel="facebook"),
        wish(clock, "e", content=Content(parts=(Part(text="Sans langue."),)), due_in=90_000),
    )  # fmt: skip
    figures = Figures(database)
    found = figures.counts(Span(until=clock.now() + timedelta(days=1)), ZoneInfo("UTC"))
    assert {(c.account, c.channel, c.lang, c.state, c.number) for c in found} == {
        ("bice-x", "twitter", "fr", State.SCHEDULED, 2),
        ("bice-x", "twitter", "fr", State.HELD, 1),
        ("lima-page", "facebook", "es", State.SCHEDULED, 1),
    }
    later = figures.counts(Span(since=clock.now() + timedelta(days=1)), ZoneInfo("UTC"))
    assert [(c.lang, c.number) for c in later] == [(None, 1)]
    of_lima = figures.counts(Span(account="lima-page"), ZoneInfo("UTC"))
    assert [c.account for c in of_lima] == ["lima-page"]
    assert figures.counts(Span(since=datetime(2030, 1, 1, tzinfo=UTC)), ZoneInfo("UTC")) == []
