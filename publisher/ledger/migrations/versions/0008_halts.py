"""Who holds a delivery by hand, and why"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("halt", sa.Text(), nullable=True))
