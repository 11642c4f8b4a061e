"""log verify, log archive, backup and restore, as people and scripts use them."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.lock import locked
from publisher.cli.commands.backups import _dump_command
from publisher.ledger.worker.intents import Intent
from publisher.model.states import State
from publisher.settings.settings import load
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


def test_a_command_compares_the_ledger_before_it_writes(
    cli: Cli, queued: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post is out, the ledger goes back, and its draft was moved: it does not go out again."""
    with closing(sqlite3.connect(queued)) as ledger, closing(sqlite3.connect(":memory:")) as copy:
        ledger.backup(copy)
        monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T08:31:00+01:00")
        with closing(Application.open(workspace)) as app:
            (claim,) = app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 1)
            (delivery,) = app.attempts.take_all([claim])
            app.attempts.intend_all([Intent(delivery, app.clock.now(), app.clock.ahead(30))])
        copy.backup(ledger)
    draft = DRAFT.replace("08:30", "09:30")
    (workspace / "posts" / "one.fr.md").write_text(draft, encoding="utf-8")
    cli("queue")
    with closing(Application.open(workspace)) as app:
        (delivery,) = app.queries.deliveries()
    assert delivery.state is State.UNCERTAIN


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
    assert "  one.fr to bice-x, step 1 has changed since it was written" in result.out
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


def test_an_empty_history_is_unbroken(cli: Cli, workspace: Path, made: Path) -> None:
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


# log archive


@pytest.fixture
def old(cli: Cli, queued: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The post was cancelled, and more than a year has passed; the folder of the archives."""
    assert cli("cancel", "one.fr", "--reason", "trop tard").code == 0
    monkeypatch.setenv("PUBLISHER_CLOCK", "2017-06-15T12:00:00+02:00")
    return queued.parent / "archive"


def test_old_history_moves_into_files(cli: Cli, old: Path) -> None:
    """And is shown, and verified, as if it were still in the ledger."""
    before = cli("history", "one.fr", "--json").json
    result = cli("log", "archive", "--yes", "--as", "manager")
    assert (result.code, result.err) == (0, "")
    file = old / "2016-03.jsonl.gz"
    said = " ".join(result.out.split())
    assert said == f"{file}: 2 steps of 1 delivery."
    assert file.is_file()
    *steps, last = cli("history", "one.fr", "--json").json
    assert steps == before
    assert (last["event"], last["actor"]) == ("archived", "manager")
    assert "archived" in cli("history", "one.fr").out
    verified = cli("log", "verify")
    assert verified.code == 0
    assert (
        "3 steps of 1 delivery, unbroken.\nArchived, as the history says: 2 steps in 1 file.\n"
        in verified.out
    )
    assert cli("log", "verify", "--json").json["archived"] == 2
    again = cli("log", "archive")
    assert (again.code, again.out) == (0, "Nothing to archive from before 2016-06.\n")


def test_archiving_asks_first(cli: Cli, old: Path) -> None:
    result = cli("log", "archive")
    assert result.code == 2
    assert "there is nobody to answer" in result.err
    assert not old.exists()


def test_months_say_how_much_stays(cli: Cli, old: Path) -> None:
    assert cli("log", "archive", "--months", "0").code == 2
    result = cli("log", "archive", "--months", "15", "--yes")
    assert result.out == "Nothing to archive from before 2016-03.\n"
    assert cli("log", "archive", "--months", "14", "--yes").code == 0
    assert [path.name for path in old.iterdir()] == ["2016-03.jsonl.gz"]


def test_one_process_archives_at_a_time(cli: Cli, old: Path) -> None:
    with locked(old.parent / "archive.lock", "`publisher log archive`"):
        result = cli("log", "archive", "--yes")
    assert result.code == 3
    assert "hint: Wait until it has ended." in result.err
    assert not old.exists()


def test_a_lost_archive_is_named_with_what_to_do(cli: Cli, old: Path) -> None:
    """By the history as well, which shows the rest."""
    cli("log", "archive", "--yes")
    (old / "2016-03.jsonl.gz").unlink()
    result = cli("log", "verify")
    assert result.code == 1
    said = " ".join(result.out.split())
    assert "with 1 break: archive 2016-03.jsonl.gz cannot be read" in said
    assert "restore a copy of it into var/archive" in said
    shown = cli("history", "one.fr")
    assert shown.code == 0
    assert "restore a copy of it into" in " ".join(shown.out.split())


def test_a_backup_tells_that_archives_are_not_in_it(cli: Cli, old: Path, tmp_path: Path) -> None:
    """A restore wants them in their place."""
    cli("log", "archive", "--yes")
    result = cli("backup", tmp_path / "copy.db")
    assert (result.code, result.err) == (0, "")
    assert f"copy the folder {old} as well" in " ".join(result.out.split())
    aside = old.rename(old.with_name("aside"))
    result = cli("restore", tmp_path / "copy.db")
    assert result.code == 3
    assert "archive 2016-03.jsonl.gz cannot be read" in " ".join(result.err.split())
    aside.rename(old)
    assert cli("restore", tmp_path / "copy.db").code == 0
    assert cli("log", "verify").code == 0


# backup


def test_a_backup_says_what_is_in_it(cli: Cli, queued: Path, tmp_path: Path) -> None:
    result = cli("backup", tmp_path / "copy.db")
    assert (result.code, result.err) == (0, "")
    assert "1 step of 1 delivery, unbroken.\n" in result.out
    assert f"The backup is {tmp_path / 'copy.db'} (" in result.out


def test_a_backup_works_while_run_is_at_work(cli: Cli, queued: Path, tmp_path: Path) -> None:
    with locked(queued.parent / "run.lock", "`publisher run`"):
        assert cli("backup", tmp_path / "copy.db").code == 0


def test_a_backup_replaces_no_file(cli: Cli, queued: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("last week's")
    result = cli("backup", tmp_path / "copy.db")
    assert result.code == 2
    assert "already exists" in result.err
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
    assert result.out.count("Look at the account") == 1, "once for all of them"
    assert "publisher resolve POST --account NAME --published ID" in result.out
    assert "Run `publisher queue` now" in result.out
    assert "publisher.db.before-restore-2016-03-07T0900" in result.out
    assert cli("log", "--json").json[0]["state"] == "uncertain"
    last = cli("history", "one.fr", "--json").json[-1]
    assert (last["event"], last["actor"]) == ("restored from a backup", "manager")
    assert "Everything has been paused" in cli("status").out
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
    assert [change["note"] for change in plan["changes"]] == ["it may already be out"]
    result = cli("queue")
    assert result.code == 0
    assert "posts/two.fr.md:2:1: warning: " in result.out
    assert "it may already be out on bice-x" in " ".join(result.out.split())
    assert "publisher retry two.fr --account bice-x" in " ".join(result.out.split())
    assert {row["state"] for row in cli("log", "--json").json} == {"uncertain"}


def test_nothing_is_restored_while_run_is_at_work(cli: Cli, queued: Path, tmp_path: Path) -> None:
    cli("backup", tmp_path / "copy.db")
    before = queued.read_bytes()
    with locked(queued.parent / "run.lock", "`publisher run`"):
        result = cli("restore", tmp_path / "copy.db")
    assert result.code == 3
    assert "`publisher run` is already running" in result.err
    assert "hint: Stop it" in result.err
    assert queued.read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["copy.db", "--in-place"]])
def test_either_a_file_or_in_place(cli: Cli, queued: Path, arguments: list[str]) -> None:
    result = cli("restore", *arguments)
    assert result.code == 2
    assert "Name the backup file, or use --in-place." in result.err


def test_a_file_that_is_not_there(cli: Cli, queued: Path, tmp_path: Path) -> None:
    result = cli("restore", tmp_path / "none.db")
    assert result.code == 3
    assert "none.db is not a file." in result.err


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
    assert "one.fr to bice-x, step 1 has changed since it was written" in refused.err
    assert "--despite-breaks" in refused.err
    assert cli("restore", tmp_path / "copy.db", "--despite-breaks").code == 0
