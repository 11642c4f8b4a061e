"""Users: the people who may log in to the web pages.

Names are compared as approvals compare authors: without regard to capitals and spelling.

Each change of a person's rights or credentials is a step of the history, in a separate hash chain
that covers the person's row: people who made themselves managers by SQL are found (see
`ledger/people.py`). No step contains a credential; only the digest depends on it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from publisher.auth import passwords
from publisher.base.clock import Clock
from publisher.base.errors import NotFound, NotPossible, UsageError
from publisher.base.i18n import _
from publisher.base.text import folded, same_person
from publisher.ledger import people as records
from publisher.ledger.database import Database, LedgerPart, Turn
from publisher.ledger.manager.rights import EVERYBODY, Person, Rank, Rights, person_of, row_of
from publisher.ledger.news.notice_addresses import forget_addresses
from publisher.ledger.tables import people
from publisher.ledger.transitions import ACTOR
from publisher.model.events import Event

__all__ = ["People", "Person", "Rank"]

_LONGEST_NAME = 60
NO_LINK: Mapping[str, Any] = MappingProxyType({"link": None, "link_until": None})
"""The columns of a person who has no link to choose a password."""
_UNSEEN = ""  # a person's id at the provider, before the first log-in through it


def rights_in_words(person: Person) -> str:
    """A person's role: `manager`, or `manager for BICE, Warsaw`."""
    role = _(person.rank)
    if person.organisations is None:
        return role
    names = ", ".join(person.organisations)
    return _("{role} for {organisations}", role=role, organisations=names)


class People(LedgerPart):
    """Manages the people who may log in."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rights: Rights = EVERYBODY,
        known_words: Collection[str] = (),
    ) -> None:
        """`clock` is that of the history, in which a person's changes are steps. `known_words` are
        words that an attacker would try first in passwords.
        """
        super().__init__(database, clock)
        self._rights = rights
        self._known_words = known_words

    def all(self) -> list[Person]:
        """All people, by name."""
        return records.everybody(self._database)

    def find(self, name: str) -> Person:
        """The person of that name. Raises NotFound if there is none."""
        with self._database.read() as connection:
            row = row_of(connection, name)
        if row is None:
            raise NotFound(
                _("There is no person called {name}.", name=name),
                hint=_("`publisher user list` shows everyone."),
            )
        return person_of(row)

    def add(
        self,
        name: str,
        rank: Rank,
        password: str | None,
        language: str | None = None,
        *,
        organisations: Sequence[str] | None = None,
        subject: str = _UNSEEN,
        link: Mapping[str, Any] = MappingProxyType({}),
        actor: str = ACTOR,
    ) -> Person:
        """Add a person who may log in; without a password, by OpenID Connect.

        `subject` is their id at the provider; empty: that of the first log-in with their name.
        `link` has the columns of a link by which they choose a password; then they are invited.
        `organisations` are those whose accounts they may manage; None: all. `actor` is the person
        who adds them. Raises UsageError for a bad name or password, NotPossible if the name is
        taken.
        """
        name = _checked_name(name)
        row: dict[str, Any] = {
            "name": name,
            "key": folded(name),
            "role": rank,
            "password": "" if password is None else self.password_hash(password, name),
            "language": language,
            "created_at": self._clock.now(),
            "openid": subject if password is None and not link else None,
            "organisations": _lines(organisations),
            **link,
        }
        told, event = (
            _told(rank, organisations),
            Event.PERSON_INVITED if link else Event.PERSON_ADDED,
        )
        try:
            with self.changing(row["key"], event, actor, told) as connection:
                self._require_over(connection, actor, row)
                if row_of(connection, name) is not None:
                    raise _taken(name)
                if row["openid"] and (other := _bound_to(connection, subject)):
                    raise _taken(other["name"])
                connection.execute(insert(people).values(row))
        except IntegrityError:  # another process added them at this moment
            raise _taken(name) from None
        return self.find(name)

    def remove(self, name: str, *, actor: str = ACTOR) -> None:
        """Remove a person, and end their sessions; the history keeps their name."""
        person = self.find(name)
        with self.changing(person.key, Event.PERSON_REMOVED, actor) as connection:
            self.require_over_other(connection, person, actor)
            forget_addresses(connection, person)
            records.remove(connection, person.id)

    def set_password(self, name: str, password: str, *, actor: str = ACTOR) -> None:
        """Set a person's password, and end their sessions; it replaces OpenID Connect.

        Set by somebody else it ends the key of their feeds and their tokens too.
        """
        person = self.find(name)
        is_reset = not same_person(actor, person.name)
        ended = records.NO_SECRETS if is_reset else NO_LINK
        values = {"password": self.password_hash(password, person.name), "openid": None, **ended}
        with self.changing(person.key, Event.PASSWORD_CHANGED, actor) as connection:
            if is_reset:
                self.require_over_now(connection, person, actor)
            connection.execute(update(people).where(people.c.id == person.id).values(values))
            records.forget(connection, person.id)
            if is_reset:
                records.end_tokens(connection, person.id)

    def set_rights(
        self, name: str, rank: Rank, organisations: Sequence[str] | None, *, actor: str = ACTOR
    ) -> Person:
        """Set a person's role, and the organisations that they may manage; None: all."""
        person = self.find(name)
        values = {"role": rank, "organisations": _lines(organisations)}
        told = _told(rank, organisations)
        with self.changing(person.key, Event.RIGHTS_CHANGED, actor, told) as connection:
            self.require_over_other(connection, person, actor)
            self._require_over(connection, actor, values)
            connection.execute(update(people).where(people.c.id == person.id).values(values))
        return self.find(name)

    def require_over(self, person: Person, actor: str) -> None:
        """Raise NotPermitted unless `actor` may manage this person."""
        with self._database.read() as connection:
            self._rights.require_over(connection, actor, person.organisations)

    def require_over_now(self, connection: Connection, person: Person, actor: str) -> None:
        """The same within a transaction, by the rights that the person has by then."""
        row = row_of(connection, person.name)
        now = person_of(row) if row else person
        self._rights.require_over(connection, actor, now.organisations)

    def require_over_other(self, connection: Connection, person: Person, actor: str) -> None:
        """The same for what nobody does to themselves, so that an admin is always left.

        Raises NotPossible too.
        """
        self.require_over_now(connection, person, actor)
        if same_person(actor, person.name):
            raise NotPossible(
                _("You cannot change your own rights or keep yourself out."),
                hint=_("Another admin can do it."),
            )

    def _require_over(self, connection: Connection, actor: str, row: Mapping[str, Any]) -> None:
        """Raise NotPermitted if `actor` grants a right that they do not have."""
        said = row["organisations"]
        self._rights.require_over(connection, actor, said.split("\n") if said else None)

    def password_hash(self, password: str, name: str) -> str:
        """The hash of a password that is strong enough for this person. Raises UsageError."""
        return passwords.hashed(passwords.checked(password, name, self._known_words))

    def set_language(self, person: Person, language: str | None) -> None:
        """Set the pages' language for a person; None: the browser's."""
        chosen = update(people).where(people.c.id == person.id).values(language=language)
        with self._database.write() as connection:
            connection.execute(chosen)

    def disable(self, person: Person, *, disabled: bool, actor: str = ACTOR) -> None:
        """Disable a person and end their sessions and tokens, or enable them again."""
        event = Event.KEPT_OUT if disabled else Event.LET_IN_AGAIN
        now = self._clock.now()
        values = {"disabled_at": now, **NO_LINK} if disabled else {"disabled_at": None}
        with self.changing(person.key, event, actor) as connection:
            self.require_over_other(connection, person, actor)
            connection.execute(update(people).where(people.c.id == person.id).values(values))
            if disabled:
                records.end_sessions(connection, person.id)
                records.end_tokens(connection, person.id)

    @contextmanager
    def noting(
        self, person: Person, event: Event, actor: str, detail: Mapping[str, Any]
    ) -> Iterator[Connection]:
        """A transaction about a person that does not change their row, and records the step."""
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.PEOPLE)
            tokens = records.tokens_of(connection, person.key)
            yield connection
            row = row_of(connection, person.name)
            if row is None:
                raise NotFound(_("There is no person called {name}.", name=person.name))
            records.note_about(connection, self._clock, row, event, detail, actor, tokens)

    def note(
        self, connection: Connection, row: RowMapping, event: Event, detail: Mapping[str, Any]
    ) -> None:
        """Record a step about a person that does not change them."""
        records.note_about(connection, self._clock, row, event, detail)

    def changing(
        self, key: str, event: Event, actor: str, detail: Mapping[str, Any] | None = None
    ) -> AbstractContextManager[Connection]:
        """A transaction that changes a person, and records the step; see `ledger/people.py`."""
        return records.changing(self._database, self._clock, key, event, actor, detail)

    def verified(self, name: str, password: str) -> Person | None:
        """Check a password; returns the person if it is right and they may log in.

        An unknown name takes as long, so that the time does not reveal which names exist.
        """
        with self._database.read() as connection:
            row = row_of(connection, name)
        stored = (row["password"] if row else "") or passwords.of_nobody()
        is_right = passwords.match(stored, password)
        if not is_right or row is None or not row["password"] or row["disabled_at"]:
            return None
        if passwords.is_outdated(stored):
            seen = (people.c.id == row["id"]) & (people.c.password == stored)
            anew = update(people).where(seen).values(password=passwords.hashed(password))
            with self.changing(row["key"], Event.PASSWORD_STORED_ANEW, ACTOR) as connection:
                connection.execute(anew)
        return person_of(row)

    def recognised(self, name: str | None, subject: str) -> Person | None:
        """The person confirmed by an OpenID Connect provider, if they may log in that way.

        `subject` is their permanent id there. A person without one is found by `name`, as reported
        by the provider, and bound to the id of the first log-in, so that a later user with the
        same name at the provider does not become that person.
        """
        with self._database.read() as connection:
            found = _bound_to(connection, subject)
            if found is None and name is not None:
                found = row_of(connection, name)
        if found is None:
            return None
        ours = (people.c.id == found["id"]) & people.c.disabled_at.is_(None)
        unseen = ours & (people.c.openid == _UNSEEN)
        query = select(people).where(ours & (people.c.openid == subject))
        told = {"role": found["role"]}
        with self.changing(
            found["key"], Event.RECOGNISED_ELSEWHERE, found["name"], told
        ) as connection:
            connection.execute(update(people).where(unseen).values(openid=subject))
            row = connection.execute(query).mappings().one_or_none()
        return person_of(row) if row else None


def _bound_to(connection: Connection, subject: str) -> RowMapping | None:
    """The person with this id at the provider."""
    query = select(people).where(people.c.openid == subject)
    return connection.execute(query).mappings().first()


def _lines(organisations: Sequence[str] | None) -> str | None:
    return None if organisations is None else "\n".join(organisations)


def _told(rank: Rank, organisations: Sequence[str] | None) -> dict[str, Any]:
    """A person's rights, as recorded in the history."""
    of = {} if organisations is None else {"organisations": ", ".join(organisations)}
    return {"role": rank, **of}


def _taken(name: str) -> NotPossible:
    return NotPossible(
        _("There is already a person called {name}.", name=name),
        hint=_("Choose another name, or give them a new password: `publisher user password`."),
    )


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(
            _("This is not a valid name for a person."),
            hint=_("Write 1 to {most} visible characters.", most=_LONGEST_NAME),
        )
    return name
