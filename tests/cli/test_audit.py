"""log verify, backup and restore, as people and scripts use them."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from publisher.cli.audit import _dump_command
from publisher.lock import locked
from publisher.settings import load
from tests.cli.runner import Cli

DRAFT = "---\nat: 2016-03-07 08:30\nto: bice-x\n---\nLe texte.\n"


@pytest.fixture
def queued(cli: Cli, workspace: Path) -> Path:
    """A post to bice-x, due on 7 March at 8:30 in Geneva; the ledger's file."""
    (workspace / "posts" / "one.fr.md").write_text(DRAFT, encoding="utf-8")
    assert cli("queue").code == 0
    return workspace / "var" / "publisher.db"


def tamper(ledger: Path, *statements: str) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("DROP TRIGGER IF EXISTS history_no_update")
        connection.execute("DROP TRIGGER IF EXISTS history_no_delete")
        for statement in statements:
            connection.execute(statement)


# log verify


def test_an_unbroken_history(cli: Cli, queued: Path) -> None:
    """With the seal's hash, which a person may note."""
    result = cli("log", "verify")
    assert (result.code, result.err) == (0, "")
    first, second = result.out.splitlines()
    assert first == "1 step of 1 delivery, unbroken."
    assert second.startswith("Seal 1 of 2016-03-01 11:00:")
    seal = second.split()[-1]
    assert cli("log", "verify", "--seal", seal).code == 0
    assert cli("log", "verify", "--seal", "0" * 64).code == 1


def test_a_broken_history_is_named_and_fails(cli: Cli, queued: Path) -> None:
    cli("log", "verify")
    tamper(queued, "UPDATE history SET actor = 'nobody'")
    result = cli("log", "verify")
    assert result.code == 1
    assert "1 step of 1 delivery, with 1 break:\n" in result.out
    assert "  one.fr to bice-x, step 1 is not as it was written" in result.out
    tamper(queued, "DELETE FROM history")
    out = cli("log", "verify").out
    assert "  one.fr to bice-x all its steps are missing\n" in out
    assert "  seal 1 covers 1 step up to 2016-03-01 11:00:" in out


def test_the_verdict_for_scripts(cli: Cli, queued: Path) -> None:
    good = cli("log", "verify", "--json")
    assert good.code == 0
    assert good.json["unbroken"] is True
    assert (good.json["steps"], good.json["deliveries"], good.json["breaks"]) == (1, 1, [])
    assert good.json["seal"]["number"] == 1
    tamper(queued, "UPDATE history SET detail = '{}'")
    bad = cli("log", "verify", "--json")
    assert bad.code == 1
    assert bad.json["unbroken"] is False
    (flaw,) = bad.json["breaks"]
    assert (flaw["post"], flaw["account"], flaw["step"]) == ("one.fr", "bice-x", 1)


def test_an_empty_history_is_unbroken(cli: Cli, workspace: Path) -> None:
    result = cli("log", "verify")
    assert (result.code, result.out) == (0, "no steps of no deliveries, unbroken.\n")


def test_many_breaks_are_cut_short_for_people_alone(cli: Cli, workspace: Path) -> None:
    for number in range(25):
        text = DRAFT.replace("Le texte.", f"Le texte {number}.")
        (workspace / "posts" / f"p{number}.fr.md").write_text(text, encoding="utf-8")
    cli("queue")
    tamper(workspace / "var" / "publisher.db", "UPDATE history SET actor = 'nobody'")
    assert "  … and 5 more: --json shows all.\n" in cli("log", "verify").out
    assert len(cli("log", "verify", "--json").json["breaks"]) == 25


def test_the_log_itself_is_shown_as_before(cli: Cli, queued: Path) -> None:
    assert [row["post"] for row in cli("log", "--json").json] == ["one.fr"]
    result = cli("log", "verfy")
    assert result.code == 2
    assert "No such command 'verfy'" in result.err


# backup


def test_a_backup_says_what_is_in_it(cli: Cli, queued: Path, tmp_path: Path) -> None:
    result = cli("backup", tmp_path / "copy.db")
    assert (result.code, result.err) == (0, "")
    assert "1 step of 1 delivery, unbroken.\n" in result.out
    assert f"Backed up into {tmp_path / 'copy.db'} (" in result.out


def test_a_backup_works_while_run_is_at_work(cli: Cli, queued: Path, tmp_path: Path) -> None:
    with locked(queued.parent / "run.lock", "`publisher run`"):
        assert cli("backup", tmp_path / "copy.db").code == 0


def test_a_backup_replaces_no_file(cli: Cli, queued: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("last week's")
    result = cli("backup", tmp_path / "copy.db")
    assert result.code == 2
    assert "is there already" in result.err
    assert (tmp_path / "copy.db").read_text() == "last week's"


def test_a_backup_of_a_broken_history_is_made_but_fails(
    cli: Cli, queued: Path, tmp_path: Path
) -> None:
    tamper(queued, "UPDATE history SET actor = 'nobody'")
    result = cli("backup", tmp_path / "copy.db")
    assert result.code == 1
    assert "with 1 break:" in result.out
    assert (tmp_path / "copy.db").exists()


def test_postgresql_is_left_to_its_own_tools_without_a_password(
    cli: Cli, workspace: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The command's line, which every user of the machine can see, holds no password."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", postgres_url)
    assert cli("migrate").code == 0
    result = cli("backup", tmp_path / "copy.db")
    assert result.code == 2
    assert "hint: Run: pg_dump --format=custom --file=FILE --host=127.0.0.1 --port=" in result.err
    secret = "postgresql+psycopg://publisher:hunter2@db.example.org/ledger"
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", secret)
    hint = _dump_command(load(workspace))
    assert "hunter2" not in hint
    assert hint.endswith("--host=db.example.org --username=publisher ledger")


# restore


def test_a_restore_tells_what_a_person_must_look_at(
    cli: Cli, queued: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was due since the backup is uncertain; everything is paused until somebody resumes."""
    cli("backup", tmp_path / "copy.db")
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T10:00:00+01:00")
    result = cli("restore", tmp_path / "copy.db", "--as", "manager")
    assert (result.code, result.err) == (0, "")
    assert "The ledger is as it was on 2016-03-01 12:00. Everything is paused.\n" in result.out
    assert "08:30  uncertain" in result.out
    assert result.out.count("Look at each account") == 1, "once for all of them"
    assert "publisher resolve POST --account NAME --published ID" in result.out
    assert "Run `publisher queue` now" in result.out
    assert "publisher.db.before-restore-2016-03-07T0900" in result.out
    assert cli("log", "--json").json[0]["state"] == "uncertain"
    last = cli("history", "one.fr", "--json").json[-1]
    assert (last["event"], last["actor"]) == ("restored from a backup", "manager")
    assert "Everything is paused" in cli("status").out
    assert cli("queue").code == 0
    assert cli("log", "--json").json[0]["state"] == "uncertain"
    assert cli("log", "verify").code == 0


def test_queue_after_a_restore_names_what_may_be_out(
    cli: Cli, queued: Path, tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the files, and was due before the restore; the restored ledger never saw it."""
    cli("backup", tmp_path / "copy.db")
    other = DRAFT.replace("08:30", "09:30").replace("Le texte.", "Un autre texte.")
    (workspace / "posts" / "two.fr.md").write_text(other, encoding="utf-8")
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T10:00:00+01:00")
    cli("restore", tmp_path / "copy.db")
    plan = cli("plan", "--json").json
    assert [change["note"] for change in plan["changes"]] == ["it may be out already"]
    result = cli("queue")
    assert result.code == 0
    assert "posts/two.fr.md:2:1: warning: " in result.out
    assert "it may be out on bice-x already" in " ".join(result.out.split())
    assert "publisher retry two.fr --account bice-x" in " ".join(result.out.split())
    assert {row["state"] for row in cli("log", "--json").json} == {"uncertain"}


def test_nothing_is_restored_while_run_is_at_work(cli: Cli, queued: Path, tmp_path: Path) -> None:
    cli("backup", tmp_path / "copy.db")
    before = queued.read_bytes()
    with locked(queued.parent / "run.lock", "`publisher run`"):
        result = cli("restore", tmp_path / "copy.db")
    assert result.code == 3
    assert "`publisher run` is already at work" in result.err
    assert "hint: Stop it" in result.err
    assert queued.read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["copy.db", "--in-place"]])
def test_either_a_file_or_in_place(cli: Cli, queued: Path, arguments: list[str]) -> None:
    result = cli("restore", *arguments)
    assert result.code == 2
    assert "Name the backup's file, or say --in-place." in result.err


def test_a_file_that_is_not_there(cli: Cli, queued: Path, tmp_path: Path) -> None:
    result = cli("restore", tmp_path / "none.db")
    assert result.code == 3
    assert "none.db is no file." in result.err


def test_what_pg_restore_put_back_is_faced_in_place(
    cli: Cli, workspace: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", postgres_url)
    assert cli("migrate").code == 0
    (workspace / "posts" / "one.fr.md").write_text(DRAFT, encoding="utf-8")
    assert cli("queue").code == 0
    refused = cli("restore", "copy.db")
    assert refused.code == 2
    assert "hint: Run `pg_restore --clean --if-exists --single-transaction --host=" in refused.err
    assert "FILE`, then `publisher restore --in-place`." in refused.err
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T10:00:00+01:00")
    result = cli("restore", "--in-place")
    assert (result.code, result.err) == (0, "")
    assert cli("log", "--json").json[0]["state"] == "uncertain"
    assert json.loads(cli("status", "--json").out)["accounts"][0]["account"] == "*"


def test_a_broken_history_is_restored_only_when_somebody_insists(
    cli: Cli, queued: Path, tmp_path: Path
) -> None:
    cli("backup", tmp_path / "copy.db")
    tamper(tmp_path / "copy.db", "UPDATE history SET actor = 'nobody'")
    refused = cli("restore", tmp_path / "copy.db")
    assert refused.code == 3
    assert "one.fr to bice-x, step 1 is not as it was written" in refused.err
    assert "--despite-breaks" in refused.err
    assert cli("restore", tmp_path / "copy.db", "--despite-breaks").code == 0
