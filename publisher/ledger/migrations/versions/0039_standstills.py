"""Heartbeats: for how long the process last stood still"""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute("ALTER TABLE heartbeats ADD COLUMN stood_still BIGINT")
