"""The scripts of the image, taken out of the Dockerfile and run."""

import os
import re
import subprocess
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import yaml

from publisher.ledger.database import Database
from tests.support import postgres

DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"
_SAY = 'echo "${PUBLISHER_DATABASE__URL-none} ${PUBLISHER_BROKER__URL-none}"'


def with_secrets(secrets: Path) -> subprocess.CompletedProcess[str]:
    """The image's entry point, with the secrets in another folder, around a command that tells."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    found = re.search(r"<<'EOT' /usr/local/bin/with-secrets\n(.*?)\nEOT\n", text, re.DOTALL)
    assert found
    script = found[1].replace("/run/secrets", str(secrets))
    return subprocess.run(
        ["sh", "-c", script, "with-secrets", "sh", "-c", _SAY],
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, encoding="utf-8", timeout=20, check=False,
    )  # fmt: skip


def test_the_passwords_become_parts_of_the_urls(tmp_path: Path) -> None:
    (tmp_path / "postgres_password").write_text("aa11\n")
    (tmp_path / "redis_password").write_text("bb22\n")
    done = with_secrets(tmp_path)
    assert done.returncode == 0
    assert done.stdout.split() == [
        "postgresql+psycopg://publisher:aa11@postgres/publisher",
        "redis://:bb22@redis:6379/0",
    ]


def test_without_secrets_nothing_is_set(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        done = with_secrets(folder)
        assert (done.returncode, done.stdout.split()) == (0, ["none", "none"])


@pytest.mark.parametrize("name", ["postgres_password", "redis_password"])
@pytest.mark.parametrize("kind", ["folder", "dangling", "empty"])
def test_a_secret_that_is_there_and_cannot_be_read_is_an_error(
    tmp_path: Path, name: str, kind: str
) -> None:
    """Also for root, who may read everything: a folder, a link to nothing, or an empty file."""
    secret = tmp_path / name
    if kind == "folder":
        secret.mkdir()
    elif kind == "dangling":
        secret.symlink_to("nowhere")
    else:
        secret.touch()
    done = with_secrets(tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"error: {secret} cannot be read" in done.stderr


@pytest.mark.parametrize("is_ledger", [True, False])
def test_the_backup_of_compose_is_a_whole_dump_that_was_restored(
    postgres_server: postgres.Server, tmp_path: Path, *, is_ledger: bool
) -> None:
    """With PostgreSQL's own programs; what is older than two weeks goes, whatever else stays.

    Of a dump that cannot be restored into a ledger it says so, keeps it, and notes no trial.
    """
    (tmp_path / "password").write_text("nobody asks\n")
    old, young = tmp_path / "2016-01-01-0000.dump", tmp_path / "2016-01-20-0000.dump"
    for path, days in ((old, 16), (young, 3), (tmp_path / "notes.txt", 90)):
        path.touch()
        os.utime(path, (then := time.time() - days * 86_400, then))
    # The database that the image makes is called as its user.
    with psycopg.connect(
        f"postgresql://publisher@127.0.0.1:{postgres_server.port}/postgres", autocommit=True
    ) as session:
        session.execute("CREATE DATABASE publisher TEMPLATE template0")
        url = f"postgresql+psycopg://publisher@127.0.0.1:{postgres_server.port}/publisher"
        try:
            if is_ledger:
                with closing(Database(url)) as database:
                    database.migrate()
            done = subprocess.run(
                ["sh", DOCKERFILE.parent / "deploy/compose/backup.sh"],
                env={
                    "PATH": os.environ["PATH"], "BACKUPS": str(tmp_path), "PGHOST": "127.0.0.1",
                    "PGPORT": str(postgres_server.port), "PASSWORD_FILE": str(tmp_path / "password"),
                },
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
        finally:
            session.execute("DROP DATABASE publisher WITH (FORCE)")
        trials = "SELECT count(*) FROM pg_database WHERE datname = 'publisher_trial'"
        assert session.execute(trials).fetchone() == (0,)
    assert (done.returncode == 0) is is_ledger, done.stderr
    assert (tmp_path / "tried").exists() is is_ledger
    known = {"password", "notes.txt", "tried", young.name}
    left = {path.name for path in tmp_path.iterdir()} - known
    (name,) = left
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}\.dump", name)
    assert (tmp_path / name).read_bytes().startswith(b"PGDMP")
    assert (tmp_path / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.one-machine.yml"])
def test_every_container_may_do_little(name: str) -> None:
    """A root that is read-only, no capability but those that are named, and no new privileges."""
    services = yaml.safe_load(DOCKERFILE.with_name(name).read_text(encoding="utf-8"))["services"]
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert set(service.get("cap_add", ())) <= {
            "CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_BIND_SERVICE", "SETGID", "SETUID",
        }  # fmt: skip
