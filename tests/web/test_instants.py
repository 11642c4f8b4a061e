"""A time names its clock, and the local time of its readers; night there is told on every page."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.model.accounts import Account
from publisher.notices.message import Message
from publisher.web.faces import Faces
from tests.support.forms import Composer
from tests.support.pages import Visit
from tests.support.workspaces import Workspace

READERS = "Tue 8 Mar 2016, 08:00 Zurich · 02:00 in Lima (readers of @CEDAPP_Peru) at night"
NIGHT = "It goes out on @CEDAPP_Peru at 02:00 there, while readers sleep."


@pytest.fixture
def workspace(original: Path, tmp_path: Path) -> Workspace:
    made = Workspace.at(shutil.copytree(original, tmp_path / "campaign"))
    settings = made.path / "publisher.toml"
    lima = 'channel = "twitter"\nhandle = "CEDAPP_Peru"\ntimezone = "America/Lima"\n'
    settings.write_text(settings.read_text().replace('channel = "twitter"\n', lima))
    made.draft("lima.fr", "at: 2016-03-08 08:00\nto: [bice-x]", "Bonjour de Lima.")
    return made


def is_told(visit: Visit) -> None:
    assert READERS in visit.text
    assert NIGHT in visit.text


def test_night_where_readers_live_is_told_wherever_a_post_is_decided_on(
    app: Application, staff: Visit, manager: Visit
) -> None:
    edit = Composer(staff, "/posts/lima.fr/edit")
    is_told(staff)
    edit.write("Bonjour, Lima.").send("check")
    is_told(staff)
    staff.get("/posts/lima.fr")
    is_told(staff)
    edit.send("submit")
    assert "Submitted for approval: 1 delivery. " + NIGHT in staff.text
    for page in ("/posts/lima.fr", "/review?post=lima.fr", "/review/many?post=lima.fr"):
        manager.get(page)
        is_told(manager)
    manager.get("/posts/lima.fr/move?at=2016-03-09T08:00")
    assert NIGHT in manager.text
    assert "Wed 9 Mar 2016, 08:00 Zurich · 02:00 in Lima" in manager.text
    assert "02:00 in Lima" in manager.get("/log").text


def test_each_field_for_a_time_names_its_clock(app: Application, manager: Visit) -> None:
    app.control.pause(None, "wrong picture", "direction")
    clock = app.clock
    clock.sleep_until(clock.now() + timedelta(hours=3))
    for page in ("/resume", "/agenda/new", "/posts/lima.fr/move"):
        manager.get(page)
        followed = re.findall(r'type="datetime-local"[^>]*>(.{27})', manager.page)
        assert set(followed) == {' <span class="zone">Zurich<'}, page


def test_what_plan_warns_of_is_told_wherever_a_post_is_decided_on(
    app: Application, staff: Visit, manager: Visit, workspace: Workspace
) -> None:
    workspace.draft("first.fr", "at: 2016-03-08 10:00\nto: [bice-x]", "Bonjour, un.")
    app.planner.queue(["posts/first.fr.md"], actor="redaction")
    workspace.draft("next.fr", "at: 2016-03-08 10:01\nto: [bice-x]", "Bonjour, deux.")
    warned = "It goes out on @CEDAPP_Peru within 1 min of “Bonjour, un.”."
    edit = Composer(staff, "/posts/next.fr/edit")
    assert warned in staff.text
    staff.get("/posts/next.fr")
    assert warned in staff.text
    edit.send("submit")
    assert "Submitted for approval: 1 delivery. " + warned in staff.text
    for page in ("/posts/next.fr", "/review?post=next.fr"):
        assert warned in manager.get(page).text.replace("&#39;", "'"), page


def test_accounts_are_called_in_messages_as_readers_know_them(app: Application) -> None:
    """A file's name, an address, a command and a word that is a key by chance stay as they are."""
    said = "bice-x (twitter), bice-x: posts/bice-x.fr, a-bice-x, bice-x.org, `hold bice-x`, twitter"
    became = said.replace("bice-x (twitter), bice-x:", "@CEDAPP_Peru, @CEDAPP_Peru:")
    assert Faces(app).in_words(said) == became
    alike = app.settings.public_accounts() | {
        name: Account(name=name, channel=channel, title="BICE", url="https://www.bice.org")
        for name, channel in (("bice-page", "facebook"), ("bice-site", "site"))
    }
    names = Faces(app)
    vars(names)["accounts"] = alike
    assert names.in_words("bice-page and bice-x") == "BICE · Facebook and @CEDAPP_Peru"
    vars(names)["accounts"] = {"x-y": alike["bice-site"].model_copy(update={"title": None})}
    assert names.in_words("On x-y.") == "On bice.org."


@pytest.mark.parametrize(
    ("said", "became"),
    [
        ("The same text as in lima.fr.", "The same text as in “Bonjour de Lima.”."),
        ("Only “lima.fr” and posts/lima.fr.md", "Only “Bonjour de Lima.” and “Bonjour de Lima.”"),
        ("`publisher retry lima.fr`, no.fr", "`publisher retry lima.fr`, no.fr"),
        ("https://bice.org/lima.fr", "https://bice.org/lima.fr"),
        ("site/news.fr waits", "“Une nouvelle.” waits"),
    ],
)
def test_posts_are_called_in_messages_by_their_first_words(
    app: Application, said: str, became: str
) -> None:
    """Of what is queued by the ledger's words, and else by the draft's."""
    assert Faces(app).in_words(said) == became
    assert Faces(app).in_words(said, posts=False) == said


def test_a_notice_names_accounts_and_quotes_no_post(app: Application) -> None:
    """It may be under embargo. What one types stays as it is."""
    said = Message("lima.fr to bice-x failed", "`publisher retry lima.fr --account bice-x`.")
    assert app._in_words(said) == Message("lima.fr to @CEDAPP_Peru failed", said.body)


def test_who_writes_too_much_reads_the_accounts_name(staff: Visit) -> None:
    Composer(staff, "/posts/lima.fr/edit").write("x" * 300).send("check")
    assert "The text for @CEDAPP_Peru is 20 too long: " in staff.text
