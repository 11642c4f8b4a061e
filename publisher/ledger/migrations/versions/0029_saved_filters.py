"""Filters of lists that people saved"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "saved_filters",
        sa.Column("person", _KEY, sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("page", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
    )
