"""Set-backs of the ledger: it is put back to a copy of some seconds before, under all processes.

Nobody is told, as when a provider restores a database or a snapshot of its disk.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress

import psycopg
from sqlalchemy.engine import make_url

from publisher.ledger.database import Database
from tests.support import postgres

_SECONDS = (2.0, 10.0)
"""From the copy until it is put back."""
_PATIENCE = 2.0  # seconds to wait for the ledger's file, which a frozen process may have locked

GoBack = Callable[[], None]


class SetBacks:
    """Copies the ledger now and then, and puts the copy in its place."""

    def __init__(
        self, database: Database, server: postgres.Server | None, seed: int, number: int
    ) -> None:
        """`server`: the one of a PostgreSQL ledger. `number`: how many there are to be."""
        self._database, self._server, self._number = database, server, number
        self._chance = random.Random(f"set-backs {seed}")  # noqa: S311 - must be repeatable
        self._copies = ExitStack()
        self._go_back: GoBack | None = None
        self._at = 0.0
        self.done = 0

    @property
    def over(self) -> bool:
        return self.done >= self._number

    def tend(self, progress: float) -> None:
        """Copy or go back when it is time; to be called all the time.

        `progress`: how much of the assault is over, from 0 to 1. They are spread over all of it.
        """
        if self._go_back and time.monotonic() > self._at:
            with suppress(sqlite3.OperationalError, psycopg.OperationalError):  # it is away: later
                self._go_back()
                self._go_back, self.done = None, self.done + 1
                self._copies.close()
        elif self._go_back is None and self.done < min(progress * (self._number + 1), self._number):
            with suppress(sqlite3.OperationalError, psycopg.OperationalError):
                self._go_back = self._on_server() if self._server else self._in_file()
                self._at = time.monotonic() + self._chance.uniform(*_SECONDS)

    def close(self) -> None:
        """Take the copy away."""
        self._copies.close()

    def _in_file(self) -> GoBack:
        path = str(self._database.engine.url.database)
        copy = self._copies.enter_context(closing(sqlite3.connect(":memory:")))
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as ledger:
            ledger.backup(copy)

        def go_back() -> None:
            with closing(sqlite3.connect(path, timeout=_PATIENCE)) as ledger:
                copy.backup(ledger)

        return go_back

    def _on_server(self) -> GoBack:
        assert self._server
        server, name = self._server, str(self._database.engine.url.database)
        with server.closed(name):
            copy = self._copies.enter_context(server.database(name))
        return lambda: server.replace(name, str(make_url(copy).database))
