"""`system.sh` finds what a bare machine has, and says what it lacks."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

_NEEDED = ("id", "rm", "ls", "sed")  # what the script itself calls


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """What a test adds to the PATH; empty at first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def run(root: Path, machine: Path, tmp_path: Path) -> Run:
    """Run the script where nothing else is on the PATH than what it calls itself."""
    bluesky = tmp_path / "bluesky"
    bluesky.mkdir()
    tools = tmp_path / "tools"  # apart: writing a stand-in must never follow a link out of here
    tools.mkdir()
    for name in _NEEDED:
        path = shutil.which(name)
        assert path
        (tools / name).symlink_to(path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", root / "tests/support/system.sh", *arguments],
            cwd=tmp_path,
            env={"PATH": f"{machine}:{tools}", "BLUESKY_SERVER": str(bluesky)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run


def add(machine: Path, name: str, script: str) -> None:
    path = machine / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def add_python(machine: Path, name: str, *, new: bool, venv: bool = False) -> None:
    """A stand-in that answers the script's questions as a Python of that age would."""
    add(
        machine,
        name,
        f"""
case "$*" in
*ensurepip*) exit {0 if new and venv else 1} ;;
*sys.exit*) exit {0 if new else 1} ;;
*print*) echo python3.12-venv ;;
'-m venv '*) {"exit 0" if venv else 'echo half > "$3"; exit 1'} ;;
esac""",
    )


def test_the_python_that_is_tested_comes_first(run: Run, machine: Path) -> None:
    add_python(machine, "python3", new=True, venv=True)
    add_python(machine, "python3.13", new=True, venv=True)
    assert run("python").stdout.strip() == str(machine / "python3.13")


def test_a_python_that_makes_no_environment_comes_last(run: Run, machine: Path) -> None:
    """Where nobody may install what it lacks."""
    add_python(machine, "python3.13", new=True)
    add_python(machine, "python3", new=True, venv=True)
    assert run("python").stdout.strip() == str(machine / "python3")
    add(machine, "id", "echo 0")
    add(machine, "apt-get", "exit 1")
    assert run("python").stdout.strip() == str(machine / "python3.13")


def test_a_python_that_is_too_old_is_passed_over(run: Run, machine: Path) -> None:
    add_python(machine, "python3", new=False)
    add_python(machine, "python3.12", new=True)
    assert run("python").stdout.strip() == str(machine / "python3.12")


def test_no_python_at_all(run: Run, machine: Path) -> None:
    add_python(machine, "python3", new=False)
    done = run("venv", "new")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_missing_venv_package_is_named(run: Run, machine: Path, tmp_path: Path) -> None:
    """And the half of an environment that Python left is gone, so that the next try is fresh."""
    add_python(machine, "python3", new=True)
    done = run("venv", "new")
    assert done.returncode != 0
    assert "sudo apt-get install python3.12-venv" in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_missing_venv_package_is_installed_where_that_is_allowed(
    run: Run, machine: Path, tmp_path: Path
) -> None:
    """As root or by sudo without a password; an old list of packages is refreshed first."""
    add_python(machine, "python3", new=True)
    add(machine, "id", "echo 1000")
    add(
        machine,
        "sudo",
        f"""
case "$*" in
*true*) exit 0 ;;
*update*) : > {tmp_path}/updated ;;
*"install --no-install-recommends -y python3.12-venv"*)
    [ -e {tmp_path}/updated ] || exit 100
    echo "exit 0" > {machine}/python3 ;;
esac""",
    )
    add(machine, "apt-get", "exit 1")
    assert run("venv", "new").returncode == 0


def build_bluesky(machine: Path) -> None:
    """Stand-ins for Node, a compiler, and an npm that installs and compiles where it is run."""
    for name in ("node", "g++"):
        add(machine, name, "")
    build = "node_modules/better-sqlite3/build/Release"
    script = f"{shutil.which('mkdir')} -p {build}; : > {build}/better_sqlite3.node"
    add(machine, "npm", script)


def test_what_the_tests_need_is_installed_where_that_is_allowed(run: Run, machine: Path) -> None:
    """All of it: the first part does not end the run."""
    add(machine, "ls", f'case "$1" in *wordpress*) [ -e {machine}/wordpress ] ;; *) exit 1 ;; esac')
    add(machine, "id", "echo 0")
    add(
        machine,
        "apt-get",
        f"""
for package in "$@"; do :; done
[ "$package" = postgresql ] && package=initdb
[ "$package" = prometheus ] && package=promtool
[ "$package" = snac2 ] && package=snac
[ "$package" = php-cli ] && package=php
[ "$package" = mariadb-server ] && package=mariadbd
echo > {machine}/$package
{shutil.which("chmod")} +x {machine}/$package""",
    )
    build_bluesky(machine)
    done = run("test-parts")
    assert done.returncode == 0, done.stderr
    assert (machine / "initdb").exists()
    assert "Installing Bluesky's server with npm" in done.stderr
    assert (machine / "chromium").exists()
    assert "Left out" not in done.stderr


def test_a_browser_without_windows_is_enough_and_is_preferred(run: Run, machine: Path) -> None:
    """Where apt-get has it; a machine that has one of the others gets no second one."""
    add(machine, "ls", "exit 1")
    add(machine, "id", "echo 0")
    add(machine, "apt-cache", '[ "$2" = chromium-headless-shell ]')
    add(machine, "apt-get", f'for package in "$@"; do :; done; echo > {machine}/asked-$package')
    run("test-parts")
    assert (machine / "asked-chromium-headless-shell").exists()
    (machine / "asked-chromium-headless-shell").unlink()
    for name in ("chromium-headless-shell", "chromium", "chromium-browser"):
        add(machine, name, "")
        run("test-parts")
        assert not [*machine.glob("asked-chromium*")]
        (machine / name).unlink()


def test_tests_that_are_left_out_are_named(run: Run, machine: Path) -> None:
    """Without apt-get nothing is installed, nothing fails, and the reason is said."""
    add(machine, "ls", "exit 1")  # no /usr/lib/postgresql, whatever this machine has
    done = run("test-parts")
    assert done.returncode == 0
    assert "Left out: the tests of the ledger on PostgreSQL, because this user may" in done.stderr
    assert "Left out: the tests that look at pages in a browser" in done.stderr
    assert "Left out: the test of docker-compose.yml" in done.stderr
    assert "sudo apt-get install postgresql" in done.stderr
    assert (
        "Left out: the tests against Bluesky's own server, because there is no npm" in done.stderr
    )


def test_what_npm_cannot_install_is_left_out(run: Run, machine: Path) -> None:
    """The rest goes on, and npm's own words are kept."""
    for name in ("node", "g++"):
        add(machine, name, "")
    add(machine, "npm", "echo no such package; exit 1")
    done = run("test-parts")
    assert done.returncode == 0
    (told,) = [line for line in done.stderr.splitlines() if "npm could not install it" in line]
    assert Path(told.rpartition(" ")[2]).read_text() == "no such package\n"


def test_what_is_there_is_not_mentioned(run: Run, machine: Path) -> None:
    add(machine, "initdb", "")
    add(machine, "chromium", "")
    add(machine, "docker-compose", "")
    add(machine, "promtool", "")
    add(machine, "caddy", "")
    add(machine, "faketime", "")
    add(machine, "snac", "")
    add(machine, "php", "")
    add(machine, "mariadbd", "")
    add(machine, "ls", "")  # the folder of WordPress
    build_bluesky(machine)
    run("test-parts")
    done = run("test-parts")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
