"""Tables of accounts, their limits, and the processes that work for them."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, Text

from publisher.ledger.tables.columns import Instant, metadata, partial_index

EVERYTHING = "*"
"""The row of `accounts` that means all accounts."""

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
    partial_index(
        "ix_accounts_stopped", "account", where="paused_at IS NOT NULL OR suspended_at IS NOT NULL"
    ),
    # Each account that is verified asks whether another one has its owner.
    partial_index("ix_accounts_owner", "owner_id", where="owner_id IS NOT NULL"),
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
"""The last values of each of an account's rate limits (see rate_limits.py), and of the budget for
reading comments (see comment_budget.py).
"""

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
    # For how long it stood still lately, in microseconds; NULL: for no second at once.
    Column("stood_still", BigInteger),
    # As `seen_at`, in microseconds, but later with each heartbeat, even if the clock was set back.
    Column("sign", BigInteger, nullable=False, server_default="0"),
)
"""The last heartbeat of each process (see heartbeats.py)."""
