"""How long this process waits for PostgreSQL's answer.

The server's own limits (`statement_timeout`) say nothing where the server stands still: its machine
still acknowledges what is sent, so that no limit of TCP ends the wait either.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

from publisher.base.i18n import _
from publisher.ledger.database import Patience

Result = TypeVar("Result")


class Connection(psycopg.Connection[Any]):
    """A connection that is given up when no answer comes in time."""

    patience: Patience
    is_endless = False
    """Whether statements may take as long as they like: a migration's do."""

    def wait(self, gen: Generator[Any, Any, Result], *more: Any, **options: Any) -> Result:
        """What psycopg does while it waits for the server; OperationalError when that takes too
        long.
        """
        return super().wait(self._limited(gen), *more, **options)

    def _limited(self, gen: Generator[Any, Any, Result]) -> Generator[Any, Any, Result]:
        begun = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                # Nothing came: psycopg looks ten times a second.
                ready = yield wanted
                waited = time.monotonic() - begun
                if not ready and not self.is_endless and waited > self.patience.limit:
                    self.pgconn.finish()  # what comes later belongs to nobody
                    raise psycopg.OperationalError(
                        _("no answer within {seconds} s", seconds=f"{waited:.0f}")
                    )
                wanted = gen.send(ready)
        except StopIteration as end:
            result: Result = end.value
            return result


def connect(patience: Patience, *arguments: Any, **options: Any) -> Connection:
    """A new connection, which waits as `patience` says."""
    connection = Connection.connect(*arguments, **options)
    connection.patience = patience
    return connection
