"""Deliveries of which a lost ledger knew more than this one: it was restored, or is new.

What was sent of them, and when, is not on record. So they are looked for on the platform. What is
seen there is published; what is not seen may be out under other words, or was deleted since: no
absence proves anything, and a person decides. Nor do they tell that a platform is overloaded.

One is known by having no intent, and an absence that counts from the first instant of its doubt on.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger.tables import deliveries
from publisher.model.models import Delivery
from publisher.model.outcomes import Accepted

NEXT_LOOK = 60.0
"""Real seconds between two readings: longer than a channel keeps what it has read, for what platforms
take for it (X: for each post that is read)."""
_SKEW = timedelta(minutes=1)
"""How far a platform's clock and ours may differ."""

NOT_FORGOTTEN = or_(
    deliveries.c.intent_at.is_not(None),
    deliveries.c.settled_at.is_distinct_from(deliveries.c.doubt_since),
)
"""For a statement that is about what a request of this ledger's has left in doubt."""


def looked_for(since: datetime) -> dict[str, Any]:
    """The columns of a delivery that may be out since `since`, for all that this ledger knows.

    Those that may be out for the longest are read first: one reading then shows all of an account.
    """
    return {
        "doubt_since": since,
        "settled_at": since,
        "intent_at": None,
        "absences": 0,
        "wake_at": since,
    }


def not_its_own(delivery: Delivery, found: Accepted) -> str | None:
    """Why a post with its words may be another all the same, by its date; None: it is this one."""
    if delivery.expires_at is None or found.made_at is None:
        return None
    if found.made_at <= delivery.expires_at + _SKEW:
        return None
    return _(
        "The post {id} has the same words, but was made only after this one had expired. Look at the "
        "account, then say with `publisher resolve` or `publisher retry` what you saw.",
        id=found.remote_id,
    )


def next_look(clock: Clock) -> datetime:
    """When one that was not seen is looked for again."""
    return clock.ahead(NEXT_LOOK)
