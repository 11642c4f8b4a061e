"""Steps of deliveries that ended long ago may leave the history for an archive"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_ARCHIVED = "SELECT 1 FROM archived WHERE delivery = OLD.delivery AND through >= OLD.seq"
# Whoever may be out, or may move by itself, has not ended: its steps stay where they are.
_HAS_ENDED = (
    "SELECT 1 FROM deliveries d, history h"
    " WHERE d.id = NEW.delivery AND d.version = NEW.through AND d.head = NEW.head"
    " AND d.state IN ('published', 'failed', 'missed', 'cancelled', 'withdrawn')"
    " AND d.clear_at IS NULL AND (d.state = 'withdrawn' OR d.withdrawn_ids IS NULL)"
    " AND h.id = NEW.step AND h.delivery IS NULL AND h.event = 'archived'"
)
_REFUSED = "the history is append-only"
_NOT_ENDED = "only what has ended is archived"


def upgrade() -> None:
    op.create_table(
        "archived",
        sa.Column("delivery", _KEY, sa.ForeignKey("deliveries.id"), primary_key=True),
        sa.Column("through", sa.Integer(), primary_key=True),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("step", _KEY, sa.ForeignKey("history.id"), nullable=False),
    )
    op.create_index("ix_archived_step", "archived", ["step", "delivery"])
    # For each step that goes, the database looks whether anything still names it.
    op.create_index("ix_notices_step", "notices", ["step"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    op.execute("DROP TRIGGER history_no_delete")
    op.execute(
        "CREATE TRIGGER history_no_delete BEFORE DELETE ON history"
        f" WHEN NOT EXISTS ({_IS_ARCHIVED}) BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    op.execute(
        "CREATE TRIGGER archived_only_ended BEFORE INSERT ON archived"
        f" WHEN NOT EXISTS ({_HAS_ENDED}) BEGIN SELECT RAISE(ABORT, '{_NOT_ENDED}'); END"
    )
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER archived_no_{event.lower()} BEFORE {event} ON archived"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )


def _guard_postgresql() -> None:
    op.execute("DROP TRIGGER history_append_only ON history")
    _refuse_changes("history", "UPDATE OR TRUNCATE")
    _refuse_rows("history", "DELETE", "OLD", unless=_IS_ARCHIVED, why=_REFUSED)
    _refuse_changes("archived", "UPDATE OR DELETE OR TRUNCATE")
    _refuse_rows("archived", "INSERT", "NEW", unless=_HAS_ENDED, why=_NOT_ENDED)


def _refuse_changes(table: str, events: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE {events} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _refuse_rows(table: str, event: str, row: str, *, unless: str, why: str) -> None:
    """Refuse the event for each row of which `unless` finds nothing."""
    name = f"{table}_guard_{event.lower()}"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF NOT EXISTS ({unless}) THEN RAISE EXCEPTION '{why}'; END IF;"
        f" RETURN {row}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
