"""Comments of readers, how far each account's are read, and a topic of notices about them"""

import sqlalchemy as sa
from alembic import op

from publisher.ledger.tables import Instant

revision = "0033"
down_revision = "0032"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "reader_comments",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("remote_id", sa.String, nullable=False),
        sa.Column("post", sa.String),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("written_at", Instant, nullable=False),
        sa.Column("read_at", Instant, nullable=False),
        sa.Column("signs", sa.Text, nullable=False),
        sa.Column("urgency", sa.Integer, nullable=False),
        sa.Column("alarm_step", sa.BigInteger),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("changed_by", sa.String),
        sa.Column("changed_at", Instant),
        sa.Column("handed_to", sa.String),
        sa.Column("trouble", sa.Text),
        sa.Column("try_at", Instant),
        sa.Column("checked_at", Instant, nullable=False),
        sa.UniqueConstraint("account", "remote_id"),
    )
    op.create_index("ix_reader_comments_order", "reader_comments", ["urgency", "written_at", "id"])
    op.create_index(
        "ix_reader_comments_account", "reader_comments", ["account", "urgency", "written_at", "id"]
    )
    op.create_index(
        "ix_reader_comments_state", "reader_comments", ["state", "urgency", "written_at", "id"]
    )
    op.create_index("ix_reader_comments_read", "reader_comments", ["read_at"])
    op.create_index("ix_reader_comments_checked", "reader_comments", ["account", "checked_at"])
    op.create_table(
        "comment_readings",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("post_id", sa.String, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("lease_until", Instant),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("read_at", Instant),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("trouble", sa.Text),
        sa.Column("troubled_at", Instant),
        sa.Column("trouble_step", sa.BigInteger),
        sa.Column("billed", sa.Integer, nullable=False),
        sa.Column("billed_on", sa.String, nullable=False),
    )
    # Whoever is told anything personally is told of these too, until they choose otherwise.
    op.execute(
        "INSERT INTO notice_topics (person, topic, since)"
        " SELECT person, 'comments', MIN(since) FROM notice_addresses GROUP BY person"
    )
