"""A process tells that its machine's clock is wrong"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("heartbeats", sa.Column("clock_ahead", sa.BigInteger))
