"""Deliveries: how long after it may go a post expires whose draft says `now`"""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN expires_after INTEGER")
