"""`publisher rehearse` with real processes, and what it compares."""

import json
import os
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from publisher.base.errors import AlreadyRunning
from publisher.base.lock import locked
from publisher.rehearsal import rehearse

Draft = Callable[..., None]

_THREAD = "The first of two.\n\n---\n\nThe second of two."
_SECRET = "a-real-credential-of-the-workspace"


def _console() -> tuple[Console, StringIO]:
    output = StringIO()
    return Console(file=output, width=200), output


def _campaign(workspace: Path, draft: Draft) -> None:
    """Three drafts over three weeks, with a thread, a picture, a link, and all channels."""
    Image.new("RGB", (640, 360), "#174A60").save(workspace / "posts" / "card.png")
    draft("week-1", "2016-02-29 08:30", _THREAD, to="[voice-x, voice-page]")
    draft(
        "week-2",
        "2016-03-07 08:30",
        to="[voice-x, voice-page, voice-site]",
        media="[{file: card.png, alt: A plain card}]",
        link="https://www.example.org/day",
    )
    draft("week-3", "2016-03-24 18:00", to="voice-site")
    (workspace / "posts" / "unfinished.md").write_text("---\nauthor: tests\n---\nNo time.\n")


def test_rehearsal_publishes_all_and_its_log_matches_the_platforms(
    workspace: Path, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three weeks pass in seconds, through real processes; everything it leaves is there."""
    _campaign(workspace, draft)
    monkeypatch.setenv("PUBLISHER_ACCOUNTS__VOICE_X__API_KEY", _SECRET)
    monkeypatch.setenv("PUBLISHER_BROKER__URL", "redis://127.0.0.1:1/0")
    before = dict(os.environ)
    console, output = _console()

    assert rehearse(workspace, console=console) == 0, output.getvalue()

    folder = workspace / "var" / "rehearsal"
    rows: list[dict[str, Any]] = json.loads((folder / "log.json").read_text())
    assert sorted((row["post"], row["account"], row["state"]) for row in rows) == [
        ("week-1", "voice-page", "published"),
        ("week-1", "voice-x", "published"),
        ("week-2", "voice-page", "published"),
        ("week-2", "voice-site", "published"),
        ("week-2", "voice-x", "published"),
        ("week-3", "voice-site", "published"),
    ]
    assert all(row["lateness_s"] >= 0 for row in rows)
    thread = next(row for row in rows if (row["post"], row["account"]) == ("week-1", "voice-x"))
    assert thread["text"] == ["The first of two.", "The second of two."]
    assert len(set(thread["remote_ids"])) == 2
    x, facebook = (folder / "x.html").read_text(), (folder / "facebook.html").read_text()
    assert "The second of two." in x
    assert "This is week-2." in facebook
    assert "data:image/" in x
    assert "http://127.0.0.1" not in x + facebook
    assert "week-3" in (folder / "report.html").read_text()
    assert stat.S_IMODE((folder / "secrets.toml").stat().st_mode) == 0o600
    assert "6 of 6 posts are out." in output.getvalue()
    assert "Every platform shows what the log says" in output.getvalue()
    assert dict(os.environ) == before
    assert not (workspace / "var" / "publisher.db").exists()


@pytest.mark.deep
def test_rehearsal_of_a_post_and_its_correction(workspace: Path, draft: Draft) -> None:
    draft("week-1", "2016-02-29 08:30", "Three of ten.", to="[voice-page, voice-x]")
    fix = {"corrects": "week-1", "reason": "A figure was wrong."}
    draft("fix-1", "2016-03-01 08:30", "Four of ten.", to="[voice-page, voice-x]", **fix)
    console, output = _console()
    assert rehearse(workspace, console=console) == 0, output.getvalue()
    rows = json.loads((workspace / "var" / "rehearsal" / "log.json").read_text())
    assert [row["state"] for row in rows] == ["published"] * 4


def test_rehearsal_with_a_bad_draft_shows_it_and_starts_nothing(
    workspace: Path, draft: Draft
) -> None:
    draft("good", "2016-03-07 08:30")
    draft("bad", "next Tuesday")
    console, output = _console()
    assert rehearse(workspace, console=console) == 1
    assert "posts/bad.md:2:5: “next Tuesday”" in output.getvalue()
    assert not (workspace / "var" / "rehearsal" / "log").exists()


def test_rehearsal_without_a_draft_that_has_a_time_says_so(workspace: Path) -> None:
    console, output = _console()
    assert rehearse(workspace, console=console) == 1
    assert "nothing to rehearse" in output.getvalue()


def test_second_rehearsal_is_refused_and_disturbs_nothing(workspace: Path, draft: Draft) -> None:
    draft("only", "2016-03-07 08:30")
    (workspace / "var" / "rehearsal").mkdir(parents=True)
    (workspace / "var" / "rehearsal" / "log.json").write_text("[]")
    console, _ = _console()
    with (
        locked(workspace / "var" / "rehearsal.lock", "`publisher rehearse`"),
        pytest.raises(AlreadyRunning, match="`publisher rehearse` is already running"),
    ):
        rehearse(workspace, console=console)
    assert (workspace / "var" / "rehearsal" / "log.json").exists()


def test_rehearsal_tells_which_post_was_not_taken(workspace: Path, draft: Draft) -> None:
    """The same text from two accounts is against X's rules: it goes out, and is named."""
    with (workspace / "publisher.toml").open("a") as settings:
        settings.write('[accounts.other-x]\nchannel = "twitter"\nlanguage = "en"\n')
    draft("chorus", "2016-03-07 08:30", "All together now.", to="[voice-x, other-x]")
    console, output = _console()
    assert rehearse(workspace, console=console) == 1
    assert "same-text-on-two-accounts" in output.getvalue()
