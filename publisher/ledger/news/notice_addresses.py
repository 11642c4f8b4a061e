"""Addresses at which people are told personally, and the topics that they chose.

An address is a secret of its person: it can hold a token or a password, and whoever has it reads
along. It leaves the ledger for sending alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Connection, delete, insert, select

from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.ledger.database import LedgerPart
from publisher.ledger.manager.rights import Person, person_of
from publisher.ledger.tables import (
    notice_addresses,
    notice_services,
    notice_topics,
    notices,
    people,
)

MOST = 5
"""Addresses of one person."""


class Topic(StrEnum):
    """A kind of news about posts that concern one person."""

    WAITS = "waits"
    """A post waits for their approval."""
    DUE = "due"
    """The same, and it is due within an hour."""
    APPROVED = "approved"
    """One of theirs was approved."""
    REJECTED = "rejected"
    """One of theirs was sent back."""
    MENTIONED = "mentioned"
    """A note mentions them."""
    COMMENTS = "comments"
    """A reader's comment calls for somebody, and they are on duty."""
    TROUBLE = "trouble"
    """One of theirs failed, was missed, or is uncertain."""


@dataclass(frozen=True, slots=True)
class NoticeAddress:
    """One address of one person."""

    id: int
    person: Person
    address: SecretStr
    since: datetime
    topics: Mapping[Topic, datetime] = field(default_factory=dict)
    """What the person chose to be told, and since when."""
    failures: int = 0
    """How often in a row it took no message."""

    @property
    def service(self) -> str:
        """Its name among the services that send notices."""
        return service_of(self.id)


def service_of(address: int) -> str:
    """The name of an address among the services; those of the settings hold no slash."""
    return f"people/{address}"


def due_service(service: str) -> str:
    """The name under which it is recorded that a post is due: that it waits is another notice."""
    return f"{service} due"


class Addresses(LedgerPart):
    """Reads and changes the addresses and topics of people."""

    def all(self) -> list[NoticeAddress]:
        """Those of all people who may log in, and chose to be told something."""
        with self._database.read() as connection:
            found = _read(connection, people.c.disabled_at.is_(None))
        return [address for address in found if address.topics]

    def of(self, person: Person) -> list[NoticeAddress]:
        """A person's addresses, oldest first."""
        with self._database.read() as connection:
            return _read(connection, people.c.id == person.id)

    def find(self, person: Person, address: int) -> NoticeAddress:
        """One of a person's addresses. Raises NotPossible if it is not theirs."""
        for one in self.of(person):
            if one.id == address:
                return one
        raise _gone()

    def topics(self, person: Person) -> frozenset[Topic]:
        """What a person chose to be told."""
        query = select(notice_topics.c.topic).where(notice_topics.c.person == person.id)
        with self._database.read() as connection:
            return frozenset(map(Topic, connection.execute(query).scalars()))

    def add(self, person: Person, address: str) -> None:
        """Add an address, which is told what happens from now on; the first one, all topics.

        Raises NotPossible when the person has it already, or has too many.
        """
        now = self._clock.now()
        row = {"person": person.id, "address": address, "since": now}
        with self._database.write() as connection:
            # A lock, so that two forms at once do not both count the others.
            locked = select(people.c.id).where(people.c.id == person.id).with_for_update()
            connection.execute(locked)
            known = _read(connection, people.c.id == person.id)
            if any(one.address.get_secret_value() == address for one in known):
                raise NotPossible(_("You already have this address."))
            if len(known) >= MOST:
                raise NotPossible(
                    _("You already have {most} addresses.", most=MOST),
                    hint=_("Remove one of them first."),
                )
            if not known and not _topics(connection, person):
                topics = [{"person": person.id, "topic": t, "since": now} for t in Topic]
                connection.execute(insert(notice_topics), topics)
            made = insert(notice_addresses).values(row).returning(notice_addresses.c.id)
            service = service_of(connection.execute(made).scalar_one())
            connection.execute(
                insert(notice_services).values(
                    service=service, since=now, turn=0, next_check_at=now, failures=0
                )
            )

    def remove(self, person: Person, address: int) -> None:
        """Remove one of a person's addresses. Raises NotPossible if it is not theirs."""
        ours = (notice_addresses.c.id == address) & (notice_addresses.c.person == person.id)
        with self._database.write() as connection:
            if not connection.execute(delete(notice_addresses).where(ours)).rowcount:
                raise _gone()
            _forget_service(connection, address)

    def choose(self, person: Person, topics: Collection[Topic]) -> None:
        """Choose what the person is told; of what is new to them, what happens from now on."""
        now = self._clock.now()
        with self._database.write() as connection:
            known = _topics(connection, person)
            dropped = notice_topics.c.topic.in_(sorted(known.keys() - {*topics}))
            connection.execute(
                delete(notice_topics).where(notice_topics.c.person == person.id, dropped)
            )
            added = sorted({*topics} - known.keys())
            rows = [{"person": person.id, "topic": topic, "since": now} for topic in added]
            self._database.insert_missing(connection, notice_topics, rows)


def forget_addresses(connection: Connection, person: Person) -> None:
    """Delete a person's addresses and topics, in the transaction that removes the person."""
    query = select(notice_addresses.c.id).where(notice_addresses.c.person == person.id)
    for address in connection.execute(query).scalars().all():
        _forget_service(connection, address)
    for table in (notice_addresses, notice_topics):
        connection.execute(delete(table).where(table.c.person == person.id))


def _forget_service(connection: Connection, address: int) -> None:
    service = service_of(address)
    names = (service, due_service(service))
    for table in (notices, notice_services):
        connection.execute(delete(table).where(table.c.service.in_(names)))


def _topics(connection: Connection, person: Person) -> dict[Topic, datetime]:
    query = select(notice_topics).where(notice_topics.c.person == person.id)
    return {Topic(row.topic): row.since for row in connection.execute(query)}


def _read(connection: Connection, whose: ColumnElement[bool]) -> list[NoticeAddress]:
    columns = [column.label(f"of_{column.name}") for column in people.c]
    query = (
        select(notice_addresses, *columns)
        .join(people, notice_addresses.c.person == people.c.id)
        .where(whose)
        .order_by(notice_addresses.c.id)
    )
    rows = connection.execute(query).all()
    if not rows:
        return []
    topics: dict[int, dict[Topic, datetime]] = {row.person: {} for row in rows}
    chosen = select(notice_topics).where(notice_topics.c.person.in_(sorted(topics)))
    for row in connection.execute(chosen):
        topics[row.person][Topic(row.topic)] = row.since
    services = {service_of(row.id): row.id for row in rows}
    failing = select(notice_services.c.service, notice_services.c.failures).where(
        notice_services.c.service.in_(sorted(services))
    )
    failures = {services[name]: number for name, number in connection.execute(failing)}
    return [
        NoticeAddress(
            id=row.id,
            person=person_of({c.name: getattr(row, f"of_{c.name}") for c in people.c}),
            address=SecretStr(row.address),
            since=row.since,
            topics=topics[row.person],
            failures=failures.get(row.id, 0),
        )
        for row in rows
    ]


def _gone() -> NotPossible:
    return NotPossible(_("You no longer have this address."))
