"""What status, doctor and log verify say of a ledger that was set back."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.ledger.integrity.marks import Watermark
from publisher.ledger.integrity.watermarks import MarkFile
from tests.cli.annual_day import set_clock
from tests.cli.runner import Cli

pytestmark = pytest.mark.guards(
    "publisher.ledger.reading.set_backs",
    "publisher.ledger.integrity.watermarks",
    "publisher.cli.commands.record",
    "publisher.cli.output.status",
    "publisher.cli.output.verdict",
    "publisher.doctor.ledger",
    "publisher.reporting.status",
)

HAPPENED = "The ledger was set back, for example by a restored snapshot"
DOUBTED = "2 posts may have gone out since"
Lost = Callable[[Application], Watermark]


@pytest.fixture
def lost(
    cli: Cli, workspace: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Application], Watermark]:
    """A step that was seen of the ledger, and is lost: after a post to two accounts was due."""
    cli("queue")
    set_clock(monkeypatch, "2016-03-07T09:00:00+01:00")
    return lambda app: Watermark(
        delivery=None, account="*", seq=99, hash="0" * 64, at=app.clock.now()
    )


@pytest.fixture
def noticed(lost: Lost, workspace: Path) -> None:
    """A process noticed it."""
    with closing(Application.open(workspace)) as app:
        app.database.face(lost(app), app.clock.now())


@pytest.fixture
def unnoticed(lost: Lost, workspace: Path) -> None:
    """Nothing has run since: only the mark in var/ tells."""
    with closing(Application.open(workspace)) as app:
        mark = lost(app).model_dump_json().encode()
        MarkFile(app.settings.var).write(app.queries.ledger_id(), mark)


def _said(cli: Cli, *command: str) -> str:
    """In one line, however it was broken."""
    return " ".join(cli(*command).out.split())


@pytest.mark.usefixtures("noticed")
@pytest.mark.parametrize("command", [("status",), ("doctor", "--offline"), ("log", "verify")])
def test_it_is_said_with_what_was_found(cli: Cli, command: tuple[str, ...]) -> None:
    said = _said(cli, *command)
    assert HAPPENED in said
    assert DOUBTED in said
    assert "Pauses, holds, cancellations, edits and approvals of that time are lost" in said


@pytest.mark.usefixtures("noticed")
@pytest.mark.parametrize("command", [("status", "--json"), ("log", "verify", "--json")])
def test_scripts_are_told(cli: Cli, command: tuple[str, ...]) -> None:
    (told,) = cli(*command).json["set_backs"]
    assert (told["doubted"], told["looked_for"], told["out"], told["until"]) == (2, 2, 0, None)
    assert told["since"] < told["at"]


@pytest.mark.usefixtures("noticed")
def test_what_was_looked_after_is_no_failure_of_the_log(cli: Cli) -> None:
    assert cli("log", "verify").code == 0
    assert cli("log", "verify", "--json").json["behind"] is False


@pytest.mark.usefixtures("unnoticed")
def test_verifying_the_log_fails_for_a_ledger_that_lacks_what_was_seen_of_it(cli: Cli) -> None:
    done = cli("log", "verify")
    assert done.code == 1
    assert "it lacks a step of 2016-03-07 08:00" in " ".join(done.out.split())
    assert cli("log", "verify", "--json").json["behind"] is True


@pytest.mark.usefixtures("unnoticed")
def test_so_does_the_doctor(cli: Cli) -> None:
    assert "it lacks what was seen in it" in _said(cli, "doctor", "--offline")
