"""Answering a reader from the pages: the button, the composer beside the comment, the review."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Executable, delete, update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.errors import StorageError
from publisher.ledger.manager.approvals import digest
from publisher.ledger.tables import reader_comments
from publisher.model.outcomes import Accepted
from publisher.model.reader_comments import CommentState
from publisher.model.states import State
from publisher.planning import Planner
from tests.support.forms import Composer
from tests.support.journeys import log_in, visiting
from tests.support.pages import PASSWORD, Visit
from tests.support.queueing import finish
from tests.support.workspaces import Workspace
from tests.web.conftest import published
from tests.web.test_answers import SCRIPT, alarm, state, write

pytestmark = pytest.mark.guards("publisher.drafts.replying", "publisher.planning.replyable")

POST = "answer-bice-x.fr"
ON_X = {"account": "bice-x", "remote_id": "77", "url": "https://x.com/i/web/status/77"}


@pytest.fixture
def comment(app: Application) -> int:
    published(app, "day.fr")
    return alarm(app, "Où est-ce ?", author="@zofia", **ON_X)


def _draft(workspace: Workspace) -> Path:
    return workspace.path / "posts" / f"{POST}.md"


def _answered(workspace: Workspace, app: Application, text: str = "À Genève.") -> None:
    front = "at: 2016-03-08 10:00\nto: [bice-x]\nanswers: '77'\nauthor: stagiaire"
    workspace.draft(POST, front, text)
    assert not app.planner.queue(actor="stagiaire").errors


def test_a_reader_is_answered_with_the_comment_beside_the_text(
    address: str, app: Application, browser: Browser, workspace: Workspace, comment: int
) -> None:
    with visiting(browser, address) as page:
        log_in(page, "stagiaire")
        page.goto("/answers")
        page.get_by_role("link", name="Answer …").click()
        expect(page.locator(".foreign")).to_contain_text("Où est-ce ?")
        expect(page.get_by_role("checkbox", name="bice-x")).to_be_checked()
        assert page.locator("textarea[name=text]").first.input_value() == ""
        page.locator("textarea[name=text]").first.fill("Au Palais des Nations.")
        page.locator("button[name=do][value=submit]").click()
        page.wait_for_url(f"**/posts/{POST}*")
        expect(page.locator(".foreign")).to_contain_text("Où est-ce ?")
        page.goto("/answers")
        expect(page.locator(".given")).to_contain_text("Au Palais des Nations.")
        expect(page.locator(".given")).to_contain_text("waits for approval")
    (delivery,) = app.queries.deliveries(post=POST)
    assert (delivery.state, delivery.answers) == (State.AWAITING_APPROVAL, "77")
    assert "Où est-ce" not in _draft(workspace).read_text("utf-8")
    assert state(app, comment) == CommentState.NEW, "it is not out yet"


def test_who_approves_sees_what_is_answered(
    app: Application, workspace: Workspace, manager: Visit, comment: int
) -> None:
    assert comment
    _answered(workspace, app)
    manager.get(f"/review?post={POST}")
    assert "It answers a reader on" in manager.page
    assert "Où est-ce ?" in manager.page


def test_who_approves_several_sees_what_each_answers(
    app: Application, workspace: Workspace, manager: Visit
) -> None:
    published(app, "day.fr")
    write(app, SCRIPT, author="<b>x</b>", **ON_X)
    _answered(workspace, app)
    manager.get(f"/review/many?post={POST}&post=later.fr")
    assert manager.page.count("It answers a reader on") == 1
    assert "{{ 7*7 }}" in manager.page
    assert "<script>alert" not in manager.page
    assert "<b>x</b>" not in manager.page


def test_when_it_is_out_the_list_leads_to_it(
    app: Application, workspace: Workspace, staff: Visit, comment: int
) -> None:
    _answered(workspace, app)
    (delivery,) = app.queries.deliveries(post=POST)
    app.approvals.approve([POST], None, "direction", {delivery.id: digest(delivery)})
    finish(app, POST, Accepted("2", url="https://x.com/i/web/status/2"))
    staff.get("/answers")
    assert "https://x.com/i/web/status/2" in staff.page
    assert "answered" in staff.text
    assert "direction" in staff.text
    assert state(app, comment) == CommentState.ANSWERED
    assert 'id="count-rail-answers"></i>' in staff.page


def test_a_drafted_answer_is_said_before_it_is_queued(
    workspace: Workspace, staff: Visit, comment: int
) -> None:
    assert comment
    workspace.draft(POST, "to: [twitter]\nanswers: '77'", "À Genève.")
    staff.get("/answers")
    assert "drafted" in staff.text
    assert POST in staff.page
    staff.get(f"/posts/{POST}")
    assert "Où est-ce ?" in staff.page
    staff.get(f"/posts/{POST}/edit")
    assert "Où est-ce ?" in staff.page


def test_what_a_reader_writes_stays_text_beside_the_composer(
    app: Application, staff: Visit
) -> None:
    published(app, "day.fr")
    number = write(app, SCRIPT, author="<b>x</b>", **ON_X)
    staff.get(f"/new?answer={number}")
    assert "<script>alert" not in staff.page
    assert "<b>x</b>" not in staff.page
    assert "{{ 7*7 }}" in staff.page


def test_where_the_platform_lets_nobody_answer_it_is_said(app: Application, staff: Visit) -> None:
    number = write(app, account="bice-site")
    staff.get("/answers")
    assert f"/new?answer={number}" not in staff.page
    assert staff.get(f"/new?answer={number}").status_code == 409
    assert "website has no readers&#39; comments" in staff.text


def test_a_draft_that_is_left_out_is_not_said_to_be_on_the_schedule(
    workspace: Workspace, staff: Visit
) -> None:
    workspace.draft(POST, "at: 2016-03-08 10:00\nto: [bice-x]\nanswers: '99'", "À Genève.")
    staff.get(f"/posts/{POST}/queue")
    assert "Queueing the draft changes nothing." in staff.text
    assert "already matches the draft" not in staff.text


def test_what_went_to_an_account_that_is_gone_is_not_answered(
    app: Application, manager: Visit
) -> None:
    number = write(app, account="gone")
    assert manager.get(f"/new?answer={number}").status_code == 409


def test_a_private_message_and_a_hidden_one_are_not_answered(
    app: Application, staff: Visit, comment: int
) -> None:
    private = write(app, "", signs='[["private", ""]]', **{**ON_X, "remote_id": "78"})
    hidden = write(app, "spam", state="hidden", **{**ON_X, "remote_id": "79"})
    staff.get("/answers")
    assert f"/new?answer={comment}" in staff.page
    for number in (private, hidden):
        assert f"/new?answer={number}" not in staff.page
        assert staff.get(f"/new?answer={number}").status_code == 409


def test_others_do_not_see_what_readers_of_an_account_wrote(
    app: Application, address: str, workspace: Workspace, comment: int
) -> None:
    _answered(workspace, app)
    app.people.add("wanda", Rank.STAFF, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as visit:
        visit.log_in("wanda")
        for path in (f"/posts/{POST}", f"/posts/{POST}/edit"):
            visit.get(path)
            assert "Où est-ce" not in visit.page
        assert visit.get(f"/new?answer={comment}").status_code == 409
        assert "Où est-ce" not in visit.page


def test_a_post_leads_to_what_readers_wrote_below_it(staff: Visit, comment: int) -> None:
    assert comment
    staff.get("/posts/day.fr")
    assert "/answers?post=day.fr" in staff.page
    staff.get("/answers?post=day.fr")
    assert "Où est-ce ?" in staff.page
    staff.get("/answers?post=later.fr")
    assert "Où est-ce ?" not in staff.page


def test_a_copy_of_an_answer_answers_nobody(
    workspace: Workspace, staff: Visit, comment: int
) -> None:
    assert comment
    workspace.draft(POST, "to: [bice-x]\nanswers: '77'", "À Genève.")
    staff.get(f"/new?copy={POST}")
    assert 'name="answers"' not in staff.page
    assert "À Genève." in staff.page


def test_what_else_answers_the_same_reader_is_said_wherever_it_is_looked_at(
    workspace: Workspace, app: Application, staff: Visit, manager: Visit, comment: int
) -> None:
    _answered(workspace, app)
    form = Composer(staff, f"/new?answer={comment}").write("Au Palais des Nations.")
    told = "“À Genève.” answers the same reader."
    of_itself = "“Au Palais des Nations.” answers the same reader."
    assert told in staff.text
    form.send("check")
    assert told in staff.text, "before anybody submits it"
    form.send("submit")
    other = "answer-bice-x-2.fr"
    for path in (f"/posts/{other}", f"/review?post={other}", f"/review/many?post={other}"):
        manager.get(path)
        assert told in manager.text
        assert of_itself not in manager.text, "it is no other one"
    manager.get(f"/posts/{POST}/edit")
    assert of_itself in manager.text
    assert told not in manager.text


def test_no_copy_of_an_answer_is_called_by_the_readers_name(
    app: Application, workspace: Workspace, staff: Visit, comment: int
) -> None:
    """Ids stand in calendars and notices. Neither is a copy of its correction."""
    assert comment
    _answered(workspace, app, "@zofia À Geneve.")
    fix = f"to: [bice-x]\ncorrects: {POST}\nreason: Une faute."
    workspace.draft("fix.fr", fix, "@zofia À Genève.")
    for source in (POST, "fix.fr"):
        Composer(staff, f"/new?copy={source}").send("keep")
    names = {path.name for path in workspace.path.glob("posts/*.md")}
    assert {"answer-bice-x-2.fr.md", "answer-bice-x-3.fr.md"} <= names
    assert not [name for name in names if "zofia" in name]


_HIDDEN = update(reader_comments).values(state=CommentState.HIDDEN)


@pytest.mark.parametrize(
    ("meanwhile", "account", "reason"),
    [
        (_HIDDEN, "bice-x", "The reader&#39;s comment is hidden."),
        (delete(reader_comments), "bice-x", "bice-x has no reader"),
        (None, "bice-page", "bice-page has no reader"),
    ],
)
def test_an_answer_that_cannot_be_submitted_says_why(
    app: Application,
    workspace: Workspace,
    staff: Visit,
    comment: int,
    meanwhile: Executable | None,
    account: str,
    reason: str,
) -> None:
    form = Composer(staff, f"/new?answer={comment}").write("À Genève.").fill(account=account)
    if meanwhile is not None:
        with app.database.write() as connection:
            connection.execute(meanwhile)
    form.send("check")
    assert f"Warning: {reason}" in staff.text, "before anybody submits it"
    form.send("submit")
    assert f"Saved. {reason}" in staff.text
    assert "already matches the draft" not in staff.text
    assert "Nothing on the schedule changes" not in staff.text
    assert list(workspace.path.glob("posts/answer-*.md")), "it is kept"


@pytest.mark.parametrize("place", ["edit", "queue"])
def test_an_answer_that_is_held_is_said_to_be_and_why(
    app: Application, workspace: Workspace, manager: Visit, comment: int, place: str
) -> None:
    assert comment
    _answered(workspace, app)
    with app.database.write() as connection:
        connection.execute(_HIDDEN)
    if place == "edit":
        Composer(manager, f"/posts/{POST}/edit").write("Au Palais.").send("submit")
    else:
        manager.get(f"/posts/{POST}/queue")
        manager.send(f"/posts/{POST}/queue", shown=manager.shown)
    (delivery,) = app.queries.deliveries(post=POST)
    assert delivery.state is State.HELD
    assert "Held: 1 delivery. The reader&#39;s comment is hidden." in manager.text
    assert "On the schedule" not in manager.text


def test_what_was_typed_stays_when_it_cannot_be_compared(
    staff: Visit, comment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pictures are copied to be compared, and the disk may be full."""
    form = Composer(staff, f"/new?answer={comment}").write("À Genève, vraiment.")
    compare = Mock(side_effect=StorageError("No space is left."))
    monkeypatch.setattr(Planner, "compare", compare)
    form.send("check")
    assert "À Genève, vraiment." in staff.page
    form.send("submit")
    assert compare.call_count == 3, "also where submitting it fails, and its page is made"
    assert "No space is left." in staff.text
    assert "À Genève, vraiment." in staff.page


def test_an_answer_that_can_be_submitted_warns_of_nothing(staff: Visit, comment: int) -> None:
    form = Composer(staff, f"/new?answer={comment}").write("À Genève.")
    form.send("check")
    assert "Warning:" not in staff.text
    form.send("submit")
    assert "Submitted for approval: 1 delivery." in staff.text
