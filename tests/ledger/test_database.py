"""The ledger's database: its shape, its guards and its errors."""

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from publisher.errors import (
    ConfigurationError,
    LedgerTooNew,
    LedgerUnavailable,
    PublisherError,
    StorageError,
)
from publisher.ledger.database import Database
from publisher.ledger.tables import metadata


def test_migrations_make_the_tables_that_the_code_describes(database: Database) -> None:
    found = inspect(database.engine)
    assert set(found.get_table_names()) == {*metadata.tables, "alembic_version"}
    for table in metadata.tables.values():
        columns = {column["name"] for column in found.get_columns(table.name)}
        assert columns == set(table.columns.keys())
        assert {i["name"] for i in found.get_indexes(table.name)} >= {
            index.name for index in table.indexes
        }


def test_migrating_twice_changes_nothing(database: Database) -> None:
    database.migrate()
    database.check_revision()


def test_two_processes_may_migrate_at_once(ledger_url: str) -> None:
    failures: list[PublisherError] = []

    def migrate() -> None:
        try:
            with closing(Database(ledger_url)) as database:
                database.migrate()
        except PublisherError as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with closing(Database(ledger_url)) as database:
        database.check_revision()


def test_a_ledger_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(LedgerTooNew):
        database.migrate()
    with pytest.raises(LedgerTooNew):
        database.check_revision()


def test_a_database_without_a_ledger_asks_for_migration(ledger_url: str) -> None:
    with (
        closing(Database(ledger_url)) as empty,
        pytest.raises(LedgerUnavailable, match="no ledger yet"),
    ):
        empty.check_revision()


def test_what_a_failed_transaction_wrote_is_gone(database: Database) -> None:
    class Interrupted(Exception):
        pass

    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO accounts (account) VALUES ('bice-x')"))
            raise Interrupted

    with pytest.raises(Interrupted):
        write_and_fail()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM accounts")).scalar_one() == 0


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://user:hunter2@localhost/x", "sqlite+what:///x"]
)
def test_a_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    database = Database("postgresql+psycopg://publisher:hunter2@127.0.0.1:9/none")
    with pytest.raises(LedgerUnavailable) as caught:
        database.migrate()
    assert "hunter2" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="var"):
        Database(f"sqlite:///{tmp_path}/var/publisher.db").migrate()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises((StorageError, LedgerUnavailable)):
        Database(f"sqlite:///{tmp_path}/publisher.db").migrate()
