"""Answers to readers: the comment that a delivery answers"""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN answers VARCHAR")
    op.execute(
        "CREATE INDEX ix_deliveries_answers ON deliveries (answers, account)"
        " WHERE answers IS NOT NULL"
    )
