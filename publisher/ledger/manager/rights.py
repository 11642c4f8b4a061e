"""Rights: what a person may do, and to which accounts; every action is checked here.

The pages and the commands act through the ledger, which checks the right first, in the same
transaction. A person without a log-in (who runs commands on the machine under a name of their own)
has a right over everything: they could write to the database as well. Through the pages nobody acts
without a log-in: who was removed while their request was on its way has no right at all.
"""

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from publisher.base.errors import NotPermitted
from publisher.base.i18n import _, later
from publisher.base.text import folded, same_person
from publisher.ledger import token_bounds
from publisher.ledger.tables import EVERYTHING, people
from publisher.ledger.token_bounds import Bounds
from publisher.model.accounts import Mandate
from publisher.model.mandates import may_write

_through_pages: ContextVar[bool] = ContextVar("through_pages", default=False)


@contextmanager
def acting_through_pages() -> Iterator[None]:
    """In this block, and in the threads that copy its context, everybody who acts is a person."""
    token = _through_pages.set(True)
    try:
        yield
    finally:
        _through_pages.reset(token)


class Rank(StrEnum):
    """Roles, each with all rights of the ones before it."""

    STAFF = later("staff")
    MANAGER = later("manager")
    ADMIN = later("admin")

    def includes(self, other: "Rank") -> bool:
        order = list(Rank)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Person:
    """A person who may log in."""

    id: int
    key: str
    """The name in the form used for comparison; their steps in the history have it."""
    name: str
    rank: Rank
    language: str | None
    """The language of the pages; None: the one that their browser asks for."""
    disabled_at: datetime | None
    created_at: datetime
    by_openid: bool
    """Whether they log in by OpenID Connect, and have no password."""
    organisations: tuple[str, ...] | None
    """The organisations whose accounts they have a right over; None: everything."""
    is_invited: bool
    """Whether they have no way to log in yet: they choose a password by a link."""
    link_until: datetime | None
    """When the link by which they choose a password ends; None: there is none."""
    has_factor: bool
    """Whether they log in with a second factor."""
    has_feed_key: bool
    """Whether their calendar and feed have a secret address."""

    def is_of(self, organisation: str | None) -> bool:
        """Whether they have a right over this organisation's things; None: it is of no one."""
        if self.organisations is None:
            return True
        return organisation is not None and folded(organisation) in map(folded, self.organisations)


OrganisationOf = Callable[[str], str | None]
"""Returns the organisation of an account; None if it has none, or is not known."""


MandateOf = Callable[[str], Mandate | None]
"""Returns the mandate of an account."""


class Rights:
    """Checks actions against a person's role, organisations, and mandates to write."""

    def __init__(
        self, organisation_of: OrganisationOf, mandate_of: MandateOf = lambda _account: None
    ) -> None:
        self._organisation_of = organisation_of
        self._mandate_of = mandate_of

    def permits(self, person: Person, rank: Rank, accounts: Iterable[str] = ()) -> bool:
        """Whether the person may do what needs this rank, to these accounts.

        EVERYTHING among them means all accounts, including future ones.
        """
        return person.rank.includes(rank) and not self._beyond(person, accounts)

    def require(
        self, connection: Connection, actor: str, rank: Rank, accounts: Collection[str] = ()
    ) -> None:
        """Raise NotPermitted unless the person named `actor` may do this."""
        if refusal := self.refusal(connection, actor, rank, accounts):
            raise refusal

    def refusal(
        self, connection: Connection, actor: str, rank: Rank, accounts: Collection[str] = ()
    ) -> NotPermitted | None:
        """The error that says why they may not, and who may; None when they may."""
        person = self._person(connection, actor)
        if person is None:
            return None
        if person.disabled_at:
            return _kept_out(person.name)
        why = self._why(person, rank, accounts)
        return NotPermitted(why, hint=self._who_may(connection, rank, accounts)) if why else None

    def permits_writing(self, person: Person, accounts: Iterable[str]) -> bool:
        """Whether the person may change the text of a draft for these accounts."""
        named = list(accounts)
        return self.permits(person, Rank.STAFF, named) and not self._not_written(person, named)

    def require_writing(
        self, connection: Connection, actor: str, accounts: Collection[str]
    ) -> None:
        """Raise NotPermitted unless they may change the text of a draft for these accounts."""
        self.require(connection, actor, Rank.STAFF, accounts)
        person = self._person(connection, actor)
        refused = self._not_written(person, accounts) if person else None
        if person and refused:
            account, mandate = refused
            raise NotPermitted(
                _("{author} may not post as {account}.", author=person.name, account=account),
                hint=_(
                    "Its mandate in publisher.toml names: {names}.",
                    names=", ".join(mandate.authors),
                ),
            )

    def _not_written(self, person: Person, accounts: Iterable[str]) -> tuple[str, Mandate] | None:
        """The first account whose mandate does not let this person write, with that mandate."""
        for account in sorted(accounts):
            mandate = self._mandate_of(account)
            if mandate and not may_write(mandate, person.name):
                return account, mandate
        return None

    def require_over(
        self, connection: Connection, actor: str, organisations: Collection[str] | None
    ) -> None:
        """Raise NotPermitted unless `actor` may manage people of these organisations.

        `organisations`: None means everything.
        """
        person = self._person(connection, actor)
        if person is None:
            return
        if person.disabled_at:
            raise _kept_out(person.name)
        beyond = () if _covers(person, organisations) else (EVERYTHING,)
        why = self._why(person, Rank.ADMIN, beyond)
        if why:
            raise NotPermitted(why, hint=self._who_may(connection, Rank.ADMIN, (EVERYTHING,)))

    def permits_over(self, person: Person, other: Person) -> bool:
        """Whether the person may manage the other, as an admin of all of their accounts."""
        return person.rank.includes(Rank.ADMIN) and _covers(person, other.organisations)

    def _person(self, connection: Connection, actor: str) -> Person | None:
        """The person who acts; None for one at the machine, without a log-in: they may do all.

        Raises NotPermitted for one without a log-in who acts through the pages.
        """
        row = row_of(connection, actor)
        if row is None and _through_pages.get():
            raise _kept_out(actor)
        return acting(person_of(row)) if row else None

    def _why(self, person: Person, rank: Rank, accounts: Collection[str]) -> str | None:
        if not person.rank.includes(rank):
            return _(
                "{name} may not do this as {role}: it needs at least the role {wanted}.",
                name=person.name,
                role=_(person.rank),
                wanted=_(rank),
            )
        beyond = self._beyond(person, accounts)
        if not beyond:
            return None
        if EVERYTHING in beyond:
            return _("{name} does not have rights over everything.", name=person.name)
        of = {name: self._organisation_of(name) for name in beyond}
        named = ", ".join(f"{name} ({whose})" if whose else name for name, whose in of.items())
        bounds = token_bounds.current()
        if bounds and bounds.organisations is not None:  # its person may have the right
            return _(
                "The token “{token}” has no right over {accounts}.",
                token=bounds.program,
                accounts=named,
            )
        return _("{name} has no right over {accounts}.", name=person.name, accounts=named)

    def _beyond(self, person: Person, accounts: Iterable[str]) -> list[str]:
        if person.organisations is None:
            return []
        return [
            account
            for account in sorted(set(accounts))
            if account == EVERYTHING or not person.is_of(self._organisation_of(account))
        ]

    def _who_may(self, connection: Connection, rank: Rank, accounts: Collection[str]) -> str:
        found = connection.execute(select(people).order_by(people.c.key)).mappings()
        able = [
            person.name
            for person in map(person_of, found)
            if not (person.disabled_at or person.is_invited)
            and self.permits(person, rank, accounts)
        ]
        if able:
            return _("These people may: {names}.", names=", ".join(able))
        return _("Nobody who can log in has this right. An admin can give it.")


def bounded(person: Person, bounds: Bounds) -> Person:
    """The person with the rights that a token of theirs has: of staff, at most."""
    chosen, own = bounds.organisations, person.organisations
    if chosen is not None:
        own = tuple(name for name in chosen if person.is_of(name))
    return replace(person, rank=Rank.STAFF, organisations=own)


def acting(person: Person) -> Person:
    """The person as they act: with the rights of a token, if it is a token that acts."""
    bounds = token_bounds.current()
    return bounded(person, bounds) if bounds else person


def _kept_out(name: str) -> NotPermitted:
    """The error for a disabled person, and for one who was removed while a page was asked."""
    if _through_pages.get():
        return NotPermitted(
            _("{name} can no longer log in.", name=name),
            hint=_("An admin can let them in again."),
        )
    quoted = shlex.quote(name)
    return NotPermitted(
        _("{name} is kept out.", name=name),
        hint=_("`publisher user enable {name}` lets them in again.", name=quoted),
    )


def _covers(person: Person, organisations: Collection[str] | None) -> bool:
    if person.organisations is None:
        return True
    return organisations is not None and all(map(person.is_of, organisations))


class _Unchecked(Rights):
    def _person(self, connection: Connection, actor: str) -> None:
        """Everyone may do everything, and no person is looked up."""


EVERYBODY: Rights = _Unchecked(lambda _account: None)
"""Rights without checks, for a ledger alone, without known organisations."""


def person_of(row: RowMapping | Mapping[str, Any]) -> Person:
    """The person of a row of `people`."""
    said = row["organisations"]
    return Person(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        rank=Rank(row["role"]),
        language=row["language"],
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
        by_openid=row["openid"] is not None,
        organisations=None if said is None else tuple(said.split("\n")),
        is_invited=row["openid"] is None and not row["password"],
        link_until=row["link_until"],
        has_factor=row["factors"] is not None,
        has_feed_key=row["feed_key"] is not None,
    )


def row_of(connection: Connection, name: str) -> RowMapping | None:
    """The row of the person with that name; None when there is none.

    Earlier versions had different keys for the two encodings of an é: if both exist, each is found
    by its own.
    """
    rows = connection.execute(select(people)).mappings()
    alike = [row for row in rows if same_person(row["name"], name)]
    own = name.strip().casefold()
    return min(alike, key=lambda row: row["key"] != own, default=None)
