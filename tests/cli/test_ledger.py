"""Which commands make or migrate a ledger, and what the others do where there is none."""

import fcntl
import os
import pty
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from publisher.ledger.database import Database
from tests.cli.runner import SCRIPT, Cli
from tests.support.older_ledgers import OLDER, make_older

DRAFT = "---\nat: 2016-03-07 08:30\nto: bice-x\n---\nBonjour.\n"
_LEDGER = Path("var/publisher.db")
OPERATE = [
    "pause --reason x",
    "resume",
    "cancel p.fr",
    "hold p.fr --reason x",
    "release p.fr",
    "retry p.fr",
    "resolve p.fr --published 1",
    "withdraw p.fr --reason x",
    "approve p.fr",
    "reject p.fr --reason x",
]
READ = ["status", "log", "history p.fr", "report", "log verify", "log archive", "user list"]
LOOK = ["plan", "calendar"]


def write_draft(workspace: Path) -> None:
    (workspace / "posts" / "p.fr.md").write_text(DRAFT, encoding="utf-8")


@pytest.mark.parametrize("command", [*OPERATE, *READ, "backup copy.db", "web"])
def test_without_a_ledger_no_other_is_made(cli: Cli, workspace: Path, command: str) -> None:
    """The message names the file, and what makes it; on several machines, what is missing."""
    write_draft(workspace)
    result = cli(*command.split(), stdin=b"plough wicker ostrich\n")
    assert result.code == 3
    assert f"error: There is no ledger yet: {workspace / _LEDGER} does not exist." in result.err
    assert "`publisher queue` makes it" in result.err
    assert "[database] url" in result.err
    assert not (workspace / "var").exists()


@pytest.mark.parametrize("command", ["check", *LOOK])
def test_what_only_looks_at_drafts_needs_no_ledger(cli: Cli, workspace: Path, command: str) -> None:
    write_draft(workspace)
    result = cli(*command.split())
    assert result.code == 0
    assert ("There is no ledger yet" in result.err) is (command in LOOK)
    assert not (workspace / _LEDGER).exists()


@pytest.mark.parametrize("command", ["queue", "migrate", "run --no-web --until-idle"])
def test_who_makes_a_ledger_says_so(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (workspace / "publisher.toml").write_text('[accounts.bice-site]\nchannel = "site"\n')
    write_draft(workspace)
    monkeypatch.delenv("PUBLISHER_CLOCK")
    (workspace / "posts" / "p.fr.md").unlink()
    first = cli(*command.split())
    assert first.code == 0
    assert "A new ledger was made in var/publisher.db.\n" in first.err
    assert "new ledger" not in cli(*command.split()).err


@pytest.mark.parametrize("command", OPERATE)
def test_nobody_acts_on_a_ledger_that_nothing_was_queued_on(
    cli: Cli, made: Path, command: str
) -> None:
    """Who pauses an empty ledger means another one, on which all goes on."""
    result = cli(*command.split())
    assert result.code == 3
    assert result.out == ""
    assert "Nothing has ever been queued in the ledger in var/publisher.db." in result.err
    assert "[database] url is missing here" in result.err


def test_nobody_pauses_an_empty_ledger_on_postgresql(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", postgres_url)
    missing = cli("pause", "--reason", "x")
    assert (missing.code, missing.out) == (3, "")
    assert "The database has no ledger yet." in missing.err
    assert "A new ledger was made in the database " in cli("migrate").err
    empty = cli("pause", "--reason", "x")
    assert (empty.code, empty.out) == (3, "")
    assert "Nothing has ever been queued in the ledger in the database " in empty.err


@pytest.mark.parametrize(
    "command",
    ["migrate", "queue", "run --no-web --until-idle", "web", "doctor --offline", "status"],
)
def test_beside_a_broker_a_ledger_that_nobody_chose_is_no_ledger(
    cli: Cli, workspace: Path, command: str
) -> None:
    """A machine that lacks [database] url would publish everything a second time."""
    write_draft(workspace)
    assert cli("queue").code == 0
    (workspace / "secrets.toml").write_text('[broker]\nurl = "redis://127.0.0.1:1/0"\n')
    (workspace / "secrets.toml").chmod(0o600)
    result = cli(*command.split())
    assert result.code == 3
    assert "[broker] url is set and [database] url is missing" in result.err + result.out
    assert "[database] url into secrets.toml" in result.err + result.out or command == "status"


def test_who_chose_the_ledger_beside_a_broker_keeps_it(cli: Cli, workspace: Path) -> None:
    write_draft(workspace)
    (workspace / "secrets.toml").write_text(
        '[broker]\nurl = "redis://127.0.0.1:1/0"\n[database]\nurl = "sqlite:///var/publisher.db"\n'
    )
    (workspace / "secrets.toml").chmod(0o600)
    assert cli("queue").code == 0
    assert cli("migrate").code == 0


def become_older(workspace: Path) -> None:
    """Make the workspace's ledger one of an older version."""
    with closing(Database(f"sqlite:///{workspace / _LEDGER}")) as database:
        make_older(database)


@pytest.mark.parametrize("command", ["status", "pause --reason x", "log", "plan", "user list"])
def test_other_commands_do_not_migrate(cli: Cli, made: Path, command: str) -> None:
    """A `publisher run` of the older version may be at work."""
    become_older(made)
    result = cli(*command.split())
    assert result.code == 3
    assert "An older version of Publisher wrote this ledger." in result.err
    assert "publisher migrate" in result.err
    with closing(Database(f"sqlite:///{made / _LEDGER}")) as database:
        assert database.is_old()


@pytest.mark.parametrize("command", ["queue", "migrate", "run --no-web --until-idle"])
def test_nothing_migrates_under_a_run_of_the_older_version(
    cli: Cli, made: Path, command: str
) -> None:
    become_older(made)
    with (made / "var" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("1\n")
        lock.flush()
        result = cli(*command.split())
        assert result.code == 3
        assert "is already running" in result.err
    assert cli("migrate").code == 0
    assert cli("status").code == 0


@pytest.mark.parametrize("command", ["queue", "migrate", "run --no-web --until-idle"])
def test_nothing_migrates_while_processes_of_another_version_show_life(
    cli: Cli, made: Path, command: str
) -> None:
    """They would go on, and write into tables that they do not know."""
    become_older(made)
    with closing(Database(f"sqlite:///{made / _LEDGER}")) as database:
        seen = time.time_ns() // 1000
        with database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO heartbeats (process, kind, host, pid, version, started_at, seen_at)"
                f" VALUES ('{'1' * 32}', 'worker', 'alpha', 1, '0.8', {seen}, {seen})"
            )
        result = cli(*command.split())
        assert result.code == 3
        assert "worker (alpha, 0.8)" in result.err
        assert "publisher migrate --force" in result.err
        assert database.is_old()
    assert cli("migrate", "--force").code == 0
    assert cli("status").code == 0


def test_an_older_ledger_is_backed_up_as_it_is(cli: Cli, made: Path, tmp_path: Path) -> None:
    """So that the older version can be put back, with the copy, if the new one fails."""
    become_older(made)
    copy = tmp_path / "copy.db"
    result = cli("backup", copy)
    assert result.code == 0
    assert "no steps of no deliveries, unbroken." in result.out
    with sqlite3.connect(copy) as ledger:
        (found,) = ledger.execute("SELECT version_num FROM alembic_version").fetchone()
    ledger.close()
    assert found == OLDER
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]


def test_backups_in_a_folder_are_named_by_the_time_and_old_ones_go(
    cli: Cli, made: Path, tmp_path: Path
) -> None:
    """Only what a backup named so, and only after a new one is there."""
    folder = tmp_path / "backups"
    folder.mkdir()
    old, young = "2016-02-15-1059.db", "2016-02-16-1100.db"
    for name in (old, young, "before-the-debate.db", "2015-01-01-0000.txt"):
        (folder / name).touch()
    assert cli("backup", folder, "--keep", "14").code == 0
    assert {path.name for path in folder.iterdir()} == {
        young, "before-the-debate.db", "2015-01-01-0000.txt", "2016-03-01-1100.db", "tried",
    }  # fmt: skip
    assert cli("backup", folder, "--keep", "14").code == 2, "the file of this minute is there"
    refused = cli("backup", tmp_path / "one.db", "--keep", "14")
    assert (refused.code, (tmp_path / "one.db").exists()) == (2, False)


def test_a_new_ledger_gives_what_is_past_to_a_person(cli: Cli, workspace: Path) -> None:
    """In a script nobody is asked, and what is safer for the public wins."""
    past = DRAFT.replace("2016-03-07 08:30", "2016-03-01 11:58")
    (workspace / "posts" / "p.fr.md").write_text(past, encoding="utf-8")
    result = cli("queue")
    assert result.code == 0
    assert "before this ledger was made" in result.out
    assert cli("log", "--json").json[0]["state"] == "uncertain"


@pytest.mark.parametrize(
    ("answer", "code", "states"),
    [((), 2, []), (("--yes",), 2, []), (("--new-ledger",), 0, ["scheduled"]), (("--lost-ledger",), 0, ["uncertain"])],
)  # fmt: skip
def test_the_first_now_of_a_workspace_goes_out_or_somebody_says_why_not(
    cli: Cli, workspace: Path, answer: tuple[str, ...], code: int, states: list[str]
) -> None:
    """The first ledger is made by the first `queue`, so it is newer than each draft."""
    text = DRAFT.replace("at: 2016-03-07 08:30", "at: now")
    draft = workspace / "posts" / "p.fr.md"
    draft.write_text(text, encoding="utf-8")
    os.utime(draft, (1456820000, 1456820000))
    result = cli("queue", *answer)
    assert result.code == code, result.err
    if code:
        told = " ".join(result.err.split())
        assert "p.fr" in told
        assert "--new-ledger" in told
        assert "--lost-ledger" in told
    assert [one["state"] for one in cli("log", "--json").json] == states


def test_who_says_that_the_ledger_is_the_first_lets_it_go_out(cli: Cli, workspace: Path) -> None:
    past = DRAFT.replace("2016-03-07 08:30", "2016-03-01 11:58")
    (workspace / "posts" / "p.fr.md").write_text(past, encoding="utf-8")
    assert cli("queue", "--new-ledger").code == 2, "its time is over: that is asked as well"
    result = cli("queue", "--new-ledger", "--yes")
    assert (result.code, "may-be-out" in result.out) == (0, False)
    assert cli("log", "--json").json[0]["state"] == "scheduled"


def test_who_says_so_too_late_is_told_what_stays_in_doubt(cli: Cli, workspace: Path) -> None:
    past = DRAFT.replace("2016-03-07 08:30", "2016-03-01 11:58")
    (workspace / "posts" / "p.fr.md").write_text(past, encoding="utf-8")
    cli("queue")
    result = cli("queue", "--new-ledger")
    assert "1 delivery was queued before you said so" in result.err
    assert "`publisher retry POST --account NAME`" in result.err


@pytest.mark.parametrize(("answer", "state"), [("y\n", "scheduled"), ("\n", "uncertain")])
def test_at_a_terminal_it_is_asked(cli: Cli, workspace: Path, answer: str, state: str) -> None:
    """No answer is no; nothing is asked a second time about what was decided."""
    past = DRAFT.replace("2016-03-07 08:30", "2016-03-01 11:58")
    (workspace / "posts" / "p.fr.md").write_text(past, encoding="utf-8")
    ours, its = pty.openpty()
    with subprocess.Popen(
        [SCRIPT, "queue"], cwd=workspace, stdin=its, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        os.close(its)
        os.write(ours, answer.encode())
        shown, _ = process.communicate(timeout=60)
        os.close(ours)
    assert process.returncode == 0, shown
    assert "This ledger is new, and these were due before it was made." in shown
    assert "  p.fr to bice-x\n" in shown
    assert cli("log", "--json").json[0]["state"] == state
