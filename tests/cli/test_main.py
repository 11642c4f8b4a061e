"""What the console script promises whatever the command is."""

import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from publisher import version
from publisher.drafts import check
from tests.cli.runner import SCRIPT, Cli, run_script


def test_version(cli: Cli) -> None:
    result = cli("--version")
    assert (result.code, result.out) == (0, f"publisher {version()}\n")


def test_no_command_shows_the_help_as_wrong_usage(cli: Cli) -> None:
    result = cli()
    assert result.code == 2
    assert "publisher init campaign" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zzz",), "error: No such command 'zzz'."),
        (("check", "--colour"), "error: No such option: --colour"),
        (("log", "--state", "lost"), "error: Invalid value for '--state'"),
        (("resolve", "a.fr"), "error: Missing option '--published'"),
        (("new",), "error: Missing argument 'TITLE'"),
        (("sandbox", "--port", "x"), "error: Invalid value for '--port'"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_the_help(
    cli: Cli, workspace: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = cli(*arguments)
    assert result.code == 2
    assert message in result.err
    assert "--help` shows how to use it" in result.err
    assert not result.out


def test_a_global_option_after_the_command_is_told_its_place(cli: Cli) -> None:
    result = cli("status", "--workspace", "x")
    assert result.code == 2
    assert "This option goes before the command: publisher --workspace DIR status" in result.err
    assert "before the command: publisher --sandbox queue" in cli("queue", "--sandbox").err


@pytest.mark.parametrize(
    "command", ["check", "queue", "status", "log", "run", "rehearse", "migrate"]
)
def test_outside_a_workspace(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Every command says that there is no workspace, and how to come by one."""
    monkeypatch.chdir(tmp_path)
    result = cli(command)
    assert result.code == 3
    assert f"error: There is no publisher.toml in {tmp_path}" in result.err
    assert "hint: Go to a workspace" in result.err


def test_workspace_option_works_from_anywhere(
    cli: Cli, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("--workspace", workspace, "check").out == "No drafts, no problems.\n"
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(workspace))
    assert cli("check").out == "No drafts, no problems.\n"


def test_workspace_option_that_is_no_workspace(cli: Cli, tmp_path: Path) -> None:
    result = cli("--workspace", tmp_path, "check")
    assert result.code == 2
    assert f"{tmp_path} is not a workspace" in result.err


def test_a_folder_below_the_workspace_is_in_it(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace / "posts")
    assert cli("check").code == 0


def test_the_unforeseen_is_written_down_and_not_shown(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen gets a sentence and a path; the traceback is in that file."""

    def fail(*_: object) -> None:
        raise RuntimeError("the cat walked over the keyboard")

    monkeypatch.setattr(check, "check", fail)
    result = cli("check")
    assert result.code == 3
    assert "ran into an unexpected error (RuntimeError)" in result.err
    assert "the cat" not in result.err
    (log,) = (workspace / "var" / "log").glob("crash-*.log")
    assert str(log) in result.err
    assert "RuntimeError: the cat walked over the keyboard" in log.read_text(encoding="utf-8")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    monkeypatch.setenv("PUBLISHER_VAR", "elsewhere")
    assert cli("check").code == 3
    assert list((workspace / "elsewhere" / "log").glob("crash-*.log"))


def test_the_unforeseen_without_a_place_to_write(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A workspace that cannot be written to does not hide the error: the file goes elsewhere."""
    (workspace / "var").write_text("no folder")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(check, "check", fail)
    assert cli("check").code == 3
    assert list(tmp_path.glob("crash-*.log"))


def test_a_full_disk_is_no_crash(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "var/some.file")

    monkeypatch.setattr(check, "check", fail)
    result = cli("check")
    assert result.code == 3
    assert "error: var/some.file: No space left on device." in result.err
    assert "hint: Check free space" in result.err


def test_interruption_ends_with_130(
    cli: Cli, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "check", interrupt)
    result = cli("check")
    assert (result.code, result.err) == (130, "")


@pytest.mark.parametrize("arguments", [["check"], ["check", "--json"]])
def test_a_reader_that_goes_away_is_no_error(workspace: Path, arguments: list[str]) -> None:
    """`publisher … | head -1` ends quietly."""
    for number in range(3000):
        (workspace / "posts" / f"{number}.fr.md").write_text("---\n---\n")
    process = subprocess.Popen(
        [SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=workspace
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), errors) == (141, b"")


def test_a_terminal_that_knows_no_accents(workspace: Path) -> None:
    (workspace / "posts" / "a.fr.md").write_text("---\ntył: 1\n---\nW Genewie\n", encoding="utf-8")
    result = run_script("check", folder=workspace, environment={"PYTHONIOENCODING": "iso-8859-1"})
    assert result.returncode == 1
    assert "`ty?` is not a known key" in result.stdout
    assert not result.stderr


def _on_a_terminal(workspace: Path, environment: dict[str, str]) -> bytes:
    """What `check` writes to a terminal."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, "check"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=workspace,
        env={"PATH": "/usr/bin:/bin", "TERM": "xterm", **environment},
    )
    os.close(terminal)
    shown = b""
    try:
        while chunk := os.read(controller, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    os.close(controller)
    assert process.wait(timeout=60) == 1
    return shown


def test_colours_on_a_terminal_only(workspace: Path) -> None:
    (workspace / "posts" / "a.fr.md").write_text("no front matter")
    assert b"\x1b[31merror:" in _on_a_terminal(workspace, {})
    # What takes long says so in a line that is erased again, which is no colour.
    plain = _on_a_terminal(workspace, {"NO_COLOR": "1"})
    assert not re.search(rb"\x1b\[[\d;]*m", plain)
    assert "\x1b" not in run_script("check", folder=workspace).stdout


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], {"pydantic", "rich", "sqlalchemy", "yaml", "emoji", "requests"}),
        (["queue", "--help"], {"pydantic", "rich", "sqlalchemy", "yaml", "emoji", "requests"}),
        (["count", "-"], {"rich", "sqlalchemy", "alembic", "tweepy", "requests", "PIL"}),
        (["check"], {"tweepy", "facebook", "requests", "celery", "rich"}),
    ],
)
def test_commands_import_only_what_they_need(
    workspace: Path, arguments: list[str], heavy: set[str]
) -> None:
    """They answer at once because of it."""
    assert not heavy & _imported(workspace, arguments)


@pytest.mark.parametrize("ledger", ["a new one", "a current one"])
def test_only_an_older_ledger_is_migrated(workspace: Path, ledger: str) -> None:
    if ledger == "a current one":
        run_script("migrate", folder=workspace)
    assert "alembic" not in _imported(workspace, ["queue"])


def _imported(workspace: Path, arguments: list[str]) -> set[str]:
    """The modules that a command imports."""
    program = (
        "import sys\nfrom publisher.cli import main\n"
        f"main({arguments!r})\nprint('modules:', *sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=workspace, input="a", capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return set(result.stdout.rpartition("modules:")[2].split())


def test_the_console_script(workspace: Path) -> None:
    result = run_script("check", folder=workspace)
    assert (result.returncode, result.stdout) == (0, "No drafts, no problems.\n")
