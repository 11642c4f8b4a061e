"""Rate limits: what each platform last said is left of an account's limits.

They are stored in the transaction that records the answer, as its last step, and must never hinder
it: this waits for no lock, and a failure leaves only a line in the log.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from operator import attrgetter
from typing import Any

import structlog
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from publisher.base.clock import Clock
from publisher.ledger.database import Database, LedgerPart, insert_into
from publisher.ledger.tables import limits
from publisher.model.outcomes import Limit

_FREE = text(
    "SELECT name FROM unnest(CAST(:names AS varchar[])) AS names (name)"
    " WHERE pg_try_advisory_xact_lock(7305136, hashtext(name))"
)
log = structlog.get_logger()


class Limits(LedgerPart):
    """Reads the rate limits."""

    def __init__(
        self, database: Database, clock: Clock, apps: Collection[frozenset[str]] = ()
    ) -> None:
        """`apps`: for each app, the accounts that share its limits."""
        super().__init__(database, clock)
        self._apps = apps

    def current(self) -> Mapping[str, Sequence[Limit]]:
        """The limits that are still valid, by account.

        An app's limit that one account received is listed with all accounts of the app, the newest
        value.
        """
        query = select(limits).where(limits.c.ends_at > self._clock.now())
        found: dict[str, list[Limit]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(limits.c.account, limits.c.name)):
                account, *values = row
                found.setdefault(account, []).append(Limit(*values))
        for names in self._apps:
            heard = [limit for name in names for limit in found.get(name, ()) if limit.is_of_app]
            newest = {limit.name: limit for limit in sorted(heard, key=attrgetter("seen_at"))}
            for name in names if newest else ():
                own = [limit for limit in found.get(name, ()) if not limit.is_of_app]
                found[name] = sorted([*own, *newest.values()], key=attrgetter("name"))
        return dict(sorted(found.items()))


def keep(connection: Connection, account: str, told: Sequence[Limit]) -> None:
    """Store the limits from an account's answers; values older than the stored ones are ignored."""
    keep_all(connection, {account: told})


def keep_all(connection: Connection, told: Mapping[str, Sequence[Limit]]) -> None:
    """As `keep`, by account, in as few statements as possible."""
    newest = {
        (account, limit.name): {"account": account, **asdict(limit)}
        for account, limits_of in told.items()
        for limit in sorted(limits_of, key=attrgetter("seen_at"))
    }
    if not newest:
        return
    savepoint = connection.begin_nested()
    try:
        free = _free(connection, sorted({account for account, _name in newest}))
        rows = [row for row in newest.values() if row["account"] in free]
        if rows:
            connection.execute(_upsert(connection.dialect.name), rows)
        savepoint.commit()
    except DBAPIError as failure:
        if failure.connection_invalidated:
            raise
        try:
            savepoint.rollback()
        except DBAPIError:  # SQLite rolled back the whole transaction, as it does on a full disk
            raise failure from None
        log.warning("limits not kept", accounts=sorted(told), reason=str(failure.orig))


def _free(connection: Connection, names: Sequence[str]) -> Collection[str]:
    """The accounts whose limits no other transaction is writing; its values are as new as these."""
    if connection.dialect.name == "sqlite":
        return names  # which has one writer at a time
    return connection.execute(_FREE, {"names": names}).scalars().all()


@cache
def _upsert(dialect: str) -> Any:
    wish = insert_into(dialect, limits)
    newer = {name: wish.excluded[name] for name in ("total", "remaining", "seen_at", "ends_at")}
    return wish.on_conflict_do_update(
        index_elements=[limits.c.account, limits.c.name],
        set_=newer,
        where=limits.c.seen_at <= wish.excluded.seen_at,
    )
