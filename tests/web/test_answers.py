"""The page of answers: what comes first, what a person does with it, and that it does no harm."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.channels.registry import SPECS
from publisher.channels.spec import ChannelSpec
from publisher.ledger.news.notice_addresses import Addresses
from publisher.ledger.tables import reader_comments
from publisher.model.reader_comments import CommentState
from tests.support.journeys import visiting
from tests.support.pages import PASSWORD, Visit

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)> **bold** {{ 7*7 }}"


def write(app: Application, text: str = "Bonjour", **more: Any) -> int:
    """A comment as a reading keeps it."""
    now = app.clock.now()
    row = {
        "account": "bice-page", "remote_id": f"1_{text}", "post": "day.fr", "author": "Zofia",
        "text": text, "url": "https://www.facebook.com/1", "written_at": now, "read_at": now,
        "signs": "[]", "urgency": 0, "state": "not seen", "checked_at": now,
    }  # fmt: skip
    with app.database.write() as connection:
        made = reader_comments.insert().values({**row, **more}).returning(reader_comments.c.id)
        return int(connection.execute(made).scalar_one())


def alarm(app: Application, text: str = "help me", **more: Any) -> int:
    return write(app, text, urgency=2, signs=json.dumps([["word", "help me"]]), **more)


def state(app: Application, comment: int) -> str:
    query = select(reader_comments.c.state).where(reader_comments.c.id == comment)
    with app.database.read() as connection:
        return str(connection.execute(query).scalar_one())


def test_what_calls_for_somebody_is_first_and_counted(app: Application, staff: Visit) -> None:
    alarm(app, written_at=app.clock.now() - timedelta(hours=5))
    write(app, "Merci")
    staff.get("/answers")
    assert staff.page.index("help me") < staff.page.index("Merci")
    assert "alarm word: help me" in staff.page
    assert 'id="count-rail-answers">1<' in staff.page
    assert 'id="count-menu-answers">1<' in staff.page, "a phone has it at the menu"


def test_what_is_not_read_is_said_plainly_and_the_setting_only_to_whom_it_is_for(
    address: str, staff: Visit
) -> None:
    assert "publisher.toml" not in staff.get("/answers").text
    assert "not shown here, because the platform charges for it" in staff.text
    with Visit(address) as admin:
        admin.log_in("chef")
        admin.get("/answers")
        assert "With [comments] read =" in admin.text


def test_a_foreign_text_is_shown_as_text(app: Application, staff: Visit) -> None:
    write(app, SCRIPT, author="<b>x</b>")
    write(app, "s" * 2000, url="javascript:alert(1)", remote_id="2")
    staff.get("/answers")
    assert "<script>alert" not in staff.page
    assert "<img src=x" not in staff.page
    assert "<b>x</b>" not in staff.page
    assert "{{ 7*7 }}" in staff.page


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("seen", CommentState.SEEN),
        ("hide", CommentState.HIDING),
        ("hand", CommentState.HANDED),
    ],
)
def test_staff_deals_with_an_answer(app: Application, staff: Visit, do: str, after: str) -> None:
    comment = alarm(app)
    Addresses(app.database, app.clock).add(
        app.people.find("direction"), "ntfys://ntfy.example.org/x"
    )
    staff.get("/answers")
    staff.send("/answers", answer=str(comment), do=do, to="direction")
    assert state(app, comment) == after
    assert 'id="count-rail-answers"></i>' in staff.page


def test_deleting_is_for_managers(app: Application, staff: Visit, manager: Visit) -> None:
    comment = alarm(app)
    staff.get("/answers")
    assert 'value="delete"' not in staff.page
    assert staff.send("/answers", answer=str(comment), do="delete").status_code == 403
    assert state(app, comment) == "not seen"
    manager.get("/answers")
    manager.send("/answers", answer=str(comment), do="delete")
    assert state(app, comment) == CommentState.DELETING


def test_answers_to_other_organisations_are_not_shown(app: Application, address: str) -> None:
    """A disclosure is for those whose account it was made to."""
    comment = alarm(app, "a secret")
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as visit:
        visit.log_in("kasia")
        visit.get("/answers")
        assert "a secret" not in visit.page
        assert 'id="count-rail-answers"></i>' in visit.page
        assert visit.send("/answers", answer=str(comment), do="seen").status_code == 403


def test_filters_and_pages(app: Application, staff: Visit) -> None:
    for number in range(40):
        write(app, f"number {number:02}", state="seen" if number % 2 else "not seen")
    staff.get("/answers?state=seen")
    assert "number 01" in staff.page
    assert "number 02" not in staff.page
    staff.get("/answers?account=bice-x")
    assert "number" not in staff.page
    staff.get("/answers")
    assert "number 39" in staff.page
    assert "number 05" not in staff.page
    following = staff.page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    staff.get(following)
    assert "number 05" in staff.page
    for wrong in ("after=nonsense", "state=nonsense"):
        assert staff.get(f"/answers?{wrong}").status_code == 400


def test_a_worrying_answer_is_hidden_with_two_clicks_and_without_a_script(
    address: str, app: Application, browser: Browser
) -> None:
    comment = alarm(app)
    with visiting(browser, address, java_script_enabled=False) as page:
        page.goto("/login?next=/answers")
        page.locator("#name").fill("stagiaire")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        page.get_by_text("Hide …").click()
        page.get_by_role("button", name="Hide it now").click()
        expect(page.locator(".answers")).to_contain_text("being hidden")
    assert state(app, comment) == CommentState.HIDING


def test_who_still_sees_a_hidden_answer_is_said_before_it_is_hidden(
    app: Application, staff: Visit
) -> None:
    alarm(app)
    staff.get("/answers")
    assert "The author and their friends still see it" in staff.page
    assert "If nobody at all should see it, delete it." in staff.page


def test_an_answer_is_handed_only_to_who_may_look_and_a_silent_one_is_said(
    app: Application, staff: Visit
) -> None:
    app.people.add("kasia", Rank.MANAGER, PASSWORD, organisations=["Warsaw"])
    comment = alarm(app)
    staff.get("/answers")
    assert "<option>kasia</option>" not in staff.page
    staff.send("/answers", answer=str(comment), do="hand", to="direction")
    assert "tell them yourself" in staff.page
    assert 'id="count-rail-answers">1<' in staff.page


def test_where_no_app_can_hide_an_answer_it_is_said_who_deletes_it(
    app: Application, staff: Visit, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SPECS["facebook"]
    assert spec.comments
    without = replace(spec, comments=replace(spec.comments, hides=False))
    monkeypatch.setitem(cast("dict[str, ChannelSpec]", SPECS), "facebook", without)
    alarm(app)
    staff.get("/answers")
    assert "Hide …" not in staff.page
    assert "a manager can delete it here" in staff.page
    manager.get("/answers")
    assert "keep a copy first" in manager.page
    assert "hide it, and keep" not in manager.page
