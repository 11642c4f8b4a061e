"""Known browsers (device cookies): those in which a person has logged in before.

Each has a random token, separate from its session, and its wrong passwords are counted separately:
an attacker elsewhere does not slow down people in their own browsers. These are OWASP's device
cookies (owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies), with the
tokens stored in the ledger, so that they can be revoked.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from publisher.ledger.database import LedgerPart
from publisher.ledger.manager.rights import Person
from publisher.ledger.tables import known_browsers

LIFE = timedelta(days=365)
"""Time without a log-in after which a browser is unknown again."""
_MOST = 20
"""Browsers of one person; the one with the oldest log-in is forgotten first."""


class Browsers(LedgerPart):
    """Stores the tokens of known browsers; its clock is the machine's own, as for sessions."""

    def remember(self, person: Person, token: str) -> str:
        """Remember the browser of a person who has just logged in; returns its new token.

        `token` is its old one, which becomes invalid.
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
                    (known_browsers.c.token == token_digest(token))
                    | (known_browsers.c.seen_at < now - LIFE)
                )
            )
            row = {"token": token_digest(new), "person": person.id, "seen_at": now}
            connection.execute(insert(known_browsers).values(row))
            too_many = connection.execute(newest).scalars().all()[_MOST:]
            connection.execute(delete(known_browsers).where(known_browsers.c.token.in_(too_many)))
        return new


def is_known(connection: Connection, token: str, person: int) -> bool:
    """Whether the browser with this token is one of the person's."""
    query = select(known_browsers.c.token).where(
        known_browsers.c.token == token_digest(token), known_browsers.c.person == person
    )
    return connection.execute(query).first() is not None


def token_digest(token: str) -> str:
    """A token as stored in the ledger: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
