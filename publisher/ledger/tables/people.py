"""Tables of people and their log-ins."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from publisher.ledger.tables.columns import Instant, Key, metadata

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("person", Key, ForeignKey("people.id"), primary_key=True),
    # `log` or `calendar`.
    Column("page", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("query", Text, nullable=False),
)
"""The filters of pages that each person saved under a name."""

people = Table(
    "people",
    metadata,
    Column("id", Key, primary_key=True),
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
    Column("id", Key, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("person", Key, ForeignKey("people.id"), nullable=False),
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
    Column("id", Key, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("person", Key, ForeignKey("people.id"), nullable=False),
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
    Column("token", Key, ForeignKey("api_tokens.id"), primary_key=True),
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
    Column("person", Key, ForeignKey("people.id")),
    # What a passkey has to sign, in base64url; NULL: nothing.
    Column("challenge", String),
    Column("expires_at", Instant, nullable=False),
)
"""What a browser has still to prove (see challenges.py); the token of its cookie as SHA-256."""

factor_counters = Table(
    "factor_counters",
    metadata,
    Column("person", Key, ForeignKey("people.id"), primary_key=True),
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
    Column("person", Key, ForeignKey("people.id"), nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_known_browsers_person", "person"),
)
"""The browsers in which people have logged in (see known_browsers.py); the token as its SHA-256."""
