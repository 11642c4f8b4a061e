"""The ledger's database: its shape, its guards and its errors."""

import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import BigInteger, inspect, select, text, type_coerce
from sqlalchemy.engine import make_url

from publisher.base.errors import (
    ConfigurationError,
    LedgerTooNew,
    LedgerTooOld,
    LedgerUnavailable,
    PublisherError,
    StorageError,
)
from publisher.ledger import migrations
from publisher.ledger.database import Database
from publisher.ledger.enqueue import Ledger
from publisher.ledger.heartbeats import Heartbeats, Process, ProcessKind
from publisher.ledger.picture_consents import all_named
from publisher.ledger.tables import REVISION, heartbeats, media, metadata
from publisher.model.content import Content, Part, Picture
from tests.support import postgres
from tests.support.clock import ManualClock
from tests.support.older_ledgers import make_older
from tests.support.wishes import add, wish

pytestmark = [
    pytest.mark.each_database,
    pytest.mark.guards(
        "publisher.ledger.driver_errors",
        "publisher.ledger.integrity.triggers",
        "publisher.ledger.picture_consents",
        "publisher.ledger.schema",
        "publisher.ledger.sqlite_file",
        "publisher.ledger.tables.*",
    ),
]


def test_a_new_ledger_has_the_tables_that_the_code_describes(database: Database) -> None:
    found = inspect(database.engine)
    # The index for searches is no table on SQLite, but several.
    tables = {name for name in found.get_table_names() if not name.startswith("search")}
    assert tables == {*metadata.tables, "alembic_version"}
    for table in metadata.tables.values():
        columns = {column["name"] for column in found.get_columns(table.name)}
        assert columns == set(table.columns.keys())
        assert {i["name"] for i in found.get_indexes(table.name)} >= {
            index.name for index in table.indexes
        }


def test_partial_indexes_have_the_conditions_that_the_code_describes(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL writes a condition in its own words")
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")
        made = {row.name: row.sql for row in rows}
    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    partial = [index for index in indexes if "where" in index.info]
    assert len(partial) > 5
    for index in partial:
        assert made[index.name].endswith(f"WHERE {index.info['where']}")


def test_a_read_sees_one_state_while_another_process_writes(database: Database) -> None:
    count = text("SELECT count(*) FROM media")
    with database.read() as connection:
        before = connection.execute(count).scalar_one()
        with closing(Database(database.url)) as another, another.write() as writing:
            writing.execute(media.insert().values(digest="0" * 64, media_type="x", data=b""))
        assert connection.execute(count).scalar_one() == before
    with database.read() as connection:
        assert connection.execute(count).scalar_one() == before + 1


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    versions = Path(str(migrations.__file__)).parent / "versions"
    assert max(path.name for path in versions.glob("0*.py")).startswith(f"{REVISION}_")


def test_an_older_ledger_gets_the_columns_and_indexes_of_a_new_one(database: Database) -> None:
    indexes = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"
        if database.is_sqlite
        else "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef"
    )

    def shape() -> str:
        columns = inspect(database.engine).get_multi_columns()
        with database.read() as connection:
            return repr((columns, connection.exec_driver_sql(indexes).all()))

    new = shape()
    make_older(database)
    assert shape() != new
    database.migrate()
    database.check_revision()
    assert shape() == new


def test_the_signs_of_life_of_an_older_ledger_go_on_from_its_heartbeats(
    database: Database,
) -> None:
    """Else its processes would be taken for those of a copy."""
    process = Process("p" * 32, ProcessKind.WORKER, "alpha", 1, "0.9")
    Heartbeats(database).beat(process)
    with database.read() as connection:
        seen_at = connection.scalar(select(type_coerce(heartbeats.c.seen_at, BigInteger)))
    make_older(database)
    database.migrate()
    assert Heartbeats(database).signs_of_life() == {process.id: seen_at}


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


def test_connections_that_open_a_new_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as first:
        first.execute("BEGIN IMMEDIATE")
        end = threading.Timer(0.3, first.execute, ("COMMIT",))
        with closing(Database(f"sqlite:///{path}")) as second:
            end.start()
            second.migrate()
            end.join()


def test_a_ledger_from_before_the_first_release_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0023'"))
    with pytest.raises(LedgerTooOld):
        database.migrate()
    with pytest.raises(LedgerTooOld):
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
    "url",
    [
        "nonsense",
        "mysql://user:hunter2@localhost/x",
        "sqlite+what:///x",
        "postgresql+psycopg_async://user:hunter2@localhost/x",
    ],
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


def test_a_database_that_cannot_hold_every_language_is_refused(
    postgres_server: postgres.Server,
) -> None:
    """PostgreSQL makes it so where the machine's language is `C`."""
    address = f"postgresql://publisher@127.0.0.1:{postgres_server.port}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as session:
        session.execute("CREATE DATABASE plain TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        try:
            ledger = Database(f"{address.replace('://', '+psycopg://')}/plain")
            with pytest.raises(ConfigurationError, match="encoding is SQL_ASCII"):
                ledger.migrate()
            ledger.close()
        finally:
            session.execute("DROP DATABASE plain WITH (FORCE)")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="var"):
        Database(f"sqlite:///{tmp_path}/var/publisher.db").migrate()


_AS_NOBODY = """
import os, sys
from publisher.base.errors import StorageError
from publisher.ledger import migrations
from publisher.ledger.database import Database

folder = sys.argv[1]
ready = Database(f"sqlite:///{folder}/ready/publisher.db")
ready.migrate()  # which imports all that it needs
ready.close()
os.chmod(f"{folder}/ready/publisher.db", 0o444)
for name in ("empty", "ready"):
    os.chmod(f"{folder}/{name}", 0o555)
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere
for name in ("empty", "ready"):
    try:
        database = Database(f"sqlite:///{folder}/{name}/publisher.db")
        database.migrate()
        with database.write() as connection:
            connection.exec_driver_sql("DELETE FROM accounts")
        print("written")
    except StorageError as error:
        print(error, error.hint)
"""


def test_a_read_only_folder_is_named() -> None:
    """With a ledger in it or without, the message has the file, and speaks of permissions."""
    # Not in pytest's folders, which are closed to the other user that root becomes.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "empty").mkdir()
        (folder / "ready").mkdir()
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, name],
            capture_output=True, encoding="utf-8", timeout=60, check=True,
        )  # fmt: skip
        for path in folder.iterdir():
            path.chmod(0o755)
    empty, ready = done.stdout.splitlines()
    assert empty.startswith(f"{folder}/empty/publisher.db cannot be opened: ")
    assert ready.startswith(f"{folder}/ready/publisher.db cannot be ")
    assert "permissions" in empty
    assert "permissions" in ready


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///"])
def test_a_ledger_must_have_a_file(url: str) -> None:
    with pytest.raises(ConfigurationError, match="names no file"):
        Database(url)


@pytest.mark.parametrize("table", ["deliveries", "recipes"])
def test_a_file_of_another_program_is_refused_and_left_alone(tmp_path: Path, table: str) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(f"CREATE TABLE {table} (id INTEGER)")
    before = path.read_bytes()[100:]  # the header tells of the journal's mode
    with (
        closing(Database(f"sqlite:///{path}")) as database,
        pytest.raises(LedgerUnavailable, match=r"other\.db is not a ledger of Publisher") as caught,
    ):
        database.migrate()
    assert caught.value.hint
    assert path.read_bytes()[100:] == before


def test_the_migrations_of_another_program_are_no_newer_ledger(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('9f3c')")
    with (
        closing(Database(f"sqlite:///{path}")) as database,
        pytest.raises(LedgerUnavailable, match="is not a ledger"),
    ):
        database.migrate()


def test_a_server_may_be_shared_with_another_program(postgres_url: str) -> None:
    with closing(Database(postgres_url)) as database:
        with database.write() as connection:
            connection.execute(text("CREATE TABLE recipes (id INTEGER)"))
        database.migrate()
        database.check_revision()


def test_a_lost_table_is_named(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("ALTER TABLE media RENAME TO lost"))
    with (
        pytest.raises(LedgerUnavailable, match=r"lacks a table: .*media") as caught,
        database.read() as connection,
    ):
        connection.execute(text("SELECT * FROM media"))
    assert "backup" in str(caught.value.hint)


def test_a_lost_column_is_named(database: Database) -> None:
    """The database answers: nobody must look for a server that is away."""
    with database.write() as connection:
        connection.execute(text("ALTER TABLE media RENAME COLUMN media_type TO lost"))
    with (
        pytest.raises(LedgerUnavailable, match=r"lacks a column: .*media_type") as caught,
        database.read() as connection,
    ):
        connection.execute(text("SELECT media.media_type FROM media"))
    assert "cannot be reached" not in str(caught.value)


def test_a_role_without_rights_is_told_which(postgres_url: str) -> None:
    """Whether it would make the tables or read them."""
    with closing(Database(postgres_url)) as owner:
        owner.migrate()
        with owner.write() as connection:
            connection.execute(text("CREATE ROLE guest LOGIN"))
            connection.execute(text("CREATE SCHEMA empty AUTHORIZATION CURRENT_USER"))
        try:
            guest = make_url(postgres_url).set(username="guest")
            # Where the guest sees no table yet, it would make them all.
            nowhere = guest.update_query_dict({"options": "-csearch_path=empty"})
            for url in (guest, nowhere):
                with (
                    closing(Database(url.render_as_string(hide_password=False))) as database,
                    pytest.raises(LedgerUnavailable, match="does not let Publisher in") as caught,
                ):
                    database.migrate()
                assert "grant" in str(caught.value.hint)
        finally:
            with owner.write() as connection:
                connection.execute(text("DROP ROLE guest"))


def test_the_server_compiles_no_statement(postgres_url: str) -> None:
    """It would take longer for that than a claim takes, several times a second."""
    with closing(Database(postgres_url)) as database, database.read() as connection:
        assert connection.exec_driver_sql("SHOW jit").scalar_one() == "off"


def test_an_option_that_the_server_does_not_know_is_named(postgres_url: str) -> None:
    url = f"{postgres_url}{'&' if '?' in postgres_url else '?'}foo=bar"
    with (
        closing(Database(url)) as database,
        pytest.raises(LedgerUnavailable, match=r'url cannot be used: .*"foo"'),
    ):
        database.check_revision()


def test_an_older_ledger_keeps_the_consents_that_its_deliveries_name(
    database: Database, clock: ManualClock
) -> None:
    """A post that was queued before is found by its picture, too."""
    picture = Picture(
        digest="d" * 64, media_type="image/png", width=1, height=1, alt="", name="n",
        consent='l\'école "A"',
    )  # fmt: skip
    unnamed = picture.model_copy(update={"digest": "e" * 64, "consent": None})
    for post, shown in (("a.fr", picture), ("b.es", picture), ("c.fr", unnamed)):
        content = Content(parts=(Part(text=post, pictures=(shown,)),))
        add(Ledger(database, clock), wish(clock, post, content=content))
    make_older(database)
    database.migrate()
    with database.read() as connection:
        assert all_named(connection) == {"d" * 64: {'l\'école "A"': "a.fr"}}
