"""Columns have the words of docs/architecture.md: pause, suspension, hold, pending stop, check"""

from alembic import op

revision = "0025"
down_revision = "0024"

_RENAMED = (
    ("deliveries", "wake_at", "next_check_at"),
    ("deliveries", "stop", "pending_stop"),
    ("deliveries", "halt", "manual_hold"),
    ("deliveries", "hold_reason", "draft_hold"),
    ("accounts", "held_at", "suspended_at"),
    ("accounts", "held_until", "suspended_until"),
    ("accounts", "held_kind", "suspension_kind"),
    ("accounts", "held_message", "suspension_message"),
    ("notice_services", "wake_at", "next_check_at"),
)


def upgrade() -> None:
    for table, old, new in _RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
