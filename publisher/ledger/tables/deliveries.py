"""Tables of deliveries, and of the record of what happened."""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    func,
    literal_column,
    type_coerce,
)

from publisher.ledger.tables.columns import Instant, Key, metadata, partial_index

UNRESOLVED = (
    "acknowledged_by IS NULL AND (state IN ('failed', 'missed')"
    " OR (state = 'published' AND pending_stop IS NOT NULL)"
    " OR (state = 'cancelled' AND remote_ids <> '[]' AND withdrawn_ids IS NULL))"
)
"""Deliveries that ended in trouble, and that nobody has dealt with: failed, missed, stopped too
late, or cancelled after a part was out. As in the partial index.
"""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("post", String, nullable=False),
    Column("account", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("state", String, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("next_check_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("embargo_until", Instant),
    Column("content", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("remote_ids", Text, nullable=False),
    Column("prepared", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("intent_at", Instant),
    Column("doubt_since", Instant),
    Column("settled_at", Instant),
    Column("absences", Integer, nullable=False),
    Column("published_at", Instant),
    Column("url", String),
    Column("error_kind", String),
    Column("error_message", Text),
    Column("reason", Text),
    Column("draft_hold", Text),
    Column("queued_by", String),
    Column("approved_by", String),
    Column("approved_at", Instant),
    Column("approved_digest", String(64)),
    Column("repeat", Boolean, nullable=False),
    # Ids of parts that were deleted from the platform; NULL: no withdrawal has begun.
    Column("withdrawn_ids", Text),
    # When its orphans at the platform are deleted; NULL: there is nothing to delete.
    Column("clear_at", Instant),
    # When an incomplete withdrawal is tried again; NULL: nothing is to be withdrawn.
    Column("withdraw_at", Instant),
    # What it becomes if it is not out after all (see pending_stops.py); NULL: SCHEDULED.
    Column("pending_stop", String),
    # Who holds the post, and why (see post_holds.py); NULL: no one does.
    Column("manual_hold", Text),
    # The hash of its newest step; `version` is that step's number (see hash_chain.py).
    Column("head", String(64), nullable=False, server_default=""),
    # The post that it corrects (see corrections.py); NULL: it is no correction.
    Column("corrects", String),
    # The reader's comment that it answers, by its id at the platform; NULL: it answers none.
    Column("answers", String),
    # Who said that its trouble may stay as it is (see operations.py); NULL: nobody.
    Column("acknowledged_by", String),
    # Seconds from its time to its expiry, if its draft says `now`: `expires_at` is NULL until it
    # may go. NULL: its draft names a time.
    Column("expires_after", Integer),
    # Who wrote it, as its draft says or who queued it first; NULL: who queued it.
    Column("author", String),
    # The program by which it was queued for a person; NULL: by none.
    Column("queued_by_program", String),
    UniqueConstraint("post", "account", name="uq_deliveries_post_account"),
    partial_index("ix_deliveries_due", "next_check_at", "id", where="state = 'scheduled'"),
    partial_index(
        "ix_deliveries_turns", "account", "next_check_at", "id", where="state = 'scheduled'"
    ),
    partial_index(
        "ix_deliveries_expiry",
        "expires_at",
        where="state IN ('scheduled', 'awaiting-approval', 'held', 'rejected')",
    ),
    partial_index("ix_deliveries_lease", "lease_until", where="state = 'publishing'"),
    partial_index(
        "ix_deliveries_doubts",
        "next_check_at",
        "id",
        where="state = 'uncertain' AND settled_at IS NOT NULL",
    ),
    partial_index(
        "ix_deliveries_problems",
        "id",
        where="state IN ('failed', 'missed', 'uncertain', 'rejected') OR pending_stop IS NOT NULL",
    ),
    partial_index("ix_deliveries_unresolved", "state", "due_at", "id", where=UNRESOLVED),
    partial_index("ix_deliveries_waiting", "due_at", "id", where="state = 'awaiting-approval'"),
    partial_index("ix_deliveries_clearing", "clear_at", "id", where="clear_at IS NOT NULL"),
    partial_index(
        "ix_deliveries_withdrawing", "withdraw_at", "id", where="withdraw_at IS NOT NULL"
    ),
    # By when it was due: `next_check_at` moves with each retry (see lateness.py).
    partial_index(
        "ix_deliveries_late",
        "due_at",
        "id",
        where="state IN ('scheduled', 'publishing', 'uncertain')",
    ),
    partial_index(
        "ix_deliveries_early",
        "account",
        where="pending_stop IS NOT NULL AND published_at IS NOT NULL",
    ),
    partial_index("ix_deliveries_corrects", "corrects", "account", where="corrects IS NOT NULL"),
    partial_index("ix_deliveries_answers", "answers", "account", where="answers IS NOT NULL"),
    Index("ix_deliveries_fingerprint", "fingerprint", "account"),
    # The last columns let the log be filtered, and deliveries be counted, without reading the rows.
    # An index that begins with the state would do so as well, but SQLite would use it for the
    # dispatcher's queries too, instead of the partial ones.
    Index("ix_deliveries_order", "due_at", "id", "state", "account"),
    Index("ix_deliveries_published", "published_at", "id", "due_at", "embargo_until"),
)


def written(value: StrEnum | int) -> ColumnElement[Any]:
    """A state or a limit as a literal in the statement, for queries that run again and again.

    Whether a partial index can be used depends on the states in the statement. If they are bound,
    SQLite looks at their values and plans again at each execution, which takes fifty times as long
    as the answer; PostgreSQL plans again as well, also for a bound limit, because it assumes a
    tenth of all rows for an unknown one. Several states must be in the order in which the index has
    them: SQLite compares the lists word by word.
    """
    if isinstance(value, int):
        return literal_column(str(value), Integer)
    return literal_column(f"'{value}'", String)


not_before = case(
    (deliveries.c.embargo_until > deliveries.c.due_at, deliveries.c.embargo_until),
    else_=deliveries.c.due_at,
)
"""As `Delivery.not_before`: its time or the end of its embargo, whichever is later."""

written_by = func.coalesce(deliveries.c.author, deliveries.c.queued_by).label("written_by")
"""As `Delivery.written_by`."""

late_by = type_coerce(deliveries.c.published_at, BigInteger) - type_coerce(not_before, BigInteger)
"""How late a delivery went out, in microseconds."""

identity = Table(
    "ledger_identity",
    metadata,
    Column("id", String(32), primary_key=True),
    # What was due until then may have gone out from another ledger, which was lost; NULL: all that
    # went out is in this one.
    Column("knows_since", Instant),
)
"""The identity of this ledger: one row."""

ids_out = Table(
    "ids_out",
    metadata,
    Column("account", String, primary_key=True),
    Column("remote_id", String, primary_key=True),
    Column("delivery", Key, ForeignKey("deliveries.id"), nullable=False),
)
"""The delivery of each id in `remote_ids`: two deliveries of an account cannot share a post."""

history = Table(
    "history",
    metadata,
    Column("id", Key, primary_key=True),
    Column("delivery", Key, ForeignKey("deliveries.id")),
    Column("account", String),
    Column("at", Instant, nullable=False),
    Column("event", String, nullable=False),
    Column("source", String),
    Column("target", String),
    Column("actor", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("seq", Integer, nullable=False, server_default="0"),
    Column("hash", String(64), nullable=False, server_default=""),
    # The digest of the row of the delivery, the account or the person after the step; NULL: the
    # step did not change the row, or is older than this column (see hash_chain.py).
    Column("digest", String(64)),
    Index("uq_history_delivery_seq", "delivery", "seq", unique=True),
    partial_index(
        "uq_history_account_seq", "account", "seq", unique=True, where="delivery IS NULL"
    ),
    # What people are told personally (see personal_news.py).
    partial_index("ix_history_told", "at", where="event IN ('approved', 'note added')"),
)
"""Append-only: triggers refuse every change, and each row carries the hash of its chain.

Only rows that `archived` covers may be deleted.
"""


def about(account: str) -> ColumnElement[bool]:
    """Steps about an account, a draft or a person, and not about one delivery."""
    return and_(history.c.delivery.is_(None), history.c.account == account)


archived = Table(
    "archived",
    metadata,
    Column("delivery", Key, ForeignKey("deliveries.id"), primary_key=True),
    # The number and hash of the last step that is in the archive.
    Column("through", Integer, primary_key=True),
    Column("head", String(64), nullable=False),
    # The step of the history that records the archive.
    Column("step", Key, ForeignKey("history.id"), nullable=False),
    Index("ix_archived_step", "step", "delivery"),
)
"""The steps that archives hold, of deliveries that ended long ago (see archive_files.py).

Triggers refuse every change, and a row about a delivery that has not ended.
"""

account_chains = Table(
    "account_chains",
    metadata,
    Column("account", String, primary_key=True),
    Column("length", Integer, nullable=False),
    Column("head", String(64), nullable=False),
)
"""The number and hash of the newest step about each account, draft and person."""

seals = Table(
    "seals",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("last", Key, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Each covers the `steps` rows of the history up to id `last` that no seal before it covers."""

media = Table(
    "media",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("media_type", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

picture_consents = Table(
    "picture_consents",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("consent", String, primary_key=True),
    # The first post that named it.
    Column("post", String, nullable=False),
)
"""The consents that were named for each picture (see picture_consents.py)."""

unread_drafts = Table(
    "unread_drafts",
    metadata,
    Column("post", String, primary_key=True),
    # SHA-256 of the file as the program left it, in hexadecimal.
    Column("digest", String(64), nullable=False),
    Column("person", String, nullable=False),
    Column("program", String, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Drafts that a program wrote, and that no person has read since (see unread_drafts.py)."""
