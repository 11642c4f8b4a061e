"""Accounts that are being connected: what their connectors keep between two pages.

It is secret, so it stays in this process, and ends with it: the person then begins again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from publisher.auth.sessions import LoginSession
from publisher.base.errors import Busy
from publisher.channels.connect import Authorization, Keys
from publisher.connect.connection import AccountConnection

_LIFE = 900.0  # seconds; X's PIN and Facebook's code do not live longer
_MOST = 50


@dataclass(frozen=True, slots=True)
class BegunConnection:
    """An account whose platform was asked, and what the person is asked next."""

    connection: AccountConnection
    step: Authorization | tuple[Keys, ...]
    ends: float

    @property
    def authorization(self) -> Authorization | None:
        return self.step if isinstance(self.step, Authorization) else None

    @property
    def choices(self) -> tuple[Keys, ...]:
        return () if isinstance(self.step, Authorization) else self.step


class BegunConnections:
    """All of them, by log-in and account."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._begun: dict[tuple[int, str], BegunConnection] = {}

    def keep(
        self,
        session: LoginSession,
        connection: AccountConnection,
        step: Authorization | tuple[Keys, ...],
    ) -> None:
        """Keep what was begun, in place of what was before. Raises Busy if too many are begun."""
        self._begun = {key: one for key, one in self._begun.items() if one.ends > self._now()}
        if len(self._begun) >= _MOST:
            raise Busy
        key = (session.id, connection.account.name)
        self._begun[key] = BegunConnection(connection, step, self._now() + _LIFE)

    def of(self, session: LoginSession, account: str) -> BegunConnection | None:
        """What this log-in has begun for an account."""
        found = self._begun.get((session.id, account))
        return found if found and found.ends > self._now() else None

    def end(self, session: LoginSession, account: str) -> None:
        """Forget it."""
        self._begun.pop((session.id, account), None)
