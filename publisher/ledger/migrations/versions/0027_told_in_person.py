"""People are told in person: their addresses and topics, and what finds their news quickly"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "notice_addresses",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("person", _KEY, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_notice_addresses_person", "notice_addresses", ["person"])
    op.create_table(
        "notice_topics",
        sa.Column("person", _KEY, sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    op.execute(
        "CREATE INDEX ix_deliveries_waiting ON deliveries (due_at, id)"
        " WHERE state = 'awaiting-approval'"
    )
    op.execute(
        "CREATE INDEX ix_history_told ON history (at) WHERE event IN ('approved', 'note added')"
    )
