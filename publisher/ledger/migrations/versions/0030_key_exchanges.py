"""Refresh tokens that were exchanged for new ones"""

import sqlalchemy as sa
from alembic import op

from publisher.ledger.tables import Instant

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "key_exchanges",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("mark", sa.String, primary_key=True),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
