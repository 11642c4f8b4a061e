"""New ledgers without migrations: the first of a process migrates, each other repeats its
statements.

What stands in the database afterwards is the same, for a tenth of the work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, event, inspect, update

from publisher.ledger import migrations as migrating
from publisher.ledger.tables import identity

migrate = migrating.upgrade
_statements: dict[str, list[tuple[str, Any]]] = {}
"""What a migration of an empty database changes there, by dialect."""
_READS = ("SELECT", "PRAGMA")


@contextmanager
def once() -> Iterator[None]:
    """Meanwhile, migrate an empty database of each kind once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrating, "upgrade", _upgrade)
        yield


def _upgrade(connection: Connection, revision: str = "head") -> None:
    dialect = connection.dialect.name
    if revision != "head" or inspect(connection).get_table_names():
        migrate(connection, revision)
    elif dialect not in _statements:
        with _recorded(connection) as statements:
            migrate(connection)
        _statements[dialect] = statements
    else:
        for statement, parameters in _statements[dialect]:
            connection.exec_driver_sql(statement, parameters).close()
        connection.execute(update(identity).values(id=uuid4().hex))  # no two ledgers share it


@contextmanager
def _recorded(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().startswith(_READS):
            statements.append((statement, parameters or None))

    event.listen(connection, "after_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(connection, "after_cursor_execute", record)
