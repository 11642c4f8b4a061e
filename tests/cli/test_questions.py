"""What cannot be undone asks, and what lacks a reason asks for it."""

from pathlib import Path

import pytest

from publisher.app import Application
from publisher.model.outcomes import Accepted
from tests.cli.runner import Cli, at_terminal
from tests.support.happening import meet

POST = "day.fr"


@pytest.fixture
def uncertain(cli: Cli, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A post that was due since the backup, so that it may be out."""
    (workspace / "posts" / f"{POST}.md").write_text(
        "---\nat: 2016-03-07 08:30\nto: bice-x\n---\nBonjour.\n"
    )
    assert cli("queue").code == 0
    assert cli("backup", tmp_path / "copy.db").code == 0
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T10:00:00+01:00")
    assert cli("restore", tmp_path / "copy.db").code == 0
    return workspace


@pytest.fixture
def out(cli: Cli, uncertain: Path) -> Path:
    assert cli("resolve", POST, "--published", "71", "--yes").code == 0
    return uncertain


def state(cli: Cli) -> str:
    return str(cli("log", "--json").json[0]["state"])


WITHDRAW = ("withdraw", POST, "--reason", "wrong")
RETRY = ("retry", POST)
RESOLVE = ("resolve", POST, "--published", "71")


def test_withdraw_without_a_terminal_needs_yes(cli: Cli, out: Path) -> None:
    refused = cli(*WITHDRAW)
    assert (refused.code, state(cli)) == (2, "published")
    assert "hint: In a script, add --yes." in refused.err
    assert refused.out == "day.fr to bice-x: published\n"
    assert cli(*WITHDRAW, "--yes").code == 1, "there are no keys, but it has begun"
    refused = cli(*WITHDRAW, "--gone")
    assert (refused.code, state(cli)) == (2, "published")


def test_withdraw_shows_what_it_would_do_and_does_nothing(cli: Cli, out: Path) -> None:
    shown = cli("withdraw", POST, "--dry-run")
    assert (shown.code, state(cli)) == (0, "published")
    assert shown.out == "day.fr to bice-x: published\nNothing was done.\n"
    assert cli("withdraw", POST, "--dry-run", "--json").json["deliveries"][0]["post"] == POST
    assert cli("withdraw", POST, "--dry-run", "--gone").out == "There is nothing to withdraw.\n"


def test_a_second_hold_says_that_it_is_one(cli: Cli, uncertain: Path) -> None:
    assert cli("retry", POST, "--yes").code == 0
    assert cli("hold", POST, "--reason", "to be checked").out.startswith("Held: 1 delivery.\n")
    again = cli("hold", POST, "--reason", "still")
    assert again.out.startswith("Already held, now for this reason: 1 delivery.\n")


@pytest.mark.parametrize("command", [RETRY, RESOLVE])
def test_a_word_about_what_is_uncertain_needs_yes(
    cli: Cli, uncertain: Path, command: tuple[str, ...]
) -> None:
    """A mistake would send it twice, or never."""
    refused = cli(*command)
    assert (refused.code, state(cli)) == (2, "uncertain")
    assert "hint: In a script, add --yes." in refused.err
    assert cli(*command, "--yes").code == 0


@pytest.mark.parametrize(
    ("command", "asked"),
    [(RETRY, "Have you looked, and is none of them there? [y/N]"),
     (RESOLVE, "Put on record that this is published as 71? [y/N]")],
)  # fmt: skip
def test_at_a_terminal_no_is_the_answer_unless_it_is_yes(
    cli: Cli, uncertain: Path, command: tuple[str, ...], asked: str
) -> None:
    told = at_terminal(*command, folder=uncertain, typed="\n")
    assert asked in " ".join(told.out.split())
    assert (told.code, state(cli)) == (130, "uncertain")
    assert "Nothing was done." in told.out
    assert at_terminal(*command, folder=uncertain, typed="y\n").code == 0
    assert state(cli) != "uncertain"


@pytest.mark.parametrize("command", ["pause", f"hold {POST}", f"reject {POST}"])
def test_a_reason_is_asked_for_at_a_terminal(cli: Cli, uncertain: Path, command: str) -> None:
    """Also by `pause`, which must not refuse whoever is in a hurry."""
    assert cli("retry", POST, "--yes").code == 0
    told = at_terminal(*command.split(), folder=uncertain, typed="the room has changed\n")
    assert told.code == 0, told.out
    assert "Why? (For the record) " in told.out


@pytest.mark.parametrize("command", ["pause", f"hold {POST}", f"reject {POST}", f"withdraw {POST}"])
def test_without_a_terminal_the_reason_that_is_missing_is_named(
    cli: Cli, uncertain: Path, command: str
) -> None:
    refused = cli(*command.split())
    assert refused.code == 2
    assert "error: --reason is missing." in refused.err


@pytest.fixture
def overdue(cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A post that fell due while everything was paused."""
    (workspace / "posts" / f"{POST}.md").write_text(
        "---\nat: 2016-03-07 08:30\nto: bice-x\n---\nBonjour.\n"
    )
    assert cli("queue").code == 0
    assert cli("pause", "--reason", "wait").code == 0
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T08:31:00+01:00")
    return workspace


def paused(cli: Cli) -> bool:
    return bool(cli("status", "--json").json["accounts"])


def test_resume_asks_before_overdue_posts_go_out(cli: Cli, overdue: Path) -> None:
    """With what would go out, and when; without a terminal it goes on only with --yes."""
    told = at_terminal("resume", folder=overdue, typed="\n")
    shown = " ".join(told.out.split())
    assert "1 delivery fell due in the meantime, and would go out from now on:" in shown
    assert "2016-03-07 08:31 day.fr to bice-x" in shown
    assert (told.code, paused(cli)) == (130, True)
    refused = cli("resume")
    assert (refused.code, paused(cli)) == (2, True)
    assert "hint: In a script, add --yes." in refused.err
    assert at_terminal("resume", folder=overdue, typed="y\n").code == 0
    assert not paused(cli)


def test_resume_of_nothing_overdue_does_not_ask(
    cli: Cli, overdue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T08:00:00+01:00")
    assert cli("resume").code == 0
    assert not paused(cli)


def test_resume_of_one_account_while_everything_is_paused_says_so(cli: Cli, overdue: Path) -> None:
    refused = cli("resume", "--account", "bice-x", "--yes")
    assert refused.code == 1
    assert "Everything is paused, including bice-x." in refused.err
    assert "`publisher resume` ends that" in refused.err


def test_now_that_may_be_out_is_asked_about(cli: Cli, workspace: Path) -> None:
    """Who is asked sees which post it may be; where nobody can answer, nothing is written."""
    draft = workspace / "posts" / "a.fr.md"
    draft.write_text("---\nat: now\nto: bice-x\n---\nUn texte pour aujourd’hui.\n")
    assert cli("queue", "--new-ledger").code == 0
    app = Application.open(workspace)
    ready = app.clock.ahead(2), app.clock.ahead(30)
    (claim,) = app.dispatch.claim(*ready, 1)
    meet(app, claim, Accepted("1"))
    app.close()
    draft.write_text("---\nat: now\nto: bice-x\n---\nUn texte pour demain.\n")
    draft.rename(draft.with_name("b.fr.md"))
    refused = cli("queue")
    assert refused.code == 2
    told = " ".join(refused.out.split())
    assert "1 post may go out a second time" in told
    assert "a.fr went to bice-x" in told
    assert len(cli("log", "--json").json) == 1
    assert cli("queue", "--yes").code == 0
    assert len(cli("log", "--json").json) == 2
