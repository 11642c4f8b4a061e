"""What cannot be undone asks, and what lacks a reason asks for it."""

from pathlib import Path

import pytest

from tests.cli.runner import Cli, at_terminal

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
    assert "hint: Say --yes in a script." in refused.err
    assert refused.out == "day.fr to bice-x: published\n"
    assert cli(*WITHDRAW, "--yes").code == 1, "there are no keys, but it has begun"
    refused = cli(*WITHDRAW, "--gone")
    assert (refused.code, state(cli)) == (2, "published")


@pytest.mark.parametrize("command", [RETRY, RESOLVE])
def test_a_word_about_what_is_uncertain_needs_yes(
    cli: Cli, uncertain: Path, command: tuple[str, ...]
) -> None:
    """A mistake would send it twice, or never."""
    refused = cli(*command)
    assert (refused.code, state(cli)) == (2, "uncertain")
    assert "hint: Say --yes in a script." in refused.err
    assert cli(*command, "--yes").code == 0


@pytest.mark.parametrize(
    ("command", "asked"),
    [(RETRY, "Did you look, and none of them is there? [y/N]"),
     (RESOLVE, "Put on record that this is published as 71? [y/N]")],
)  # fmt: skip
def test_at_a_terminal_no_is_the_answer_unless_it_is_yes(
    cli: Cli, uncertain: Path, command: tuple[str, ...], asked: str
) -> None:
    told = at_terminal(*command, folder=uncertain, typed="\n")
    assert asked in " ".join(told.out.split())
    assert (told.code, state(cli)) == (130, "uncertain")
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
