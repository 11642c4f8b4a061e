"""Ledgers as an older version of Publisher left them."""

from sqlalchemy import inspect

from publisher.ledger.database import Database
from publisher.ledger.integrity.hash_chain import FORMER

OLDER = "0024"
"""The revision that `make_older` leads to."""
_NEW_TABLES = (
    "api_requests",
    "api_tokens",
    "challenges",
    "comment_readings",
    "engagement",
    "engagement_turns",
    "factor_counters",
    "key_exchanges",
    "picture_consents",
    "profiles",
    "reader_comments",
    "saved_filters",
    "unread_drafts",
    "webhook_positions",
)
_NEW_COLUMNS = (
    (
        "deliveries",
        ("corrects", "answers", "acknowledged_by", "expires_after", "author", "queued_by_program"),
    ),
    ("heartbeats", ("stood_still", "sign")),
    ("people", ("link", "link_until", "factors", "feed_key")),
    ("web_sessions", ("confirmed_at", "needs_factor")),
)


def make_older(database: Database) -> None:
    """Give a ledger the tables and columns that it had in the older version."""
    with database.write() as connection:
        for newer in (
            "INDEX ix_deliveries_waiting", "INDEX ix_history_told", "INDEX ix_deliveries_corrects",
            "INDEX ix_deliveries_answers", "INDEX ix_accounts_owner",
            "INDEX ix_deliveries_unresolved",
            "TABLE notice_addresses", "TABLE notice_topics",
        ):  # fmt: skip
            connection.exec_driver_sql(f"DROP {newer}")
        for table in _NEW_TABLES:
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for table, names in _NEW_COLUMNS:
            for name in names:
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {name}")
        there = inspect(connection)
        for table in there.get_table_names():
            for column in there.get_columns(table):
                if former := FORMER.get(column["name"]):
                    connection.exec_driver_sql(
                        f"ALTER TABLE {table} RENAME COLUMN {column['name']} TO {former}"
                    )
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{OLDER}'")
