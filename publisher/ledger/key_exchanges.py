"""Key exchanges: which refresh tokens were exchanged for new ones, so that none is sent twice.

The ledger has a part of their SHA-256 alone. Machines that have copies of secrets.toml, not the
file itself, would otherwise send a token that another one has spent, and end the account's access.
"""

import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from publisher.ledger.database import LedgerPart
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.tables import accounts, key_exchanges
from publisher.ledger.transitions import note_account
from publisher.model.events import Event
from publisher.model.outcomes import AccountSuspended

_KEPT = timedelta(days=60)


class KeyExchanges(LedgerPart):
    """Records exchanges before they begin."""

    def begin(self, account: str, mark: str) -> str | None:
        """Record that this machine exchanges the token with this mark.

        Returns the name of another machine that has done so before, and None otherwise.
        """
        here, now = socket.gethostname(), self._clock.now()
        row = {"account": account, "mark": mark, "host": here, "at": now}
        ours = key_exchanges.c.account == account
        with self._database.write() as connection:
            self._database.insert_missing(connection, key_exchanges, [row])
            query = select(key_exchanges.c.host).where(ours, key_exchanges.c.mark == mark)
            host: str = connection.execute(query.with_for_update()).scalar_one()
            connection.execute(delete(key_exchanges).where(ours, key_exchanges.c.at < now - _KEPT))
        return None if host == here else host

    def undo(self, account: str, mark: str) -> None:
        """Record that the platform has not got the token."""
        with self._database.write() as connection:
            connection.execute(
                delete(key_exchanges).where(
                    key_exchanges.c.account == account, key_exchanges.c.mark == mark
                )
            )

    def not_renewed(self, account: str, message: str, until: datetime) -> None:
        """Record that the keys end at an instant that is far off; until then the account works."""
        detail = {"message": message, "until": until}
        with self._database.write() as connection:
            note_account(
                connection, account, Event.KEYS_NOT_RENEWED, self._clock.now(), detail=detail
            )

    def refused(self, account: str, outcome: AccountSuspended) -> None:
        """Suspend the account: its keys are not renewed any more, though they may work for a while.

        The next post tries whether they do.
        """
        with self._database.write() as connection:
            self._database.insert_missing(connection, accounts, [{"account": account}])
            suspend(connection, account, outcome, self._clock.now())
