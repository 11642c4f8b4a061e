"""A withdrawal that did not take everything down is tried again"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_WITHDRAWING = sa.text("withdraw_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("withdraw_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_deliveries_withdrawing",
        "deliveries",
        ["withdraw_at", "id"],
        sqlite_where=_WITHDRAWING,
        postgresql_where=_WITHDRAWING,
    )
