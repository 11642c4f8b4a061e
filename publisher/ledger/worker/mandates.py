"""Mandates at the last look: whether an account's mandate still covers what is about to leave."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from publisher.ledger.manager.draft_edits import writers
from publisher.model import mandates
from publisher.model.models import Delivery, Mandate


class MandateCheck:
    """Finds the first breach of a delivery's mandate, in the transaction of its intent."""

    def __init__(
        self, mandate_of: Callable[[str], Mandate | None], zone: Callable[[], tzinfo]
    ) -> None:
        """`mandate_of` an account, as publisher.toml says; `zone` is the session's."""
        self._mandate_of, self._zone = mandate_of, zone

    def __call__(
        self, connection: Connection, delivery: Delivery, leaves_at: datetime
    ) -> str | None:
        """What is breached, in words; None if nothing is."""
        mandate = self._mandate_of(delivery.account)
        if mandate is None:
            return None
        changed_by = writers(connection, [delivery.post]) if mandate.authors else ()
        found = mandates.breaches(
            mandate, delivery.account, delivery.queued_by, leaves_at, self._zone(), changed_by
        )
        return next((breach.message for breach in found), None)
