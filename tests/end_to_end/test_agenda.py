"""The programme moves, and the campaign of this repository moves with it, by the real commands."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from tests.support.workspaces import Workspace

pytestmark = pytest.mark.deep

ROOT = Path(__file__).resolve().parents[2]
BEFORE_THE_SESSION = "2016-02-20T12:00:00+01:00"
ON_THE_ANNUAL_DAY = {
    *(f"2016-03-04-programme.{language}" for language in ("en", "es", "fr", "pl")),
    "2016-03-06-veille.fr",
    "2016-03-07-avant-seance.fr",
    *(f"2016-03-07-ouverture.{language}" for language in ("en", "es", "fr", "pl")),
    "2016-03-07-bilan.en",
    "2016-03-07-bilan.fr",
}
"""The posts of the campaign that hang on the annual day, by its start or its end."""
Publisher = Callable[..., str]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy of this repository's campaign, before the session."""
    monkeypatch.setenv("PUBLISHER_CLOCK", BEFORE_THE_SESSION)
    workspace = Workspace(tmp_path, (ROOT / "publisher.toml").read_text(encoding="utf-8"))
    shutil.copytree(ROOT / "posts", tmp_path / "posts", dirs_exist_ok=True)
    return workspace


def due(publisher: Publisher) -> dict[tuple[str, str], datetime]:
    rows = json.loads(publisher("log", "--json"))
    return {(row["post"], row["account"]): datetime.fromisoformat(row["due_at"]) for row in rows}


def test_the_annual_day_moves_by_a_day_and_its_posts_move_with_it(
    workspace: Workspace, publisher: Publisher
) -> None:
    publisher("queue")
    before = due(publisher)
    shown = publisher("agenda", "move", "annual-day", "--by", "1d", "--yes")
    assert f"{len(ON_THE_ANNUAL_DAY)} posts hang on it:" in shown
    assert [post for post in ON_THE_ANNUAL_DAY if post not in shown] == []
    assert due(publisher) == before, "only the file changes; queueing makes it so"
    planned = json.loads(publisher("plan", "--json"))["changes"]
    assert {(row["change"], row["post"]) for row in planned} == {
        ("move", post) for post in ON_THE_ANNUAL_DAY
    }
    publisher("queue")
    moved = {
        key: instant - before[key]
        for key, instant in due(publisher).items()
        if instant != before[key]
    }
    assert set(moved.values()) == {timedelta(days=1)}
    assert {post for post, _ in moved} == ON_THE_ANNUAL_DAY
    assert json.loads(publisher("plan", "--json"))["changes"] == []


def test_the_move_shows_in_the_file_as_two_lines(
    workspace: Workspace, publisher: Publisher
) -> None:
    """What git shows a colleague is the move, and nothing else."""
    before = (workspace.path / "posts/session.yaml").read_text(encoding="utf-8").splitlines()
    publisher("agenda", "move", "annual-day", "--to", "2016-03-08 09:00", "--yes")
    after = (workspace.path / "posts/session.yaml").read_text(encoding="utf-8").splitlines()
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        ("    starts: 2016-03-07 09:00", "    starts: 2016-03-08 09:00"),
        ("    ends: 2016-03-07 18:00", "    ends: 2016-03-08 18:00"),
    ]


def test_the_campaign_survives_a_round_trip_through_a_calendar(
    workspace: Workspace, publisher: Publisher
) -> None:
    """And a move made in a calendar program is the same move here."""
    path = workspace.path / "agenda.ics"
    publisher("agenda", "export", "--output", str(path))
    assert publisher("agenda", "import", str(path)) == "Nothing to change.\n"
    calendar: Any = icalendar.Calendar.from_ical(path.read_bytes())
    for event in calendar.walk("VEVENT"):
        if event["SUMMARY"].startswith("Journée annuelle"):
            for prop in ("DTSTART", "DTEND"):
                event[prop].dt += timedelta(days=1)
    path.write_bytes(calendar.to_ical())
    shown = json.loads(publisher("agenda", "import", str(path), "--yes", "--json"))
    assert [(change["item"], change["kinds"]) for change in shown["changes"]] == [
        ("annual-day", ["move"])
    ]
    assert {post["post"] for post in shown["posts"]} == ON_THE_ANNUAL_DAY
    assert publisher("agenda", "import", str(path)) == "Nothing to change.\n"


def on_a_terminal(workspace: Workspace, answer: str, *words: str) -> tuple[int, str]:
    """Run a command whose question a person answers; its exit code and what was on the screen."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "publisher", "--workspace", str(workspace.path), *words]
    with subprocess.Popen(
        command, stdin=its, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        os.close(its)
        os.write(ours, answer.encode())
        try:
            shown, _ = process.communicate(timeout=60)
        finally:
            os.close(ours)
    return process.returncode, shown


@pytest.mark.parametrize(("answer", "changed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_asked_before_anything_changes(
    workspace: Workspace, answer: str, changed: bool
) -> None:
    """No answer is no."""
    path = workspace.path / "posts/session.yaml"
    before = path.read_bytes()
    code, shown = on_a_terminal(workspace, answer, "agenda", "move", "closing", "--by", "1d")
    assert "Change posts/session.yaml? [y/N]" in shown
    assert (code == 0) is changed
    assert ("Nothing was done." in shown) is not changed
    assert (path.read_bytes() != before) is changed
