"""Which processes are at work, and which posts are late, is in the ledger"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_MAY_BE_LATE = sa.text("state IN ('scheduled', 'publishing', 'uncertain')")


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("process", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ix_deliveries_late",
        "deliveries",
        ["due_at", "id"],
        sqlite_where=_MAY_BE_LATE,
        postgresql_where=_MAY_BE_LATE,
    )
