"""Every command of docs/deployment.md is run, in its order, with folders in the place of /srv.

Real are Publisher, git, install, openssl and the Compose files. What only the machine or an engine
could do has stand-ins that note how they were called: users, systemd, Docker, PostgreSQL.
"""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from publisher.cli import main
from tests.docs.conftest import DOCS, ROOT, fences
from tests.support.system import missing

_BIN = Path(sys.executable).parent
_NOTED = ("systemctl", "journalctl", "useradd", "chown", "createuser", "createdb", "pg_dump", "pg_restore")  # fmt: skip
_ANSWERS = b"brown kettle under eleven maps\n" * 2
_WITHOUT_USER = """\
while [ "${1#-}" != "$1" ]; do case $1 in -u) shift 2 ;; *) shift ;; esac; done
exec "$@"
"""
_INSTALL = """\
for word in "$@"; do
    shift
    case ${skip-} in yes) skip=; continue ;; esac
    case $word in -o|-g) skip=yes ;; *) set -- "$@" "$word" ;; esac
done
exec %s "$@"
"""
_DOCKER = """\
file=docker-compose.yml
for word in "$@"; do [ "${last-}" = --file ] && file=$word; last=$word; done
cd %s && exec docker-compose --file "$file" config --quiet
"""


def lines() -> list[str]:
    text = re.sub(r"^ {2,3}(?=\S| )", "", (DOCS / "deployment.md").read_text(), flags=re.MULTILINE)
    blocks = [fence.text for fence in fences(text) if fence.language == "sh"]
    crons = [fence.text for fence in fences(text) if " publisher cd /srv" in fence.text]
    return [
        line for block in blocks for line in textwrap.dedent(block).splitlines() if line.strip()
    ] + [cron.partition(" publisher cd ")[2].join(("cd ", "")) for cron in crons]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with stand-ins; what they are called with is in `noted`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {name: f'echo "{name} $*" >> {tmp_path}/noted' for name in _NOTED}
    scripts["sudo"] = _WITHOUT_USER
    scripts["install"] = _INSTALL % shutil.which("install")
    scripts["docker"] = _DOCKER % ROOT
    scripts["make"] = f'exec {shutil.which("make")} --dry-run "$@" >/dev/null'
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return tmp_path


def run(command: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a line of the shell; one that only calls Publisher in this process, which is quicker."""
    call = re.fullmatch(r"(?:sudo (?:-u \w+ )?)?(?:\S+/)?publisher ([^&|;]+)", command)
    if not call:
        return subprocess.run(
            ["bash", "-c", command],
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        ).returncode
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(_ANSWERS)))
    return main(shlex.split(call[1], comments=True))


def test_every_command_runs(
    machine: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("docker-compose"):
        missing("docker compose", "docker-compose")
    for name in ("etc", "var/backups/publisher", "srv"):
        (machine / name).mkdir(parents=True)
    places = {
        "/opt/publisher/.venv/bin": str(_BIN),
        "/opt/publisher": f"{machine}/opt",
        "/srv/publisher": f"{machine}/srv",
        "/var/backups": f"{machine}/var/backups",
        "ADDRESS-OF-THE-REPOSITORY": f"--shared --quiet --no-checkout {ROOT}",
        "publisher service install": f"publisher service install --user publisher --output {machine}/etc",
    }
    environment = {
        **os.environ,
        "PATH": f"{machine}/bin:{_BIN}:{os.environ['PATH']}",
        "PUBLISHER_LANGUAGE": "en",
    }
    failed, ran, where = [], 0, machine
    for line in lines():
        command = line
        for place, here in places.items():
            command = command.replace(place, here)
        if "git -C" in command or "make -C" in command:
            command = command.replace(f"{machine}/opt", str(ROOT)).replace(" pull", " status")
        if command.startswith("cd ") and "&&" not in command:
            where = Path(command.removeprefix("cd "))
            continue
        if line.endswith("publisher queue"):
            draft = where / "posts/welcome.en.md"
            draft.write_text(draft.read_text().replace("# at: opening", "at: opening"))
        if "2016-03-08-0317.db" in command:
            folder = machine / "var/backups/publisher"
            shutil.copy(max(folder.glob("*-*.db")), folder / "2016-03-08-0317.db")
        monkeypatch.chdir(where)
        ran += 1
        code = run(command, environment, monkeypatch)
        # Without keys doctor says so.
        if code != (3 if line.endswith("publisher doctor") else 0):
            failed.append((line, code, *capfd.readouterr()))
    assert failed == []
    assert ran >= 35
    noted = (machine / "noted").read_text()
    assert "systemctl enable --now publisher.service publisher-backup.timer" in noted
    assert (machine / "etc/publisher-worker@.service").is_file()
