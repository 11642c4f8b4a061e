"""Readers' comments: until when their platform's terms let them be kept"""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.execute("ALTER TABLE reader_comments ADD COLUMN keep_until BIGINT")
    op.execute(
        "CREATE INDEX ix_reader_comments_keep_until ON reader_comments (keep_until)"
        " WHERE keep_until IS NOT NULL"
    )
