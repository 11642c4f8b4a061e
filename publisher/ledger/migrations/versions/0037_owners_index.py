"""Accounts: by the owner of their keys"""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_accounts_owner ON accounts (owner_id) WHERE owner_id IS NOT NULL")
