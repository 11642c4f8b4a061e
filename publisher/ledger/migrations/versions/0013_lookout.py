"""What a dispatcher looks for is found at once, however much waits for a person"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_STOPPED = sa.text("paused_at IS NOT NULL OR held_at IS NOT NULL")
_SCHEDULED = sa.text("state = 'scheduled'")
_LOOKED_FOR = sa.text("state = 'uncertain' AND settled_at IS NOT NULL")


def upgrade() -> None:
    # The look goes by account.
    op.execute(
        "INSERT INTO accounts (account) SELECT DISTINCT account FROM deliveries"
        " WHERE account NOT IN (SELECT account FROM accounts)"
    )
    op.create_index(
        "ix_deliveries_turns",
        "deliveries",
        ["account", "wake_at", "id"],
        sqlite_where=_SCHEDULED,
        postgresql_where=_SCHEDULED,
    )
    op.drop_index("ix_deliveries_doubts", table_name="deliveries")
    op.create_index(
        "ix_deliveries_doubts",
        "deliveries",
        ["wake_at", "id"],
        sqlite_where=_LOOKED_FOR,
        postgresql_where=_LOOKED_FOR,
    )
    op.create_index(
        "ix_accounts_stopped",
        "accounts",
        ["account"],
        sqlite_where=_STOPPED,
        postgresql_where=_STOPPED,
    )
