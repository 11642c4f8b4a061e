"""Suspensions that end by themselves, and the last refusal of each account"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("suspended_times", sa.Integer(), nullable=True))
    op.create_table(
        "refusals",
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("sign", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
    )
