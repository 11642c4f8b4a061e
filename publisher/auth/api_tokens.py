"""API tokens: with one, a program acts for a person, within limits that the person chose.

A token can draft and ask for approval; what is for people alone no token can do, whatever its
person may (see `ledger/token_bounds.py`). Only its hash is stored. It ends at its time, when it is
revoked, and when its person is kept out, removed, or gets a new password from somebody else.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, insert, select, update

from publisher.auth.known_browsers import token_digest
from publisher.auth.users import People
from publisher.base.clock import Clock
from publisher.base.errors import NotFound, NotPossible, UsageError
from publisher.base.i18n import _
from publisher.base.text import same_person
from publisher.ledger import people as records
from publisher.ledger.database import Database, LedgerPart
from publisher.ledger.manager.rights import Person, bounded, person_of
from publisher.ledger.tables import api_tokens, people
from publisher.ledger.token_bounds import Bounds
from publisher.model.events import Event

PREFIX = "publisher_"
"""How each token begins, so that scanners of repositories and logs find one that leaked."""
MOST = 20
"""Tokens of one person."""
LONGEST = timedelta(days=365)
_LONGEST_NAME = 60
_USED = timedelta(minutes=1)
"""The precision with which the use of a token is recorded."""


class TokenScope(StrEnum):
    """What a token may be used for."""

    READ = "read"
    DRAFT = "draft"
    SUBMIT = "submit"
    """Asking for approvals."""
    ANSWERS = "answers"
    """Reading what readers write. It may be a disclosure: only tokens that say so."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token of a person, without its secret."""

    id: int
    name: str
    person: Person
    """With the rights that the token has at most: those of staff, for its organisations."""
    scopes: frozenset[TokenScope]
    organisations: tuple[str, ...] | None
    """Those that were chosen; None: all of the person's."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.organisations, self.id, self.name)


class ApiTokens(LedgerPart):
    """Makes, ends and finds tokens; their making and end are steps of the history.

    Their clock is the machine's own, as for sessions.
    """

    def __init__(self, database: Database, clock: Clock, people_: People) -> None:
        super().__init__(database, clock)
        self._people = people_

    def make(
        self,
        person: Person,
        name: str,
        scopes: Collection[TokenScope],
        life: timedelta,
        organisations: Sequence[str] | None,
        *,
        actor: str,
    ) -> str:
        """A new token, to be shown once. `organisations`: None means all of a person of all.

        Raises UsageError for limits that no token has, and NotPossible when the person has too
        many.
        """
        secret, now = PREFIX + secrets.token_urlsafe(32), self._clock.now()
        row = {
            "token": token_digest(secret),
            "person": person.id,
            "name": _checked_name(name),
            "scopes": "\n".join(_checked_scopes(scopes)),
            "organisations": _lines(_checked_organisations(person, organisations)),
            "created_at": now,
            "expires_at": now + _checked_life(life),
        }
        told = {"token": row["name"], "scopes": sorted(scopes), "role": person.rank}
        with self._people.noting(person, Event.TOKEN_MADE, actor, told) as connection:
            if not same_person(actor, person.name):
                self._people.require_over_now(connection, person, actor)
            mine = select(func.count()).where(api_tokens.c.person == person.id)
            if connection.execute(mine).scalar_one() >= MOST:
                raise NotPossible(
                    _("{name} already has {most} tokens.", name=person.name, most=MOST),
                    hint=_("Revoke one of them first."),
                )
            connection.execute(insert(api_tokens).values(row))
        return secret

    def of(self, person: Person) -> list[ApiToken]:
        """A person's tokens that are not revoked, newest first; also those whose time is over."""
        query = _joined().where(api_tokens.c.person == person.id)
        with self._database.read() as connection:
            newest_first = connection.execute(query.order_by(api_tokens.c.id.desc()))
            return [_token(row) for row in newest_first]

    def find(self, secret: str) -> ApiToken | None:
        """The token with this secret, if it is valid and its person may log in."""
        query = _joined().where(
            api_tokens.c.token == token_digest(secret),
            api_tokens.c.expires_at > self._clock.now(),
            people.c.disabled_at.is_(None),
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return _token(row) if row else None

    def touch(self, token: ApiToken) -> None:
        """Record that a token is used."""
        now = self._clock.now()
        if token.used_at is None or token.used_at < now - _USED:
            used = update(api_tokens).where(api_tokens.c.id == token.id).values(used_at=now)
            with self._database.write() as connection:
                connection.execute(used)

    def end(self, person: Person, token: int, *, actor: str) -> None:
        """Revoke one of a person's tokens. Raises NotFound if it is not theirs."""
        name = next((one.name for one in self.of(person) if one.id == token), None)
        if name is None:
            raise _gone()
        with self._people.noting(person, Event.TOKEN_ENDED, actor, {"token": name}) as connection:
            if not same_person(actor, person.name):
                self._people.require_over_now(connection, person, actor)
            if not records.end_tokens(connection, person.id, token):
                raise _gone()


def _joined() -> Select[Any]:
    columns = [column.label(f"of_{column.name}") for column in people.c]
    return select(api_tokens, *columns).join(people, api_tokens.c.person == people.c.id)


def _token(row: Any) -> ApiToken:
    organisations = None if row.organisations is None else tuple(row.organisations.split("\n"))
    person = person_of({column.name: getattr(row, f"of_{column.name}") for column in people.c})
    return ApiToken(
        id=row.id,
        name=row.name,
        person=bounded(person, Bounds(organisations)),
        scopes=frozenset(map(TokenScope, row.scopes.split("\n"))),
        organisations=organisations,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def _lines(organisations: Sequence[str] | None) -> str | None:
    return None if organisations is None else "\n".join(organisations)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(
            _("A token needs a name."),
            hint=_(
                "Write 1 to {most} visible characters, such as the program's name.",
                most=_LONGEST_NAME,
            ),
        )
    return name


def _checked_scopes(scopes: Collection[TokenScope]) -> list[str]:
    if not scopes:
        names = ", ".join(TokenScope)
        raise UsageError(
            _("No permission is chosen for the token."),
            hint=_("Choose from: {names}.", names=names),
        )
    return sorted(set(scopes))


def _checked_organisations(
    person: Person, organisations: Sequence[str] | None
) -> Sequence[str] | None:
    if organisations is None and person.organisations is not None:
        organisations = ()  # all of theirs would be more tomorrow
    if organisations is None:
        return None
    beyond = [name for name in organisations if not person.is_of(name)]
    if beyond or not organisations:
        raise UsageError(
            _("{name} has no right over {accounts}.", name=person.name, accounts=", ".join(beyond))
            if beyond
            else _("No organisation is chosen."),
            hint=_("A token can never do more than the person it belongs to."),
        )
    return list(dict.fromkeys(organisations))


def _checked_life(life: timedelta) -> timedelta:
    if not timedelta() < life <= LONGEST:
        raise UsageError(_("A token can last 1 to {most} days.", most=LONGEST.days))
    return life


def _gone() -> NotFound:
    return NotFound(_("This token no longer exists."))
