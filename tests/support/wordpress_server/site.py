"""The test site: its database, its web server and its people.

Everything is in one temporary folder: MariaDB listens on a socket in it, and PHP's own web server
on a free port of 127.0.0.1. WordPress itself may ask nobody (`WP_HTTP_BLOCK_EXTERNAL`).
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.support import system

_CORE = Path("/usr/share/wordpress")
_HERE = Path(__file__).parent
_SBIN = "/usr/sbin"
_PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Person:
    """A user of the site, with an application password."""

    id: int
    user: str
    password: str


@dataclass(frozen=True)
class TestSite:
    """A running WordPress."""

    __test__ = False  # it is no test

    address: str
    folder: Path
    people: Mapping[str, Person]
    """By role."""
    categories: Mapping[str, int]
    """Ids by name."""
    environment: Mapping[str, str]

    def run(self, code: str) -> str:
        """What PHP code prints that runs within WordPress."""
        begin = f"require '{_HERE}/configuration.php'; require ABSPATH . 'wp-load.php';"
        return _run(["php", "-r", begin + code], self.environment)

    @contextmanager
    def plugin(self, code: str) -> Iterator[None]:
        """A plugin with this code, for a while."""
        file = self.folder / "wp-content" / "mu-plugins" / "one.php"
        file.write_text(f"<?php {code}")
        try:
            yield
        finally:
            file.unlink()


def missing() -> str:
    """Debian's package of what is missing on this machine; empty when all is there."""
    parts = {
        "wordpress": (_CORE / "wp-settings.php").exists(),
        "php-cli": system.program("php") is not None,
        "mariadb-server": system.program("mariadbd", _SBIN) is not None,
    }
    return " ".join(name for name, is_there in parts.items() if not is_there)


@contextmanager
def serve(folder: Path) -> Iterator[TestSite]:
    """Run a new site with people of five roles; needs ten seconds to start."""
    site, port = folder / "site", system.free_port()
    _lay_out(site)
    socket = folder / "db.sock"
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "SITE_FOLDER": str(site),
        "SITE_ADDRESS": address,
        "SITE_SOCKET": str(socket),
        "PHP_CLI_SERVER_WORKERS": "4",
    }
    php = [
        "php",
        "-d",
        f"auto_prepend_file={_HERE / 'configuration.php'}",
        "-d",
        "opcache.enable_cli=1",
    ]
    with _database(folder, socket):
        told = json.loads(_run(["php", str(_HERE / "install.php")], environment))
        command = [*php, "-S", f"127.0.0.1:{port}", "-t", str(site), str(_HERE / "router.php")]
        with _running(command, folder / "php.log", environment):
            _until_it_answers(address)
            people = {role: Person(**one) for role, one in told["people"].items()}
            yield TestSite(address, site, people, told["categories"], environment)


def _lay_out(site: Path) -> None:
    """WordPress' own files by links, beside content that is the test's."""
    (site / "wp-content" / "themes").mkdir(parents=True)
    for name in ("uploads", "plugins", "mu-plugins"):
        (site / "wp-content" / name).mkdir()
    shutil.copytree(_HERE / "theme", site / "wp-content" / "themes" / "plain")
    for path in _CORE.iterdir():
        if path.name not in ("wp-content", "wp-config.php", ".htaccess"):
            (site / path.name).symlink_to(path)
    (site / "wp-config.php").write_text("<?php require_once ABSPATH . 'wp-settings.php';\n")


@contextmanager
def _database(folder: Path, socket: Path) -> Iterator[None]:
    server = system.program("mariadbd", _SBIN)
    who = ["--user=root"] if os.geteuid() == 0 else []
    data = f"--datadir={folder / 'data'}"
    common = ["--no-defaults", data, *who]
    _run(
        ["mariadb-install-db", *common, "--skip-test-db",
         "--auth-root-authentication-method=normal"], os.environ,
    )  # fmt: skip
    command = [
        str(server), *common, f"--socket={socket}", "--skip-networking", "--skip-grant-tables",
        "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
        "--performance-schema=OFF",
    ]  # fmt: skip
    with _running(command, folder / "mariadb.log", os.environ):
        client = ["mariadb", "--no-defaults", f"--socket={socket}", "-e"]
        end = time.monotonic() + _PATIENCE
        create = [*client, "CREATE DATABASE wordpress"]
        while subprocess.run(create, check=False, capture_output=True).returncode:
            assert time.monotonic() < end, (folder / "mariadb.log").read_text()
            time.sleep(0.1)
        yield


@contextmanager
def _running(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, start_new_session=True
        )
        try:
            yield
        finally:
            # PHP's web server leaves its workers behind when it is killed.
            os.killpg(process.pid, 9)
            process.wait()


def _until_it_answers(address: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            requests.get(f"{address}/wp-json/", timeout=30).raise_for_status()
        except requests.ConnectionError:
            assert time.monotonic() < end, "WordPress does not answer"
            time.sleep(0.05)
        else:
            return


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=_PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
