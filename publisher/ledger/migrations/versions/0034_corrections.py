"""Corrections: the post that a delivery corrects"""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN corrects VARCHAR")
    op.execute(
        "CREATE INDEX ix_deliveries_corrects ON deliveries (corrects, account)"
        " WHERE corrects IS NOT NULL"
    )
