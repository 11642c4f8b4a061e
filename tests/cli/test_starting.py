"""start: from nothing to the pages in a browser, by one command."""

import socket
from pathlib import Path

import pytest

from tests.cli.runner import Cli


def test_without_a_terminal_it_says_so_before_anything_is_made(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in ([], ["campaign"]):
        refused = cli("start", *words)
        assert refused.code == 2
        assert "asks for a name and a password, and there is nobody to answer" in refused.err
        assert "Run it in a terminal." in refused.err
    assert [*tmp_path.iterdir()] == []


def test_a_port_that_was_asked_for_and_is_taken_is_named(cli: Cli, workspace: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        refused = cli("start", "--port", port)
    assert refused.code == 3
    assert f"Another program is using port {port}." in refused.err
    assert not (workspace / "var" / "sandbox").exists()
