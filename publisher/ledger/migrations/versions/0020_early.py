"""Whether an account's platform publishes early is found at once, however many deliveries it has"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_EARLY = sa.text("stop IS NOT NULL AND published_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_early",
        "deliveries",
        ["account"],
        sqlite_where=_EARLY,
        postgresql_where=_EARLY,
    )
