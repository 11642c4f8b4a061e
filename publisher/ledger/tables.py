"""The ledger's tables, with the same SQL for SQLite and PostgreSQL.

Instants are stored as whole microseconds since 1970 UTC, so that both databases compare them in the
same way and to the microsecond.
"""

from datetime import UTC, datetime, timedelta
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
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    case,
    literal_column,
    type_coerce,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

REVISION = "0034"
"""The newest of `migrations/versions`, which leads older ledgers to the tables below."""

EVERYTHING = "*"
"""The row of `accounts` that means all accounts."""


def microseconds(instant: datetime) -> int:
    """An instant as whole microseconds since 1970 UTC."""
    return (instant - _EPOCH) // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
_Key = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of a few rows, which stays small and quick among a million others.

    `schema.py` takes the condition from `info`: to know a `postgresql_where`, SQLAlchemy would load
    all of PostgreSQL's drivers.
    """
    return Index(name, *columns, info={"where": where}, unique=unique)


deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Key, primary_key=True),
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
    UniqueConstraint("post", "account", name="uq_deliveries_post_account"),
    _partial("ix_deliveries_due", "next_check_at", "id", where="state = 'scheduled'"),
    _partial("ix_deliveries_turns", "account", "next_check_at", "id", where="state = 'scheduled'"),
    _partial(
        "ix_deliveries_expiry",
        "expires_at",
        where="state IN ('scheduled', 'awaiting-approval', 'held', 'rejected')",
    ),
    _partial("ix_deliveries_lease", "lease_until", where="state = 'publishing'"),
    _partial(
        "ix_deliveries_doubts",
        "next_check_at",
        "id",
        where="state = 'uncertain' AND settled_at IS NOT NULL",
    ),
    _partial(
        "ix_deliveries_problems",
        "id",
        where="state IN ('failed', 'missed', 'uncertain', 'rejected') OR pending_stop IS NOT NULL",
    ),
    _partial("ix_deliveries_waiting", "due_at", "id", where="state = 'awaiting-approval'"),
    _partial("ix_deliveries_clearing", "clear_at", "id", where="clear_at IS NOT NULL"),
    _partial("ix_deliveries_withdrawing", "withdraw_at", "id", where="withdraw_at IS NOT NULL"),
    # By when it was due: `next_check_at` moves with each retry (see lateness.py).
    _partial(
        "ix_deliveries_late",
        "due_at",
        "id",
        where="state IN ('scheduled', 'publishing', 'uncertain')",
    ),
    _partial(
        "ix_deliveries_early",
        "account",
        where="pending_stop IS NOT NULL AND published_at IS NOT NULL",
    ),
    _partial("ix_deliveries_corrects", "corrects", "account", where="corrects IS NOT NULL"),
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
    Column("delivery", _Key, ForeignKey("deliveries.id"), nullable=False),
)
"""The delivery of each id in `remote_ids`: two deliveries of an account cannot share a post."""

history = Table(
    "history",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("delivery", _Key, ForeignKey("deliveries.id")),
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
    _partial("uq_history_account_seq", "account", "seq", unique=True, where="delivery IS NULL"),
    # What people are told personally (see personal_news.py).
    _partial("ix_history_told", "at", where="event IN ('approved', 'note added')"),
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
    Column("delivery", _Key, ForeignKey("deliveries.id"), primary_key=True),
    # The number and hash of the last step that is in the archive.
    Column("through", Integer, primary_key=True),
    Column("head", String(64), nullable=False),
    # The step of the history that records the archive.
    Column("step", _Key, ForeignKey("history.id"), nullable=False),
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
    Column("number", _Key, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("last", _Key, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Each covers the `steps` rows of the history up to id `last` that no seal before it covers."""

accounts = Table(
    "accounts",
    metadata,
    Column("account", String, primary_key=True),
    Column("paused_at", Instant),
    Column("paused_by", String),
    Column("pause_reason", Text),
    Column("suspended_at", Instant),
    Column("suspended_until", Instant),
    Column("suspension_kind", String),
    Column("suspension_message", Text),
    # How often in a row it was suspended without an end named by the platform; NULL: it was not.
    Column("suspended_times", Integer),
    # The owner of its keys (see account_owners.py); NULL: not verified yet.
    Column("owner_id", String),
    Column("owner_handle", String),
    # The other owner, while the account is suspended for that.
    Column("other_owner", String),
    # Of a hundred thousand accounts few are stopped; each claim asks which.
    _partial(
        "ix_accounts_stopped", "account", where="paused_at IS NOT NULL OR suspended_at IS NOT NULL"
    ),
)

profiles = Table(
    "profiles",
    metadata,
    Column("account", String, primary_key=True),
    # When its platform is asked again.
    Column("next_at", Instant, nullable=False),
    # NULL: the platform has not answered yet.
    Column("owner_id", String),
    Column("handle", String),
    Column("name", String),
    # A small square WebP; NULL: there is none.
    Column("picture", LargeBinary),
    Column("picture_digest", String(64)),
    # Of the platform's own bytes, which are not decoded again while they are the same.
    Column("source_digest", String(64)),
    # Whom the keys belonged to before; NULL: no change that a person has not confirmed.
    Column("before", String),
)
"""What each account's platform shows of it (see profiles.py). Not part of the record."""

engagement = Table(
    "engagement",
    metadata,
    Column("delivery", _Key, ForeignKey("deliveries.id"), primary_key=True),
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

refusals = Table(
    "refusals",
    metadata,
    Column("account", String, primary_key=True),
    Column("delivery", BigInteger, nullable=False),
    Column("sign", String, nullable=False),
    Column("at", Instant, nullable=False),
    # Whether another post went out since: then it is this delivery's own.
    Column("own", Boolean, nullable=False),
)
"""The last refusal of each account that may concern the account (see refusals.py). Not part of
the record.
"""

limits = Table(
    "limits",
    metadata,
    Column("account", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("total", BigInteger, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)
"""The last values of each of an account's rate limits (see rate_limits.py)."""

delays = Table(
    "delays",
    metadata,
    Column("channel", String, primary_key=True),
    # The largest recent lag, in microseconds, and when it was seen; NULL: none was.
    Column("lag", BigInteger),
    Column("lag_seen_at", Instant),
    # When many posts on it were uncertain at once; NULL: never.
    Column("crowded_at", Instant),
)
"""How far each platform is behind (see replication_lag.py)."""

media = Table(
    "media",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("media_type", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

notice_services = Table(
    "notice_services",
    metadata,
    Column("service", String, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("next_check_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
)
"""The services that send notices: since when, whose turn it is to send, and when the next is."""

notices = Table(
    "notices",
    metadata,
    Column("service", String, primary_key=True),
    Column("step", _Key, ForeignKey("history.id"), primary_key=True),
    Column("told_at", Instant, nullable=False),
    Index("ix_notices_step", "step"),
)
"""The notices that each service has sent, by the step of the history that they are about."""

webhook_positions = Table(
    "webhook_positions",
    metadata,
    Column("service", String, primary_key=True),
    # All steps up to it were sent; further ones that were are in `notices`.
    Column("step", BigInteger, nullable=False),
)
"""How far each receiver of webhooks is (see webhook_news.py)."""

notice_addresses = Table(
    "notice_addresses",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("person", _Key, ForeignKey("people.id"), nullable=False),
    # An Apprise address, or an e-mail address alone. It is a secret.
    Column("address", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Index("ix_notice_addresses_person", "person"),
)
"""The addresses at which people are told personally; each is a row of `notice_services` as well."""

notice_topics = Table(
    "notice_topics",
    metadata,
    Column("person", _Key, ForeignKey("people.id"), primary_key=True),
    Column("topic", String, primary_key=True),
    Column("since", Instant, nullable=False),
)
"""What each person wants to be told, and since when."""

reader_comments = Table(
    "reader_comments",
    metadata,
    Column("id", _Key, primary_key=True),
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
    UniqueConstraint("account", "remote_id"),
    Index("ix_reader_comments_order", "urgency", "written_at", "id"),
    Index("ix_reader_comments_account", "account", "urgency", "written_at", "id"),
    Index("ix_reader_comments_state", "state", "urgency", "written_at", "id"),
    Index("ix_reader_comments_read", "read_at"),
    Index("ix_reader_comments_checked", "account", "checked_at"),
)
"""Readers' comments (see comment_readings.py), forgotten in time, and when the platform does."""

comment_readings = Table(
    "comment_readings",
    metadata,
    Column("account", String, primary_key=True),
    # The platform's id of the post whose comments are read; empty: all of the account.
    Column("post_id", String, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("next_at", Instant, nullable=False),
    Column("read_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("trouble", Text),
    # Since when they cannot be read; the step of the history with which somebody was called.
    Column("troubled_at", Instant),
    Column("trouble_step", BigInteger),
    # How many comments the platform charged for, on which day (UTC).
    Column("billed", Integer, nullable=False),
    Column("billed_on", String, nullable=False),
)
"""How far the comments of each account or post are read, and whose turn it is to read."""

key_exchanges = Table(
    "key_exchanges",
    metadata,
    Column("account", String, primary_key=True),
    # A part of the SHA-256 of a refresh token.
    Column("mark", String, primary_key=True),
    # The machine that exchanged it.
    Column("host", String, nullable=False),
    Column("at", Instant, nullable=False),
)
saved_filters = Table(
    "saved_filters",
    metadata,
    Column("person", _Key, ForeignKey("people.id"), primary_key=True),
    # `log` or `calendar`.
    Column("page", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("query", Text, nullable=False),
)
"""The filters of pages that each person saved under a name."""

heartbeats = Table(
    "heartbeats",
    metadata,
    # Unique to this process: in containers, host names and process ids are reused.
    Column("process", String(32), primary_key=True),
    Column("kind", String, nullable=False),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # How far its machine's clock is ahead, in microseconds; NULL: no fault is known.
    Column("clock_ahead", BigInteger),
)
"""The last heartbeat of each process (see heartbeats.py)."""

people = Table(
    "people",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("name", String, nullable=False),
    # The name in lower case for comparison: two people must not be confused.
    Column("key", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("password", String, nullable=False),
    Column("language", String),
    Column("disabled_at", Instant),
    Column("created_at", Instant, nullable=False),
    # For people who log in by OpenID Connect: empty until their first log-in, then their id there.
    Column("openid", String),
    # The organisations that they have a right over, one per line; NULL: everything.
    Column("organisations", Text),
    # The link by which they choose a password, as SHA-256 (see password_links.py); NULL: none.
    Column("link", String(64)),
    Column("link_until", Instant),
    # Their second factors as JSON (see second_factors.py); NULL: none.
    Column("factors", Text),
    # The key of their calendar and feed, as SHA-256 (see feed_keys.py); NULL: none.
    Column("feed_key", String(64)),
)
"""People who may log in to the web pages. Passwords are Argon2 hashes.

A change of any column but the language is a step of the history (see people.py).
"""

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("person", _Key, ForeignKey("people.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("device", String, nullable=False),
    # The message on the next page about what was just done.
    Column("notice", Text),
    # When the person last proved who they are; NULL: not since the column was added.
    Column("confirmed_at", Instant),
    # Whether they must set up a second factor before anything else.
    Column("needs_factor", Boolean),
    Index("ix_web_sessions_person", "person"),
)
"""Sessions of people who are logged in. Of the token only the SHA-256 is stored."""

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("person", _Key, ForeignKey("people.id"), nullable=False),
    # What the person calls it.
    Column("name", String, nullable=False),
    # What it may do, one per line.
    Column("scopes", Text, nullable=False),
    # Those of the person's organisations whose accounts it may write for, one per line; NULL: all.
    Column("organisations", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("ix_api_tokens_person", "person"),
    # The id of one that ended is given to no other: what was asked with it is not the new one's.
    sqlite_autoincrement=True,
)
"""Tokens with which programs act for people (see api_tokens.py); the token as its SHA-256."""

api_requests = Table(
    "api_requests",
    metadata,
    Column("token", _Key, ForeignKey("api_tokens.id"), primary_key=True),
    # What the program chose, as SHA-256.
    Column("key", String(64), primary_key=True),
    # What was asked, as SHA-256.
    Column("request", String(64), nullable=False),
    Column("begun_at", Instant, nullable=False),
    # What was answered; NULL: it is being worked on, or the process died.
    Column("status", Integer),
    Column("answer", Text),
)
"""Requests of programs with an idempotency key, so that none is carried out twice."""

challenges = Table(
    "challenges",
    metadata,
    Column("token", String(64), primary_key=True),
    # Whose password was right; NULL: nobody has logged in yet.
    Column("person", _Key, ForeignKey("people.id")),
    # What a passkey has to sign, in base64url; NULL: nothing.
    Column("challenge", String),
    Column("expires_at", Instant, nullable=False),
)
"""What a browser has still to prove (see challenges.py); the token of its cookie as SHA-256."""

factor_counters = Table(
    "factor_counters",
    metadata,
    Column("person", _Key, ForeignKey("people.id"), primary_key=True),
    # `app`, or the id of a passkey.
    Column("factor", String, primary_key=True),
    Column("counter", BigInteger, nullable=False),
    Column("used_at", Instant, nullable=False),
)
"""The last use of each second factor, so that no code counts twice (see second_factors.py)."""

login_failures = Table(
    "login_failures",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    # A hash of the name that was tried, by which a person is unlocked; NULL: any name.
    Column("name", String(64)),
    Index("ix_login_failures_name", "name"),
)
"""Log-ins that failed in a row, by a hash of the person or address that tried."""

known_browsers = Table(
    "known_browsers",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("person", _Key, ForeignKey("people.id"), nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_known_browsers_person", "person"),
)
"""The browsers in which people have logged in (see known_browsers.py); the token as its SHA-256."""
