"""Each ledger has an id: what a broker holds for one is not another's"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    identity = op.create_table(
        "ledger_identity",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("knows_since", sa.BigInteger),
    )
    op.bulk_insert(identity, [{"id": uuid4().hex, "knows_since": None}])
