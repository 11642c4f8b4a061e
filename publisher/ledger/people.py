"""Who may log in to the web pages.

Names are compared as approvals compare authors: without regard to capitals and spelling.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from publisher.clock import Clock
from publisher.errors import NotPossible, UsageError
from publisher.language import _
from publisher.ledger import passwords
from publisher.ledger.database import Database
from publisher.ledger.tables import people, web_sessions
from publisher.names import folded, same_person

_LONGEST_NAME = 60
_UNSEEN = ""  # who somebody is at their provider, before they first came from there


class Rank(StrEnum):
    """What a person may do on the pages; each may do what those before it may."""

    STAFF = "staff"
    MANAGER = "manager"
    ADMIN = "admin"

    def includes(self, other: "Rank") -> bool:
        order = list(Rank)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in."""

    id: int
    name: str
    rank: Rank
    language: str | None
    """What the pages speak to them; None: what their browser asks for."""
    disabled_at: datetime | None
    created_at: datetime
    by_openid: bool
    """Whether they log in by OpenID Connect, and have no password."""


class People:
    """Keeps who may log in."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """`clock` is the machine's own: log-ins do not run faster in a rehearsal."""
        self._database = database
        self._clock = clock

    def all(self) -> list[Person]:
        """Everybody, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(people).order_by(people.c.key)).mappings()
            return [_person(row) for row in rows]

    def find(self, name: str) -> Person:
        """The person of that name. NotPossible when there is none."""
        with self._database.read() as connection:
            row = _row_of(connection, name)
        if row is None:
            raise NotPossible(
                _("Nobody is called {name}.", name=name),
                hint=_("`publisher user list` names everybody."),
            )
        return _person(row)

    def add(
        self, name: str, rank: Rank, password: str | None, language: str | None = None
    ) -> Person:
        """Let somebody log in; without a password, by OpenID Connect.

        UsageError for a bad name or password, NotPossible if the name is taken.
        """
        name = _checked_name(name)
        row = {
            "name": name,
            "key": folded(name),
            "role": rank,
            "password": "" if password is None else _stored(password, name),
            "language": language,
            "created_at": self._clock.now(),
            "openid": _UNSEEN if password is None else None,
        }
        try:
            with self._database.write() as connection:
                if _row_of(connection, name) is not None:
                    raise _taken(name)
                connection.execute(insert(people).values(row))
        except IntegrityError:  # somebody else added them at this moment
            raise _taken(name) from None
        return self.find(name)

    def remove(self, name: str) -> None:
        """Let somebody log in no more, and end their sessions; the history keeps their name."""
        person = self.find(name)
        with self._database.write() as connection:
            connection.execute(delete(web_sessions).where(web_sessions.c.person == person.id))
            connection.execute(delete(people).where(people.c.id == person.id))

    def set_password(self, name: str, password: str) -> None:
        """Give somebody another password, with which they log in now; their sessions end."""
        person = self.find(name)
        values = {"password": _stored(password, person.name), "openid": None}
        with self._database.write() as connection:
            connection.execute(update(people).where(people.c.id == person.id).values(values))
            connection.execute(delete(web_sessions).where(web_sessions.c.person == person.id))

    def set_language(self, person: Person, language: str | None) -> None:
        """Let the pages speak another language to them; None: what their browser asks for."""
        self._update(person, language=language)

    def disable(self, person: Person, *, disabled: bool) -> None:
        """Keep somebody out for a while, and end their sessions; or let them in again."""
        self._update(person, disabled_at=self._clock.now() if disabled else None)
        if disabled:
            with self._database.write() as connection:
                connection.execute(delete(web_sessions).where(web_sessions.c.person == person.id))

    def _update(self, person: Person, **columns: Any) -> None:
        with self._database.write() as connection:
            connection.execute(update(people).where(people.c.id == person.id).values(**columns))

    def verified(self, name: str, password: str) -> Person | None:
        """The person, if the password is theirs and they may log in.

        A name that nobody has takes as long, so that the time does not tell who is known.
        """
        with self._database.read() as connection:
            row = _row_of(connection, name)
        stored = (row["password"] if row else "") or passwords.of_nobody()
        is_right = passwords.match(stored, password)
        if not is_right or row is None or not row["password"] or row["disabled_at"]:
            return None
        if passwords.is_outdated(stored):
            self._update(_person(row), password=passwords.hashed(password))
        return _person(row)

    def recognised(self, name: str, subject: str) -> Person | None:
        """The person whom a provider of OpenID Connect vouches for, if they may log in that way.

        `subject` is who they are there, for ever. The first one who comes with the name is it from
        then on, so that nobody inherits a person with a name that the provider gives away again.
        """
        with self._database.write() as connection:
            found = _row_of(connection, name)
            if found is None:
                return None
            ours = (people.c.id == found["id"]) & people.c.disabled_at.is_(None)
            unseen = ours & (people.c.openid == _UNSEEN)
            connection.execute(update(people).where(unseen).values(openid=subject))
            query = select(people).where(ours & (people.c.openid == subject))
            row = connection.execute(query).mappings().one_or_none()
        return _person(row) if row else None


def _person(row: RowMapping) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        rank=Rank(row["role"]),
        language=row["language"],
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
        by_openid=row["openid"] is not None,
    )


def _stored(password: str, name: str) -> str:
    return passwords.hashed(passwords.checked(password, name))


def _row_of(connection: Connection, name: str) -> RowMapping | None:
    """The row of the person of that name.

    Keys of earlier versions told an é from its other spelling: where both are there, each is found
    by its own.
    """
    rows = connection.execute(select(people)).mappings()
    alike = [row for row in rows if same_person(row["name"], name)]
    own = name.strip().casefold()
    return min(alike, key=lambda row: row["key"] != own, default=None)


def _taken(name: str) -> NotPossible:
    return NotPossible(
        _("Somebody is called {name} already.", name=name),
        hint=_("Choose another name, or give them a new password: `publisher user password`."),
    )


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(
            _("This is no name for a person."),
            hint=_("Write 1 to {most} characters that can be shown.", most=_LONGEST_NAME),
        )
    return name
