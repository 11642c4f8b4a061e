"""The ledger remembers whom each account's keys belong to"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for name in ("owner_id", "owner_handle", "other_owner"):
        op.add_column("accounts", sa.Column(name, sa.String))
