"""Steps vouch for who may log in"""

import json

import sqlalchemy as sa
from alembic import op

from publisher.ledger.integrity import hash_chain

revision = "0021"
down_revision = "0020"

_STEP = sa.text(
    "INSERT INTO history"
    " (account, at, event, source, target, actor, detail, seq, digest, hash) VALUES"
    " (:account, :at, :event, :source, :target, :actor, :detail, :seq, :digest, :hash)"
)
_CHAIN = sa.text("INSERT INTO account_chains (account, length, head) VALUES (:account, 1, :hash)")


def upgrade() -> None:
    """Put on record who may log in, as they are now: each gets the first step of a chain."""
    connection = op.get_bind()
    newest = _newest_instant(connection)
    rows = connection.execute(sa.text("SELECT * FROM people ORDER BY id"))
    for row in map(dict, rows.mappings().all()):
        account = hash_chain.about_person(row["key"])
        # A restored ledger is migrated before its newest step tells what instant it is of: these
        # steps must not be newer than the others.
        step = {
            "account": account,
            "at": row["created_at"] if newest is None else newest,
            "event": "person on record",
            "source": None,
            "target": None,
            "actor": "publisher",
            "detail": json.dumps({"role": row["role"]}),
            "seq": 1,
            "digest": hash_chain.person_digest(row),
        }
        step["hash"] = hash_chain.step_hash(step, hash_chain.account_origin(account))
        connection.execute(_STEP, step)
        connection.execute(_CHAIN, {"account": account, "hash": step["hash"]})


def _newest_instant(connection: sa.Connection) -> int | None:
    """When the newest step or seal was written, in microseconds since 1970."""
    queries = ("SELECT max(at) FROM history", "SELECT max(at) FROM seals")
    found = [connection.execute(sa.text(query)).scalar_one() for query in queries]
    return max((instant for instant in found if instant is not None), default=None)
