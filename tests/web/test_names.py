"""Names of accounts, as platforms and publisher.toml give them: odd, long, alike, or missing."""

import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.cli.output import tables
from publisher.model.accounts import Profile
from publisher.web.faces import Faces
from tests.support.journeys import enter, visiting
from tests.support.pages import Visit
from tests.support.workspaces import Workspace

PAGES = (
    "/", "/review", "/review/many?post=day.fr", "/posts", "/posts/day.fr", "/posts/day.fr/file",
    "/posts/day.fr/edit", "/posts/day.fr/move", "/log", "/calendar", "/accounts", "/report",
)  # fmt: skip
ALIKE = 'title = "BICE"\n'


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """The Page and the website are both called BICE."""
    for line in ('page_id = "100200300"\n', 'channel = "site"\n'):
        workspace.edit("../publisher.toml", line, line + ALIKE)
    return workspace


def profile(app: Application, account: str, **said: str) -> None:
    app.profiles.keep(
        account, Profile(id="7", **said), None, until=app.clock.ahead(60), by_handle=True
    )


def test_markup_in_a_name_is_text(app: Application, manager: Visit) -> None:
    """In a terminal too, where it moves no cursor."""
    profile(app, "bice-x", handle="a<i>b</i>[bold]\x1b[2J")
    for path in PAGES:
        page = manager.get(path).text
        assert "<i>" not in page, path
    assert "@a&lt;i&gt;b&lt;/i&gt;" in manager.get("/posts/day.fr").text
    named = app.names.named
    assert (
        tables.account_text("bice-x", named).plain
        == "bice-x @a<i>b</i>[bold]\N{REPLACEMENT CHARACTER}[2J"
    )


@pytest.mark.parametrize(
    ("account", "said", "named", "apart"),
    [
        ("bice-x", {}, "bice-x", "bice-x"),
        ("bice-x", {"name": "BICE ONG"}, "BICE ONG", "BICE ONG"),
        ("bice-x", {"name": "BICE ONG", "handle": "BICE_ONG"}, "@BICE_ONG", "@BICE_ONG"),
        ("bice-page", {}, "BICE", "BICE · Facebook"),
        ("bice-page", {"name": "Le BICE"}, "Le BICE", "Le BICE"),
        ("bice-page", {"name": "Le BICE", "handle": "bice.page"}, "Le BICE", "Le BICE"),
        ("bice-site", {}, "BICE", "BICE · Website"),
        ("gone", {}, "gone", "gone"),
    ],
)
def test_an_account_has_a_name_for_readers(
    app: Application, account: str, said: dict[str, str], named: str, apart: str
) -> None:
    """Its handle, else its name there or its title, else its key; alike ones say their platform."""
    if said:
        profile(app, account, **said)
    assert Faces(app).named(account) == named
    assert Faces(app).told_apart(account) == apart
    assert Faces(app).in_words(f"on {account}.") == f"on {apart}."


def test_the_key_of_an_account_is_for_those_who_connect_it(
    manager: Visit, anonymous: Visit
) -> None:
    manager.get("/accounts")
    assert "bice-page" not in manager.text
    assert "BICE Facebook" in manager.text
    assert "Facebook · bice-page" not in manager.text
    anonymous.enter("chef")
    anonymous.get("/accounts")
    assert "Facebook · bice-page" in anonymous.text


@pytest.mark.deep
def test_a_long_name_leaves_room_on_a_phone(
    app: Application, address: str, browser: Browser
) -> None:
    profile(app, "bice-x", handle="une-association-au-nom-tres-tres-long.exemple.org")
    with visiting(browser, address, viewport={"width": 390, "height": 844}) as page:
        enter(page, "direction")
        page.goto("/posts/day.fr/edit")
        chip = page.locator(".account-chip", has=page.locator("[value=bice-x]"))
        expect(chip).to_contain_text("une-association")
        box = chip.locator("small").bounding_box()
        assert box
        assert box["height"] < 24, "its language is in one line"
        for path in PAGES:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
