"""Password links: invitations and resets, by which a person chooses a password once.

Of a link only the hash is stored, in the person's row: its steps in the history cover it, so that
`publisher log verify` finds a link that was made by SQL.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update

from publisher.auth.known_browsers import token_digest
from publisher.auth.users import NO_LINK, People
from publisher.base.clock import Clock
from publisher.base.errors import NotFound, NotPossible
from publisher.base.i18n import _
from publisher.ledger import people as records
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.manager.rights import Person, Rank, person_of
from publisher.ledger.tables import people
from publisher.ledger.transitions import ACTOR
from publisher.model.events import Event

LIFE = timedelta(days=7)
PATH = "/login/link"


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A new link, to be shown once."""

    person: Person
    token: str = field(repr=False)
    until: datetime

    def address(self, pages: str) -> str:
        """The whole address; `pages` is that of the web pages."""
        return f"{pages}{PATH}?key={self.token}"


class PasswordLinks(LedgerPart):
    """Makes, ends and uses links. A new one replaces a person's older one."""

    def __init__(self, database: Database, clock: Clock, people_: People) -> None:
        """`clock` is the machine's own."""
        super().__init__(database, clock)
        self._people = people_

    def invite(
        self,
        name: str,
        rank: Rank,
        language: str | None = None,
        *,
        organisations: Sequence[str] | None = None,
        actor: str = ACTOR,
    ) -> PasswordLink:
        """Add a person who cannot log in before they have chosen a password; see `People.add`."""
        token, until = self._new()
        link = {"link": token_digest(token), "link_until": until}
        person = self._people.add(
            name, rank, None, language, organisations=organisations, link=link, actor=actor
        )
        return PasswordLink(person, token, until)

    def make(self, name: str, *, actor: str = ACTOR) -> PasswordLink:
        """Make a link for a person, and end their sessions and the key of their feeds.

        The old password stays until it is used. Raises NotPermitted, and NotPossible for who logs
        in elsewhere or is kept out.
        """
        token, until = self._new()
        person = self._people.find(name)
        if person.by_openid or person.disabled_at:
            raise NotPossible(
                _(
                    "{name} is kept out, or logs in with the organisation's account.",
                    name=person.name,
                ),
                hint=_("A link is for a person who has a password here and is not kept out."),
            )
        values = {**records.NO_SECRETS, "link": token_digest(token), "link_until": until}
        with self._people.changing(person.key, Event.LINK_MADE, actor) as connection:
            self._people.require_over_now(connection, person, actor)
            connection.execute(update(people).where(people.c.id == person.id).values(values))
            records.end_sessions(connection, person.id)
        return PasswordLink(self._people.find(name), token, until)

    def end(self, name: str, *, actor: str = ACTOR) -> None:
        """Make a person's link useless."""
        person = self._people.find(name)
        with self._people.changing(person.key, Event.LINK_ENDED, actor) as connection:
            self._people.require_over_now(connection, person, actor)
            connection.execute(update(people).where(people.c.id == person.id).values(NO_LINK))

    def person(self, token: str) -> Person | None:
        """The person whose valid link this is."""
        query = select(people).where(self._is_valid(token))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return person_of(row) if row else None

    def use(self, token: str, password: str) -> Person:
        """Set the password that its person chose, and end the link, their sessions and browsers.

        The key of their feeds and their tokens end too: somebody else may have made them. Raises
        UsageError for a bad password, NotFound for a link that is not valid any more.
        """
        person = self.person(token)
        if person is None:
            raise no_longer_valid()
        values = {
            "password": self._people.password_hash(password, person.name),
            **records.NO_SECRETS,
        }
        mine = and_(people.c.id == person.id, self._is_valid(token))
        with self._people.changing(person.key, Event.PASSWORD_CHANGED, person.name) as connection:
            used = update(people).where(mine).values(values)
            if connection.execute(used).rowcount != 1:  # somebody else was faster
                raise no_longer_valid()
            records.forget(connection, person.id)
            records.end_tokens(connection, person.id)
        return self._people.find(person.name)

    def _new(self) -> tuple[str, datetime]:
        return secrets.token_urlsafe(32), self._clock.now() + LIFE

    def _is_valid(self, token: str) -> ColumnElement[bool]:
        return and_(
            people.c.link == token_digest(token),
            people.c.link_until > self._clock.now(),
            people.c.disabled_at.is_(None),
        )


def no_longer_valid() -> NotFound:
    """The error for a link that was used, ended or replaced, or is too old."""
    return NotFound(
        _("This link is no longer valid: it works once, and for seven days."),
        hint=_("Ask an admin for a new one."),
    )
