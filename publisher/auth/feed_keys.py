"""Feed keys: secret addresses of the calendar and the feed, for programs that cannot log in.

Each person has one key, with the rights and the language of the person. Only its hash is stored.
"""

import secrets

from sqlalchemy import select, update

from publisher.auth.known_browsers import token_digest
from publisher.auth.users import People
from publisher.base.clock import Clock
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.manager.rights import Person, person_of
from publisher.ledger.tables import people
from publisher.model.events import Event


class FeedKeys(LedgerPart):
    """Makes, ends and finds keys; each change is a step of the history."""

    def __init__(self, database: Database, clock: Clock, people_: People) -> None:
        super().__init__(database, clock)
        self._people = people_

    def make(self, person: Person) -> str:
        """A new key, to be shown once; the one before becomes invalid."""
        key = secrets.token_urlsafe(32)
        self._set(person, Event.FEED_KEY_MADE, token_digest(key), person.name, role=person.rank)
        return key

    def end(self, person: Person, *, actor: str) -> None:
        """Make a person's key useless."""
        self._set(person, Event.FEED_KEY_ENDED, None, actor)

    def person(self, key: str) -> Person | None:
        """The person whose key this is, if they may log in."""
        query = select(people).where(
            people.c.feed_key == token_digest(key), people.c.disabled_at.is_(None)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return person_of(row) if row else None

    def _set(
        self, person: Person, event: Event, value: str | None, actor: str, **told: str
    ) -> None:
        with self._people.changing(person.key, event, actor, told) as connection:
            change = update(people).where(people.c.id == person.id).values(feed_key=value)
            connection.execute(change)
