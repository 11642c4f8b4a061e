"""What another mandate would bring is shown, and the lines that give it; nothing is changed."""

import re
import tomllib
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Browser

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.manager.approvals import digest
from publisher.model.accounts import Mandate
from publisher.web.mandate_view import lines
from tests.support.journeys import enter, serious, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.uploads import both
from tests.support.workspaces import Workspace

PAGE = "/accounts/bice-x/mandate"


@pytest.fixture
def admin(address: str) -> Iterator[Visit]:
    with Visit(address) as visit:
        visit.log_in("chef")
        yield visit


@both
def test_what_a_mandate_would_not_cover_is_named(
    workspace: Workspace, app: Application, admin: Visit
) -> None:
    """By the author and the day, queued or not; and whose approval would be void."""
    found = app.queries.deliveries(post="day.fr")
    app.approvals.approve(["day.fr"], None, "direction", {d.id: digest(d) for d in found})
    workspace.draft("new.fr", "at: 2016-03-20 10:00\nto: [bice-x]\nauthor: ola", "Pas encore.")
    before = (workspace.path / "publisher.toml").read_bytes()
    admin.get(PAGE)
    admin.send(PAGE, authors="redaction", approvers="chef", until="2016-03-08")
    bare = admin.text
    assert re.search(r"do not go out Pas encore\. ola may not post as bice-x\. not queued", bare)
    assert re.search(r"approved again Bonjour .*the approval by direction becomes void", bare)
    assert "Un." not in bare
    admin.send(PAGE, authors="redaction", until="2016-03-07")
    assert re.search(r"Un\. .*The mandate to post as bice-x ended on 2016-03-07", admin.text)
    assert (workspace.path / "publisher.toml").read_bytes() == before


def test_the_lines_say_what_was_asked(admin: Visit) -> None:
    admin.get(PAGE)
    admin.send(PAGE, authors='lima, "7" ,', since="2016-02-29", until="2016-03-24")
    found = re.search(r'<pre class="lines"[^>]*>(.*?)</pre>', admin.page, re.DOTALL)
    assert found
    said = tomllib.loads(unescape(found[1]))["accounts"]["bice-x"]["mandate"]
    assert Mandate.model_validate(said).authors == ("lima", '"7"')
    assert str(said["until"]) == "2016-03-24"
    admin.send(PAGE)
    assert "The table of the mandate has to be deleted." in admin.text


@pytest.mark.parametrize("name", ['a"b', "é\\n", "\t", "x" * 300, "\u2028"])
def test_every_name_is_written_as_toml_reads_it(name: str) -> None:
    said = tomllib.loads(lines("bice-x", Mandate(approvers=(name,))))
    assert said["accounts"]["bice-x"]["mandate"]["approvers"] == [name]


@pytest.mark.parametrize(
    "fields", [{"since": "soon"}, {"since": "2016-03-08", "until": "2016-03-07"}]
)
def test_days_that_cannot_be_are_refused(admin: Visit, fields: dict[str, str]) -> None:
    admin.get(PAGE)
    assert admin.send(PAGE, authors="lima", **fields).status_code == 400
    assert 'value="lima"' in admin.page


def test_only_an_admin_of_the_account_sees_it(
    app: Application, address: str, manager: Visit, admin: Visit
) -> None:
    assert PAGE not in manager.get("/accounts").text
    assert manager.get(PAGE).status_code == 403
    assert PAGE in admin.get("/accounts").text
    app.people.add("ola", Rank.ADMIN, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as ola:
        ola.log_in("ola")
        assert PAGE not in ola.get("/accounts").text
        assert ola.get(PAGE).status_code == 403
        ola.get("/me")
        assert ola.send(PAGE, authors="ola").status_code == 403
    assert admin.get("/accounts/nobody/mandate").status_code == 404


def test_nothing_keeps_anybody_from_using_the_page(address: str, browser: Browser) -> None:
    with visiting(browser, address, viewport={"width": 390, "height": 844}) as page:
        enter(page, "chef")
        page.goto(PAGE)
        page.locator("#until").fill("2016-03-07")
        page.get_by_role("button", name="Show what it would change").click()
        page.locator(".lines").wait_for()
        assert serious(page, PAGE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
