"""Steps vouch for what they left; withdrawals part by part; clearing away what was left behind"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_CLEARING = sa.text("clear_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("history", sa.Column("digest", sa.String(64), nullable=True))
    op.add_column("deliveries", sa.Column("withdrawn_ids", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("clear_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_deliveries_clearing",
        "deliveries",
        ["clear_at", "id"],
        sqlite_where=_CLEARING,
        postgresql_where=_CLEARING,
    )
    # What was left on Pages before anybody cleared it away.
    op.execute(
        'UPDATE deliveries SET clear_at = 0 WHERE prepared LIKE \'%"draft_id":"%\''
        " AND state IN ('cancelled', 'failed', 'held', 'missed')"
    )
