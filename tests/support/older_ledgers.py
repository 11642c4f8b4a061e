"""Ledgers as an older version of Publisher left them: its migrations, and rows of today."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import insert, inspect, select, text

from publisher.ledger.database import Database
from publisher.ledger.integrity.hash_chain import FORMER
from publisher.ledger.tables import identity, metadata


def copy_rows(source: Database, target: Database) -> None:
    """As far as the target, of an older version, has the tables and columns."""
    with source.read() as old, todays_names(target), target.write() as new:
        there = inspect(new)
        for table in metadata.sorted_tables:
            if not there.has_table(table.name) or table is identity:  # each has its own
                continue
            known = {column["name"] for column in there.get_columns(table.name)}
            columns = [column for column in table.c if column.name in known]
            rows = [dict(row) for row in old.execute(select(*columns)).mappings()]
            if rows:
                new.execute(insert(table), rows)
            if rows and "id" in known and not target.is_sqlite:
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                new.execute(text(f"SELECT setval({sequence}, max(id)) FROM {table.name}"))


@contextmanager
def todays_names(database: Database) -> Iterator[None]:
    """Meanwhile, the columns of an older version have the names that the code of today uses."""
    now = {old: new for new, old in FORMER.items()}
    _rename(database, now)
    yield
    _rename(database, FORMER)


def _rename(database: Database, names: dict[str, str]) -> None:
    with database.write() as connection:
        there = inspect(connection)
        for table in there.get_table_names():
            for column in there.get_columns(table):
                if new := names.get(column["name"]):
                    connection.exec_driver_sql(
                        f"ALTER TABLE {table} RENAME COLUMN {column['name']} TO {new}"
                    )
