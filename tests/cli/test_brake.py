"""The brake: what needs the ledger alone works, whatever is wrong with the settings."""

from pathlib import Path

import pytest

from publisher.ledger.database import Database
from publisher.ledger.heartbeats import Heartbeats, Process, ProcessKind
from tests.cli.annual_day import POST
from tests.cli.runner import Cli

pytestmark = pytest.mark.guards("publisher.settings.readable")

BROKEN = {
    "a misspelt key": ("publisher.toml", "[delivery]\nexpire = '2h'\n", "delivery.expire"),
    "a broken account": ("publisher.toml", "[accounts.lima-page]\nchanel = 'x'\n", "chanel"),
    "a table of accounts that is none": ("publisher.toml", "[accounts\n", "not valid TOML"),
    "a secret in the wrong file": ("publisher.toml", "[accounts.lima]\nchannel='x'\napi_key='s3cret'\n", "is a secret"),
    "secrets that are no TOML": ("secrets.toml", "[bice-x\napi_key = 's3cret'\n", "not valid TOML"),
    "secrets of nobody": ("secrets.toml", "[bice-y]\napi_key = 's3cret'\n", "[bice-y] is not an account"),
}  # fmt: skip
"""What is added to a file, and how it is told."""


@pytest.fixture
def queued(cli: Cli, workspace: Path, draft: Path) -> Path:
    """The workspace, with the post on the schedule."""
    assert cli("queue").code == 0
    return workspace


@pytest.mark.parametrize(("file", "added", "told"), BROKEN.values(), ids=BROKEN)
def test_it_works_and_tells_what_is_wrong(
    cli: Cli, queued: Path, file: str, added: str, told: str
) -> None:
    path = queued / file
    path.write_text((path.read_text() if path.exists() else "") + added)
    assert cli("check").code == 3
    for command in (
        ["pause", "--reason", "wrong picture"], ["status"], ["resume", "--yes"], ["log"],
        ["hold", POST, "--reason", "a child"], ["history", POST], ["log", "verify"],
        ["pause", "--account", "bice-x", "--reason", "ours"],
    ):  # fmt: skip
        done = cli(*command)
        assert done.code == 0, (command, done.err)
        assert told in " ".join(done.err.split()), command
        assert "s3cret" not in done.err + done.out
    assert "bice-x" in cli("status").out
    assert cli("cancel", POST).code == 0
    assert cli("retry", POST, "--yes").code == 3, "what publishes needs all settings"


def test_with_secrets_that_cannot_be_read_it_works_on_a_ledger_that_is_in_use(
    cli: Cli, queued: Path
) -> None:
    """They could name another one, and an old one may lie about."""
    (queued / "secrets.toml").mkdir()  # root reads any file
    assert cli("check").code == 3
    done = cli("pause", "--reason", "wrong picture")
    assert (done.code, "PUBLISHER_DATABASE__URL" in done.err) == (3, True)
    worker = Process("1" * 32, ProcessKind.WORKER, "host", 1, "1.0")
    Heartbeats(Database(f"sqlite:///{queued / 'var/publisher.db'}")).beat(worker)
    assert cli("pause", "--reason", "wrong picture").code == 0


@pytest.mark.parametrize(
    ("file", "text"),
    [("publisher.toml", "[database]\nurl = 'sqlite:///other.db\n"),
     ("secrets.toml", "[database]\nurl = 'postgresql://u:s3cret@ledger/p\n")],
)  # fmt: skip
def test_no_other_ledger_is_taken_for_the_one_that_is_meant(
    cli: Cli, queued: Path, file: str, text: str
) -> None:
    """Who is told that nothing leaves any more could be told of one that publishes nothing."""
    path = queued / file
    path.write_text((path.read_text() if path.exists() else "") + text)
    done = cli("pause", "--reason", "wrong picture")
    assert done.code == 3
    assert "not valid TOML" in done.err
    assert "PUBLISHER_DATABASE__URL" in done.err
    assert "s3cret" not in done.err


def test_the_ledger_that_a_broken_file_names_is_used(
    cli: Cli, queued: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (queued / "var/publisher.db").rename(queued / "elsewhere.db")
    path = queued / "publisher.toml"
    text = path.read_text()
    path.write_text(f"[accounts\n{text}[database]\nurl = 'sqlite:///elsewhere.db'\n")
    assert cli("pause", "--reason", "wrong picture").code == 0
    path.write_text(f"[accounts\n{text}")
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///elsewhere.db")
    assert cli("resume", "--yes").code == 0


def test_beside_a_broker_it_works_on_a_ledger_that_is_in_use_though_nobody_chose_it(
    cli: Cli, queued: Path
) -> None:
    (queued / "secrets.toml").write_text('[broker]\nurl = "redis://127.0.0.1:1/0"\n')
    (queued / "secrets.toml").chmod(0o600)
    done = cli("pause", "--reason", "wrong picture")
    assert (done.code, "PUBLISHER_DATABASE__URL" in done.err) == (3, True)
    worker = Process("1" * 32, ProcessKind.WORKER, "host", 1, "1.0")
    Heartbeats(Database(f"sqlite:///{queued / 'var/publisher.db'}")).beat(worker)
    done = cli("pause", "--reason", "wrong picture")
    assert (done.code, "[database] url is missing" in done.err) == (0, True)
