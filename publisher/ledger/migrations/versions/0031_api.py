"""Tokens of people for programs, requests that programs may repeat, and positions of webhooks"""

import sqlalchemy as sa
from alembic import op

from publisher.ledger.tables import Instant

revision = "0031"
down_revision = "0030"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("token", sa.String(64), nullable=False, unique=True),
        sa.Column("person", _KEY, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("organisations", sa.Text),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_tokens_person", "api_tokens", ["person"])
    op.create_table(
        "api_requests",
        sa.Column("token", _KEY, sa.ForeignKey("api_tokens.id"), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("begun_at", Instant, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.Text),
    )
    op.create_table(
        "webhook_positions",
        sa.Column("service", sa.String, primary_key=True),
        sa.Column("step", sa.BigInteger, nullable=False),
    )
