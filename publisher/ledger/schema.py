"""Schema of a new ledger: the tables of `tables`, the search index and the triggers.

Alembic brings older ledgers to the same schema (see `migrations`).
"""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert
from sqlalchemy.schema import CreateIndex, CreateTable

from publisher.ledger.integrity import triggers
from publisher.ledger.reading import search_index
from publisher.ledger.tables import REVISION, identity, metadata

_OF_ALEMBIC = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def create(connection: Connection, knows_since: datetime | None) -> None:
    """Make an empty database a new ledger; `knows_since`: None if it knows all that went out."""
    for table in (*metadata.sorted_tables, _OF_ALEMBIC):
        connection.execute(CreateTable(table))
        for index in table.indexes:
            made = str(CreateIndex(index).compile(dialect=connection.dialect))
            where = index.info.get("where")
            connection.exec_driver_sql(f"{made} WHERE {where}" if where else made)
    search_index.create(connection)
    triggers.create(connection)
    connection.execute(insert(_OF_ALEMBIC).values(version_num=REVISION))
    connection.execute(insert(identity).values(id=uuid4().hex, knows_since=knows_since))
