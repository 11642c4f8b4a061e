"""--json on commands that change something."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher.cli import app
from tests.cli.conftest import SETTINGS
from tests.cli.runner import Cli

POST = "day.fr"
PRINTS_WHAT_IT_IS_FOR = {
    *("preview", "report", "calendar", "agenda export"),  # a page or a calendar
    *("schema", "help", "completion"),
    "read",  # a draft, for a person
    *("start", "run", "web", "mcp", "sandbox", "rehearse"),  # they stay
}
"""Commands that change nothing, or whose output is no result for a script."""


def _commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands") and not command.invoke_without_command:
            yield from _commands(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def test_every_command_that_changes_something_takes_json() -> None:
    takes = {
        name: any("--json" in option.opts for option in command.params)
        for name, command in _commands(app.bare_command())
    }
    assert {name for name, is_there in takes.items() if not is_there} == PRINTS_WHAT_IT_IS_FOR


@pytest.fixture
def queued(cli: Cli, workspace: Path) -> Path:
    (workspace / "publisher.toml").write_text(
        f"[approval]\nrequired = true\n{SETTINGS}", encoding="utf-8"
    )
    (workspace / "posts" / f"{POST}.md").write_text(
        "---\nat: annual-day\nauthor: redaction\nto: bice-x\n---\nBonjour de Genève.\n",
        encoding="utf-8",
    )
    assert cli("queue").code == 0
    return workspace


def _states(cli: Cli, *words: str) -> list[Any]:
    done = cli(*words, "--json")
    assert done.code == 0, done.err
    return [row["state"] for row in done.json["deliveries"]]


def test_each_command_prints_the_deliveries_as_they_are_now(cli: Cli, queued: Path) -> None:
    """And nothing else on standard output."""
    manager = ("--as", "direction")
    assert _states(cli, "approve") == ["awaiting-approval"]
    assert _states(cli, "approve", POST, "--yes", *manager) == ["scheduled"]
    assert _states(cli, "hold", POST, "--reason", "x") == ["held"]
    assert _states(cli, "release", POST) == ["scheduled"]
    assert _states(cli, "cancel", POST) == ["cancelled"]
    assert _states(cli, "retry", POST) == ["scheduled"]
    assert _states(cli, "reject", POST, "--reason", "x", *manager) == ["rejected"]
    assert cli("pause", "--reason", "x", "--json").json == {"paused": "all", "deliveries": []}
    assert cli("resume", "--yes", "--json").json == {"resumed": "all", "deliveries": []}


def test_with_json_nobody_is_asked(cli: Cli, queued: Path) -> None:
    for words in (
        ["approve", POST, "--as", "direction"], ["withdraw", POST, "--reason", "x"],
    ):  # fmt: skip
        refused = cli(*words, "--json")
        assert (refused.code, refused.out) == (2, "")
        assert "With --json, no questions are asked." in refused.err
    assert "--reason is missing" in cli("hold", POST, "--json").err


def test_people_are_printed_as_in_the_list(cli: Cli, queued: Path) -> None:
    secret = b"a long enough passphrase\n"
    added = cli("user", "add", "direction", "--role", "manager", "--json", stdin=secret)
    assert added.json == cli("user", "list", "--json").json[0]
    changed = cli("user", "rights", "direction", "--role", "admin", "--json")
    assert changed.json["role"] == "admin"


def test_a_password_and_what_is_lost_are_people_and_factors(cli: Cli, queued: Path) -> None:
    secret = b"a long enough passphrase\n"
    cli("user", "add", "direction", stdin=secret)
    person = cli("user", "list", "--json").json[0]
    assert cli("user", "password", "direction", "--json", stdin=secret).json == person
    assert cli("user", "unlock", "direction", "--json").json == person
    assert cli("user", "enable", "direction", "--json").json == [person]
    no_factors = {"app": False, "passkeys": [], "recovery_codes": 0}
    assert cli("user", "factors", "direction", "--remove", "--json").json == no_factors
    assert cli("user", "sessions", "direction", "--revoke", "--json").json == {"ended": 0}
    token = cli("user", "token", "direction", "--make", "n8n", "--everything", "--json").json[
        "token"
    ]
    assert token.startswith("publisher_")
    number = cli("user", "token", "direction", "--json").json[0]["number"]
    ended = cli("user", "token", "direction", "--end", str(number), "--json")
    assert ended.json == {"ended": number}
    assert cli("user", "remove", "direction", "--json").json == {"removed": "direction"}


def test_a_link_is_printed_with_whose_it_is(cli: Cli, queued: Path) -> None:
    invited = cli("user", "add", "direction", "--invite", "--json").json
    assert invited["name"] == "direction"
    assert invited["link"].startswith("http")
    again = cli("user", "password", "direction", "--link", "--json").json
    assert again["link"] != invited["link"]


def test_a_workspace_and_a_draft_name_their_files(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cli("init", tmp_path / "lima", "--account", "lima-x=twitter", "--json").json
    assert made["folder"] == str(tmp_path / "lima")
    assert all((tmp_path / "lima" / name).is_file() for name in made["files"])
    assert "publisher.toml" in made["files"]
    monkeypatch.chdir(tmp_path / "lima" / "posts")  # the file is named from the workspace
    drafted = cli("new", "In Geneva", "--lang", "es", "--json").json
    assert drafted == {"post": "in-geneva.es", "file": "posts/in-geneva.es.md"}


def test_a_ledger_is_made_once(cli: Cli, workspace: Path) -> None:
    place = str(workspace / "var" / "publisher.db")
    assert cli("migrate", "--json").json == {"ledger": place, "made": True}
    assert cli("migrate", "--json").json == {"ledger": place, "made": False}


def test_a_backup_and_a_restore_name_files_and_deliveries(
    cli: Cli, queued: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cli("backup", tmp_path / "copy.db", "--json").json
    assert made["file"] == str(tmp_path / "copy.db")
    assert made["bytes"] == (tmp_path / "copy.db").stat().st_size
    assert (made["unbroken"], made["breaks"]) == (True, [])
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T10:00:00+01:00")
    restored = cli("restore", tmp_path / "copy.db", "--json").json
    assert restored["restored"].startswith("2016-03-01T11:00:00")
    assert Path(restored["kept"]).is_file()
    assert restored["kept_out"] == []
    assert [row["state"] for row in restored["deliveries"]] == ["uncertain"]


def test_an_archive_names_its_files_and_asks_nobody(
    cli: Cli, queued: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("cancel", POST)
    assert cli("log", "archive", "--json").json == {"archives": []}
    monkeypatch.setenv("PUBLISHER_CLOCK", "2017-06-15T12:00:00+02:00")
    refused = cli("log", "archive", "--json")
    assert (refused.code, refused.out) == (2, "")
    assert "With --json, no questions are asked." in refused.err
    (made,) = cli("log", "archive", "--yes", "--json").json["archives"]
    assert made == {"file": "2016-03.jsonl.gz", "steps": 2, "deliveries": 1}


def test_units_are_named_with_what_to_start(cli: Cli, workspace: Path, tmp_path: Path) -> None:
    written = cli("service", "install", "--user", "a", "--output", tmp_path, "--json").json
    assert all(Path(name).is_file() for name in written["files"])
    assert written["start"] == ["publisher.service", "publisher-backup.timer"]
