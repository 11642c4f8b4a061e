"""What the calendar reads of the ledger."""

from datetime import datetime, timedelta

from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.placements import Placement, Placements
from publisher.model.content import Content, Part
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

_DAY = timedelta(days=1)


def posts(found: list[Placement]) -> list[str]:
    return [one.post for one in found]


def test_what_leaves_in_some_days_is_read_in_the_order_of_time(
    database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    """Where an embargo ends after a post's time, it leaves then."""
    now = clock.now()
    add(
        ledger,
        wish(clock, "b.fr", 3600),
        wish(clock, "a.fr", 60),
        wish(clock, "before.fr", -60),
        wish(clock, "after.fr", 86_400),
        wish(clock, "put-off.fr", -3600, embargo_until=now + timedelta(minutes=30)),
        wish(clock, "put-off-beyond.fr", 90, embargo_until=now + _DAY),
        wish(clock, "early-embargo.fr", 90, embargo_until=now - _DAY),
    )
    found = Placements(database).between(now, now + _DAY, 100)
    assert posts(found) == ["a.fr", "early-embargo.fr", "put-off.fr", "b.fr"]
    assert found[0] == Placement(
        found[0].id, "a.fr", "bice-x", "twitter", State.SCHEDULED, now + timedelta(minutes=1)
    )
    assert posts(Placements(database).between(now, now + _DAY, 2)) == ["a.fr", "early-embargo.fr"]


def test_accounts_and_languages_are_chosen(
    database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    """What has no language is in every one."""
    spanish = Content(parts=(Part(text="Hola."),), lang="es")
    add(
        ledger,
        wish(clock, "fr"),
        wish(clock, "es", account="lima", content=spanish),
        wish(clock, "none", account="site", content=Content(parts=(Part(text="31"),))),
    )

    def read(accounts: list[str] | None = None, lang: str | None = None) -> set[str]:
        now: datetime = clock.now()
        return set(posts(Placements(database).between(now, now + _DAY, 9, accounts, lang)))

    assert read() == {"fr", "es", "none"}
    assert read(["lima", "site"]) == {"es", "none"}
    assert read([]) == set()
    assert read(lang="es") == {"es", "none"}
    assert read(["bice-x"], "es") == set()


def test_contents_are_read_by_their_ids(
    database: Database, ledger: Ledger, clock: ManualClock
) -> None:
    add(ledger, wish(clock, "a.fr", texts=("Un.",)), wish(clock, "b.fr", texts=("Deux.",)))
    placements = Placements(database)
    first, second = placements.between(clock.now(), clock.now() + _DAY, 9)
    found = placements.contents([second.id])
    assert {key: content.parts[0].text for key, content in found.items()} == {second.id: "Deux."}
    assert len(placements.contents([first.id, second.id])) == 2
