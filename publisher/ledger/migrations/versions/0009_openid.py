"""People who log in by OpenID Connect"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("people", sa.Column("openid", sa.String(), nullable=True))
