"""/posts/ID/repeat: drafts for several days from one, made by who may write for its accounts."""

import pytest
from playwright.sync_api import Browser, expect

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.i18n import _, speaking
from tests.support.forms import Composer
from tests.support.journeys import log_in, serious, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.workspaces import Workspace

PAGE = "/posts/unfinished.fr/repeat"
MONDAYS = f"{PAGE}?on=monday&how=clock&clock=08:30&until=2016-03-21"
"""It is 7 March, 7:00 in Geneva: three Mondays are to come."""


def _names(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.path / "posts").glob("*-unfinished.fr.md"))


def test_each_day_gets_a_draft_on_record(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    staff.get(MONDAYS)
    assert "3 drafts" in staff.text
    assert "may refuse the same words again" in staff.text
    assert _names(workspace) == [], "to look makes nothing"
    staff.send(MONDAYS)
    assert "3 drafts were made." in staff.text
    assert _names(workspace) == [f"2016-03-{day}-unfinished.fr.md" for day in ("07", "14", "21")]
    assert "2016-03-14-unfinished.fr" in staff.page
    assert app.queries.deliveries(post="2016-03-14-unfinished.fr") == []
    (step,) = app.queries.history("2016-03-14-unfinished.fr")
    assert (step.actor, step.event) == ("stagiaire", "draft made")


def test_they_are_submitted_at_once_and_wait_for_approval(app: Application, staff: Visit) -> None:
    staff.get(MONDAYS)
    staff.send(MONDAYS, do="submit")
    assert "3 drafts were made. Submitted for approval: 3 deliveries." in staff.text
    found = [
        app.queries.deliveries(post=f"2016-03-{day}-unfinished.fr") for day in ("07", "14", "21")
    ]
    assert [[f"{one.due_at:%d %H:%M} {one.state}" for one in some] for some in found] == [
        [f"{day} 07:30 awaiting-approval"] for day in ("07", "14", "21")
    ]


def test_what_has_errors_is_made_and_not_submitted(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    workspace.draft("unfinished.fr", "to: [bice-x]", "Trop long. " * 100)
    staff.get(MONDAYS)
    staff.send(MONDAYS, do="submit")
    assert "3 drafts were made. They have errors" in staff.text
    assert len(_names(workspace)) == 3
    assert app.queries.deliveries(post="2016-03-14-unfinished.fr") == []


def test_what_is_there_already_stays(staff: Visit, workspace: Workspace) -> None:
    workspace.draft("2016-03-14-unfinished.fr", "to: [bice-x]", "Mon propre texte.")
    staff.get(MONDAYS)
    assert "is there already" in staff.text
    staff.send(MONDAYS)
    assert "2 drafts were made." in staff.text
    text = (workspace.path / "posts/2016-03-14-unfinished.fr.md").read_text("utf-8")
    assert "Mon propre texte." in text


def test_all_are_made_or_none(app: Application, staff: Visit, workspace: Workspace) -> None:
    """The third cannot be made; the history says that the others were taken back."""
    (workspace.path / "posts" / "2016-03-21-unfinished.fr.md").mkdir()
    staff.get(MONDAYS)
    assert staff.send(MONDAYS, do="submit").status_code >= 400
    assert _names(workspace) == ["2016-03-21-unfinished.fr.md"]
    told = [step.event for step in app.queries.history("2016-03-07-unfinished.fr")]
    assert told == ["draft made", "draft deleted"]


def test_who_wrote_the_draft_wrote_its_copies_too(
    app: Application, manager: Visit, staff: Visit
) -> None:
    """Else a manager could approve their own words."""
    Composer(manager, "/posts/unfinished.fr/edit").write("Mes mots.").send("keep")
    staff.get(MONDAYS)
    staff.send(MONDAYS)
    copy = "2016-03-14-unfinished.fr"
    assert app.queries.writers([copy])[copy] == ["stagiaire", "direction"]
    again = f"/posts/{copy}/repeat?on=tuesday&until=2016-03-15"
    staff.get(again)
    staff.send(again)
    copy = "2016-03-15-unfinished.fr"
    assert app.queries.writers([copy])[copy] == ["stagiaire", "direction"]


def test_who_may_not_write_for_its_accounts_makes_nothing(
    app: Application, address: str, workspace: Workspace
) -> None:
    app.people.add("lima", Rank.STAFF, PASSWORD, organisations=["CEDAPP"])
    with Visit(address) as visit:
        visit.enter("lima")
        assert visit.get(MONDAYS).status_code == 403
        assert visit.send(MONDAYS).status_code == 403
    assert _names(workspace) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?on=fullmoon", "is not a day"),
        ("?on=monday&clock=25:00", "not a time of day"),
        ("?on=monday&how=before&number=-1", "whole number"),
        ("?on=monday&until=2015-01-01", "no such days left"),
        ("?on=monday&until=2199-01-01", "longer than a year"),
    ],
)
def test_what_cannot_be_is_said_and_the_form_stays(
    staff: Visit, workspace: Workspace, query: str, said: str
) -> None:
    assert staff.get(PAGE + query).status_code == 400
    assert said in staff.text
    assert 'name="clock"' in staff.page
    assert staff.send(PAGE + query).status_code == 400
    assert _names(workspace) == []


def test_a_post_is_repeated_from_its_page_in_three_presses(
    address: str, browser: Browser, workspace: Workspace
) -> None:
    with speaking("fr"), visiting(browser, address, locale="fr") as page:
        log_in(page, "stagiaire")
        page.goto("/posts/unfinished.fr")
        page.get_by_role("link", name=_("Repeat"), exact=True).click()
        page.get_by_label("lundi").check()
        page.get_by_role("button", name=_("Show the days")).click()
        expect(page.locator("main .list li")).to_have_count(3)
        assert serious(page, PAGE) == []
        page.locator("button[value=submit]").click()
        expect(page.get_by_role("status").first).to_contain_text("3")
    assert len(_names(workspace)) == 3
