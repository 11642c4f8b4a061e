"""The workspace and the runner of tests/cli."""

import pytest

from tests.cli.conftest import cli, workspace

__all__ = ["cli", "workspace"]


@pytest.fixture(autouse=True)
def _language_is_open(_no_settings_of_this_machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not set for all tests of a kind, as elsewhere."""
    monkeypatch.delenv("PUBLISHER_LANGUAGE")
