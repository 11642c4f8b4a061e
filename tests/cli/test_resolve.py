"""`publisher resolve`, as a person uses it after a look at the account."""

from pathlib import Path

import pytest

from tests.cli.runner import Cli, Result

THREAD = """\
---
at: 2016-03-07 08:30
to: bice-x
---
Un.

---
Deux.

---
Trois.
"""


@pytest.fixture
def restored(cli: Cli, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of three parts that was due since the backup, so that it may be out."""
    (workspace / "posts" / "thread.fr.md").write_text(THREAD, encoding="utf-8")
    assert cli("queue").code == 0
    assert cli("backup", tmp_path / "copy.db").code == 0
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T10:00:00+01:00")
    assert cli("restore", tmp_path / "copy.db").code == 0


def resolve(cli: Cli, *ids: str) -> Result:
    options = [word for remote_id in ids for word in ("--published", remote_id)]
    return cli("resolve", "thread.fr", "--account", "bice-x", "--yes", *options)


def test_the_parts_of_a_thread_are_named_in_their_order(cli: Cli, restored: None) -> None:
    result = resolve(cli, "71", "72")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "On record: thread.fr to bice-x, 2 of 3 parts; the rest is on the schedule.\n"
    )
    (row,) = cli("log", "--json").json
    assert (row["state"], row["remote_ids"]) == ("scheduled", ["71", "72"])


def test_a_thread_is_published_when_all_its_parts_are_named(cli: Cli, restored: None) -> None:
    result = resolve(cli, "71", " 72 ", "73")
    assert result.out == "On record: thread.fr to bice-x, published, all 3 parts.\n"
    assert cli("log", "--json").json[0]["remote_ids"] == ["71", "72", "73"]


@pytest.mark.parametrize(
    ("ids", "code", "error"),
    [
        (["71", "72", "73", "74"], 1, "has 3 parts; you gave 4 ids."),
        (["71", "71"], 2, "71 is given more than once."),
        (["https://x.com/i/status/71"], 2, "is not an id of a post on bice-x."),
        ([" "], 2, "--published is empty."),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(
    cli: Cli, restored: None, ids: list[str], code: int, error: str
) -> None:
    result = resolve(cli, *ids)
    assert (result.code, result.out) == (code, "")
    assert error in result.err
    assert "hint: " in result.err
    assert cli("log", "--json").json[0]["state"] == "uncertain"


def test_an_account_that_was_renamed_is_still_known(
    cli: Cli, restored: None, workspace: Path
) -> None:
    """What is uncertain on it can be told under the name that the ledger has."""
    path = workspace / "publisher.toml"
    path.write_text(path.read_text().replace("[accounts.bice-x]", "[accounts.geneva-x]"))
    assert resolve(cli, "71", "72", "73").code == 0


def said(result: Result) -> str:
    """All that it printed, in one line."""
    assert result.code == 0, result.err
    return " ".join(result.out.split())


def test_what_may_be_out_is_cancelled_once_it_is_known_that_it_is_not(
    cli: Cli, restored: None
) -> None:
    """Each command says what becomes of it."""
    told = said(cli("cancel", "thread.fr", "--reason", "changed"))
    assert told == "thread.fr to bice-x may be out. If it is not, it will be cancelled."
    assert "cancelled if it is not out (changed)" in said(cli("status"))
    assert "if not out: cancelled" in said(cli("history", "thread.fr"))
    assert said(cli("retry", "thread.fr", "--yes")).startswith(
        "Cancelled, as requested while it might have been out"
    )
    assert cli("log", "--json").json[0]["state"] == "cancelled"
    assert said(cli("retry", "thread.fr", "--yes")).startswith("On the schedule again: 1 delivery.")


def test_what_may_be_out_and_is_rejected_is_back_with_its_author_if_it_is_not(
    cli: Cli, restored: None
) -> None:
    told = said(cli("reject", "thread.fr", "--reason", "a wrong name"))
    assert told == "thread.fr to bice-x may be out. If it is not, it will be rejected."
    assert said(cli("retry", "thread.fr", "--yes")).startswith(
        "Rejected, as requested while it might have been out: 1 delivery."
    )


def test_what_is_stopped_and_is_out_in_part_goes_no_further(cli: Cli, restored: None) -> None:
    cli("cancel", "thread.fr")
    assert said(resolve(cli, "71")) == (
        "On record: thread.fr to bice-x, 1 of 3 parts; the rest is stopped (cancelled)."
    )


def test_what_is_stopped_too_late_is_shown_with_what_needs_a_person(
    cli: Cli, restored: None
) -> None:
    cli("cancel", "thread.fr", "--reason", "changed")
    resolve(cli, "71", "72", "73")
    told = said(cli("status"))
    assert "Needs attention:" in told
    assert "It was to be cancelled, but that came too late: it is out. (changed)" in told


def test_queueing_says_what_becomes_of_what_may_be_out(
    cli: Cli, restored: None, workspace: Path
) -> None:
    (workspace / "posts" / "thread.fr.md").unlink()
    told = said(cli("queue"))
    assert "it may be out; if it is not, it is cancelled: its draft is gone" in told
    assert "Queued: 1 delivery (1 stopped if not out)." in told
