"""Notes on a post are steps of its history: nobody changes or removes one unseen."""

import pytest
from sqlalchemy import update

from publisher.auth.users import People, Rank
from publisher.base.errors import NotPermitted, UsageError
from publisher.ledger.database import Database
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.draft_edits import writers
from publisher.ledger.manager.notes import Notes
from publisher.ledger.manager.rights import Rights
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import history
from tests.support.clock import ManualClock
from tests.support.pages import PASSWORD

POST = "day.fr"


@pytest.fixture
def people(database: Database, clock: ManualClock) -> People:
    people = People(database, clock)
    for name, rank in (("Abidjan", Rank.STAFF), ("direction", Rank.MANAGER)):
        people.add(name, rank, PASSWORD, organisations=["BICE"])
    return people


@pytest.fixture
def notes(database: Database, clock: ManualClock, people: People) -> Notes:
    return Notes(database, clock, rights=Rights(lambda _account: "Warsaw"))


def test_notes_are_a_thread_oldest_first(notes: Notes, clock: ManualClock) -> None:
    """Of a post that is not queued, and by whoever may look, whatever their organisation."""
    notes.write(POST, "@abidjan, quel chiffre ?", "direction")
    clock.advance(60)
    notes.write(POST, "Celui de 2015.", "Abidjan")
    notes.write("other.fr", "Ailleurs.", "Abidjan")
    first, second = notes.notes_on(POST)
    assert (first.author, first.text, first.mentions) == (
        "direction", "@abidjan, quel chiffre ?", ("Abidjan",),
    )  # fmt: skip
    assert (second.author, second.at, second.mentions) == ("Abidjan", clock.now(), ())


def test_who_may_not_log_in_is_not_mentioned_and_writes_nothing(
    notes: Notes, people: People
) -> None:
    people.disable(people.find("Abidjan"), disabled=True)
    assert notes.write(POST, "@abidjan ?", "direction").mentions == ()
    with pytest.raises(NotPermitted):
        notes.write(POST, "Moi.", "Abidjan")


@pytest.mark.parametrize("text", [" \r\n ", "a" * 2001])
def test_an_empty_note_and_one_that_is_too_long_are_refused(notes: Notes, text: str) -> None:
    with pytest.raises(UsageError):
        notes.write(POST, text, "direction")
    assert notes.notes_on(POST) == []


def test_a_note_makes_nobody_an_author(notes: Notes, database: Database) -> None:
    notes.write(POST, "Le chiffre est faux.", "direction")
    with database.read() as connection:
        assert writers(connection, [POST]) == set()


def test_a_note_is_in_the_history_and_cannot_be_changed_unseen(
    notes: Notes, database: Database, clock: ManualClock, queries: Queries
) -> None:
    notes.write(POST, "Le chiffre est faux.", "direction")
    (step,) = queries.history(POST)
    assert (step.event, step.actor) == ("note added", "direction")
    audit = Audit(database, clock)
    assert not audit.verify().breaks
    guard = "history_no_update" if database.is_sqlite else "history_append_only ON history"
    with database.write() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {guard}")
        connection.execute(update(history).where(history.c.id == step.id).values(detail="{}"))
    broken = [str(one) for one in audit.verify().breaks]
    assert any(
        "posts/day.fr.md" in one and "has changed since it was written" in one for one in broken
    )
