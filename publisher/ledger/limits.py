"""What the platforms say is left of their limits: the newest word on each of an account's.

It is kept in the transaction that records the answer, as its last step, and must never be in the
way of that: it waits for no lock, and what fails leaves no trace but a line in the log.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from publisher.clock import Clock
from publisher.ledger.database import Database, insert_into
from publisher.ledger.tables import limits
from publisher.outcome import Limit

_LOCK = 7305136
log = structlog.get_logger()


class Limits:
    """Reads them."""

    def __init__(
        self, database: Database, clock: Clock, apps: Collection[frozenset[str]] = ()
    ) -> None:
        """`apps`: the accounts of each app, which share its limits."""
        self._database = database
        self._clock = clock
        self._apps = apps

    def current(self) -> Mapping[str, Sequence[Limit]]:
        """Those that still tell something, by account.

        What one account heard of its app stands with all accounts of the app: the newest word.
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
    """Write what answers told; older than what is there, it is left out."""
    if not told:
        return
    newest = {limit.name: limit for limit in sorted(told, key=lambda limit: limit.seen_at)}
    savepoint = connection.begin_nested()
    try:
        if _is_free(connection, account):
            _put(connection, [{"account": account, **asdict(limit)} for limit in newest.values()])
        savepoint.commit()
    except DBAPIError as failure:
        if failure.connection_invalidated:
            raise
        try:
            savepoint.rollback()
        except DBAPIError:  # SQLite gave up the whole transaction, as it does on a full disk
            raise failure from None
        log.warning("limits not kept", account=account, reason=str(failure.orig))


def _is_free(connection: Connection, account: str) -> bool:
    """Whether nobody else is just writing what this account's platform said, as new as this."""
    if connection.dialect.name == "sqlite":
        return True  # which has one writer at a time
    lock = func.pg_try_advisory_xact_lock(_LOCK, func.hashtext(account))
    return bool(connection.execute(select(lock)).scalar_one())


def _put(connection: Connection, rows: list[dict[str, Any]]) -> None:
    wish = insert_into(connection, limits)
    newer = {name: wish.excluded[name] for name in ("total", "remaining", "seen_at", "ends_at")}
    connection.execute(
        wish.on_conflict_do_update(
            index_elements=[limits.c.account, limits.c.name],
            set_=newer,
            where=limits.c.seen_at <= wish.excluded.seen_at,
        ),
        rows,
    )
