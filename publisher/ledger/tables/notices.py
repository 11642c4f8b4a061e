"""Tables of notices: to whom they go, and what was sent."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from publisher.ledger.tables.columns import Instant, Key, metadata

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
    Column("step", Key, ForeignKey("history.id"), primary_key=True),
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
    Column("id", Key, primary_key=True),
    Column("person", Key, ForeignKey("people.id"), nullable=False),
    # An Apprise address, or an e-mail address alone. It is a secret.
    Column("address", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Index("ix_notice_addresses_person", "person"),
)
"""The addresses at which people are told personally; each is a row of `notice_services` as well."""

notice_topics = Table(
    "notice_topics",
    metadata,
    Column("person", Key, ForeignKey("people.id"), primary_key=True),
    Column("topic", String, primary_key=True),
    Column("since", Instant, nullable=False),
)
"""What each person wants to be told, and since when."""
