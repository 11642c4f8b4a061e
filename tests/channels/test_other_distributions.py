"""A channel of another distribution needs no edit of ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from publisher.channels.spec import Server
from tests.cli.runner import run_script

pytestmark = pytest.mark.guards("publisher.channels.registry", "publisher.channels.spec")

BOARD = Path(__file__).parent / "board"
ROOT = Path(__file__).parents[2]


def test_a_channel_of_another_distribution_is_one_like_ours(tmp_path: Path) -> None:
    """Installed by its own pyproject: it is published to, checked, previewed, reported,
    documented.
    """
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", "--disable-pip-version-check", "--target", tmp_path, BOARD],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", BOARD / "installed.py"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=ROOT, check=False, timeout=240, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("nothing_like_it.spec:SPEC", "it cannot be imported (No module named 'nothing_like_it')"),
        ("json:dumps", "it is no ChannelSpec"),
        ("publisher.channels.site.spec:SPEC", "there is a channel site already"),
    ],
)
def test_a_channel_that_cannot_be_used_is_named(tmp_path: Path, value: str, told: str) -> None:
    """Whatever command is given: nothing is done without it, and nothing ends in a traceback."""
    metadata = tmp_path / "lib" / "some_channel-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: some-channel\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[publisher.channels]\nsome = {value}\n")
    (tmp_path / "publisher.toml").touch()
    done = run_script("check", folder=tmp_path, environment={"PYTHONPATH": f"{tmp_path / 'lib'}"})
    assert done.returncode == 3
    assert f"The channel {value} cannot be used: {told}." in done.stderr
    assert "Bring some-channel up to date, or uninstall it." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_setting_of_a_server_is_known_by_its_name() -> None:
    """By which commands see that none is set, without loading any channel."""
    with pytest.raises(ValueError, match="_url"):
        Server("https://board.example.org", "board_server", frozenset({"board.example.org"}))
