"""Keys file: what runs takes the keys of an account that is connected meanwhile."""

from pathlib import Path

import pytest

from publisher.base.errors import ConfigurationError
from publisher.running.processes import KeysFile
from publisher.settings import settings


def test_a_change_is_noticed_once(workspace: Path) -> None:
    keys = KeysFile(settings.load(workspace))
    assert not keys.is_changed()
    secrets = workspace / "secrets.toml"
    secrets.write_text(secrets.read_text() + "# more\n")
    assert keys.is_changed()
    assert not keys.is_changed()


def test_a_file_that_appears_or_goes_is_a_change(workspace: Path) -> None:
    secrets = workspace / "secrets.toml"
    text = secrets.read_text()
    secrets.unlink()
    keys = KeysFile(settings.load(workspace))
    secrets.write_text(text)
    assert keys.is_changed()
    secrets.unlink()
    assert keys.is_changed()


def test_a_file_that_cannot_be_used_is_said_once_and_no_change(workspace: Path) -> None:
    keys = KeysFile(settings.load(workspace))
    secrets = workspace / "secrets.toml"
    secrets.write_text("[voice-x\n")
    with pytest.raises(ConfigurationError, match=r"secrets\.toml"):
        keys.is_changed()
    assert not keys.is_changed()
