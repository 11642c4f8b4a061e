"""Heartbeats: a sign of life that never goes back, whatever the clock does"""

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.execute("ALTER TABLE heartbeats ADD COLUMN sign BIGINT NOT NULL DEFAULT '0'")
    op.execute("UPDATE heartbeats SET sign = seen_at")
