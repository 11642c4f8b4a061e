"""Challenges: what a browser has still to prove, after a right password or with a passkey.

Each belongs to the browser's cookie, of which only the hash is stored, and is gone after ten
minutes.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, insert, select, update

from publisher.auth.known_browsers import token_digest
from publisher.ledger.database import LedgerPart, insert_into
from publisher.ledger.manager.rights import Person, person_of
from publisher.ledger.tables import challenges, people

LIFE = timedelta(minutes=10)


class Challenges(LedgerPart):
    """Stores them; its clock is the machine's own, as for sessions."""

    def await_factor(self, cookie: str, person: Person) -> None:
        """Record that the person's password was right, and their second factor is missing."""
        row = {"token": token_digest(cookie), "person": person.id, "expires_at": self._end()}
        with self._database.write() as connection:
            self._forget_old(connection)
            connection.execute(insert(challenges).values(row))

    def person(self, cookie: str) -> Person | None:
        """The person whose second factor is missing, if they may log in."""
        query = (
            select(people)
            .join(challenges, challenges.c.person == people.c.id)
            .where(
                challenges.c.token == token_digest(cookie),
                challenges.c.expires_at > self._clock.now(),
                people.c.disabled_at.is_(None),
            )
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return person_of(row) if row else None

    def give(self, cookie: str, challenge: str) -> None:
        """Store what a passkey has to sign next, in the place of an earlier one."""
        row = {"token": token_digest(cookie), "challenge": challenge, "expires_at": self._end()}
        with self._database.write() as connection:
            self._forget_old(connection)
            added = insert_into(connection.dialect.name, challenges).values(row)
            # The ten minutes of a right password do not become more.
            is_free = challenges.c.person.is_(None)
            until = case((is_free, added.excluded.expires_at), else_=challenges.c.expires_at)
            new = {"challenge": challenge, "expires_at": until}
            connection.execute(added.on_conflict_do_update(index_elements=["token"], set_=new))

    def take(self, cookie: str) -> str | None:
        """What a passkey had to sign; each counts once."""
        mine = challenges.c.token == token_digest(cookie)
        valid = mine & (challenges.c.expires_at > self._clock.now())
        with self._database.write() as connection:
            found: str | None = connection.execute(
                select(challenges.c.challenge).where(valid)
            ).scalar()
            if found is None:
                return None
            taken = update(challenges).where(mine, challenges.c.challenge == found)
            is_first = connection.execute(taken.values(challenge=None)).rowcount == 1
        return found if is_first else None

    def end(self, cookie: str) -> bool:
        """Forget what this browser had to prove; returns whether there was anything."""
        with self._database.write() as connection:
            mine = challenges.c.token == token_digest(cookie)
            return connection.execute(delete(challenges).where(mine)).rowcount == 1

    def _end(self) -> datetime:
        return self._clock.now() + LIFE

    def _forget_old(self, connection: Connection) -> None:
        now = self._clock.now()
        connection.execute(delete(challenges).where(challenges.c.expires_at <= now))
