"""What holds where the board is installed: nothing of Publisher was edited for it.

`test_other_distributions.py` runs this file in a process that finds the board's distribution.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from publisher.app import Application
from publisher.base.errors import ConfigurationError
from publisher.channels.registry import SPECS, title
from publisher.doctor import accounts as doctor
from publisher.drafts import json_schema
from publisher.drafts.check import check
from publisher.ledger.manager.rights import Rank
from publisher.model.states import State
from publisher.sandbox.faults import parse_faults
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings import settings
from tests.cli.runner import Cli
from tests.docs import channels
from tests.support.clock import ManualClock
from tests.support.delivering import deliver_at_once
from tests.support.pages import PASSWORD, Visit, serving
from tests.support.workspaces import Workspace

SETTINGS = """
[accounts.hall]
channel = "pinboard"
wall = "lobby"
organisation = "BICE"
"""
TEXT = "Bonjour à tous. #droits"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "campaign", settings=SETTINGS)
    made.write("secrets.toml", '[hall]\nboard_key = "1234567"\n').chmod(0o600)
    made.draft("note.fr", "at: 2016-03-07 09:00\nto: [hall]", TEXT)
    return made


@pytest.fixture
def app(workspace: Workspace) -> Iterator[Application]:
    clock = ManualClock()
    clock.set(-7200)
    app = Application(settings.load(workspace.path, {}), clock)
    app.database.migrate()
    assert not app.planner.queue(actor="redaction").errors
    yield deliver_at_once(app)
    app.close()


def publish(app: Application) -> None:
    clock = app.clock
    assert isinstance(clock, ManualClock)
    (waiting,) = app.queries.deliveries(state=State.SCHEDULED)
    clock.advance((waiting.not_before - clock.now()).total_seconds())
    for claim in app.dispatch.claim(clock.now(), clock.ahead(60), 10):
        app.delivery.courier.deliver([claim])


def test_a_post_is_published(app: Application) -> None:
    publish(app)
    (out,) = app.queries.deliveries(state=State.PUBLISHED)
    assert out.remote_ids == ("note-fr",)
    notes = json.loads((app.settings.var / "board" / "hall.json").read_text())
    assert notes == {"note-fr": {"wall": "lobby", "text": TEXT, "pictures": []}}


def test_its_rules_are_checked(workspace: Workspace) -> None:
    workspace.draft("long.fr", "at: 2016-03-07 10:00\nto: [hall]", "a" * 121)
    workspace.draft("tags.fr", "at: 2016-03-07 11:00\nto: [noticeboard]", "Un. #un #deux")
    _library, problems = check(settings.load(workspace.path, {}))
    found = {(problem.file, problem.code) for problem in problems}
    assert ("posts/long.fr.md", "too-long") in found
    assert ("posts/tags.fr.md", "unknown-recipient") in found
    (hint,) = {problem.hint for problem in problems if problem.code == "unknown-recipient"}
    assert "board" in str(hint)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('channel = "board"\n', "an account of board needs wall"),
        ('channel = "board"\nwall = "Lobby 1"\n', "wall"),
        ('channel = "site"\nwall = "lobby"\n', "wall is only for accounts on board"),
    ],
)
def test_its_settings_are_checked(tmp_path: Path, text: str, told: str) -> None:
    made = Workspace(tmp_path, settings=f"[accounts.hall]\n{text}")
    with pytest.raises(ConfigurationError, match=told):
        settings.load(made.path, {})


def test_its_credential_stands_in_no_committed_file(tmp_path: Path) -> None:
    made = Workspace(tmp_path, settings=f'{SETTINGS}board_key = "1234567"\n')
    with pytest.raises(ConfigurationError, match="is a secret"):
        settings.load(made.path, {})


def test_the_address_that_its_keys_go_to_stands_in_no_committed_file(tmp_path: Path) -> None:
    made = Workspace(tmp_path, settings=f'{SETTINGS}board_server = "https://example.org"\n')
    with pytest.raises(ConfigurationError, match="where credentials are sent") as refused:
        settings.load(made.path, {})
    assert "secrets.toml" in str(refused.value.hint)


def test_pages_and_report_show_it(app: Application) -> None:
    app.people.add("direction", Rank.MANAGER, PASSWORD)
    with serving(app) as address, Visit(address) as visit:
        visit.log_in("direction")
        for page in (
            "/",
            "/posts",
            "/posts/note.fr",
            "/accounts",
            "/calendar",
            "/posts/note.fr/edit",
        ):
            found = visit.get(page)
            assert found.status_code == 200, page
            assert "Notice board" in found.text or page in ("/", "/posts"), page
        assert "Bonjour à tous." in visit.get("/posts/note.fr").text
    publish(app)
    page = app.reports.page()
    assert "Notice board" in page


def test_the_preview_shows_it_as_a_card(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = Cli(capsys, monkeypatch)
    monkeypatch.chdir(workspace.path)
    assert cli("preview", "--output", "preview.html").code == 0
    text = (workspace.path / "preview.html").read_text(encoding="utf-8")
    assert "Notice board" in text
    assert 'class="look as-card"' in text


def test_doctor_schema_and_docs_know_it(app: Application) -> None:
    (found,) = [one for one in doctor.examine(app, offline=False) if one.subject == "account hall"]
    assert "Caretaker" in found.message
    account = json_schema.settings_schema()["properties"]["accounts"]["additionalProperties"]
    assert account["properties"]["wall"]["description"] == "Where it hangs."
    assert "board" in account["properties"]["channel"]["enum"]
    assert "`board`" in channels.capabilities()
    assert title("board") == "Notice board"
    assert list(SPECS)[-1] == "board"


def test_the_sandbox_plays_it(app: Application) -> None:
    (account,) = (one for one in accounts_for(app.settings) if one.name == "hall")
    sandbox = Sandbox([account], app.clock)
    sandbox.faults.set(parse_faults([{"what": "server-error", "channel": "board", "nth": [1]}]))
    with running(sandbox) as address:
        headers = {"board-key": account.credentials["board_key"]}
        answers = [
            requests.get(f"{address}/walls/lobby", headers=headers, timeout=20) for _ in range(2)
        ]
    assert [one.status_code for one in answers] == [503, 200]
    assert answers[1].json() == {"wall": "lobby", "notes": []}
    assert "board.html" in sandbox.timelines()


def test_it_can_be_withdrawn(app: Application) -> None:
    publish(app)
    (out,) = app.queries.deliveries(state=State.PUBLISHED)
    app.delivery.withdrawal.withdraw(out.post, out.account, actor="direction", reason="a slip")
    (gone,) = app.queries.deliveries(post=out.post)
    assert gone.state is State.WITHDRAWN
    assert json.loads((app.settings.var / "board" / "hall.json").read_text()) == {}
