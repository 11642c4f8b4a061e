"""What exactly was approved, and when"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("approved_at", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("approved_digest", sa.String(64), nullable=True))
