"""The real parts that tests ask for are real, empty and their own."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.support import postgres, system


def _select(url: str, statement: str) -> object:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        return connection.execute(text(statement)).scalar_one()


def test_every_database_is_empty_and_its_own(postgres_server: postgres.Server) -> None:
    """What one test writes, another does not see."""
    with postgres_server.database() as one, postgres_server.database() as two:
        engine = create_engine(one, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE post (id TEXT)"))
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert _select(one, tables) == 1
        assert _select(two, tables) == 0


def test_a_database_goes_with_its_open_sessions(postgres_server: postgres.Server) -> None:
    """A test that leaves a connection open does not stop the run."""
    with postgres_server.database() as url:
        left_open = psycopg.connect(url.replace("+psycopg", ""))
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()


def test_postgres_url_is_what_sqlalchemy_takes(postgres_url: str) -> None:
    assert postgres_url.startswith("postgresql+psycopg://")
    assert "PostgreSQL" in str(_select(postgres_url, "SELECT version()"))


def test_ledger_url_comes_in_both_kinds(ledger_url: str, request: pytest.FixtureRequest) -> None:
    """The ids are what `pytest -k sqlite` and `-k postgresql` select by."""
    kind = request.node.callspec.id
    assert ledger_url.startswith(kind)
    assert _select(ledger_url, "SELECT 1") == 1


def test_broker_url_is_an_empty_broker(broker_url: str) -> None:
    with redis.Redis.from_url(broker_url) as client:
        assert client.ping()
        assert client.dbsize() == 0


def test_no_setting_of_the_machine_leaks_in(
    run_pytest: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PUBLISHER_… variables of whoever runs the tests change nothing, and the language is set."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", "sqlite:///of-the-machine.db")
    monkeypatch.setenv("PUBLISHER_LANGUAGE", "pl")
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    output = run_pytest("""
import os
def test_it():
    settings = {name: os.environ[name] for name in os.environ if name.startswith("PUBLISHER_")}
    assert settings == {"PUBLISHER_LANGUAGE": "en"}
    assert os.environ["LC_ALL"] == "C.UTF-8"
""")
    assert "1 passed" in output


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "failed")])
def test_a_missing_part_is_skipped_here_and_fails_in_ci(
    ci: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI leaves no test out without a word; both say what to install."""
    monkeypatch.setenv("CI", ci)
    exception = pytest.skip.Exception if outcome == "skipped" else pytest.fail.Exception
    with pytest.raises(exception, match="apt-get install postgresql"):
        system.missing("PostgreSQL", "postgresql")


def test_the_browser_renders_a_page(chromium: Path, tmp_path: Path) -> None:
    """What `make test` installs runs here, as root too."""
    page = tmp_path / "page.html"
    page.write_text("<p id=x></p><script>x.textContent = 6 * 7</script>")
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert ">42<" in done.stdout
