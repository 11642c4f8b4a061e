"""Known browsers: those in which somebody has logged in before.

Each keeps a random token, apart from its session, and its wrong passwords are counted by
themselves: whoever guesses elsewhere makes nobody wait who is at work in their own browser. These
are OWASP's device cookies (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies),
with the tokens kept in the ledger, so that they can be taken back.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from publisher.base.clock import Clock
from publisher.ledger.database import Database
from publisher.ledger.manager.rights import Person
from publisher.ledger.tables import known_browsers

LIFE = timedelta(days=365)
"""After so long without a log-in a browser is unknown again."""
_MOST = 20
"""Browsers of one person; the one that was used longest ago is forgotten."""


class Browsers:
    """Remembers browsers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """`clock` is the machine's own, as for sessions."""
        self._database = database
        self._clock = clock

    def remember(self, person: Person, token: str) -> str:
        """Know the browser of somebody who has just logged in; the result is its new token.

        `token` is what it had until now, which is of no use any more.
        """
        new, now = secrets.token_urlsafe(32), self._clock.now()
        mine = known_browsers.c.person == person.id
        newest = (
            select(known_browsers.c.token)
            .where(mine)
            .order_by(known_browsers.c.seen_at.desc(), known_browsers.c.token)
        )
        with self._database.write() as connection:
            connection.execute(
                delete(known_browsers).where(
                    (known_browsers.c.token == stored(token))
                    | (known_browsers.c.seen_at < now - LIFE)
                )
            )
            row = {"token": stored(new), "person": person.id, "seen_at": now}
            connection.execute(insert(known_browsers).values(row))
            too_many = connection.execute(newest).scalars().all()[_MOST:]
            connection.execute(delete(known_browsers).where(known_browsers.c.token.in_(too_many)))
        return new


def is_known(connection: Connection, token: str, person: int) -> bool:
    """Whether the browser with this token is one of the person's."""
    query = select(known_browsers.c.token).where(
        known_browsers.c.token == stored(token), known_browsers.c.person == person
    )
    return connection.execute(query).first() is not None


def stored(token: str) -> str:
    """A token as the ledger has it: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
