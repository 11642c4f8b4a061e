"""Links to choose a password, second factors, confirmations, and keys of feeds"""

from alembic import op

revision = "0026"
down_revision = "0025"

_ADDED = (
    ("people", "link", "VARCHAR(64)"),
    ("people", "link_until", "BIGINT"),
    ("people", "factors", "TEXT"),
    ("people", "feed_key", "VARCHAR(64)"),
    ("web_sessions", "confirmed_at", "BIGINT"),
    ("web_sessions", "needs_factor", "BOOLEAN"),
)


def upgrade() -> None:
    for table, column, kind in _ADDED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"""
        CREATE TABLE challenges (
            token VARCHAR(64) NOT NULL PRIMARY KEY,
            person {number} REFERENCES people (id),
            challenge VARCHAR,
            expires_at BIGINT NOT NULL
        )
    """)
    op.execute(f"""
        CREATE TABLE factor_counters (
            person {number} NOT NULL REFERENCES people (id),
            factor VARCHAR NOT NULL,
            counter BIGINT NOT NULL,
            used_at BIGINT NOT NULL,
            PRIMARY KEY (person, factor)
        )
    """)
