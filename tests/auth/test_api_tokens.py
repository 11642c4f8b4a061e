"""Tokens of people for programs: shown once, bounded, ended with their person."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from publisher.auth.api_tokens import MOST, ApiTokens, TokenScope
from publisher.auth.users import People, Rank
from publisher.base.errors import NotFound, NotPermitted, NotPossible, UsageError
from publisher.ledger import people as records
from publisher.ledger import token_bounds
from publisher.ledger.database import Database
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.rights import Rights
from publisher.ledger.people import keep_all_out
from publisher.ledger.tables import api_tokens, history
from publisher.ledger.token_bounds import Bounds
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards("publisher.ledger.people", "publisher.ledger.token_bounds")

PASSWORD = "plough wicker ostrich"
DAY = timedelta(days=1)
OURS = ["Lima", "Warsaw"]
OF = {"lima-x": "Lima", "warsaw-x": "Warsaw", "bice-x": "BICE"}


@pytest.fixture
def people(database: Database, clock: ManualClock) -> People:
    made = People(database, clock, Rights(OF.get))
    made.add("chef", Rank.ADMIN, PASSWORD)
    made.add("anna", Rank.MANAGER, PASSWORD, organisations=["Lima", "Warsaw"])
    return made


@pytest.fixture
def tokens(database: Database, clock: ManualClock, people: People) -> ApiTokens:
    return ApiTokens(database, clock, people)


@pytest.fixture
def secret(tokens: ApiTokens, people: People) -> str:
    return tokens.make(people.find("anna"), "n8n", [TokenScope.READ], DAY, OURS, actor="anna")


def test_only_a_hash_is_kept_and_the_history_names_no_secret(
    database: Database, clock: ManualClock, secret: str
) -> None:
    with database.read() as connection:
        rows = [*connection.execute(select(api_tokens)), *connection.execute(select(history))]
    assert secret not in repr(rows)
    assert secret.removeprefix("publisher_") not in repr(rows)
    assert "token made" in repr(rows)
    assert Audit(database, clock).verify().breaks == ()


def test_a_token_has_the_rights_of_staff_at_most_and_no_more_organisations(
    tokens: ApiTokens, people: People
) -> None:
    """Also those that the person it belongs to loses or gets later."""
    secret = tokens.make(people.find("anna"), "n8n", [TokenScope.READ], DAY, ["Lima"], actor="anna")
    found = tokens.find(secret)
    assert found
    assert (found.person.rank, found.person.organisations) == (Rank.STAFF, ("Lima",))
    people.set_rights("anna", Rank.ADMIN, ["Warsaw"])
    found = tokens.find(secret)
    assert found
    assert (found.person.rank, found.person.organisations) == (Rank.STAFF, ())


def test_a_token_ends_at_its_time(tokens: ApiTokens, clock: ManualClock, secret: str) -> None:
    assert tokens.find(secret)
    clock.advance(86_400)
    assert tokens.find(secret) is None


def test_a_token_is_revoked_by_its_person_or_an_admin(
    tokens: ApiTokens, people: People, secret: str
) -> None:
    found = tokens.find(secret)
    assert found
    with pytest.raises(NotFound):
        tokens.end(people.find("chef"), found.id, actor="chef")
    people.add("kasia", Rank.STAFF, PASSWORD)
    with pytest.raises(NotPermitted):
        tokens.end(people.find("anna"), found.id, actor="kasia")
    assert tokens.find(secret)
    tokens.end(people.find("anna"), found.id, actor="chef")
    assert tokens.find(secret) is None


def test_a_token_that_is_revoked_while_it_acts_changes_nothing(
    tokens: ApiTokens, people: People, database: Database, clock: ManualClock, secret: str
) -> None:
    """Its request was on its way already: each step asks once more, in its transaction."""
    found = tokens.find(secret)
    assert found

    def act() -> None:
        with token_bounds.acting_by_token(found.bounds), database.write() as connection:
            note_account(connection, "posts/a.fr", Event.DRAFT_MADE, clock.now(), "anna", {})

    act()
    tokens.end(people.find("anna"), found.id, actor="anna")
    with pytest.raises(NotPermitted, match="was revoked"):
        act()


def test_no_token_gets_the_id_of_one_that_ended(
    tokens: ApiTokens, people: People, secret: str
) -> None:
    """What is still answered for the old one is not taken for the new one's."""
    old = tokens.find(secret)
    assert old
    tokens.end(people.find("anna"), old.id, actor="anna")
    new = tokens.find(
        tokens.make(people.find("anna"), "n8n", [TokenScope.READ], DAY, OURS, actor="anna")
    )
    assert new
    assert new.id > old.id


@pytest.mark.parametrize("how", ["disabled", "removed", "new password", "restored"])
def test_a_token_ends_with_what_its_person_may(
    tokens: ApiTokens, people: People, database: Database, clock: ManualClock, secret: str, how: str
) -> None:
    """And does not come back with the person."""
    anna = people.find("anna")
    match how:
        case "disabled":
            people.disable(anna, disabled=True, actor="chef")
            people.disable(anna, disabled=False, actor="chef")
        case "removed":
            people.remove("anna", actor="chef")
        case "new password":
            people.set_password("anna", "another good password", actor="chef")
        case _:
            keep_all_out(database, clock, "chef")
            people.disable(anna, disabled=False, actor="publisher")
    assert tokens.find(secret) is None
    tokens.make(people.find("chef"), "other", [TokenScope.READ], DAY, OURS, actor="chef")
    assert Audit(database, clock).verify().breaks == ()


def _widened(token: dict[str, Any]) -> Any:
    return update(api_tokens).where(api_tokens.c.id == token["id"])


TAMPERINGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "one is added": lambda token: insert(api_tokens).values({**token, "id": 99, "token": "0" * 64}),
    "its scopes": lambda token: _widened(token).values(scopes="draft\nread\nsubmit"),
    "its end": lambda token: _widened(token).values(expires_at=token["expires_at"] + 99 * DAY),
    "its organisations": lambda token: _widened(token).values(organisations=None),
    "the person it belongs to": lambda token: _widened(token).values(person=1),
    "its secret": lambda token: _widened(token).values(token="1" * 64),
}


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_token_that_is_changed_without_a_step_is_found(
    tokens: ApiTokens, people: People, database: Database, clock: ManualClock, what: str,
    confirmed: bool,
) -> None:  # fmt: skip
    """Also if the person it belongs to's tokens change afterwards."""
    anna = people.find("anna")
    tokens.make(anna, "n8n", [TokenScope.READ], DAY, ["Lima"], actor="anna")
    tokens.touch(tokens.of(anna)[0])
    assert Audit(database, clock).verify().breaks == (), "its use is no change"
    with database.write() as connection:
        (row,) = connection.execute(select(api_tokens)).mappings()
        connection.execute(TAMPERINGS[what](dict(row)))
    if confirmed:
        for name in ("anna", "chef"):
            tokens.make(people.find(name), "more", [TokenScope.READ], DAY, OURS, actor=name)
    breaks = Audit(database, clock).verify().breaks
    assert {one.account for one in breaks} <= {"people/anna", "people/chef"}
    assert "other API tokens than" in str(breaks[0])


def test_one_that_ended_does_not_come_back_unseen(
    tokens: ApiTokens, people: People, database: Database, clock: ManualClock, secret: str
) -> None:
    """Nor after a restore, which ends all of them."""
    found = tokens.find(secret)
    assert found
    for end in (
        lambda: tokens.end(people.find("anna"), found.id, actor="anna"),
        lambda: keep_all_out(database, clock, "chef"),
    ):
        with database.read() as connection:
            row = dict(connection.execute(select(api_tokens)).mappings().one())
        end()
        assert Audit(database, clock).verify().breaks == ()
        with database.write() as connection:
            connection.execute(insert(api_tokens).values(row))
        (one,) = Audit(database, clock).verify().breaks
        assert one.account == "people/anna"
        with database.write() as connection:
            connection.execute(delete(api_tokens))
        tokens.make(people.find("anna"), "new", [TokenScope.READ], DAY, OURS, actor="anna")


def test_tokens_of_before_there_were_digests_are_no_flaw(
    people: People, tokens: ApiTokens, database: Database, clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with monkeypatch.context() as older:
        older.setattr(records, "_told_of", lambda _before, _after: {})
        tokens.make(people.find("anna"), "old", [TokenScope.READ], DAY, OURS, actor="anna")
    assert Audit(database, clock).verify().breaks == ()
    tokens.make(people.find("anna"), "new", [TokenScope.READ], DAY, OURS, actor="anna")
    assert Audit(database, clock).verify().breaks == ()
    with database.write() as connection:
        connection.execute(update(api_tokens).values(scopes="draft"))
    assert len(Audit(database, clock).verify().breaks) == 1


def test_its_last_use_is_shown(
    tokens: ApiTokens, people: People, clock: ManualClock, secret: str
) -> None:
    found = tokens.find(secret)
    assert found
    assert found.used_at is None
    clock.advance(3600)
    tokens.touch(found)
    assert tokens.of(people.find("anna"))[0].used_at == clock.now()


@pytest.mark.parametrize(
    ("name", "scopes", "days", "organisations", "told"),
    [
        ("", [TokenScope.READ], 1, OURS, "."),
        ("x" * 61, [TokenScope.READ], 1, OURS, "."),
        ("n8n", [], 1, OURS, "."),
        ("n8n", [TokenScope.READ], 0, OURS, "."),
        ("n8n", [TokenScope.READ], 366, OURS, "."),
        ("n8n", [TokenScope.READ], 1, ["BICE"], "anna has no right over BICE"),
        ("n8n", [TokenScope.READ], 1, [], "No organisation is chosen"),
        ("n8n", [TokenScope.READ], 1, None, "No organisation is chosen"),
    ],
)
def test_limits_that_no_token_has_are_refused(
    tokens: ApiTokens, people: People, name: str, scopes: list[TokenScope], days: int,
    organisations: list[str] | None, told: str,
) -> None:  # fmt: skip
    with pytest.raises(UsageError, match=told):
        tokens.make(people.find("anna"), name, scopes, days * DAY, organisations, actor="anna")


def test_nobody_has_more_than_some(tokens: ApiTokens, people: People) -> None:
    for number in range(MOST):
        tokens.make(people.find("anna"), f"{number}", [TokenScope.READ], DAY, OURS, actor="anna")
    with pytest.raises(NotPossible):
        tokens.make(people.find("anna"), "one more", [TokenScope.READ], DAY, OURS, actor="anna")


def test_no_step_but_drafting_gets_past_the_history_while_a_token_acts(
    database: Database, clock: ManualClock
) -> None:
    """Whatever function is called: there is one place that writes steps."""
    allowed = {"draft made", "draft edited", "draft moved", "draft deleted"}
    for event in Event:
        with token_bounds.acting_by_token(Bounds()), database.write() as connection:
            if event in allowed:
                note_account(connection, "posts/day.md", event, clock.now())
            else:
                with pytest.raises(NotPermitted):
                    note_account(connection, "posts/day.md", event, clock.now())
    with database.read() as connection:
        assert {*connection.execute(select(history.c.event)).scalars()} == allowed
