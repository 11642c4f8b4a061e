"""init."""

import errno
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from publisher.channels.registry import SPECS
from publisher.settings import settings
from tests.cli.draft_files import on_a_full_disk
from tests.cli.runner import Cli

# init


def test_init_lays_out_a_workspace_that_passes_check(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = cli("init", "campaign")
    assert result.code == 0
    assert "A new ledger was made in var/publisher.db." in result.err
    for name in ("publisher.toml", "secrets.toml", "posts/session.yaml", "posts/welcome.en.md"):
        assert f"campaign/{name}" in result.out
        assert (tmp_path / "campaign" / name).is_file()
    assert (tmp_path / "campaign" / "posts" / "media").is_dir()
    monkeypatch.chdir(tmp_path / "campaign")
    assert cli("check", "--json").json == []


@pytest.mark.parametrize("language", ["en", "fr", "es", "pl"])
def test_init_in_each_language_has_nothing_to_warn_of(
    cli: Cli, tmp_path: Path, language: str
) -> None:
    folder = tmp_path / "campaign"
    cli("init", folder, "--language", language)
    assert cli("--workspace", folder, "check").out == "1 draft, no problems.\n"


def test_init_example_goes_to_one_account_and_is_never_queued(cli: Cli, tmp_path: Path) -> None:
    """Nothing goes to all accounts because nobody said to which."""
    folder = tmp_path / "campaign"
    cli("init", folder)
    plan = cli("--workspace", folder, "plan", "--json")
    assert (plan.json["changes"], plan.json["problems"]) == ([], [])
    example = folder / "posts" / "welcome.en.md"
    example.write_text(example.read_text().replace("# at:", "at:"))
    changes = cli("--workspace", folder, "plan", "--json").json["changes"]
    accounts = {change["account"] for change in changes}
    assert len(accounts) == 1
    assert "all" not in re.findall(r"\w+", (folder / "posts/session.yaml").read_text())


@pytest.mark.parametrize(("is_older", "state"), [(False, "scheduled"), (True, "uncertain")])
def test_a_first_post_at_once_goes_out_and_one_that_was_there_before_is_in_doubt(
    cli: Cli, tmp_path: Path, is_older: bool, state: str
) -> None:
    """Where drafts are older than the workspace, another ledger may have been lost."""
    draft = tmp_path / "posts" / "first.en.md"

    def write() -> None:
        draft.parent.mkdir(exist_ok=True)
        draft.write_text("---\nat: now\nto: our-x\n---\nHello from Geneva.\n")

    if is_older:
        write()
    cli("init", tmp_path)
    if not is_older:
        write()
    lost = ["--lost-ledger"] if is_older else []
    assert cli("--workspace", tmp_path, "queue").code == (2 if is_older else 0)
    assert cli("--workspace", tmp_path, "queue", *lost).code == 0
    (row,) = cli("--workspace", tmp_path, "log", "--json").json
    assert (row["post"], row["state"]) == ("first.en", state)


def test_init_with_approval_asks_for_one_of_each_post(cli: Cli, tmp_path: Path) -> None:
    cli("init", tmp_path, "--approval", "--language", "fr")
    assert settings.load(tmp_path, {}).approval.required
    assert cli("--workspace", tmp_path, "check").code == 0


@pytest.mark.parametrize("channel", sorted(SPECS))
def test_init_lays_out_the_accounts_that_are_named(cli: Cli, tmp_path: Path, channel: str) -> None:
    """Whatever the channel: check has nothing to say, and the secrets that it needs are named."""
    cli("init", tmp_path, "--account", f"lima-1={channel}", "--account", f"lima-2={channel}")
    loaded = settings.load(tmp_path, {})
    assert {name: entry.channel for name, entry in loaded.accounts.items()} == {
        "lima-1": channel,
        "lima-2": channel,
    }
    assert cli("--workspace", tmp_path, "check").out == "1 draft, no problems.\n"
    secrets = (tmp_path / "secrets.toml").read_text()
    (tmp_path / "secrets.toml").write_text(
        re.sub(r'^# (\[lima-\d\]|\w+ = )(?:"")?$', r'\1"x"', secrets, flags=re.MULTILINE)
        .replace(']"x"', "]")
        .replace('server = "x"', 'server = "https://lima.example"')
    )
    assert settings.load(tmp_path, {}).without_credentials() == {}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("lima", "NAME=CHANNEL"),
        ("lima=myspace", "channels are twitter"),
        ("Lima=twitter", "cannot be an account's name"),
        ("twitter=twitter", "in drafts it means many"),
        ("lima=twiter", "Did you mean `lima=twitter`?"),
    ],
)
def test_init_with_a_wrong_account_writes_nothing(
    cli: Cli, tmp_path: Path, told: str, said: str
) -> None:
    result = cli("init", tmp_path, "--account", told)
    assert result.code == 2
    assert said in " ".join(result.err.split())
    assert [*tmp_path.iterdir()] == []


def test_init_takes_each_name_once_and_says_what_to_connect(cli: Cli, tmp_path: Path) -> None:
    twice = cli("init", tmp_path, "--account", "lima=x", "--account", "lima=facebook")
    assert (twice.code, [*tmp_path.iterdir()]) == (2, [])
    assert "lima is named twice" in twice.err
    done = cli("init", tmp_path, "--account", "lima=x", "--account", "lima-site=site")
    assert "in that folder:\n  publisher connect lima\n  publisher check\n" in done.out
    assert done.out.endswith("`publisher start`\n")


def test_init_keeps_secrets_to_their_owner_and_out_of_git(cli: Cli, tmp_path: Path) -> None:
    cli("init", tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets.toml").stat().st_mode) == 0o600
    ignored = (tmp_path / ".gitignore").read_text().splitlines()
    assert {"var/", "secrets.toml"} <= set(ignored)


def test_init_adds_to_a_gitignore_that_is_there(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.bak\nvar/")
    cli("init", tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "*.bak\nvar/\nsecrets.toml\n.secrets.toml.*\n"


@pytest.mark.parametrize(
    "name", ["publisher.toml", "secrets.toml", "posts/session.yaml", "posts/welcome.en.md"]
)
def test_init_overwrites_nothing(cli: Cli, tmp_path: Path, name: str) -> None:
    """Whatever is there stays, and nothing else is written either."""
    mine = tmp_path / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    result = cli("init", tmp_path)
    assert result.code == 2
    assert f"error: Nothing was written, because this already exists: {mine}" in result.err
    assert mine.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


def test_init_where_a_file_stands(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "campaign").write_text("")
    result = cli("init", tmp_path / "campaign")
    assert result.code == 3
    assert f"No workspace can be made in {tmp_path / 'campaign'}: " in result.err


def test_init_on_a_full_disk_leaves_nothing(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third file finds no room; the first two go again."""
    writes = iter([os.open, os.open])

    def open_or_fail(*arguments: Any) -> int:
        for write in writes:
            return write(*arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("publisher.cli.commands.workspaces.os.open", open_or_fail)
    result = cli("init", tmp_path / "campaign")
    monkeypatch.undo()
    assert result.code == 3
    assert "No space left on device" in result.err
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_init_leaves_a_gitignore_of_another_encoding_as_it_is(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes("caf\xe9/\n".encode("latin-1"))
    assert cli("init", tmp_path).code == 0
    assert (
        tmp_path / ".gitignore"
    ).read_bytes() == b"caf\xe9/\nvar/\nsecrets.toml\n.secrets.toml.*\n"


def test_init_that_cannot_keep_secrets_out_of_git_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    """Neither files nor folders; what was there stays."""
    (tmp_path / "campaign" / ".gitignore").mkdir(parents=True)
    result = cli("init", tmp_path / "campaign")
    assert result.code == 3
    assert "No workspace can be made" in result.err
    assert [path.name for path in (tmp_path / "campaign").rglob("*")] == [".gitignore"]


def test_init_whose_first_file_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    result = on_a_full_disk(tmp_path, "init", "campaign")
    assert result.returncode == 3, result.stderr
    assert not list(tmp_path.rglob("*"))
