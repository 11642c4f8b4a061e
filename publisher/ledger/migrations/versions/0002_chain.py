"""The history is chained by hashes, sealed, and append-only"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from publisher.ledger.integrity import hash_chain

revision = "0002"
down_revision = "0001"

_APPEND_ONLY = ("history", "seals")


def upgrade() -> None:
    op.create_table(
        "account_chains",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.add_column(
        "deliveries", sa.Column("head", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column("history", sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "history", sa.Column("hash", sa.String(length=64), nullable=False, server_default="")
    )
    _chain_what_is_there(op.get_bind())
    op.drop_index("ix_history_delivery", table_name="history")
    op.create_index("uq_history_delivery_seq", "history", ["delivery", "seq"], unique=True)
    op.create_index(
        "uq_history_account_seq",
        "history",
        ["account", "seq"],
        unique=True,
        sqlite_where=sa.text("delivery IS NULL"),
        postgresql_where=sa.text("delivery IS NULL"),
    )
    for table in _APPEND_ONLY:
        _refuse_changes(table)


def _chain_what_is_there(connection: sa.Connection) -> None:
    """Chain the steps that were written before there were chains, as they are now."""
    of_deliveries = sa.text(
        "SELECT h.*, d.post, d.account AS to_account FROM history h"
        " JOIN deliveries d ON d.id = h.delivery ORDER BY h.delivery, h.id"
    )
    heads = []
    for key, rows in _grouped(connection, of_deliveries, "delivery"):
        first = rows[0]
        origin = hash_chain.delivery_origin(first["post"], first["to_account"])
        heads.append({"key": key, **_number(connection, rows, origin)})
    if heads:
        # A step's number is the delivery's version after it.
        connection.execute(
            sa.text("UPDATE deliveries SET version = :length, head = :head WHERE id = :key"), heads
        )
    of_accounts = sa.text("SELECT * FROM history WHERE delivery IS NULL ORDER BY account, id")
    for account, rows in _grouped(connection, of_accounts, "account"):
        head = _number(connection, rows, hash_chain.account_origin(account))
        connection.execute(
            sa.text(
                "INSERT INTO account_chains (account, length, head)"
                " VALUES (:account, :length, :head)"
            ),
            {"account": account, **head},
        )


def _grouped(
    connection: sa.Connection, query: sa.TextClause, column: str
) -> list[tuple[Any, list[dict[str, Any]]]]:
    """The rows that have the same value in `column`, which the query is ordered by."""
    rows = [row._asdict() for row in connection.execute(query)]
    return [(key, list(group)) for key, group in groupby(rows, lambda row: row[column])]


def _number(
    connection: sa.Connection, rows: Sequence[Mapping[str, Any]], origin: str
) -> dict[str, Any]:
    """Write number and hash into the steps of one chain; the result is its head."""
    previous, links = origin, []
    for seq, row in enumerate(rows, 1):
        previous = hash_chain.step_hash({**row, "seq": seq}, previous)
        links.append({"id": row["id"], "seq": seq, "hash": previous})
    connection.execute(sa.text("UPDATE history SET seq = :seq, hash = :hash WHERE id = :id"), links)
    return {"length": len(rows), "head": previous}


def _refuse_changes(table: str) -> None:
    """A guard against accidents: rows of `table` stay as they were written."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the history is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
