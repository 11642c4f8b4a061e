"""plan, queue, and the commands that intervene."""

from pathlib import Path

import pytest

from tests.cli.annual_day import POST, edit, set_clock
from tests.cli.runner import Cli

# plan and queue


def test_plan_shows_and_changes_nothing(cli: Cli, draft: Path) -> None:
    for _ in range(2):
        result = cli("plan")
        assert result.code == 0
        assert (
            "+ add   2016-03-07 08:30  bice-x     2016-03-07-annual-day.fr  Le texte court.\n"
            in result.out
        )
        assert result.out.endswith(
            "Times are in the time zone Europe/Zurich.\n"
            "X charges about $0.03 for 2 posts, none of them with a link.\n"
            "Would change: 2 deliveries (2 added).\n"
        )
    assert not draft.parents[1].joinpath("var", "publisher.db").exists()


def test_queue_writes_once(cli: Cli, draft: Path) -> None:
    first, second = cli("queue"), cli("queue")
    assert (first.code, second.code) == (0, 0)
    assert first.out.endswith("Queued: 2 deliveries (2 added).\n")
    assert second.out == "Nothing to change: the schedule matches the drafts.\n"


@pytest.mark.parametrize("command", ["plan", "queue"])
def test_a_draft_without_a_time_is_told_of(cli: Cli, draft: Path, command: str) -> None:
    """Nobody shall wait for a post of which nothing is on the schedule."""
    draft.with_name("later.fr.md").write_text("---\nto: [bice-x]\n---\nPlus tard.\n")
    for _ in range(2):
        said = cli(command).out.splitlines()[-1]
        assert said.endswith(" 1 draft has no time (`at`) and stays a draft.")


def test_queue_follows_the_drafts(cli: Cli, draft: Path) -> None:
    """Moved, edited, cancelled, and back again."""
    cli("queue")
    edit(draft, "- 30m", "- 45m")
    result = cli("queue")
    assert "> move  2016-03-07 08:15  bice-x " in result.out
    assert "was 2016-03-07 08:30" in result.out
    edit(draft, "Le texte commun", "Le texte long")
    result = cli("queue")
    assert "~ edit  2016-03-07 08:15  bice-page " in result.out
    assert "Le texte [-commun.-] {+long.+}" in result.out
    text = draft.read_text(encoding="utf-8")
    draft.unlink()
    result = cli("queue")
    assert "- cancel  2016-03-07 08:15  bice-x " in result.out
    assert "its draft is gone" in result.out
    assert result.out.endswith("Taken off the schedule: 2 deliveries (2 cancelled).\n")
    draft.write_text(text, encoding="utf-8")
    assert cli("queue").out.endswith("Queued: 2 deliveries (2 restored).\n")


def test_queue_is_all_or_nothing_unless_told_otherwise(
    cli: Cli, workspace: Path, draft: Path
) -> None:
    (workspace / "posts" / "bad.fr.md").write_text("---\nat: soon\n---\nA.\n")
    result = cli("queue")
    assert result.code == 1
    assert "posts/bad.fr.md:2:5: error:" in result.out
    assert result.out.endswith(
        "Nothing is written: 1 error. Correct the drafts, or use --keep-going.\n"
    )
    assert cli("log", "--json").json == []
    result = cli("queue", "--keep-going")
    assert result.code == 1
    assert result.out.endswith("Queued: 2 deliveries (2 added). 1 draft with errors left out.\n")
    assert len(cli("log", "--json").json) == 2


def test_queue_of_some_drafts_leaves_the_others(cli: Cli, workspace: Path, draft: Path) -> None:
    other = workspace / "posts" / "other.fr.md"
    other.write_text("---\nat: annual-day\n---\nAutre chose.\n")
    cli("queue", "posts/other.fr.md")
    assert {row["post"] for row in cli("log", "--json").json} == {"other.fr"}


def test_a_draft_that_is_not_there_makes_no_ledger(cli: Cli, workspace: Path) -> None:
    """A new ledger takes all older drafts for out, perhaps: a slip of the pen must not make one."""
    assert cli("queue", "nope").code == 2
    assert not (workspace / "var").exists()


def test_plan_and_queue_as_json(cli: Cli, draft: Path) -> None:
    planned = cli("plan", "--json").json
    assert planned["problems"] == []
    assert planned["changes"][0] == {
        "change": "add",
        "post": POST,
        "account": "bice-x",
        "due_at": "2016-03-07T07:30:00Z",
        "was_due_at": None,
        "anchor": "annual-day",
        "voids_approval_by": None,
        "note": None,
        "changed": [],
    }
    assert cli("queue", "--json").json == {**planned, "written": True}


# pause, resume, cancel, retry


def test_pause_and_resume(cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who resumes sees what fell due meanwhile."""
    cli("queue")
    result = cli("pause", "--account", "bice-x", "--reason", "Mauvaise photo", "--as", "directrice")
    assert (result.code, result.out) == (0, "Paused: bice-x. Nothing more is sent.\n")
    assert cli("status", "--json").json["accounts"][0]["paused_by"] == "directrice"
    set_clock(monkeypatch, "2016-03-07T08:31:00+01:00")
    result = cli("resume", "--account", "bice-x", "--yes")
    assert result.out == (
        "Resumed: bice-x.\n1 delivery fell due in the meantime, and will go out at these times:\n"
        f"  2016-03-07 08:31  {POST} to bice-x\nTimes are in the time zone Europe/Zurich.\n"
    )
    assert cli("status", "--json").json["accounts"] == []


def test_resume_when_nothing_is_paused(cli: Cli, draft: Path) -> None:
    cli("queue")
    result = cli("resume")
    assert result.code == 1
    assert "hint: `publisher status` shows what is paused." in result.err


def test_resume_of_everything_names_the_accounts_that_are_stopped_alone(
    cli: Cli, draft: Path
) -> None:
    cli("queue")
    cli("pause", "--account", "bice-x", "--reason", "keys")
    result = cli("resume")
    assert result.code == 1
    assert "but accounts are stopped: bice-x." in result.err
    assert "`publisher resume --account bice-x`" in result.err


@pytest.mark.parametrize(
    "command",
    [
        "pause --reason x",
        "resume",
        "cancel p",
        "retry p",
        "resolve p --published 1",
        "withdraw p --reason x",
    ],
)
def test_an_account_that_no_one_configured(
    cli: Cli, workspace: Path, made: Path, command: str
) -> None:
    result = cli(*command.split(), "--account", "bice-y")
    assert result.code == 2
    assert "error: There is no account bice-y.\nhint: Did you mean `bice-x`?" in result.err


def test_pause_wants_a_reason(cli: Cli, workspace: Path) -> None:
    result = cli("pause", "--reason", " ")
    assert result.code == 2
    assert "--reason is empty." in result.err


def test_cancel_stays_cancelled_until_retried(cli: Cli, draft: Path) -> None:
    """Queueing again does not bring back what a person has cancelled."""
    cli("queue")
    result = cli("cancel", f"posts/{POST}.md", "--account", "bice-x", "--reason", "Déjà dit")
    assert result.out == f"Cancelled: 1 delivery.\n  {POST} to bice-x\n"
    assert "Nothing to change" in cli("queue").out
    log = cli("log", "--account", "bice-x").out
    assert "cancelled" in log
    assert "Déjà dit" in log
    result = cli("retry", POST)
    assert result.out == f"On the schedule again: 1 delivery.\n  {POST} to bice-x\n"


def test_cancel_of_what_is_out(cli: Cli, published: None) -> None:
    result = cli("cancel", POST, "--account", "bice-x")
    assert result.code == 1
    assert "bice-x (published)" in result.err


def test_who_asks_is_on_record(cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--as, else PUBLISHER_USER, else the system's name for the user."""
    cli("queue")
    cli("pause", "--reason", "a", "--as", "x")
    cli("cancel", POST, "--account", "bice-x", "--as", "x")
    monkeypatch.delenv("PUBLISHER_USER")
    monkeypatch.setenv("LOGNAME", "systemuser")
    cli("cancel", POST, "--account", "bice-page")
    steps = cli("history", POST, "--json").json
    actors = [(step["account"], step["actor"]) for step in steps if step["event"] == "cancelled"]
    assert actors == [("bice-x", "x"), ("bice-page", "systemuser")]
    result = cli("resume", "--as", " ")
    assert result.code == 2


def test_hold_keeps_one_post_until_release(cli: Cli, draft: Path) -> None:
    cli("queue")
    result = cli("hold", str(draft), "--reason", "the figure is old", "--account", "bice-x")
    assert (result.code, result.out.splitlines()[0]) == (0, "Held: 1 delivery.")
    assert cli("queue").out.startswith("Nothing to change")
    states = {row["account"]: row["state"] for row in cli("log", "--json").json}
    assert states == {"bice-x": "held", "bice-page": "scheduled"}
    assert "by direction: the figure is old" not in cli("status").out  # it was nobody of that name
    assert "the figure is old" in cli("history", POST).out
    result = cli("release", POST)
    assert (result.code, result.out.splitlines()[0]) == (0, "On the schedule again: 1 delivery.")
    assert cli("release", POST).code == 1
    assert cli("hold", POST, "--reason", " ").code == 2
    assert cli("hold", "nowhere", "--reason", "x").code == 2
