"""A small workspace, and commands that are run in it."""

from pathlib import Path

import pytest

from publisher.model.outcomes import Accepted, Kind, Refused
from tests.cli.annual_day import DRAFT, POST, attempt, set_clock
from tests.cli.runner import Cli

SETTINGS = """\
[accounts.bice-x]
channel = "twitter"
language = "fr"
[accounts.bice-page]
channel = "facebook"
language = "fr"
page_id = "100200300"
[accounts.lima-x]
channel = "twitter"
language = "es"
[accounts.bice-site]
channel = "site"
"""
SESSION = """\
name: 31e session du Conseil des droits de l'homme
timezone: Europe/Zurich
starts: 2016-02-29
ends: 2016-03-24
defaults: {to: [bice-x, bice-page], expires: 4h}
agenda:
  annual-day:
    title: Journée annuelle de débat sur les droits de l'enfant
    starts: 2016-03-07 09:00
    ends: 2016-03-07 18:00
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without drafts, on 1 March 2016; it is the current folder."""
    folder = tmp_path / "campaign"
    (folder / "posts").mkdir(parents=True)
    (folder / "publisher.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "posts" / "session.yaml").write_text(SESSION, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-01T12:00:00+01:00")
    monkeypatch.setenv("PUBLISHER_USER", "redaction")
    return folder


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs commands."""
    monkeypatch.setenv("COLUMNS", "80")
    return Cli(capsys, monkeypatch)


@pytest.fixture
def made(cli: Cli, workspace: Path) -> Path:
    """The workspace with a ledger on which nothing was queued yet."""
    assert cli("migrate").code == 0
    return workspace


@pytest.fixture
def draft(workspace: Path) -> Path:
    """One post to bice-x (a thread of two) and bice-page, due on 7 March at 8:30 in Geneva."""
    path = workspace / "posts" / f"{POST}.md"
    path.write_text(DRAFT, encoding="utf-8")
    return path


@pytest.fixture
def published(cli: Cli, workspace: Path, draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread is out on X, and Facebook has refused the post."""
    cli("queue")
    set_clock(monkeypatch, "2016-03-07T08:30:00.120+01:00")
    attempt(
        workspace,
        {
            "bice-x": [Accepted("71", "https://x.com/i/71"), Accepted("72", None)],
            "bice-page": [Refused(Kind.CONTENT, "Facebook \x1b[31mrefuses this.")],
        },
    )
