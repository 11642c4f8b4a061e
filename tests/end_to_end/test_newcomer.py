"""Somebody who has never seen it lays out a workspace and gets to work, by the real commands."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from tests.support.workspaces import Workspace

pytestmark = pytest.mark.deep

Publisher = Callable[..., str]
AGENDA = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//HRC//programme//EN
BEGIN:VEVENT
UID:annual-day@example.org
SUMMARY:Annual day
DTSTART;TZID=Europe/Zurich:20160307T090000
DTEND;TZID=Europe/Zurich:20160307T180000
END:VEVENT
END:VCALENDAR
"""
AROUND_THE_DAY = [
    *("annual-day - 1d", "annual-day - 1h", "annual-day - 30m", "annual-day", "annual-day + 1h"),
    *("annual-day + 3h", "annual-day + 5h", "annual-day.end + 15m", "annual-day.end + 1d"),
]
PLAN = """\
Date,Message,Link
10/03/2016 10:00,The experts answer the questions of the States.,
14/03/2016 10:00,A study from four countries: what children say themselves.,
25/03/2016 10:00,What the session has decided.,
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """What `init` lays out, with the dates of the session of 2016, and approval required."""
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-02-20T12:00:00+01:00")
    subprocess.run(
        [sys.executable, "-m", "publisher", "init", str(tmp_path), "--language", "en"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    session = tmp_path / "posts" / "session.yaml"
    for laid_out, real in (("2016-03-21", "2016-02-29"), ("2016-04-01", "2016-03-24")):
        text = session.read_text()
        assert laid_out in text
        session.write_text(text.replace(laid_out, real))
    with (tmp_path / "publisher.toml").open("a") as settings:
        settings.write("\n[approval]\nrequired = true\n")
    return Workspace.at(tmp_path)


@pytest.fixture
def nine(workspace: Workspace, publisher: Publisher) -> list[str]:
    """Nine posts around the annual day, which comes from the calendar of the programme."""
    workspace.write("programme.ics", AGENDA)
    publisher("agenda", "import", str(workspace.path / "programme.ics"), "--yes")
    for number, at in enumerate(AROUND_THE_DAY):
        front = f"at: {at}\nto: [our-x]\nauthor: writer"
        workspace.draft(f"day-{number}.en", front, f"Message {number} of the day.")
    return [f"day-{number}.en" for number in range(len(AROUND_THE_DAY))]


def due(publisher: Publisher) -> dict[str, datetime]:
    rows = json.loads(publisher("log", "--json"))
    return {row["post"]: datetime.fromisoformat(row["due_at"]) for row in rows}


def states(publisher: Publisher) -> set[str]:
    return {row["state"] for row in json.loads(publisher("log", "--json"))}


def test_a_plan_made_elsewhere_comes_along(workspace: Workspace, publisher: Publisher) -> None:
    plan = workspace.write("plan.csv", PLAN)
    words = ("import", str(plan), "--to", "our-x", "--lang", "en")
    shown = publisher(*words, "--dates", "month-first", code=1)
    assert "plan.csv:3:1" in shown, "the fourteenth month is named with its row and cell"
    assert len([*(workspace.path / "posts").glob("2016-*.md")]) == 0, "nothing is half imported"
    publisher(*words)
    assert json.loads(publisher("check", "--format", "json")) == []
    publisher("queue")
    assert sorted(f"{instant:%d %H:%M}" for instant in due(publisher).values()) == [
        "10 09:00",
        "14 09:00",
        "25 09:00",
    ]


def test_nine_posts_move_with_the_annual_day_and_are_approved_anew(
    nine: list[str], publisher: Publisher
) -> None:
    publisher("queue", "--as", "writer")
    before = due(publisher)
    publisher("approve", *nine, "--yes", "--as", "writer", code=1)
    assert states(publisher) == {"awaiting-approval"}, "nobody approves what they wrote"
    publisher("approve", *nine, "--yes", "--as", "direction")
    assert states(publisher) == {"scheduled"}
    shown = publisher("agenda", "move", "annual-day", "--by", "1d", "--yes")
    assert "9 posts hang on it" in shown
    assert shown.count("the approval by direction") == len(nine)
    publisher("queue", code=2)
    assert due(publisher) == before, "nobody could be asked, so nothing happened"
    publisher("queue", "--yes")
    moved = {post: instant - before[post] for post, instant in due(publisher).items()}
    assert moved == dict.fromkeys(nine, timedelta(days=1))
    assert states(publisher) == {"awaiting-approval"}
    publisher("approve", *nine, "--yes", "--as", "direction")
    assert states(publisher) == {"scheduled"}


def test_a_picture_of_people_does_not_go_without_a_consent(
    workspace: Workspace, publisher: Publisher
) -> None:
    (workspace.path / "posts" / "media").mkdir(exist_ok=True)
    Image.new("RGB", (600, 400), "navy").save(workspace.path / "posts/media/card.png")
    picture = "media:\n  - {file: media/card.png, alt: A card with words, people: true%s}"
    front = "at: opening\nto: [our-x]\nauthor: writer\n"
    workspace.draft("card.en", front + picture % "", "In Geneva.")
    assert "posts/card.en.md:" in (shown := publisher("queue", code=1))
    assert "consent" in shown
    assert due(publisher) == {}
    workspace.draft("card.en", front + picture % ", consent: opening-2016", "In Geneva.")
    assert "opening-2016" in publisher("queue", code=1)
    workspace.write("posts/consents.yaml", "opening-2016:\n  until: 2016-03-31\n")
    publisher("queue")
    assert states(publisher) == {"awaiting-approval"}
