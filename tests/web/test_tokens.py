"""Tokens on the pages: made with a proof, shown once, listed and ended."""

import re

from publisher.app import Application
from tests.support.html import flaws
from tests.support.log_ins import an_hour_later, shown_once
from tests.support.pages import PASSWORD, Visit


def made(visit: Visit, **fields: object) -> str:
    visit.get("/me")
    visit.send(
        "/me/tokens",
        **{
            "do": "make",
            "title": "n8n",
            "may": ["read", "draft"],
            "days": "30",
            "scope": "all",
            **fields,
        },
    )
    return shown_once(visit, "token")


def test_a_token_is_shown_once_and_ended(app: Application, staff: Visit) -> None:
    secret = made(staff)
    token = app.api_tokens.find(secret)
    assert token
    assert (token.person.name, sorted(token.scopes)) == ("stagiaire", ["draft", "read"])
    staff.get("/me")
    assert secret not in staff.page
    assert "n8n" in staff.text
    assert "never used" in staff.text
    assert flaws(staff.page) == []
    staff.send("/me/tokens", do="end", number=str(token.id))
    assert app.api_tokens.find(secret) is None
    assert "n8n" not in staff.get("/me").text


def test_making_one_takes_a_proof_and_ending_one_does_not(app: Application, staff: Visit) -> None:
    """What was chosen is kept over the proof."""
    kept = app.api_tokens.find(made(staff))
    assert kept
    an_hour_later(app)
    staff.get("/me")
    staff.send(
        "/me/tokens", do="make", title="sheet", may=["read", "submit"], days="30", scope="all"
    )
    assert "Create a token" in staff.text
    assert [one.name for one in app.api_tokens.of(kept.person)] == ["n8n"]
    staff.send(
        "/me/tokens",
        do="make",
        title="sheet",
        may=["read", "submit"],
        days="30",
        scope="all",
        **{"proof-password": PASSWORD},
    )
    found = app.api_tokens.find(shown_once(staff, "token"))
    assert found
    assert sorted(found.scopes) == ["read", "submit"]
    an_hour_later(app)
    staff.get("/me")
    staff.send("/me/tokens", do="end", number=str(kept.id))
    assert [one.name for one in app.api_tokens.of(kept.person)] == ["sheet"]


def test_a_token_says_for_which_organisations_it_is(app: Application, staff: Visit) -> None:
    """Nothing is ticked, and nothing ticked is none: not everything."""
    staff.get("/me")
    form = staff.page.partition('action="/me/tokens"')[2].partition("</form>")[0]
    assert re.findall(r'name="(?:scope|organisation)" value="(\w+)"', form) == [
        "all",
        "some",
        "BICE",
    ]
    assert re.findall(r'name="(?:scope|organisation)"[^>]* checked', form) == []
    given = {"do": "make", "title": "n8n", "may": ["read"], "days": "30"}
    for scope in ("", "some"):
        assert staff.send("/me/tokens", **given, scope=scope).status_code == 400
        staff.get("/me")
    token = app.api_tokens.find(made(staff, scope="some", organisation="BICE"))
    assert token
    assert token.organisations == ("BICE",)


def test_an_admin_sees_and_ends_somebodys_tokens(
    app: Application, address: str, staff: Visit, manager: Visit
) -> None:
    secret = made(staff)
    token = app.api_tokens.find(secret)
    assert token
    manager.get("/me")
    manager.send("/me/tokens", do="end", number=str(token.id))
    assert app.api_tokens.find(secret), "nobody ends those of others on their own page"
    with Visit(address) as chef:
        chef.log_in("chef")
        chef.get("/people/stagiaire")
        assert "n8n" in chef.text
        assert flaws(chef.page) == []
        chef.send("/people/stagiaire", do="token", number=str(token.id))
    assert app.api_tokens.find(secret) is None
