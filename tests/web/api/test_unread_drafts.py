"""What a program wrote waits until a person has read it whole, and is known as the program's."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from publisher.app import Application
from publisher.base.errors import FileChanged
from publisher.ledger.manager.approvals import digest
from publisher.model.events import Event
from publisher.model.outcomes import Unknown
from publisher.model.states import State
from publisher.planning import Plan
from tests.cli.runner import Cli, Result, shown_at_terminal
from tests.support.forms import Composer
from tests.support.happening import ends
from tests.support.pages import Visit
from tests.support.workspaces import Workspace
from tests.web.api.conftest import Make, Program
from tests.web.conftest import published

pytestmark = pytest.mark.guards(
    "publisher.ledger.unread_drafts",
    "publisher.planning.unread",
    "publisher.ledger.token_bounds",
    "publisher.cli.commands.reading",
    "publisher.web.api.delivery_records",
)

POST = "2016-03-09-bonjour-de-lima.fr"
SITE = {
    "to": ["bice-site"], "at": "2016-03-09 12:00", "lang": "fr",
    "texts": {"": ["Bonjour de Lima."]},
}  # fmt: skip
"""For an account without approval."""
X = {**SITE, "to": ["bice-x"]}
"""For one that needs it."""


Command = Callable[..., Result]


@pytest.fixture
def cli(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> Command:
    """A command in the workspace, whose folder is not the process's own: that goes on after it."""
    run = Cli(capsys, monkeypatch)
    return lambda *arguments: run("--workspace", workspace.path, *arguments)


def queue(app: Application, *paths: str) -> Plan:
    return app.planner.queue(paths, actor="redaction")


def states(app: Application, post: str = POST) -> list[State]:
    return [one.state for one in app.queries.deliveries(post=post)]


def _renamed(workspace: Workspace) -> None:
    (workspace.path / f"posts/{POST}.md").rename(workspace.path / "posts/other.fr.md")


def _copied(workspace: Workspace) -> None:
    text = (workspace.path / f"posts/{POST}.md").read_text("utf-8")
    workspace.write("posts/other.fr.md", text)


def _written_by_hand(workspace: Workspace) -> None:
    path = workspace.path / f"posts/{POST}.md"
    path.write_text(path.read_text("utf-8").replace("author:", "title:"), "utf-8")


@pytest.mark.parametrize(
    "becomes", [lambda _: None, _renamed, _copied, _written_by_hand], ids=lambda one: one.__name__
)
def test_queue_leaves_it_out_and_says_so(
    app: Application,
    program: Make,
    workspace: Workspace,
    becomes: Callable[[Workspace], None],
) -> None:
    """Under whatever name, and whatever of its file was taken away; colleagues' drafts go on."""
    program("stagiaire").make(**SITE)
    becomes(workspace)
    workspace.draft("own.fr", "at: 2016-03-09 15:00\nto: [bice-site]", "Une autre.")
    done = queue(app)
    assert states(app, "own.fr") == [State.SCHEDULED]
    assert states(app) == states(app, "other.fr") == []
    assert "stagiaire, by a program" in done.left_out[0].message
    assert not done.errors
    assert not done.is_as_drafted


def test_what_is_wrong_with_it_stops_nobody_else(
    app: Application, program: Make, workspace: Workspace
) -> None:
    program("stagiaire").make(**{**SITE, "link": "no link", "at": "2016-03-27 02:30"})
    workspace.draft("own.fr", "at: 2016-03-09 15:00\nto: [bice-site]", "Bonjour de Lima.")
    program("stagiaire").make(**{**SITE, "at": "2016-03-09 14:00"})  # the same words, earlier
    done = queue(app)
    assert not done.errors
    assert states(app, "own.fr") == [State.SCHEDULED]


def test_a_correction_takes_no_link_or_picture_that_no_person_has_read(
    app: Application, program: Make, cli: Command, workspace: Workspace, staff: Visit
) -> None:
    """It would be a person's draft; the refusal says what to do."""
    published(app, "site/news.fr")
    change = {"link": "https://www.example.org/planted"}
    program("redaction").send("PATCH", "/drafts/site/news.fr", json=change, match="*")
    staff.get("/posts/site/news.fr/correct")
    assert "redaction, by a program changed the draft of “Une nouvelle.”" in staff.text
    refused = cli("correct", "site/news.fr", "--reason", "a figure")
    assert refused.code == 1
    assert "read site/news.fr` shows it whole. Then correct it." in refused.err
    assert not [*(workspace.path / "posts").rglob("*correction*")]
    (mark,) = app.queries.unread_drafts()
    app.edits.read(mark.post, mark.digest, "redaction", [], look=lambda: None)
    assert cli("correct", "site/news.fr", "--reason", "a figure").code == 0


def test_the_schedule_keeps_what_it_has_of_a_colleagues_post(
    app: Application, program: Make
) -> None:
    """With the program named in the history, and whoever queued it in the log."""
    asking = program("stagiaire")
    asking.send("PATCH", "/drafts/site/news.fr", json={"texts": {"": ["INJECTED"]}}, match="*")
    done = queue(app)
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.content.parts[0].text == "Une nouvelle."
    assert [one.post for one in done.as_queued] == ["site/news.fr"]
    step = app.queries.history("site/news.fr")[-1]
    assert (step.event, step.actor, step.program) == ("draft edited", "stagiaire", "a program")
    assert step.by == "stagiaire, by a program"
    assert "program" not in step.detail
    asking.send("PATCH", "/drafts/site/news.fr", json={"to": ["bice-x"]}, match="*")
    queue(app)
    assert states(app, "site/news.fr") == [State.SCHEDULED], "nor is it cancelled"


def _on_its_page(visit: Visit, _app: Application) -> None:
    visit.get(f"/posts/{POST}")
    assert "stagiaire, by a program" in visit.text
    visit.get(f"/posts/{POST}/queue")
    assert "Bonjour de Lima." in visit.text
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]{64})"', visit.page)
    visit.send(f"/posts/{POST}/read", seen=seen)
    assert "Put it on the schedule" in visit.text


def _in_the_composer(visit: Visit, app: Application) -> None:
    text = (app.settings.posts / f"{POST}.md").read_text("utf-8")
    visit.get(f"/posts/{POST}/file")
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]{64})"', visit.page)
    visit.send(f"/posts/{POST}/file", body=text, seen=seen, do="save")


@pytest.mark.parametrize("read", [_on_its_page, _in_the_composer])
def test_once_a_person_has_read_it_it_is_queued_as_any_other(
    app: Application, program: Make, manager: Visit, read: Callable[[Visit, Application], None]
) -> None:
    """Until a program changes it again."""
    asking = program("stagiaire")
    asking.make(**SITE)
    read(manager, app)
    steps = app.queries.history(POST)
    assert (steps[-1].event, steps[-1].actor) == (Event.DRAFT_READ, "direction")
    asking.send("PATCH", f"/drafts/{POST}", json={"title": "Lima"}, match="*")
    queue(app)
    assert states(app) == []
    read(manager, app)
    queue(app)
    assert states(app) == [State.SCHEDULED]


def test_at_a_terminal_it_is_read_by_somebody_who_answers(
    app: Application,
    program: Make,
    workspace: Workspace,
    cli: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program("stagiaire").make(**SITE)
    refused = cli("read", POST)
    assert refused.code == 2
    assert "a person" in refused.err.lower()
    assert app.queries.unread_drafts()
    said = ("--workspace", str(workspace.path), "read", POST, "--as", "direction")
    shown = shown_at_terminal(*said, monkeypatch=monkeypatch, typed="y\n")
    assert "Bonjour de Lima." in shown
    assert app.queries.unread_drafts() == []


def test_what_was_changed_since_it_was_seen_is_not_read(
    app: Application, program: Make, manager: Visit
) -> None:
    asking = program("stagiaire")
    seen = asking.make(**SITE)["etag"]
    asking.send("PATCH", f"/drafts/{POST}", json={"title": "Lima"}, match="*")
    manager.get(f"/posts/{POST}/queue")
    answer = manager.send(f"/posts/{POST}/read", seen=seen)
    assert answer.status_code == 409
    assert app.queries.unread_drafts()
    with pytest.raises(FileChanged):
        app.edits.read(POST, seen, "direction", ["bice-site"], look=_raise_changed)


def _raise_changed() -> None:
    raise FileChanged


def test_nothing_but_reading_lets_it_go(app: Application, program: Make, manager: Visit) -> None:
    """Neither to move it, to repeat it, nor to queue it on its page."""
    program("stagiaire").make(**SITE)
    manager.get(f"/posts/{POST}/move")
    manager.send(f"/posts/{POST}/move", at="2016-03-09T16:00", seen="", sure="yes")
    manager.send(f"/posts/{POST}/queue", shown="", sure="yes")
    repeat = f"/posts/{POST}/repeat?on=monday&how=clock&clock=08:30&until=2016-03-21"
    manager.get(repeat)
    manager.send(repeat, do="submit")
    assert "by a program" in manager.text
    assert [one.post for one in app.queries.unread_drafts()] == [POST]
    assert not [one for one in app.queries.deliveries(account="bice-site") if "lima" in one.post]


def test_what_is_on_the_schedule_gets_no_new_time_in_the_draft_alone(
    app: Application, program: Make, manager: Visit
) -> None:
    """It would go out at the old one, and whoever moved it would not know."""
    path = app.settings.posts / "site/news.fr.md"
    program("stagiaire").send("PATCH", "/drafts/site/news.fr", json={"title": "Lima"}, match="*")
    before = path.read_bytes()
    manager.get("/posts/site/news.fr/move")
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]{64})"', manager.page)
    manager.send("/posts/site/news.fr/move", at="2016-03-09T16:00", seen=seen)
    assert "stagiaire, by a program" in manager.text
    assert path.read_bytes() == before


def test_an_approval_reads_what_the_program_asked_to_approve(
    app: Application, program: Make
) -> None:
    """And not what it wrote afterwards."""
    asking = program("stagiaire")
    asking.make(**X)
    asking.send("POST", f"/submissions/{POST}")
    (waiting,) = app.queries.deliveries(post=POST)
    assert (waiting.state, waiting.queued_by) == (State.AWAITING_APPROVAL, "stagiaire")
    assert waiting.queued_by_in_words == "stagiaire, by a program"
    assert not queue(app).left_out, "it waits already"
    asking.send("PATCH", f"/drafts/{POST}", json={"title": "Lima"}, match="*")
    app.approvals.approve([POST], None, "direction", {waiting.id: digest(waiting)})
    assert [one.post for one in app.queries.unread_drafts()] == [POST]
    assert queue(app).left_out
    assert states(app) == [State.SCHEDULED], "as it was approved"


def test_what_was_approved_whole_is_read(app: Application, program: Make) -> None:
    asking = program("stagiaire")
    asking.make(**{**X, "to": ["bice-x", "bice-page"]})
    asking.send("POST", f"/submissions/{POST}")
    for one in app.queries.deliveries(post=POST):
        assert app.queries.unread_drafts(), "a part of it is not read yet"
        app.approvals.approve([POST], one.account, "direction", {one.id: digest(one)})
    assert app.queries.unread_drafts() == []


@pytest.mark.parametrize("at", ["now", " NOW "])
def test_now_is_refused_to_programs(app: Application, program: Make, at: str) -> None:
    asking = program("stagiaire")
    asking.make(**SITE)
    for method, path in (("POST", "/drafts"), ("PATCH", f"/drafts/{POST}")):
        answer = asking.send(method, path, json={**SITE, "at": at}, match="*")
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:publisher:problem:now-is-for-people"
    assert len([*app.settings.posts.glob("*lima*")]) == 1


def test_who_queued_it_is_who_queued_it(
    app: Application, program: Make, workspace: Workspace, cli: Command
) -> None:
    """Its author is another field, in the log of programs and in that of people."""
    workspace.draft("own.fr", "at: 2016-03-09 15:00\nto: [bice-site]\nauthor: anna", "Une autre.")
    app.planner.queue([workspace.path / "posts/own.fr.md"], actor="paul")
    rows = json.loads(cli("log", "--format", "json").out)
    (row,) = (one for one in rows if one["post"] == "own.fr")
    (told,) = _logged(program(), "own.fr")
    for one in (row, told):
        assert (one["author"], one["queued_by"], one["queued_by_program"]) == ("anna", "paul", None)


def _logged(asking: Program, post: str) -> list[Any]:
    return [one for one in asking.get("/deliveries")["deliveries"] if one["post"] == post]


def test_the_history_names_the_program_and_stays_unbroken(
    app: Application, program: Make, manager: Visit, cli: Command
) -> None:
    """In the API, on the page, in Review and at a terminal; the chain covers it."""
    asking = program("stagiaire")
    asking.make(**X)
    asking.send("POST", f"/submissions/{POST}")
    (logged,) = _logged(asking, POST)
    found = asking.get(f"/deliveries/{logged['id']}")
    assert {(one["actor"], one["program"]) for one in found["steps"]} == {
        ("stagiaire", "a program")
    }
    assert found["steps"][-1]["detail"]["due_at"] == found["delivery"]["due_at"]
    manager.get("/review", params={"post": POST})
    assert "stagiaire, by a program" in manager.text
    assert "by a program" in cli("history", POST).out
    assert cli("log", "verify").code == 0


@pytest.mark.parametrize("asks", [True, False])
def test_what_a_program_writes_while_it_is_queued_is_planned_again(
    app: Application, program: Make, workspace: Workspace, *, asks: bool
) -> None:
    """Else an approval of the words before would let go those after, which nobody saw."""
    asking = program("stagiaire")
    if asks:
        asking.make(**X)
    else:
        workspace.draft(POST, 'at: "2016-03-09 12:00"\nto: [bice-x]\nlang: fr', "Bonjour de Lima.")
    plans: list[set[str]] = []

    def agree(plan: Plan) -> None:
        plans.append({change.account for change in plan.changes})
        if len(plans) == 1:
            more = {"to": ["bice-x", "bice-site"]}
            asking.send("PATCH", f"/drafts/{POST}", json=more, match="*")

    path = app.settings.posts / f"{POST}.md"
    app.planner.queue([path], actor="stagiaire", read=[POST] if asks else (), agree=agree)
    assert plans == [{"bice-x"}, {"bice-x", "bice-site"} if asks else set()]


def test_whoever_moves_it_in_the_composer_has_read_it(
    app: Application, program: Make, manager: Visit
) -> None:
    program("stagiaire").make(**SITE)
    form = Composer(manager, f"/posts/{POST}/edit").fill(at="2016-03-09T16:00")
    form.send("submit")
    assert states(app) == [State.SCHEDULED]
    assert app.queries.unread_drafts() == []


def test_a_copy_that_is_deleted_is_not_read_for_the_others(
    app: Application, program: Make, manager: Visit
) -> None:
    asking = program("stagiaire")
    first, second = (asking.make(**SITE)["id"] for _ in range(2))
    (seen,) = Composer(manager, f"/posts/{second}/edit").values("seen")
    manager.send(f"/posts/{second}/edit", do="delete", seen=seen, sure="yes")
    assert not (app.settings.posts / f"{second}.md").exists()
    assert [one.post for one in app.queries.unread_drafts()] == [first]


def test_at_a_terminal_it_is_repeated_only_once_it_was_read(
    app: Application, program: Make, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its copies have its words, and other bytes."""
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T09:00:00+01:00")
    program("stagiaire").make(**SITE)
    said = "repeat", POST, "--on", "monday", "--at", "08:30", "--until", "2016-03-21"
    refused = cli(*said)
    assert refused.code == 1
    assert "stagiaire, by a program" in refused.err
    assert f"read {POST}`" in refused.err
    assert len([*app.settings.posts.glob("*bonjour-de-lima*")]) == 1
    app.edits.read(POST, app.queries.unread_drafts()[0].digest, "direction", [], look=lambda: None)
    assert cli(*said).code == 0


def test_programs_read_what_the_public_sees(app: Application, program: Make) -> None:
    ends(app, app.queries.deliveries(post="site/news.fr")[0], Unknown("No answer."))
    (told,) = _logged(program(), "site/news.fr")
    assert (told["parts"], told["parts_out"], told["acknowledged_by"]) == (1, 0, None)
    assert told["public"] == "uncertain: it may be out or not"
