"""Who was told what needs a person"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PROBLEMS = sa.text("state IN ('failed', 'missed', 'uncertain')")


def upgrade() -> None:
    op.create_table(
        "notice_services",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("wake_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("service"),
    )
    op.create_table(
        "notices",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("step", _KEY, nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["step"], ["history.id"]),
        sa.PrimaryKeyConstraint("service", "step"),
    )
    op.create_index(
        "ix_deliveries_problems",
        "deliveries",
        ["id"],
        sqlite_where=_PROBLEMS,
        postgresql_where=_PROBLEMS,
    )
