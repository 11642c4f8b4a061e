"""Who may log in is vouched for by the history: `log verify` finds who was let in by SQL."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, delete, insert, select, text, update

from publisher.auth import passwords
from publisher.auth.known_browsers import Browsers, is_known
from publisher.auth.login_throttle import Throttle
from publisher.auth.sessions import Sessions
from publisher.auth.users import People, Rank
from publisher.base.errors import NotPermitted
from publisher.ledger import tables
from publisher.ledger.database import Database
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.integrity.backup import back_up, restore
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.rights import Rights
from publisher.ledger.tables import history, login_failures, people
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards("publisher.auth.known_browsers")

PASSWORD = "plough wicker ostrich"
OTHER = "another good password"
BY_HAND = "other values than the ledger has: someone changed them without a step"
ANNA = people.c.key == "anna"


@pytest.fixture
def audit(database: Database, clock: ManualClock) -> Audit:
    return Audit(database, clock)


@pytest.fixture
def someone(database: Database, clock: ManualClock) -> People:
    """Anna and Bruno may log in; Anna is kept out."""
    those = People(database, clock)
    those.add("Anna", Rank.STAFF, PASSWORD, actor="chef")
    those.add("Bruno", Rank.MANAGER, None, actor="chef")
    those.disable(those.find("anna"), disabled=True, actor="chef")
    return those


def breaks(audit: Audit) -> list[str]:
    return [str(flaw) for flaw in audit.verify().breaks]


def by_hand(database: Database, statement: Executable) -> None:
    with database.write() as connection:
        connection.execute(statement)


def test_every_change_by_the_commands_and_pages_is_a_step(
    someone: People, audit: Audit, database: Database, clock: ManualClock
) -> None:
    clock.advance(60)
    someone.disable(someone.find("anna"), disabled=False, actor="chef")
    someone.set_password("anna", OTHER, actor="Anna")
    someone.set_language(someone.find("anna"), "fr")
    assert someone.recognised("bruno", "subject-1")
    assert someone.recognised("bruno", "subject-1")
    someone.remove("anna", actor="chef")
    someone.add("anna", Rank.ADMIN, PASSWORD, actor="direction")
    someone.remove("bruno", actor="direction")
    assert breaks(audit) == []
    with database.read() as connection:
        steps = connection.execute(select(history).order_by(history.c.id)).mappings().all()
        assert [(s["account"], s["seq"], s["event"], s["actor"]) for s in steps] == [
            ("people/anna", 1, "person added", "chef"),
            ("people/bruno", 1, "person added", "chef"),
            ("people/anna", 2, "kept out", "chef"),
            ("people/anna", 3, "let in again", "chef"),
            ("people/anna", 4, "password changed", "Anna"),
            ("people/bruno", 2, "recognised elsewhere", "Bruno"),
            ("people/anna", 5, "person removed", "chef"),
            ("people/anna", 6, "person added", "direction"),
            ("people/bruno", 3, "person removed", "direction"),
        ]
        assert steps[3]["at"] == clock.now()
        secret = connection.execute(select(people.c.password)).scalar_one()
    assert secret.startswith("$argon2")
    assert not any(secret in str(step) for step in steps)


@pytest.mark.parametrize(
    ("forged", "told"),
    [
        (
            update(people).where(ANNA).values(role="manager"),
            f"people/anna, step 2 left {BY_HAND}",
        ),
        (
            update(people).where(ANNA).values(disabled_at=None),
            f"people/anna, step 2 left {BY_HAND}",
        ),
        (
            update(people).where(ANNA).values(password=passwords.hashed(OTHER)),
            f"people/anna, step 2 left {BY_HAND}",
        ),
        (
            update(people).where(people.c.key == "bruno").values(openid="somebody-else"),
            f"people/bruno, step 1 left {BY_HAND}",
        ),
        (
            delete(people).where(ANNA),
            "people/anna, step 2 left someone who could log in: they were removed without a step",
        ),
        (
            insert(people).from_select(
                ["id", "name", "key", "role", "password", "created_at"],
                select(
                    people.c.id + 100, text("'Carla'"), text("'carla'"), text("'admin'"),
                    people.c.password, people.c.created_at,
                ).where(ANNA),
            ),
            "people/carla can log in, but no step says so",
        ),
    ],
    ids=["role", "let in", "password", "openid", "removed", "added"],
)  # fmt: skip
@pytest.mark.usefixtures("someone")
def test_what_somebody_did_to_people_by_sql_is_found_and_named(
    audit: Audit, database: Database, forged: Executable, told: str
) -> None:
    assert breaks(audit) == []
    by_hand(database, forged)
    assert breaks(audit) == [told]


@pytest.mark.usefixtures("someone")
def test_a_change_of_anything_but_the_language_is_found(audit: Audit, database: Database) -> None:
    with database.read() as connection:
        row = connection.execute(select(people).where(ANNA)).mappings().one()
    silent = set()
    for column in people.c:
        by_hand(database, update(people).where(ANNA).values({column.name: another(column, row)}))
        if not breaks(audit):
            silent.add(column.name)
        mine = people.c.name == row["name"]
        if column.name == "name":
            mine = ANNA
        by_hand(database, update(people).where(mine).values(dict(row)))
        assert breaks(audit) == []
    assert silent == {"language"}


def another(column: Any, row: Any) -> Any:
    value = row[column.name]
    if isinstance(column.type, tables.Instant):
        return (value or row["created_at"]) + timedelta(seconds=1)
    return value + 100 if isinstance(value, int) else f"{value or ''}x"


@pytest.mark.parametrize(
    "change",
    [
        lambda those: those.set_password("anna", OTHER),
        lambda those: those.disable(those.find("anna"), disabled=False),
        lambda those: those.remove("anna"),
    ],
    ids=["password", "let in", "removed"],
)
def test_no_later_step_vouches_for_what_was_done_by_hand(
    someone: People, audit: Audit, database: Database, change: Callable[[People], None]
) -> None:
    """Who made themselves a manager cannot hide it by a new password."""
    by_hand(database, update(people).where(ANNA).values(role="manager"))
    change(someone)
    told = "found other values than were left before: someone changed them without a step"
    assert breaks(audit) == [f"people/anna, step 3 {told}"]


def test_who_is_put_back_by_hand_and_removed_again_is_found(
    someone: People, audit: Audit, database: Database
) -> None:
    with database.read() as connection:
        row = dict(connection.execute(select(people).where(ANNA)).mappings().one())
    someone.remove("anna")
    by_hand(database, insert(people).values(row))
    assert breaks(audit) == [f"people/anna, step 3 left {BY_HAND}"]
    someone.remove("anna")
    assert len(breaks(audit)) == 1


def test_a_password_that_is_stored_anew_is_a_step(
    someone: People, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone.disable(someone.find("anna"), disabled=False)
    monkeypatch.setattr(passwords, "is_outdated", lambda _stored: True)
    assert someone.verified("anna", PASSWORD)
    assert someone.verified("anna", PASSWORD)
    assert breaks(audit) == []


def test_a_password_that_is_changed_during_a_log_in_stays_changed(
    someone: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before is not stored anew in its place."""
    someone.disable(someone.find("anna"), disabled=False)

    def is_outdated(_stored: str) -> bool:
        someone.set_password("anna", OTHER)
        return True

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(passwords, "is_outdated", is_outdated)
        someone.verified("anna", PASSWORD)
    assert someone.verified("anna", PASSWORD) is None
    assert someone.verified("anna", OTHER)


def test_who_is_bound_to_an_id_at_the_provider_is_found_by_it_whatever_name_that_tells(
    someone: People,
) -> None:
    someone.add("Carla", Rank.ADMIN, None)
    assert someone.recognised("bruno", "subject-1")
    for name in (None, "carla", "nobody"):
        found = someone.recognised(name, "subject-1")
        assert found
        assert found.name == "Bruno"
    assert someone.recognised("bruno", "subject-2") is None


def test_the_rights_that_a_person_has_by_now_say_who_may_manage_them(
    database: Database, clock: ManualClock
) -> None:
    """Not those that a page showed before."""
    those = People(database, clock, Rights(lambda _account: None))
    those.add("Carla", Rank.ADMIN, None, organisations=["BICE"])
    shown = those.add("Dora", Rank.STAFF, None, organisations=["BICE"])
    those.disable(shown, disabled=True, actor="Carla")
    those.set_rights("dora", Rank.STAFF, None)
    with pytest.raises(NotPermitted):
        those.disable(shown, disabled=False, actor="Carla")


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_backup_keeps_the_record_of_people(
    someone: People, database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    copy, place = tmp_path / "copy.db", Path(database.engine.url.database or "")
    assert back_up(database, clock, copy).breaks == ()
    someone.add("Carla", Rank.ADMIN, PASSWORD)
    database.close()
    restore(copy, place, clock, "chef")
    with closing(Database(f"sqlite:///{place}")) as restored:
        those = People(restored, clock)
        assert [person.name for person in those.all()] == ["Anna", "Bruno"]
        those.add("Carla", Rank.STAFF, PASSWORD)
        assert breaks(Audit(restored, clock)) == []


def test_a_restore_brings_nobody_back(
    someone: People, database: Database, clock: ManualClock, audit: Audit
) -> None:
    """Who was removed since the backup, their session, an old password: all are of no use."""
    sessions = Sessions(database, clock)
    token = sessions.begin(someone.find("bruno"), "Firefox")
    someone.add("Carla", Rank.ADMIN, PASSWORD, organisations=["BICE"])
    browser = Browsers(database, clock).remember(someone.find("carla"), "")
    throttle = Throttle(database, clock, someone)
    for _ in range(10):
        throttle.admit("carla", "192.0.2.1")
    done = face(database, clock, "root")
    assert [(one.name, one.organisations) for one in done.kept_out] == [
        ("Bruno", None),
        ("Carla", ("BICE",)),
    ]
    assert sessions.find(token) is None
    assert someone.verified("carla", PASSWORD) is None
    assert someone.recognised("bruno", "subject-1") is None
    with database.read() as connection:
        assert not is_known(connection, browser, someone.find("carla").id)
        assert connection.execute(select(login_failures)).all() == []
    someone.disable(someone.find("carla"), disabled=False)
    assert someone.verified("carla", PASSWORD)
    assert sessions.find(token) is None
    assert breaks(audit) == []
