"""Consents on pages: who uses each, another end and a withdrawal with all that follows."""

import json
import re
from html import unescape

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser
from sqlalchemy import update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.tables import deliveries
from publisher.model.states import State
from tests.support.journeys import enter, serious, visiting
from tests.support.log_ins import an_hour_later, confirm
from tests.support.pages import PASSWORD, Visit
from tests.support.tiers import in_tiers
from tests.support.uploads import both, seen
from tests.support.workspaces import Workspace
from tests.web.conftest import published
from tests.web.ledger_views import states

RECORDS = """\
# Who allowed what.
forever:
  note: everywhere
panel:
  granted_to: BICE   # one
  until: 2016-03-20
  note: signed form, folder 12
soon-over: {until: 2016-03-08}
"""


@pytest.fixture(autouse=True)
def workspace(workspace: Workspace, app: Application) -> Workspace:
    """Two posts show a picture of the panel: one on the next day, one on the 15th."""
    workspace.write("posts/consents.yaml", RECORDS)
    folder = workspace.path / "posts/media"
    folder.mkdir()
    Image.new("RGB", (30, 20), "teal").save(folder / "panel.png")
    picture = (
        "media:\n  - file: /media/panel.png\n    alt: Trois femmes\n    people: true\n"
        "    consent: panel"
    )
    workspace.draft("voix.fr", f"at: 2016-03-08 10:00\nto: [bice-x]\n{picture}", "Trois voix.")
    workspace.draft("plus.fr", f"at: 2016-03-15 10:00\nto: [bice-x]\n{picture}", "Plus tard.")
    assert not app.planner.queue(actor="redaction").errors
    return workspace


def records(workspace: Workspace) -> str:
    return (workspace.path / "posts/consents.yaml").read_text("utf-8")


def end(visit: Visit, until: str) -> httpx.Response:
    visit.get("/consents")
    return visit.send("/consents/end", seen=seen(visit), consent="panel", until=until)


def confirm_end(visit: Visit, until: str) -> httpx.Response:
    return visit.send(
        "/consents/end", seen=seen(visit), consent="panel", until=until, shown=visit.shown,
        sure="yes",
    )  # fmt: skip


def withdraw(visit: Visit, **fields: str) -> httpx.Response:
    return visit.send(
        "/consents/withdraw",
        **{"consent": "panel", "do": "withdraw", "shown": visit.shown, "sure": "yes",
           "reason": "the family asked for it", **fields},
    )  # fmt: skip


def test_those_that_end_soon_come_first_with_what_uses_them(manager: Visit, staff: Visit) -> None:
    manager.get("/consents")
    assert re.search(
        r"soon-over ends on 8 Mar 2016 .*panel ends on 20 Mar 2016 BICE · all platforms signed form,"
        r" folder 12 2 pictures · 2 posts Trois voix\. .*Trois femmes .*Plus tard\..*"
        r"forever no end date all organisations",
        manager.text,
    ), manager.text
    staff.get("/consents")
    assert "panel" in staff.text
    assert "folder 12" not in staff.text, "notes are for those who keep the records"
    manager.get("/accounts")
    assert 'href="/consents"' in manager.page


@both
def test_an_earlier_end_holds_what_comes_later_and_a_later_one_releases_it(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    end(manager, "2016-03-10")
    assert re.search(r"Plus tard\. .*→ held", manager.text)
    assert "Trois voix" not in manager.text
    assert records(workspace) == RECORDS
    confirm_end(manager, "2016-03-10")
    assert records(workspace) == RECORDS.replace("2016-03-20", "2016-03-10")
    assert states(app, "plus.fr") == {State.HELD}
    assert states(app, "voix.fr") == {State.AWAITING_APPROVAL}
    (step,) = app.queries.steps_about_file("posts/consents.yaml", 9)
    assert (step.event, step.actor) == ("consent changed", "direction")
    assert step.detail["last_day"] == {"from": "2016-03-20", "to": "2016-03-10"}
    assert not app.audit.verify().breaks
    end(manager, "")
    confirm_end(manager, "")
    assert records(workspace) == RECORDS.replace("  until: 2016-03-20\n", "")
    assert states(app, "plus.fr") == {State.AWAITING_APPROVAL}


def test_pages_know_what_the_ledger_keeps_of_a_picture(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    """Though no draft says it any more: they find the errors that a queue finds."""
    Image.new("RGB", (30, 20), "navy").save(workspace.path / "posts/media/other.png")
    other = "  - file: /media/other.png\n    alt: Une autre\n"
    named = f"media:\n{other}    people: true\n    consent: forever"
    workspace.draft("once.fr", f"at: 2016-03-16 10:00\nto: [bice-x]\n{named}", "Une fois.")
    assert not app.planner.queue(actor="redaction").errors
    workspace.remove("once.fr")
    workspace.edit("plus.fr.md", "media:\n", f"media:\n{other}")
    withdrawn = RECORDS.replace("forever:\n", "forever:\n  withdrawn: true\n")
    workspace.write("posts/consents.yaml", withdrawn)
    manager.get("/posts/plus.fr")
    assert "the history of “Une fois.” names the consent forever" in manager.text
    end(manager, "2016-03-10")
    assert "its draft has errors" in manager.text


def test_an_end_before_the_expiry_of_a_post_is_its_expiry(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    workspace.edit("voix.fr.md", "media:", "expires: 3d\nmedia:")
    app.planner.queue(actor="redaction")
    end(manager, "2016-03-09")
    said = "Trois voix. Tue 8 Mar, 10:00 X bice-x it expires at another time: when its consent ends"
    assert said in manager.text
    confirm_end(manager, "2016-03-09")
    (delivery,) = app.queries.deliveries(post="voix.fr")
    assert f"{delivery.expires_at:%d %H:%M}" == "09 22:59"


def test_an_end_that_nothing_feels_is_saved_at_once(workspace: Workspace, manager: Visit) -> None:
    end(manager, "2016-12-31")
    assert "Saved." in manager.text
    assert records(workspace) == RECORDS.replace("2016-03-20", "2016-12-31")


@pytest.mark.parametrize("until", ["never", "2016-13-01"])
def test_an_odd_day_is_refused(workspace: Workspace, manager: Visit, until: str) -> None:
    assert end(manager, until).status_code == 400
    assert records(workspace) == RECORDS


@both
def test_a_consent_is_added_by_staff_of_any_organisation(
    workspace: Workspace, app: Application, address: str
) -> None:
    app.people.add("ola", Rank.STAFF, PASSWORD, organisations=["BICE"])
    with Visit(address) as ola:
        ola.log_in("ola")
        ola.get("/consents")
        assert "Change the end date" not in ola.text
        fields = {"seen": seen(ola), "channel": ["twitter"], "organisation": ["BICE"]}
        more = {"until": "2016-12-31", "note": 'form "7": « a »'}
        ola.send("/consents/add", consent="atelier-3", **fields, **more)
        assert "Saved." in ola.text
        assert records(workspace) == (
            f'{RECORDS}atelier-3:\n  granted_to: ["BICE"]\n  channels: ["twitter"]\n'
            f"  until: 2016-12-31\n  note: {json.dumps(more['note'], ensure_ascii=False)}\n"
        )
        ola.get("/consents")
        assert ola.send("/consents/end", seen=seen(ola), consent="panel").status_code == 403
    (step,) = app.queries.steps_about_file("posts/consents.yaml", 9)
    assert (step.event, step.detail["consent"]) == ("consent added", "atelier-3")
    assert "form" not in json.dumps(step.detail), "a note may name a child"


@pytest.mark.parametrize("name", ["panel", "a b", "../x", "", "Ana: 7", "x" * 200])
def test_a_name_that_cannot_be_is_refused_with_what_was_typed(
    workspace: Workspace, manager: Visit, name: str
) -> None:
    manager.get("/consents")
    answer = manager.send("/consents/add", seen=seen(manager), consent=name, channel=["site"])
    assert answer.status_code == 400
    assert 'value="site" checked' in manager.page
    assert records(workspace) == RECORDS


def test_the_first_consent_makes_the_file(workspace: Workspace, manager: Visit) -> None:
    (workspace.path / "posts/consents.yaml").unlink()
    manager.get("/consents")
    scope = {"channel": ["site"], "organisation": ["BICE"]}
    manager.send("/consents/add", seen=seen(manager), consent="first", **scope)
    assert records(workspace) == 'first:\n  granted_to: ["BICE"]\n  channels: ["site"]\n'


@pytest.mark.parametrize("scope", [{}, {"channel": ["site"]}, {"organisation": ["BICE"]}])
def test_a_consent_that_does_not_say_where_and_for_whom_is_not_saved(
    workspace: Workspace, manager: Visit, scope: dict[str, list[str]]
) -> None:
    """What nobody ticked was allowed by nobody."""
    manager.get("/consents")
    assert (
        manager.send("/consents/add", seen=seen(manager), consent="wide", **scope).status_code
        == 400
    )
    assert "which organisations and platforms" in manager.text
    assert records(workspace) == RECORDS


def test_what_others_changed_meanwhile_is_not_written_over(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    end(manager, "2016-03-10")
    workspace.write("posts/consents.yaml", f"{RECORDS}# more\n")
    assert confirm_end(manager, "2016-03-10").status_code == 409
    assert "Someone else changed the consents in the meantime." in manager.text
    assert records(workspace) == f"{RECORDS}# more\n"
    end(manager, "2016-03-10")
    app.control.cancel("plus.fr", None, "chef", "not now")
    assert confirm_end(manager, "2016-03-10").status_code == 409
    assert records(workspace) == f"{RECORDS}# more\n"


@both
def test_a_withdrawal_shows_everything_then_takes_down_and_holds_it(
    workspace: Workspace, app: Application, address: str
) -> None:
    """Any manager may, on whatever account. Nobody has the keys here: it says what is not gone."""
    published(app, "voix.fr")
    with app.database.write() as connection:
        of_the_post = deliveries.c.post == "voix.fr"
        connection.execute(update(deliveries).where(of_the_post).values(account="former-x"))
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as kasia:
        kasia.log_in("kasia")
        kasia.get("/consents")
        kasia.send("/consents/withdraw", consent="panel")
        assert re.search(r"taken down 1 Trois voix.* are held 1 Plus tard", kasia.text)
        for missing in ({"reason": " "}, {"sure": ""}, {"shown": "0"}):
            assert withdraw(kasia, **missing).status_code in (400, 409)
            assert records(workspace) == RECORDS
        withdraw(kasia)
        assert "The consent is withdrawn." in kasia.text
        assert "Held: 1 delivery." in kasia.text
        assert "Not withdrawn: “Trois voix.” on former-x" in kasia.text
    written = RECORDS.replace("folder 12\n", "folder 12\n  withdrawn: true\n")
    assert records(workspace) == written
    assert states(app, "plus.fr") == {State.HELD}
    (step,) = app.queries.steps_about_file("posts/consents.yaml", 9)
    assert (step.event, step.actor) == ("consent withdrawn", "kasia")
    assert step.detail["reason"] == "the family asked for it"
    app.planner.queue(actor="redaction")
    assert states(app, "plus.fr") == {State.HELD}


def test_what_still_shows_a_withdrawn_consent_is_taken_down_later(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    workspace.write("posts/consents.yaml", RECORDS.replace("12\n", "12\n  withdrawn: true\n"))
    before = records(workspace)
    manager.get("/consents")
    assert "What still shows it" in manager.text
    manager.send("/consents/withdraw", consent="panel")
    withdraw(manager)
    assert "Held: 2 deliveries." in manager.text
    assert records(workspace) == before


def test_a_withdrawal_is_confirmed_once_more_with_the_form_as_it_was(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    """As that of a post is; to look asks for nothing."""
    an_hour_later(app)
    manager.get("/consents")
    assert manager.send("/consents/withdraw", consent="panel").status_code == 200
    assert withdraw(manager).status_code == 403
    assert "Nothing is done yet: Consents." in manager.text
    assert records(workspace) == RECORDS
    confirm(manager, password=PASSWORD)
    assert "The consent is withdrawn." in manager.text
    assert states(app, "plus.fr") == states(app, "voix.fr") == {State.HELD}


def test_staff_withdraws_nothing(workspace: Workspace, staff: Visit) -> None:
    staff.get("/consents")
    assert "Withdraw" not in staff.text.replace("A withdrawal", "")
    assert staff.send("/consents/withdraw", consent="panel", do="withdraw").status_code == 403
    assert records(workspace) == RECORDS


@pytest.mark.parametrize("path", ["/consents/end", "/consents/withdraw"])
def test_a_consent_that_is_not_there_is_no_error_of_the_server(manager: Visit, path: str) -> None:
    manager.get("/consents")
    answer = manager.send(path, seen=seen(manager), consent="nobody", until="2016-03-10")
    assert answer.status_code == 400


@pytest.mark.parametrize("text", ["- a list\n", "panel: [\n", "\ud800".encode("utf-8", "replace")])
def test_a_file_that_nobody_can_read_says_so(
    workspace: Workspace, manager: Visit, text: str | bytes
) -> None:
    path = workspace.path / "posts/consents.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert manager.get("/consents").status_code < 500


def test_no_address_and_no_line_of_the_log_has_the_name_of_a_consent(
    workspace: Workspace, manager: Visit, capfd: pytest.CaptureFixture[str]
) -> None:
    """It may be that of a child, against all advice."""
    workspace.write("posts/consents.yaml", RECORDS.replace("panel:", "ana-lopez:"))
    addresses: list[str] = []
    manager.client.event_hooks["request"] = [lambda sent: addresses.append(str(sent.url))]
    manager.client.event_hooks["response"] = [
        lambda answer: addresses.append(answer.headers.get("location", ""))
    ]
    manager.get("/consents")
    assert "ana-lopez" in manager.text
    form = {"seen": seen(manager), "consent": "ana-lopez"}
    manager.send("/consents/end", **form, until="2016-03-09")
    manager.get("/consents")
    manager.send("/consents/withdraw", **form)
    withdraw(manager, consent="ana-lopez")
    manager.get("/consents")
    manager.send("/consents/add", seen=seen(manager), consent="ana-lopez")
    assert not [one for one in addresses if "ana" in one]
    assert "ana" not in capfd.readouterr().err


def test_what_was_typed_is_kept_over_a_log_in(app: Application, manager: Visit) -> None:
    """With its scope: a consent must not become wider by that."""
    manager.get("/consents")
    form = {"seen": seen(manager), "consent": "atelier", "channel": ["site", "twitter"]}
    for person in app.people.all():
        app.sessions.revoke(person)
    assert manager.send("/consents/add", **form, organisation=["BICE"]).status_code == 401
    kept = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', manager.page, re.DOTALL)
    wanted = re.search(r'name="next" value="([^"]*)"', manager.page)
    assert kept
    assert wanted
    manager.send(
        "/login", name="direction", password=PASSWORD, next=wanted[1], kept=unescape(kept[1])
    )
    assert 'value="atelier"' in manager.page
    assert re.findall(r'value="(\S+)" checked', manager.page) == ["BICE", "site", "twitter"]


@pytest.mark.parametrize("width", in_tiers(1440, 390))
def test_nothing_keeps_anybody_from_using_the_pages(
    address: str, browser: Browser, width: int
) -> None:
    with visiting(browser, address, viewport={"width": width, "height": 844}) as page:
        enter(page, "direction")
        page.goto("/consents")
        page.get_by_text("Add a consent").click()
        assert serious(page, "/consents") == []
        page.goto("/consents")
        page.get_by_role("button", name="Withdraw …").nth(1).click()
        page.get_by_role("heading", name="Withdraw a consent").wait_for()
        assert serious(page, "/consents/withdraw") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
