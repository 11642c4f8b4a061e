"""Keys file: what runs takes the keys of an account that is connected meanwhile."""

from pathlib import Path

import pytest

from publisher.app.opening import KeysFile
from publisher.base.errors import ConfigurationError
from publisher.settings import settings


def test_a_change_is_noticed_once(workspace: Path) -> None:
    keys = KeysFile(settings.load(workspace))
    assert keys.changed() is None
    secrets = workspace / "secrets.toml"
    secrets.write_text(secrets.read_text() + "# more\n")
    assert keys.changed()
    assert keys.changed() is None


def test_a_file_that_appears_or_goes_is_a_change(workspace: Path) -> None:
    secrets = workspace / "secrets.toml"
    text = secrets.read_text()
    secrets.unlink()
    keys = KeysFile(settings.load(workspace))
    secrets.write_text(text)
    assert keys.changed()
    secrets.unlink()
    assert keys.changed()


def test_a_file_that_cannot_be_used_is_said_once_and_no_change(workspace: Path) -> None:
    keys = KeysFile(settings.load(workspace))
    secrets = workspace / "secrets.toml"
    secrets.write_text("[voice-x\n")
    with pytest.raises(ConfigurationError, match=r"secrets\.toml"):
        keys.changed()
    assert keys.changed() is None
