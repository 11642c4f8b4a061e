"""Timeouts for PostgreSQL's answers, on the client's side.

The server's own limits (`statement_timeout`) do not help when the server hangs: its machine still
acknowledges what is sent, so no TCP timeout ends the wait either.
"""

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import psycopg

from publisher.base.i18n import _

Result = TypeVar("Result")


class TimedConnection(psycopg.Connection[Any]):
    """A connection that is closed when no answer comes in time."""

    answer_limit: Callable[[], float]
    """Returns how many real seconds it waits at the moment."""
    is_endless = False
    """Whether statements have no time limit, as those of a migration."""

    def wait(self, gen: Generator[Any, Any, Result], *more: Any, **options: Any) -> Result:
        """Wait for the server as psycopg does; raise OperationalError when that takes too long."""
        return super().wait(self._limited(gen), *more, **options)

    def _limited(self, gen: Generator[Any, Any, Result]) -> Generator[Any, Any, Result]:
        begun = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                # Nothing came: psycopg looks ten times a second.
                ready = yield wanted
                waited = time.monotonic() - begun
                if not ready and not self.is_endless and waited > self.answer_limit():
                    self.pgconn.finish()  # a later answer is of no use
                    raise psycopg.OperationalError(
                        _("no answer within {seconds} s", seconds=f"{waited:.0f}")
                    )
                wanted = gen.send(ready)
        except StopIteration as end:
            result: Result = end.value
            return result
