"""--json on commands that change something."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SETTINGS
from tests.cli.runner import Cli

POST = "day.fr"


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
        assert "With --json nobody is asked." in refused.err
    assert "--reason is missing" in cli("hold", POST, "--json").err


def test_people_are_printed_as_in_the_list(cli: Cli, queued: Path) -> None:
    secret = b"a long enough passphrase\n"
    added = cli("user", "add", "direction", "--role", "manager", "--json", stdin=secret)
    assert added.json == cli("user", "list", "--json").json[0]
    changed = cli("user", "rights", "direction", "--role", "admin", "--json")
    assert changed.json["role"] == "admin"
