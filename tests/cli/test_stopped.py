"""What drafts want and what does not go out all the same is told by queue, plan and status."""

from pathlib import Path

import pytest

from publisher.app import Application
from publisher.cli.output import unqueued
from tests.cli.runner import Cli, at_terminal

POST = "day.fr"
DRAFT = "---\nat: annual-day - 30m\n---\nBonjour.\n"


@pytest.fixture
def draft(cli: Cli, workspace: Path) -> Path:
    """A post on two accounts, queued."""
    path = workspace / "posts" / f"{POST}.md"
    path.write_text(DRAFT, encoding="utf-8")
    assert cli("queue").code == 0
    return path


def said(cli: Cli, *words: str) -> str:
    return " ".join(cli(*words).out.split())


@pytest.mark.parametrize("command", ["queue", "plan"])
def test_what_was_cancelled_or_held_is_named_with_what_lets_it_go(
    cli: Cli, draft: Path, command: str
) -> None:
    """ "Nothing to change" would tell whoever cancelled by mistake that all is well."""
    cli("cancel", POST, "--account", "bice-x", "--reason", "by mistake")
    cli("hold", POST, "--account", "bice-page", "--reason", "to be checked")
    told = said(cli, command)
    assert told.startswith(
        "Nothing to change. These do not go out, whatever their drafts say: "
        "day.fr to bice-page: held (held by redaction: to be checked). "
        "`publisher release day.fr --account bice-page` lets it go. "
        "day.fr to bice-x: cancelled (by mistake). "
        "`publisher retry day.fr --account bice-x` puts it back on the schedule."
    )
    assert "the schedule matches the drafts" not in told
    assert [(one["account"], one["state"]) for one in cli(command, "--json").json["stopped"]] == [
        ("bice-page", "held"), ("bice-x", "cancelled"),
    ]  # fmt: skip


def test_what_was_rejected_is_named(cli: Cli, draft: Path) -> None:
    cli("reject", POST, "--reason", "a wrong figure")
    told = said(cli, "queue")
    assert "day.fr to bice-page, bice-x: rejected (" in told
    assert "once its draft is edited and queued" in told


def test_what_is_over_is_not_named_any_more(
    cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("cancel", POST)
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-09T12:00:00+01:00")
    assert "cancelled" not in said(cli, "plan")


def test_what_was_missed_is_named_for_a_day(
    cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As was missed, it goes out no more unless its draft gets another time."""
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T14:00:00+01:00")
    app = Application.open(draft.parents[1])
    app.dispatch.expire()
    app.close()
    told = said(cli, "queue")
    assert "day.fr to bice-page, bice-x: missed. Give the draft a new `at`" in told
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-08T14:00:00+01:00")
    assert "missed" not in said(cli, "queue")


def test_status_names_what_was_missed_until_somebody_acknowledges_it(
    cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missed on Friday evening is there on Monday, and in the week after."""
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-17T14:00:00+01:00")
    app = Application.open(draft.parents[1])
    app.dispatch.expire()
    app.close()
    assert said(cli, "status").count("missed: nothing is out") == 2
    told = said(cli, "acknowledge", POST, "--account", "bice-x", "--reason", "the day is over")
    assert told.startswith("Acknowledged: 1 delivery.")
    left = cli("status", "--json").json["attention"]
    assert [(one["account"], one["parts_out"]) for one in left] == [("bice-page", 0)]
    assert "acknowledged" in said(cli, "history", POST)
    assert cli("acknowledge", POST, "--account", "bice-x").code == 1


def test_retry_of_what_is_expired_tells_its_time_by_the_sessions_clock(
    cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("cancel", POST)
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T14:00:00+01:00")
    refused = cli("retry", POST)
    assert refused.code == 1
    told = " ".join(refused.err.split())
    assert "day.fr to bice-page is past its expiry: 2016-03-07 12:30 (Europe/Zurich)." in told or (
        "day.fr to bice-x is past its expiry: 2016-03-07 12:30 (Europe/Zurich)." in told
    )


def test_release_of_what_is_cancelled_says_that_it_does_not_go_out(cli: Cli, draft: Path) -> None:
    cli("hold", POST, "--reason", "x")
    cli("cancel", POST)
    told = said(cli, "release", POST)
    assert told.startswith("No longer held, but it does not go out (cancelled): 2 deliveries.")
    assert "`publisher retry day.fr` sends it anyway." in told


def test_status_says_what_is_not_queued_yet(cli: Cli, draft: Path) -> None:
    """To forget the second command is the easiest mistake of all."""
    assert "Not queued yet" not in said(cli, "status")
    cli("agenda", "move", "annual-day", "--by", "1d", "--yes")
    assert "Not queued yet: 2 moved. `publisher plan` shows it" in said(cli, "status")
    cli("queue")
    assert "Not queued yet" not in said(cli, "status")
    draft.write_text(DRAFT.replace("at:", "att:"))
    told = said(cli, "status")
    assert (
        "1 file under posts/ has errors: nothing in it is queued until they are corrected." in told
    )
    draft.unlink()
    assert "Not queued yet: 2 cancelled." in said(cli, "status")


@pytest.mark.parametrize("command", ["plan", "queue", "queue --keep-going", "status"])
def test_what_leaves_with_its_old_text_is_named(cli: Cli, draft: Path, command: str) -> None:
    """An edit with an error changes nothing: what is on the schedule goes out as it was."""
    draft.write_text(DRAFT.replace("at:", "att:"))
    told = said(cli, *command.split())
    assert "These go out with their old text and time, because their drafts have errors" in told
    assert "day.fr to bice-x, bice-page" in told


def test_what_is_held_does_not_leave_with_its_old_text(cli: Cli, draft: Path) -> None:
    cli("hold", POST, "--reason", "x")
    draft.write_text(DRAFT.replace("at:", "att:"))
    assert "old text" not in said(cli, "plan")


def test_status_reads_no_draft_where_none_has_changed(
    cli: Cli, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor thousands of them: it must answer at once."""
    monkeypatch.setattr(unqueued, "_GRAIN", -3600.0)
    monkeypatch.setattr("publisher.planning.Planner.plan", None)
    assert cli("status").code == 0
    monkeypatch.setattr(unqueued, "_GRAIN", 3600.0)
    monkeypatch.setattr(unqueued, "COMPARED", 1)
    assert "have changed since the last `publisher queue`" in said(cli, "status")


def test_the_table_is_shown_once(cli: Cli, draft: Path) -> None:
    """Before the question, and not once more after it."""
    with (draft.parents[1] / "publisher.toml").open("a") as settings:
        settings.write("[approval]\nrequired = true\n")
    assert cli("queue").code == 0
    assert cli("approve", POST, "--yes", "--as", "direction").code == 0
    draft.write_text(DRAFT.replace("Bonjour", "Bonsoir"))
    told = at_terminal("queue", folder=draft.parents[1], typed="y\n")
    assert told.code == 0, told.out
    assert "will become void" in told.out
    assert told.out.count("bice-page") == 1


def test_accounts_that_are_stopped_alike_are_told_together(cli: Cli, draft: Path) -> None:
    cli("cancel", POST)
    told = said(cli, "plan")
    assert (
        "day.fr to bice-page, bice-x: cancelled. `publisher retry day.fr` puts it back on the "
        "schedule." in told
    )
