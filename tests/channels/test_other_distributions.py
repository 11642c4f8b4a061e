"""A channel of another distribution needs no edit of ours."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from publisher.channels.spec import Server
from publisher.sandbox.platforms import PLATFORMS
from tests.cli.runner import run_script
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards(
    "publisher.channels.plugins", "publisher.channels.registry", "publisher.channels.spec"
)

BOARD = Path(__file__).parent / "board"
ROOT = Path(__file__).parents[2]
GOOD = "board = publisher_board.spec:SPEC"


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


SETTINGS = """
[accounts.voice-site]
channel = "site"
[accounts.hall]
channel = "pinboard"
wall = "lobby"
"""


def install(lib: Path, entry_point: str, *, spec: str = "") -> dict[str, str]:
    """Put the board there as pip would; the environment in which it is found."""
    shutil.rmtree(lib, ignore_errors=True)
    shutil.copytree(BOARD / "publisher_board", lib / "publisher_board")
    if spec:
        path = lib / "publisher_board" / "spec.py"
        path.write_text(path.read_text().replace("contract=1,", spec))
    metadata = lib / "some_board-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: some-board\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[publisher.channels]\n{entry_point}\n")
    return {"PYTHONPATH": str(lib), "PUBLISHER_ACCOUNTS__HALL__BOARD_SERVER": "https://[::1]"}


@dataclass
class Installation:
    """A workspace whose account `hall` is on a board of another distribution."""

    workspace: Workspace
    lib: Path

    def install(
        self, entry_point: str = GOOD, *, contract: str = "contract=1,", stand_in: str = ""
    ) -> None:
        """Put the board's distribution there, as pip would."""
        shutil.rmtree(self.lib, ignore_errors=True)
        shutil.copytree(BOARD / "publisher_board", self.lib / "publisher_board")
        spec = self.lib / "publisher_board" / "spec.py"
        spec.write_text(spec.read_text().replace("contract=1,", contract))
        metadata = self.lib / "some_board-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: some-board\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(
            f"[publisher.channels]\n{entry_point}\n[publisher.sandbox]\n{stand_in}\n"
        )

    def draft(self, name: str) -> None:
        self.workspace.draft(name, "at: now\nto: [hall, voice-site]", f"Bonjour de {name}.")

    def run(self, *command: str, **more: str) -> tuple[int, str]:
        """What a command ends with, and all that it says, on one line."""
        environment = {
            "PYTHONPATH": str(self.lib),
            "PUBLISHER_ACCOUNTS__HALL__BOARD_SERVER": "https://board.example.org",
            **more,
        }
        done = run_script(*command, folder=self.workspace.path, environment=environment)
        assert "Traceback" not in done.stderr, command
        return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    workspace = Workspace(tmp_path / "campaign", settings=SETTINGS)
    workspace.write("secrets.toml", '[hall]\nboard_key = "1234567"\n').chmod(0o600)
    made = Installation(workspace, tmp_path / "lib")
    made.install()
    made.draft("first.fr")
    return made


@pytest.mark.deep
def test_a_channel_that_cannot_be_used_stops_its_own_accounts_alone(
    installation: Installation,
) -> None:
    """What is on their schedule waits for a person, and nothing more is put there."""
    run = installation.run
    assert run("queue")[0] == 0
    installation.install(contract="contract=2,")
    installation.draft("later.fr")
    assert run("queue")[0] == 0
    code, told = run("run", "--until-idle")
    assert (code, "1 more delivery needs attention" in told) == (1, True)
    log = json.loads(run("log", "--json")[1])
    assert {(one["post"], one["account"], one["state"]) for one in log} == {
        ("first.fr", "hall", "scheduled"),
        ("first.fr", "voice-site", "published"),
        ("later.fr", "voice-site", "published"),
    }
    assert "version 2 of the channel contract, and this is version 1" in run("status")[1]
    assert "version 2 of the channel contract" in run("doctor", "--offline")[1]
    assert run("pause", "--reason", "a photo")[0] == 0


@pytest.mark.parametrize(
    ("entry_point", "contract", "reason"),
    [
        ("board = nothing.like:IT", "", "it cannot be imported (No module named 'nothing')"),
        ("board = json:dumps", "", "it is not a ChannelSpec"),
        ("site = publisher.platforms.site.spec:SPEC", "", "there is already a channel site"),
        (GOOD, "", "it does not say for which version of the channel contract"),
        (GOOD, "hashtag_limit=3,", "it cannot be imported (ChannelSpec.__init__() got an unexpecte"),
        (GOOD, "contract=exit('no licence'),", "it cannot be imported (no licence)"),
    ],
)  # fmt: skip
def test_a_channel_that_cannot_be_used_is_named(
    installation: Installation, entry_point: str, contract: str, reason: str
) -> None:
    installation.install(entry_point, contract=contract)
    value = entry_point.partition(" = ")[2]
    told = installation.run("check")[1]
    assert f"The channel {value} cannot be used: {reason}" in told
    assert "Update some-board, or uninstall it." in told


def test_the_commands_play_a_stand_in_of_another_distribution(installation: Installation) -> None:
    """It is loaded in another order than in the tests, and imports what the sandbox has."""
    installation.install(stand_in="board = publisher_board.stand_in:PLATFORM")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = installation.run("sandbox", "--port", str(taken.getsockname()[1]))[1]
    assert "cannot play" not in told
    secrets = installation.workspace.path / "var" / "sandbox" / "secrets.toml"
    assert "[hall]" in secrets.read_text()


def test_a_stand_in_without_its_channel_plays_nothing(installation: Installation) -> None:
    """The sandbox has a page for each platform, which shows a post as its channel does."""
    installation.install("", stand_in="board = publisher_board.stand_in:PLATFORM")
    done = subprocess.run(
        [sys.executable, "-c", "import publisher.sandbox.platforms as p; print(*p.PLATFORMS)"],
        env={**os.environ, "PYTHONPATH": f"{installation.lib}:{ROOT}"},
        check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == [*PLATFORMS]


def test_a_stand_in_that_cannot_be_used_is_named_and_the_others_play(
    installation: Installation,
) -> None:
    installation.workspace.write("publisher.toml", f'{SETTINGS}[accounts.lima]\nchannel = "x"\n')
    installation.install(stand_in="board = nothing.like:IT")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = installation.run("sandbox", "--port", str(taken.getsockname()[1]))[1]
    assert "port" in told  # nothing else is wrong
    assert "The sandbox cannot play nothing.like:IT: it cannot be imported" in told
    assert "Update some-board, or uninstall it." in told


def test_what_is_its_own_is_no_mistake_and_a_misspelt_channel_is_one(
    installation: Installation,
) -> None:
    installation.install(contract="contract=2,")
    code, told = installation.run("check", PUBLISHER_PINBOARD_URL="http://127.0.0.1:9")
    assert (code, "cannot be used" in told) == (0, True)
    installation.workspace.write(
        "publisher.toml", f'{SETTINGS}[accounts.lima]\nchannel = "twiter"\n'
    )
    code, told = installation.run("check")
    assert (code, "accounts.lima.channel" in told) == (3, True)


def test_the_setting_of_a_server_is_known_by_its_name() -> None:
    """By which commands see that none is set, without loading any channel."""
    with pytest.raises(ValueError, match="_url"):
        Server("https://board.example.org", "board_server", frozenset({"board.example.org"}))
