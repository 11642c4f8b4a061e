"""What platforms show of the accounts: handle, name and picture"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "profiles",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("owner_id", sa.String),
        sa.Column("handle", sa.String),
        sa.Column("name", sa.String),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("picture_digest", sa.String(64)),
        sa.Column("source_digest", sa.String(64)),
        sa.Column("before", sa.String),
    )
