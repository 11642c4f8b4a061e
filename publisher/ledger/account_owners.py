"""Account owners: the platform user or Page that the keys of each account belong to, once verified.

The platform's id of the user or the Page counts; its name is for people to read, and for `handle`
in publisher.toml. The keys themselves are never stored.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from publisher.ledger.database import LedgerPart, Turn
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.tables import accounts
from publisher.ledger.transitions import note_account
from publisher.model.accounts import Owner
from publisher.model.events import Event
from publisher.model.outcomes import AccountSuspended

FORGOTTEN = {"owner_id": None, "owner_handle": None, "other_owner": None}
"""The columns of an account whose owner is verified again with its next post."""


class Owners(LedgerPart):
    """Reads and writes the verified owners of accounts."""

    def of(self, account: str) -> Owner | None:
        """The owner that was verified last; None when none was."""
        with self._database.read() as connection:
            query = select(accounts).where(accounts.c.account == account)
            return _owner(connection.execute(query).one_or_none())

    def all(self) -> dict[str, Owner]:
        """The verified owners of all accounts, by account."""
        query = select(accounts).where(accounts.c.owner_id.is_not(None))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(accounts.c.account)).all()
        return {row.account: owner for row in rows if (owner := _owner(row))}

    def refused(self) -> frozenset[str]:
        """The accounts that are suspended because their keys belong to another owner."""
        query = select(accounts.c.account).where(accounts.c.other_owner.is_not(None))
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def remember(self, account: str, owner: Owner) -> None:
        """Store the owner of the account's keys, after it was verified."""
        self.claim(account, owner, ())

    def claim(self, account: str, owner: Owner, others: Collection[str]) -> str | None:
        """As `remember`, unless one of `others` has the same owner: returns that account then.

        No other account's row is locked, for their posts wait for those: who claims the same owner
        waits for the lock of that owner, and then finds the account that has it.
        """
        values = {**FORGOTTEN, "owner_id": owner.id, "owner_handle": owner.name or None}
        same = select(accounts.c.account).where(accounts.c.owner_id == owner.id)
        with self._database.write() as connection:
            self._database.take_turns(connection, Turn.OWNERS, owner.id)
            found: Sequence[str] = (
                connection.execute(same.order_by(accounts.c.account)).scalars().all()
            )
            for other in found:
                if other != account and other in others:
                    return other
            row = self._locked(connection, account)
            if all(getattr(row, name) == value for name, value in values.items()):
                return None
            self._set(connection, account, values)
            detail = {"id": owner.id, "owner": owner.name}
            note_account(
                connection, account, Event.OWNER_VERIFIED, self._clock.now(), detail=detail
            )
            return None

    def refuse(self, account: str, other: Owner, outcome: AccountSuspended) -> None:
        """Suspend the account until a person acts: its keys belong to `other`.

        A person who then resumes it confirms the owner that the keys have at that time.
        """
        with self._database.write() as connection:
            row = self._locked(connection, account)
            waits_for_a_person = row.suspended_at is not None and row.suspended_until is None
            if waits_for_a_person and row.other_owner == str(other):
                return
            self._set(connection, account, {"other_owner": str(other)})
            suspend(connection, account, outcome, self._clock.now())

    def _locked(self, connection: Connection, account: str) -> Row[Any]:
        """The account's row, locked."""
        self._database.insert_missing(connection, accounts, [{"account": account}])
        query = select(accounts).where(accounts.c.account == account).with_for_update()
        return connection.execute(query).one()

    @staticmethod
    def _set(connection: Connection, account: str, values: dict[str, str | None]) -> None:
        connection.execute(update(accounts).where(accounts.c.account == account).values(**values))


def _owner(row: Row[Any] | None) -> Owner | None:
    if row is None or row.owner_id is None:
        return None
    return Owner(id=row.owner_id, name=row.owner_handle or "")
