"""How far platforms are behind with what they were asked for"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "delays",
        sa.Column("channel", sa.String(), primary_key=True),
        sa.Column("lag", sa.BigInteger()),
        sa.Column("lag_seen_at", sa.BigInteger()),
        sa.Column("crowded_at", sa.BigInteger()),
    )
