"""publisher service install."""

from pathlib import Path

from publisher.running import systemd
from tests.cli.runner import Cli


def test_the_units_are_written_into_a_folder_and_systemd_is_left_alone(
    cli: Cli, workspace: Path, tmp_path: Path
) -> None:
    done = cli("service", "install", "--user", "redaction", "--output", tmp_path)
    assert done.code == 0, done.err
    for name in systemd.ONE_MACHINE:
        assert f"{tmp_path / name} is written." in done.out
    text = (tmp_path / "publisher.service").read_text()
    assert "\nUser=redaction\n" in text
    assert f"PUBLISHER_WORKSPACE={workspace}\n" in text
    start = "  sudo systemctl enable --now publisher.service publisher-backup.timer\n"
    assert done.out.endswith(start)


def test_several_machines_have_units_of_their_own(
    cli: Cli, workspace: Path, tmp_path: Path
) -> None:
    done = cli("service", "install", "--several", "--user", "a", "--output", tmp_path)
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.glob("publisher*")} == set(systemd.SEVERAL_MACHINES)
    assert "publisher-dispatcher.service publisher-worker@1.service publisher-web.s" in done.out


def test_the_service_never_runs_as_root(cli: Cli, workspace: Path, tmp_path: Path) -> None:
    done = cli("service", "install", "--user", "root", "--output", tmp_path)
    assert done.code == 2
    assert "must not run as root" in done.err
    assert list(tmp_path.glob("publisher*")) == []


def test_a_folder_that_is_not_there_is_named(cli: Cli, workspace: Path) -> None:
    done = cli("service", "install", "--user", "a", "--output", "nowhere")
    assert done.code == 3
    assert "nowhere/publisher.service" in done.err
    assert "--output" in done.err
