"""Tables of what readers do: counts of what they saw, and what they wrote."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    or_,
)

from publisher.ledger.tables.columns import Instant, Key, metadata, partial_index

engagement = Table(
    "engagement",
    metadata,
    Column("delivery", Key, ForeignKey("deliveries.id"), primary_key=True),
    # `hour`, `day` or `week` after it went out.
    Column("age", String, primary_key=True),
    Column("read_at", Instant, nullable=False),
    # Whether the platform did not show the post any more.
    Column("is_gone", Boolean, nullable=False),
    # The counts; NULL: the platform did not give this one.
    Column("views", BigInteger),
    Column("viewers", BigInteger),
    Column("reactions", BigInteger),
    Column("shares", BigInteger),
    Column("replies", BigInteger),
)
"""The public counts of posts (see engagement.py). Not part of the record."""

engagement_turns = Table(
    "engagement_turns",
    metadata,
    Column("account", String, primary_key=True),
    # When its counts may be read next: until then, somebody reads them or its platform has rest.
    Column("next_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    # Why its keys give no counts, or not all; NULL: they do.
    Column("trouble", Text),
)
"""Whose turn it is to read an account's counts (see engagement.py)."""

reader_comments = Table(
    "reader_comments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", String, nullable=False),
    Column("remote_id", String, nullable=False),
    # The post that it is under; NULL: it mentions the account elsewhere.
    Column("post", String),
    Column("author", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("url", String, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("read_at", Instant, nullable=False),
    # Why somebody must look, as JSON (see model/alarms.py).
    Column("signs", Text, nullable=False),
    # While nobody has dealt with it: 2 somebody is called, 1 it comes before the others; else 0.
    Column("urgency", Integer, nullable=False),
    # The step of the history with which somebody was called.
    Column("alarm_step", BigInteger),
    Column("state", String, nullable=False),
    Column("changed_by", String),
    Column("changed_at", Instant),
    Column("handed_to", String),
    # Why it could not be hidden or deleted; when that is tried again, NULL: not.
    Column("trouble", Text),
    Column("try_at", Instant),
    # When it was last asked whether the platform still has it.
    Column("checked_at", Instant, nullable=False),
    # Until when its platform's terms let it be kept; NULL: they name no time.
    Column("keep_until", Instant),
    UniqueConstraint("account", "remote_id"),
    Index("ix_reader_comments_order", "urgency", "written_at", "id"),
    Index("ix_reader_comments_account", "account", "urgency", "written_at", "id"),
    Index("ix_reader_comments_state", "state", "urgency", "written_at", "id"),
    Index("ix_reader_comments_read", "read_at"),
    Index("ix_reader_comments_checked", "account", "checked_at"),
    partial_index("ix_reader_comments_keep_until", "keep_until", where="keep_until IS NOT NULL"),
)
"""Readers' comments (see comment_readings.py), forgotten in time, and when the platform does."""


def may_be_kept(now: datetime) -> ColumnElement[bool]:
    """Whether a reader's comment may still be kept and shown; if not, it is deleted soon."""
    keep_until = reader_comments.c.keep_until
    return or_(keep_until.is_(None), keep_until > now)


comment_readings = Table(
    "comment_readings",
    metadata,
    Column("account", String, primary_key=True),
    # The platform's id of the post whose comments are read; empty: all of the account, or when a
    # request may be made about any of its posts; `lease_until` is then when stored comments may be
    # looked for.
    Column("post_id", String, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("next_at", Instant, nullable=False),
    # The time from before which all was read.
    Column("read_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("trouble", Text),
    # Since when they cannot be read; the step of the history with which somebody was called.
    Column("troubled_at", Instant),
    Column("trouble_step", BigInteger),
    # How many comments the platform charged for, on which day (UTC); where requests are rationed,
    # for how many the account has still to rest.
    Column("billed", Integer, nullable=False),
    Column("billed_on", String, nullable=False),
)
"""How far the comments of each account or post are read, and whose turn it is to read."""
