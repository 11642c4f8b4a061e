"""Stops of what may be out, and whose each id of a platform is"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_IN_TROUBLE = sa.text("state IN ('failed', 'missed', 'uncertain') OR stop IS NOT NULL")
# Where two deliveries have one already, it stays that of the first.
_IDS = {
    "sqlite": """
        INSERT INTO ids_out (account, remote_id, delivery)
        SELECT account, known.value, min(deliveries.id)
        FROM deliveries, json_each(remote_ids) AS known
        WHERE remote_ids <> '[]' GROUP BY account, known.value
    """,
    "postgresql": """
        INSERT INTO ids_out (account, remote_id, delivery)
        SELECT account, known.value, min(deliveries.id)
        FROM deliveries, json_array_elements_text(remote_ids::json) AS known(value)
        WHERE remote_ids <> '[]' GROUP BY account, known.value
    """,
}
_WITHDRAWN = {
    "sqlite": """
        INSERT INTO ids_out (account, remote_id, delivery)
        SELECT account, known.value, min(deliveries.id)
        FROM deliveries, json_each(withdrawn_ids) AS known
        WHERE withdrawn_ids <> '[]' GROUP BY account, known.value
        ON CONFLICT (account, remote_id) DO NOTHING
    """,
    "postgresql": """
        INSERT INTO ids_out (account, remote_id, delivery)
        SELECT account, known.value, min(deliveries.id)
        FROM deliveries, json_array_elements_text(withdrawn_ids::json) AS known(value)
        WHERE withdrawn_ids <> '[]' GROUP BY account, known.value
        ON CONFLICT (account, remote_id) DO NOTHING
    """,
}


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("stop", sa.String(), nullable=True))
    op.drop_index("ix_deliveries_problems", "deliveries")
    op.create_index(
        "ix_deliveries_problems",
        "deliveries",
        ["id"],
        sqlite_where=_IN_TROUBLE,
        postgresql_where=_IN_TROUBLE,
    )
    op.create_table(
        "ids_out",
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("remote_id", sa.String(), primary_key=True),
        sa.Column(
            "delivery",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("deliveries.id"),
            nullable=False,
        ),
    )
    dialect = op.get_bind().dialect.name
    op.execute(_IDS[dialect])
    op.execute(_WITHDRAWN[dialect])
