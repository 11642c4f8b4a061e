"""Who may log in to the web pages, and with which password.

Names are compared without regard to capitals, as approvals compare authors. Passwords are stored
as Argon2id hashes, with the library's parameters (those of RFC 9106 for little memory).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from publisher.clock import Clock
from publisher.errors import NotPossible, UsageError
from publisher.language import _
from publisher.ledger.database import Database
from publisher.ledger.tables import people, web_sessions

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
_LONGEST_NAME = 60
_MEMORY = 19_456  # KiB; OWASP's least for Argon2id with two passes, so that ten may log in at once


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
            query = select(people).where(people.c.key == _key(name))
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NotPossible(
                _("Nobody is called {name}.", name=name),
                hint=_("`publisher user list` names everybody."),
            )
        return _person(row)

    def add(self, name: str, rank: Rank, password: str, language: str | None = None) -> Person:
        """Let somebody log in. UsageError for a bad name or password, NotPossible if it is taken."""
        name = _checked_name(name)
        row = {
            "name": name,
            "key": _key(name),
            "role": rank,
            "password": _hash(_checked_password(password, name)),
            "language": language,
            "created_at": self._clock.now(),
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(people).values(row))
        except IntegrityError:
            raise NotPossible(
                _("Somebody is called {name} already.", name=name),
                hint=_(
                    "Choose another name, or give them a new password: `publisher user password`."
                ),
            ) from None
        return self.find(name)

    def remove(self, name: str) -> None:
        """Let somebody log in no more, and end their sessions; the history keeps their name."""
        person = self.find(name)
        with self._database.write() as connection:
            connection.execute(delete(web_sessions).where(web_sessions.c.person == person.id))
            connection.execute(delete(people).where(people.c.id == person.id))

    def set_password(self, name: str, password: str) -> None:
        """Give somebody another password; their sessions end."""
        person = self.find(name)
        hashed = _hash(_checked_password(password, person.name))
        with self._database.write() as connection:
            connection.execute(
                update(people).where(people.c.id == person.id).values(password=hashed)
            )
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
            query = select(people).where(people.c.key == _key(name))
            row = connection.execute(query).mappings().one_or_none()
        stored = row["password"] if row else _stranger()
        if not _matches(stored, password[:LONGEST]) or row is None or row["disabled_at"]:
            return None
        if _hasher().check_needs_rehash(stored):
            self._update(_person(row), password=_hash(password))
        return _person(row)


def _person(row: RowMapping) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        rank=Rank(row["role"]),
        language=row["language"],
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
    )


def _key(name: str) -> str:
    return name.strip().casefold()


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(
            _("This is no name for a person."),
            hint=_("Write 1 to {most} characters that can be shown.", most=_LONGEST_NAME),
        )
    return name


def _checked_password(password: str, name: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            _(
                "The password must have {least} to {most} characters.",
                least=SHORTEST,
                most=LONGEST,
            ),
            hint=_("A few words that do not belong together are easy to keep in mind."),
        )
    if _key(name) in password.casefold() and len(name) > len(password) // 2:
        raise UsageError(
            _("The password is little more than the name."), hint=_("Choose another one.")
        )
    if len(set(password)) < 5:
        raise UsageError(_("The password repeats itself."), hint=_("Choose another one."))
    return password


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=_MEMORY, parallelism=1)


def _hash(password: str) -> str:
    return _hasher().hash(password)


@cache
def _stranger() -> str:
    """What the passwords of those are compared with whom nobody knows."""
    return _hash("nobody's password")


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False
