"""A time that is over, on the command line. It is noon of 1 March in Geneva."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.runner import SCRIPT, Cli

LATE = "---\nat: 2016-03-01 11:30\nto: bice-x\n---\nLe texte.\n"


@pytest.fixture
def late(workspace: Path) -> Path:
    path = workspace / "posts" / "late.fr.md"
    path.write_text(LATE, encoding="utf-8")
    return path


def codes(cli: Cli, *arguments: str) -> list[tuple[str, str]]:
    return [(p["code"], p["severity"]) for p in cli("check", "--json", *arguments).json]


@pytest.fixture
def trusted(cli: Cli, workspace: Path) -> None:
    """A ledger that is said to be the first."""
    assert cli("queue", "--new-ledger").code == 0


def test_check_warns_without_a_ledger(cli: Cli, workspace: Path, late: Path) -> None:
    assert codes(cli) == [("overdue", "warning")]
    assert codes(cli, "posts/late.fr.md") == [("overdue", "warning")]
    late.write_text(LATE.replace("11:30", "01:30"), encoding="utf-8")
    assert codes(cli) == [], "most likely it is out"
    assert "1 draft is past its time and its expiry: late.fr." in " ".join(cli("check").out.split())
    assert not (workspace / "var" / "publisher.db").exists()


@pytest.mark.usefixtures("trusted")
def test_check_knows_what_is_on_the_schedule(cli: Cli, late: Path) -> None:
    late.write_text(LATE.replace("11:30", "01:30"), encoding="utf-8")
    assert codes(cli) == [("past", "warning")]
    late.write_text(LATE, encoding="utf-8")
    assert codes(cli) == [("overdue", "warning")]
    assert cli("queue", "--yes").code == 0
    assert codes(cli) == []


@pytest.mark.usefixtures("trusted", "late")
def test_queue_writes_nothing_late_where_nobody_can_answer(cli: Cli) -> None:
    asked = cli("queue")
    assert asked.code == 2
    assert "1 post goes out at once, because its time is over: late.fr." in asked.out
    assert "there is nobody to answer" in asked.err
    assert cli("log", "--format", "json").json == []
    assert cli("queue", "--json").code == 2
    done = cli("queue", "--yes")
    assert done.code == 0
    assert "Its time, 2016-03-01 11:30 (Europe/Zurich), has passed" in done.out
    (delivery,) = cli("log", "--format", "json").json
    assert delivery["state"] == "scheduled"
    assert cli("queue").code == 0, "nothing is asked again"


@pytest.mark.usefixtures("trusted", "late")
@pytest.mark.parametrize(("answer", "states"), [("n", []), ("y", ["scheduled"])])
def test_queue_asks_on_a_terminal(
    cli: Cli, workspace: Path, answer: str, states: list[str]
) -> None:
    ours, its = pty.openpty()
    environment = {**os.environ, "PUBLISHER_CLOCK": "2016-03-01T12:00:00+01:00"}
    process = subprocess.Popen(
        [SCRIPT, "queue"], cwd=workspace, env=environment, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    os.write(ours, f"{answer}\n".encode())
    said = b""
    while chunk := _read(ours):
        said += chunk
    process.wait(60)
    os.close(ours)
    assert b"1 post goes out at once" in said
    assert [one["state"] for one in cli("log", "--format", "json").json] == states


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.usefixtures("trusted")
def test_now_goes_out_without_a_question(cli: Cli, late: Path) -> None:
    late.write_text(LATE.replace("2016-03-01 11:30", "now"), encoding="utf-8")
    assert codes(cli) == []
    assert cli("queue").code == 0
    (delivery,) = cli("log", "--format", "json").json
    assert delivery["due_at"] == "2016-03-01T11:00:00Z"


@pytest.mark.usefixtures("late")
def test_what_may_be_out_from_another_ledger_is_no_question_but_in_doubt(cli: Cli) -> None:
    assert cli("queue").code == 0
    (delivery,) = cli("log", "--format", "json").json
    assert delivery["state"] == "uncertain"
