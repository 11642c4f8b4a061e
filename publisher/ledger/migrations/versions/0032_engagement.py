"""The public counts of posts an hour, a day and a week after they went out"""

import sqlalchemy as sa
from alembic import op

from publisher.ledger.tables import Instant

revision = "0032"
down_revision = "0031"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "engagement",
        sa.Column("delivery", _KEY, sa.ForeignKey("deliveries.id"), primary_key=True),
        sa.Column("age", sa.String, primary_key=True),
        sa.Column("read_at", Instant, nullable=False),
        sa.Column("is_gone", sa.Boolean, nullable=False),
        sa.Column("views", sa.BigInteger),
        sa.Column("viewers", sa.BigInteger),
        sa.Column("reactions", sa.BigInteger),
        sa.Column("shares", sa.BigInteger),
        sa.Column("replies", sa.BigInteger),
    )
    op.create_table(
        "engagement_turns",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("trouble", sa.Text),
    )
