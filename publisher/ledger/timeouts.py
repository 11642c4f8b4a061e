"""Timeouts of PostgreSQL: its own, for each session, and for its answers, on the client's side.

The server's own limits (`statement_timeout`) do not help when the server hangs: its machine still
acknowledges what is sent, so no TCP timeout ends the wait either.
"""

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import psycopg

from publisher.base.i18n import _

Result = TypeVar("Result")

SESSION_LIMITS: dict[str, int | str] = {
    # A machine that vanishes in the middle of a transaction must not make the others wait for it.
    "lock_timeout": 10_000,  # milliseconds
    "idle_in_transaction_session_timeout": 15_000,
    "statement_timeout": 60_000,
    # No statement is compiled: with many accounts the server expects a claim to take long, and
    # would compile for half a second what runs for twenty milliseconds.
    "jit": "off",
}
"""Settings of each session. They are set once it has begun: PgBouncer takes none of them before."""
_KEEPALIVE: dict[str, int | str] = {
    # In the middle of a statement only the server's own check of the connection finds out that the
    # client's machine has vanished.
    "tcp_user_timeout": 15_000,  # milliseconds
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 3,
    "tcp_keepalives_count": 3,
}
_SET = "; ".join(f"SET {name} = {value}" for name, value in (SESSION_LIMITS | _KEEPALIVE).items())


class TimedConnection(psycopg.Connection[Any]):
    """A connection that is closed when no answer comes in time."""

    answer_limit: Callable[[], float]
    """Returns how many real seconds it waits at the moment."""
    is_endless = False
    """Whether statements have no time limit, as those of a migration."""

    def limit_session(self) -> None:
        """Set the session's limits; they last as long as it does."""
        self.autocommit = True  # else a rollback would undo it
        self.execute(_SET.encode())
        self.autocommit = False

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
