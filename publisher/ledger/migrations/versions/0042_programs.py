"""Who wrote and who queued a delivery, and drafts of programs that nobody has read"""

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN author VARCHAR")
    op.execute("ALTER TABLE deliveries ADD COLUMN queued_by_program VARCHAR")
    op.execute(
        "CREATE TABLE unread_drafts ("
        "post VARCHAR NOT NULL, digest VARCHAR(64) NOT NULL, person VARCHAR NOT NULL, "
        "program VARCHAR NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (post))"
    )
