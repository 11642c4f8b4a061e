"""People have rights over organisations; browsers that logged in before are known"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("people", sa.Column("organisations", sa.Text))
    op.add_column("login_failures", sa.Column("name", sa.String(64)))
    op.create_index("ix_login_failures_name", "login_failures", ["name"])
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "known_browsers",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("person", key, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_known_browsers_person", "known_browsers", ["person"])
