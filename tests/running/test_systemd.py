"""systemd's units: its own tools accept them, and `publisher service install` fits them in."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from publisher.base.errors import UsageError
from publisher.running import supervised, systemd
from tests.support.system import missing, program

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
UNITS = (*systemd.ONE_MACHINE, *systemd.SEVERAL_MACHINES)
SERVICES = [name for name in UNITS if name.endswith(".service")]


def unit(name: str) -> str:
    return systemd.unit(name, programs=PROGRAMS, workspace=Path("/srv/campaign"), user="daemon")


def value(text: str, key: str) -> str:
    (line,) = [
        line for line in text.replace("\\\n", " ").splitlines() if line.startswith(f"{key}=")
    ]
    return " ".join(line.removeprefix(f"{key}=").split())


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze, which needs no running systemd for this."""
    command = program("systemd-analyze") or missing("systemd-analyze", "systemd")
    return subprocess.run(
        [command, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def written(tmp_path: Path) -> list[Path]:
    for name in UNITS:
        (tmp_path / name).write_text(unit(name))
    return [tmp_path / name for name in UNITS]


def test_systemd_accepts_every_unit(written: list[Path]) -> None:
    done = analyze("verify", "--man=no", *written)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_service_may_do_little(written: list[Path]) -> None:
    """systemd's own measure of exposure, of ten, is two at most."""
    for path in written:
        if path.suffix == ".service":
            done = analyze("security", "--offline=yes", "--threshold=20", path)
            assert done.returncode == 0, done.stdout[-3000:]


def test_paths_and_user_are_those_of_this_machine() -> None:
    for name in SERVICES:
        text = unit(name)
        assert "/opt/publisher" not in text
        assert "/srv/publisher" not in text
        assert value(text, "User") == "daemon"
        assert value(text, "Environment") == "PUBLISHER_WORKSPACE=/srv/campaign"
        assert value(text, "WorkingDirectory") == "/"
        assert "/srv/campaign" in value(text, "ReadWritePaths").split()
        assert value(text, "ExecStart").startswith(f"{PROGRAMS}/")
        assert value(text, "LimitCORE") == "0", "its memory holds keys"


def test_what_lies_in_a_home_can_be_read_there_and_not_elsewhere() -> None:
    at_home = systemd.unit(
        "publisher.service", programs=PROGRAMS, workspace=Path("/home", "a", "campaign"), user="a"
    )
    assert value(at_home, "ProtectHome") == "read-only"
    elsewhere = systemd.unit(
        "publisher.service", programs=Path("/opt/bin"), workspace=Path("/srv/c"), user="a"
    )
    assert value(elsewhere, "ProtectHome") == "true"


@pytest.mark.parametrize("path", ["/srv/my campaign", '/srv/a"b', "/srv/50%"])
def test_a_path_that_systemd_would_misread_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="systemd cannot read"):
        systemd.unit("publisher.service", programs=PROGRAMS, workspace=Path(path), user="a")


def test_the_containers_run_what_the_units_run() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for service, name in (
        ("dispatcher", "publisher-dispatcher.service"),
        ("worker", "publisher-worker@.service"),
    ):
        words = value(unit(name), "ExecStart").removeprefix(f"{PROGRAMS}/").split()
        assert sorted(word for word in words if not word.startswith("--hostname")) == sorted(
            services[service]["command"]
        )


@pytest.mark.parametrize("name", [name for name in SERVICES if "backup" not in name])
def test_systemd_restarts_what_hangs(name: str) -> None:
    text = unit(name)
    assert (value(text, "Type"), value(text, "Restart")) == ("notify", "always")
    assert float(value(text, "WatchdogSec")) >= supervised.SILENCE_LIMIT
    assert float(value(text, "TimeoutStartSec")) >= supervised.START_LIMIT
