"""The first shape of the ledger that is kept up to date: nothing older was ever released"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INDEXES = (
    ("ix_accounts_stopped", "accounts", "account", "paused_at IS NOT NULL OR held_at IS NOT NULL"),
    ("ix_deliveries_clearing", "deliveries", "clear_at id", "clear_at IS NOT NULL"),
    (
        "ix_deliveries_doubts",
        "deliveries",
        "wake_at id",
        "state = 'uncertain' AND settled_at IS NOT NULL",
    ),
    ("ix_deliveries_due", "deliveries", "wake_at id", "state = 'scheduled'"),
    (
        "ix_deliveries_early",
        "deliveries",
        "account",
        "stop IS NOT NULL AND published_at IS NOT NULL",
    ),
    (
        "ix_deliveries_expiry",
        "deliveries",
        "expires_at",
        "state IN ('scheduled', 'awaiting-approval', 'held', 'rejected')",
    ),
    ("ix_deliveries_fingerprint", "deliveries", "fingerprint account", None),
    (
        "ix_deliveries_late",
        "deliveries",
        "due_at id",
        "state IN ('scheduled', 'publishing', 'uncertain')",
    ),
    ("ix_deliveries_lease", "deliveries", "lease_until", "state = 'publishing'"),
    ("ix_deliveries_order", "deliveries", "due_at id state account", None),
    (
        "ix_deliveries_problems",
        "deliveries",
        "id",
        "state IN ('failed', 'missed', 'uncertain', 'rejected') OR stop IS NOT NULL",
    ),
    ("ix_deliveries_published", "deliveries", "published_at id due_at embargo_until", None),
    ("ix_deliveries_turns", "deliveries", "account wake_at id", "state = 'scheduled'"),
    ("ix_deliveries_withdrawing", "deliveries", "withdraw_at id", "withdraw_at IS NOT NULL"),
    ("ix_login_failures_name", "login_failures", "name", None),
    ("ix_known_browsers_person", "known_browsers", "person", None),
    ("ix_web_sessions_person", "web_sessions", "person", None),
    ("ix_archived_step", "archived", "step delivery", None),
    ("ix_notices_step", "notices", "step", None),
)
_UNIQUE = (
    ("uq_history_account_seq", "history", "account seq", "delivery IS NULL"),
    ("uq_history_delivery_seq", "history", "delivery seq", None),
)
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
    _create_tables()
    for name, table, columns, where in _INDEXES + _UNIQUE:
        condition = sa.text(where) if where else None
        op.create_index(
            name, table, columns.split(), unique=(name, table, columns, where) in _UNIQUE,
            sqlite_where=condition, postgresql_where=condition,
        )  # fmt: skip
    if op.get_bind().dialect.name == "sqlite":
        _create_search_and_guards_on_sqlite()
    else:
        _create_search_and_guards_on_postgresql()


def _create_tables() -> None:
    op.create_table(
        "account_chains",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("paused_at", sa.BigInteger),
        sa.Column("paused_by", sa.String),
        sa.Column("pause_reason", sa.Text),
        sa.Column("held_at", sa.BigInteger),
        sa.Column("held_until", sa.BigInteger),
        sa.Column("held_kind", sa.String),
        sa.Column("held_message", sa.Text),
        sa.Column("suspended_times", sa.Integer),
        sa.Column("owner_id", sa.String),
        sa.Column("owner_handle", sa.String),
        sa.Column("other_owner", sa.String),
    )
    op.create_table(
        "delays",
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("lag", sa.BigInteger),
        sa.Column("lag_seen_at", sa.BigInteger),
        sa.Column("crowded_at", sa.BigInteger),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("post", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("wake_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("embargo_until", sa.BigInteger),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("remote_ids", sa.Text, nullable=False),
        sa.Column("prepared", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("intent_at", sa.BigInteger),
        sa.Column("doubt_since", sa.BigInteger),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("absences", sa.Integer, nullable=False),
        sa.Column("published_at", sa.BigInteger),
        sa.Column("url", sa.String),
        sa.Column("error_kind", sa.String),
        sa.Column("error_message", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("hold_reason", sa.Text),
        sa.Column("queued_by", sa.String),
        sa.Column("approved_by", sa.String),
        sa.Column("approved_at", sa.BigInteger),
        sa.Column("approved_digest", sa.String(64)),
        sa.Column("repeat", sa.Boolean, nullable=False),
        sa.Column("withdrawn_ids", sa.Text),
        sa.Column("clear_at", sa.BigInteger),
        sa.Column("withdraw_at", sa.BigInteger),
        sa.Column("stop", sa.String),
        sa.Column("halt", sa.Text),
        sa.Column("head", sa.String(64), nullable=False, server_default=""),
        sa.UniqueConstraint("post", "account", name="uq_deliveries_post_account"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("process", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("clock_ahead", sa.BigInteger),
    )
    identity = op.create_table(
        "ledger_identity",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("knows_since", sa.BigInteger),
    )
    op.create_table(
        "limits",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("remaining", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "login_failures",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(64)),
    )
    op.create_table(
        "media",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "notice_services",
        sa.Column("service", sa.String, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("wake_at", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("password", sa.String, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("disabled_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("openid", sa.String),
        sa.Column("organisations", sa.Text),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "refusals",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("delivery", sa.BigInteger, nullable=False),
        sa.Column("sign", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("own", sa.Boolean, nullable=False),
    )
    op.create_table(
        "seals",
        sa.Column("number", _KEY, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("last", _KEY, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("delivery", _KEY, sa.ForeignKey("deliveries.id")),
        sa.Column("account", sa.String),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("source", sa.String),
        sa.Column("target", sa.String),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hash", sa.String(64), nullable=False, server_default=""),
        sa.Column("digest", sa.String(64)),
    )
    op.create_table(
        "ids_out",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("remote_id", sa.String, primary_key=True),
        sa.Column("delivery", _KEY, sa.ForeignKey("deliveries.id"), nullable=False),
    )
    op.create_table(
        "known_browsers",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("person", _KEY, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "web_sessions",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("person", _KEY, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String, nullable=False),
        sa.Column("notice", sa.Text),
        sa.UniqueConstraint("token"),
    )
    op.create_table(
        "archived",
        sa.Column("delivery", _KEY, sa.ForeignKey("deliveries.id"), primary_key=True),
        sa.Column("through", sa.Integer, primary_key=True),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("step", _KEY, sa.ForeignKey("history.id"), nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("service", sa.String, primary_key=True),
        sa.Column("step", _KEY, sa.ForeignKey("history.id"), primary_key=True),
        sa.Column("told_at", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(identity, [{"id": uuid4().hex, "knows_since": None}])


def _create_search_and_guards_on_sqlite() -> None:
    # Words come without accents and capitals; the tokenizer has only to cut at the spaces.
    op.execute(
        "CREATE VIRTUAL TABLE search USING fts5"
        " (words, tokenize = 'unicode61 remove_diacritics 0', columnsize = 0)"
    )
    for table, events in (
        ("history", ("UPDATE",)),
        ("seals", ("UPDATE", "DELETE")),
        ("archived", ("UPDATE", "DELETE")),
    ):
        for event in events:
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
    op.execute(
        "CREATE TRIGGER history_no_delete BEFORE DELETE ON history"
        f" WHEN NOT EXISTS ({_IS_ARCHIVED}) BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    op.execute(
        "CREATE TRIGGER archived_only_ended BEFORE INSERT ON archived"
        f" WHEN NOT EXISTS ({_HAS_ENDED}) BEGIN SELECT RAISE(ABORT, '{_NOT_ENDED}'); END"
    )


def _create_search_and_guards_on_postgresql() -> None:
    op.execute(
        "CREATE TABLE search (words TSVECTOR NOT NULL, delivery BIGINT PRIMARY KEY"
        " REFERENCES deliveries (id) ON DELETE CASCADE)"
    )
    op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    for table, events in (
        ("history", "UPDATE OR TRUNCATE"),
        ("seals", "UPDATE OR DELETE OR TRUNCATE"),
        ("archived", "UPDATE OR DELETE OR TRUNCATE"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE {events} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    _refuse_rows("history", "DELETE", "OLD", unless=_IS_ARCHIVED, why=_REFUSED)
    _refuse_rows("archived", "INSERT", "NEW", unless=_HAS_ENDED, why=_NOT_ENDED)


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
