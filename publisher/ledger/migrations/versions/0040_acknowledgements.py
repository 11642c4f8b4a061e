"""Deliveries: who said that its trouble may stay as it is"""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN acknowledged_by VARCHAR")
    op.execute(
        "CREATE INDEX ix_deliveries_unresolved ON deliveries (state, due_at, id)"
        " WHERE acknowledged_by IS NULL AND (state IN ('failed', 'missed')"
        " OR (state = 'published' AND pending_stop IS NOT NULL)"
        " OR (state = 'cancelled' AND remote_ids <> '[]' AND withdrawn_ids IS NULL))"
    )
