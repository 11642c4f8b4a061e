"""What was rejected is in a state of its own"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from publisher.ledger.integrity import hash_chain

revision = "0023"
down_revision = "0022"

_INDEXES = {
    "ix_deliveries_expiry": (
        "expires_at",
        sa.text("state IN ('scheduled', 'awaiting-approval', 'held', 'rejected')"),
    ),
    "ix_deliveries_problems": (
        "id",
        sa.text("state IN ('failed', 'missed', 'uncertain', 'rejected') OR stop IS NOT NULL"),
    ),
}
# Until now a rejected post waited for an approval, and its reason alone told it from others; so did
# one that was rejected while it might have been out.
_REJECTED = sa.text(
    "SELECT * FROM deliveries WHERE reason IS NOT NULL AND (state = 'awaiting-approval'"
    " OR (stop = 'awaiting-approval' AND state IN ('publishing', 'uncertain'))) ORDER BY id"
)
_STEP = sa.text(
    "INSERT INTO history"
    " (delivery, at, event, source, target, actor, detail, seq, digest, hash) VALUES"
    " (:delivery, :at, :event, :source, :target, :actor, :detail, :seq, :digest, :hash)"
)
_CHANGE = sa.text(
    "UPDATE deliveries SET state = :state, stop = :stop, version = :version, head = :head"
    " WHERE id = :id"
)


def upgrade() -> None:
    connection = op.get_bind()
    for name, (column, where) in _INDEXES.items():
        op.drop_index(name, "deliveries")
        op.create_index(name, "deliveries", [column], sqlite_where=where, postgresql_where=where)
    at = connection.execute(sa.text("SELECT max(at) FROM history")).scalar_one()
    for row in map(dict, connection.execute(_REJECTED).mappings().all()):
        _write(connection, row, at)


def _write(connection: sa.Connection, row: dict[str, Any], at: int) -> None:
    """Say so of one delivery, in a step of its chain as of everything that changes one.

    `at`: when the newest step was written. A restored ledger is migrated before that tells what
    instant it is of: this step must not be newer.
    """
    was = row["state"]
    if was == "awaiting-approval":
        row["state"] = "rejected"
    else:
        row["stop"] = "rejected"
    said = {**hash_chain.shortened(row), "repeat": bool(row["repeat"])}
    step = {
        "account": None,
        "at": at,
        "event": "rejected",
        "source": was,
        "target": row["state"],
        "actor": "publisher",
        "detail": json.dumps({}),
        "seq": row["version"] + 1,
        "digest": hash_chain.delivery_digest(said),
    }
    head = hash_chain.step_hash(step, row["head"])
    connection.execute(_STEP, {**step, "delivery": row["id"], "hash": head})
    values = {name: row[name] for name in ("id", "state", "stop")}
    connection.execute(_CHANGE, {**values, "version": step["seq"], "head": head})
