"""user add, list, remove, password, sessions."""

from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.ledger.people import Rank
from publisher.ledger.tables import people
from tests.cli.runner import Cli

_PASSWORD = b"correct horse battery\n"


def test_somebody_is_let_in_and_out_again(cli: Cli, workspace: Path, made: Path) -> None:
    added = cli("user", "add", "direction", "--role", "manager", stdin=_PASSWORD)
    assert (added.code, added.out) == (0, "direction may log in, as manager.\n")
    assert cli("user", "list").out == "direction: manager\n"
    assert cli("user", "list", "--json").json[0]["role"] == "manager"
    assert b"horse" not in (workspace / "var" / "publisher.db").read_bytes()
    assert cli("user", "remove", "Direction").code == 0
    assert "Nobody may log in." in cli("user", "list").out


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("direction", b"short\n", "12 to 256 characters"),
        ("direction-de-la-maison", b"Direction-de-la-maison1\n", "easy to guess"),
        ("direction", b"aaaaaaaaaaaaaaaa\n", "easy to guess"),
        ("", _PASSWORD, "no name for a person"),
        ("a\x1b[31m", _PASSWORD, "no name for a person"),
    ],
)
def test_what_is_no_name_or_password_is_refused(
    cli: Cli, workspace: Path, made: Path, name: str, password: bytes, says: str
) -> None:
    result = cli("user", "add", name, stdin=password)
    assert result.code == 2
    assert says in result.err
    assert password.decode().strip() not in result.out + result.err


def test_two_people_are_not_taken_for_one(cli: Cli, workspace: Path, made: Path) -> None:
    """An approval compares names without regard to capitals."""
    cli("user", "add", "direction", stdin=_PASSWORD)
    result = cli("user", "add", "DIRECTION", stdin=_PASSWORD)
    assert result.code == 1
    assert "already" in result.err


def test_two_spellings_of_an_accent_are_one_person(cli: Cli, workspace: Path, made: Path) -> None:
    cli("user", "add", "jos\u00e9", stdin=_PASSWORD)
    assert cli("user", "add", "jose\u0301", stdin=_PASSWORD).code == 1
    assert cli("user", "remove", "JOSE\u0301").code == 0


def test_who_was_let_in_under_either_spelling_is_kept_out_by_neither(
    workspace: Path, made: Path
) -> None:
    """The keys of earlier versions told them apart."""
    app = Application.open(workspace)
    words = {"jos\u00e9": "correct horse battery", "jose\u0301": "another good password"}
    for n, (name, password) in enumerate(words.items()):
        app.people.add(str(n), Rank.STAFF, password)
        with app.database.write() as connection:
            this = update(people).where(people.c.name == str(n))
            connection.execute(this.values(name=name, key=name.casefold()))
    for name, password in words.items():
        person = app.people.verified(name, password)
        assert person
        assert person.name == name
    app.people.remove("jos\u00e9")
    assert app.people.find("jos\u00e9").name == "jose\u0301"
    app.close()


def test_who_made_themselves_a_manager_in_the_database_is_named(
    cli: Cli, workspace: Path, made: Path
) -> None:
    cli("user", "add", "stagiaire", "--as", "chef", stdin=_PASSWORD)
    cli("user", "password", "stagiaire", "--as", "chef", stdin=b"another good password\n")
    app = Application.open(workspace)
    actors = {(step.event, step.actor) for step in app.queries.steps(0)}
    assert actors >= {("person added", "chef"), ("password changed", "chef")}
    assert cli("log", "verify").code == 0
    with app.database.write() as connection:
        connection.execute(update(people).values(role="manager"))
    app.close()
    found = cli("log", "verify")
    assert found.code == 1
    assert "people/stagiaire, step 2 left other values than the ledger has" in found.out


def test_sessions_are_shown_and_ended(cli: Cli, workspace: Path, made: Path) -> None:
    cli("user", "add", "direction", stdin=_PASSWORD)
    app = Application.open(workspace)
    for _ in range(2):
        app.sessions.begin(app.people.find("direction"), "Firefox\x1b[31m")
    shown = cli("user", "sessions", "direction")
    assert "Firefox" in shown.out
    assert "\x1b" not in shown.out
    assert cli("user", "sessions", "direction", "--revoke").out == "2 sessions ended.\n"
    app.sessions.begin(app.people.find("direction"), "Firefox")
    assert cli("user", "password", "direction", stdin=b"another good password\n").code == 0
    assert app.sessions.of(app.people.find("direction")) == []
    app.close()
    assert cli("user", "sessions", "nobody").code == 1
