"""`publisher notify`: trying the services out."""

from pathlib import Path

import pytest

from tests.cli.runner import Cli
from tests.support.receiver import Receiver
from tests.support.workspaces import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capsys, monkeypatch)


def name(workspace: Workspace, *urls: str) -> None:
    listed = ", ".join(f'"{url}"' for url in urls)
    workspace.write("secrets.toml", f"[notices]\nurls = [{listed}]\n").chmod(0o600)


def test_each_service_gets_a_message(workspace: Workspace, cli: Cli, receiver: Receiver) -> None:
    name(workspace, receiver.url, receiver.url)
    done = cli("notify")
    assert (done.code, done.out, done.err) == (0, "json: sent.\njson 2: sent.\n", "")
    assert [message["title"] for message in receiver.messages] == ["Publisher: a test"] * 2


def test_what_does_not_arrive_is_told_per_service(
    workspace: Workspace, cli: Cli, receiver: Receiver
) -> None:
    """And no address with it."""
    receiver.status = 401
    name(workspace, f"json://me:hunter2@{receiver.address}", "hunter2://hunter2")
    done = cli("notify")
    assert (done.code, done.out) == (3, "")
    assert "error: json: it answered with status 401." in done.err
    assert "error: notices.urls: number 2 is not an address that Apprise can use." in done.err
    assert "hint: It is set in secrets.toml or in PUBLISHER_NOTICES__URLS" in done.err
    assert "hunter2" not in done.err
    assert receiver.address not in done.err


def test_one_that_fails_does_not_stop_the_next(
    workspace: Workspace, cli: Cli, receiver: Receiver
) -> None:
    name(workspace, "hunter2://hunter2", receiver.url)
    done = cli("notify")
    assert (done.code, done.out) == (3, "json: sent.\n")


def test_a_script_reads_which_were_sent_and_what_is_wrong(
    workspace: Workspace, cli: Cli, receiver: Receiver
) -> None:
    name(workspace, "hunter2://hunter2", receiver.url)
    done = cli("notify", "--json")
    (error,) = done.json["errors"]
    assert (done.code, done.json["sent"]) == (3, ["json"])
    assert error["message"] == "notices.urls: number 1 is not an address that Apprise can use."
    assert "`publisher help notices`" in error["hint"]


def test_without_services_it_says_what_to_do(workspace: Workspace, cli: Cli) -> None:
    done = cli("notify")
    assert done.code == 3
    assert "nobody is notified" in done.err
    assert "`publisher help notices`" in done.err


def test_it_changes_no_ledger(workspace: Workspace, cli: Cli, receiver: Receiver) -> None:
    name(workspace, receiver.url)
    cli("notify")
    assert not (workspace.path / "var").exists()
