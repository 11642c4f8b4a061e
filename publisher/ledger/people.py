"""Who may log in to the web pages.

Names are compared as approvals compare authors: without regard to capitals and spelling.

Whatever changes somebody's rights, or what they log in with, is a step of the history, in a chain
of their own, whose digest covers their row: who made themselves a manager by SQL is found (see
chain.py). What they log in with stands in no step; the digest alone depends on it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from publisher.clock import Clock
from publisher.errors import NotPossible, UsageError
from publisher.language import _
from publisher.ledger import chain, passwords
from publisher.ledger.database import Database
from publisher.ledger.moves import ACTOR, note, step
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
    key: str
    """The name as names are compared; their steps in the history are under it."""
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
        """`clock` is that of the history, in which a person's changes are steps."""
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
        self,
        name: str,
        rank: Rank,
        password: str | None,
        language: str | None = None,
        *,
        actor: str = ACTOR,
    ) -> Person:
        """Let somebody log in; without a password, by OpenID Connect.

        `actor` is who says so. UsageError for a bad name or password, NotPossible if the name is
        taken.
        """
        name = _checked_name(name)
        row: dict[str, Any] = {
            "name": name,
            "key": folded(name),
            "role": rank,
            "password": "" if password is None else _stored(password, name),
            "language": language,
            "created_at": self._clock.now(),
            "openid": _UNSEEN if password is None else None,
        }
        try:
            with self._changing(row["key"], "person added", actor, {"role": rank}) as connection:
                if _row_of(connection, name) is not None:
                    raise _taken(name)
                connection.execute(insert(people).values(row))
        except IntegrityError:  # somebody else added them at this moment
            raise _taken(name) from None
        return self.find(name)

    def remove(self, name: str, *, actor: str = ACTOR) -> None:
        """Let somebody log in no more, and end their sessions; the history keeps their name."""
        person = self.find(name)
        with self._changing(person.key, "person removed", actor) as connection:
            connection.execute(delete(web_sessions).where(web_sessions.c.person == person.id))
            connection.execute(delete(people).where(people.c.id == person.id))

    def set_password(self, name: str, password: str, *, actor: str = ACTOR) -> None:
        """Give somebody another password, with which they log in now; their sessions end."""
        person = self.find(name)
        values = {"password": _stored(password, person.name), "openid": None}
        with self._changing(person.key, "password changed", actor) as connection:
            connection.execute(update(people).where(people.c.id == person.id).values(values))
            connection.execute(delete(web_sessions).where(web_sessions.c.person == person.id))

    def set_language(self, person: Person, language: str | None) -> None:
        """Let the pages speak another language to them; None: what their browser asks for."""
        chosen = update(people).where(people.c.id == person.id).values(language=language)
        with self._database.write() as connection:
            connection.execute(chosen)

    def disable(self, person: Person, *, disabled: bool, actor: str = ACTOR) -> None:
        """Keep somebody out for a while, and end their sessions; or let them in again."""
        event = "kept out" if disabled else "let in again"
        values = {"disabled_at": self._clock.now() if disabled else None}
        with self._changing(person.key, event, actor) as connection:
            connection.execute(update(people).where(people.c.id == person.id).values(values))
            if disabled:
                connection.execute(delete(web_sessions).where(web_sessions.c.person == person.id))

    @contextmanager
    def _changing(
        self, key: str, event: str, actor: str, detail: Mapping[str, Any] | None = None
    ) -> Iterator[Connection]:
        """A transaction that may change a person's row, and the step that tells of it if it does.

        The step also has the digest of what it found, so that it does not vouch for what somebody
        wrote there without a step.
        """
        with self._database.write() as connection:
            before = _digest(connection, key)
            yield connection
            after = _digest(connection, key)
            if after == before:
                return
            told = {**(detail or {}), chain.BEFORE: before}
            account = chain.about_person(key)
            entry = step(None, event, self._clock.now(), actor, detail=told, account=account)
            note(connection, [{**entry, "digest": after}])

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
            seen = (people.c.id == row["id"]) & (people.c.password == stored)
            anew = update(people).where(seen).values(password=passwords.hashed(password))
            with self._changing(row["key"], "password stored anew", ACTOR) as connection:
                connection.execute(anew)
        return _person(row)

    def recognised(self, name: str, subject: str) -> Person | None:
        """The person whom a provider of OpenID Connect vouches for, if they may log in that way.

        `subject` is who they are there, for ever. The first one who comes with the name is it from
        then on, so that nobody inherits a person with a name that the provider gives away again.
        """
        with self._database.read() as connection:
            found = _row_of(connection, name)
        if found is None:
            return None
        ours = (people.c.id == found["id"]) & people.c.disabled_at.is_(None)
        unseen = ours & (people.c.openid == _UNSEEN)
        query = select(people).where(ours & (people.c.openid == subject))
        with self._changing(found["key"], "recognised elsewhere", found["name"]) as connection:
            connection.execute(update(people).where(unseen).values(openid=subject))
            row = connection.execute(query).mappings().one_or_none()
        return _person(row) if row else None


def _person(row: RowMapping) -> Person:
    return Person(
        id=row["id"],
        key=row["key"],
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


def _digest(connection: Connection, key: str) -> str:
    """Over what the row of this key says, locked for this transaction; of none, over nothing."""
    query = select(people).where(people.c.key == key).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return chain.person_digest(dict(row) if row else {})


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
