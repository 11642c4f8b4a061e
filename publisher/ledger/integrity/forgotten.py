"""Forgotten deliveries: a lost ledger knew more about them than this restored or new one.

It is not on record what was sent of them, and when. So they are looked for on the platform. What is
found there is published; what is not found may be out with another text, or was deleted since: an
absence proves nothing, and a person decides. Nor do they show that a platform is overloaded.

Such a delivery has no intent, and its absence counts from the instant at which it became uncertain.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger.tables import deliveries
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted

NEXT_LOOK = 60.0
"""Real seconds between two readings: longer than a channel caches what it has read, because
platforms charge for it (X: for each post that is read).
"""
_SKEW = timedelta(minutes=1)
"""The largest difference between a platform's clock and ours."""

NOT_FORGOTTEN = or_(
    deliveries.c.intent_at.is_not(None),
    deliveries.c.settled_at.is_distinct_from(deliveries.c.doubt_since),
)
"""Matches deliveries that a request of this ledger left uncertain."""


def looked_for(since: datetime) -> dict[str, Any]:
    """The columns of a forgotten delivery that may be out since `since`.

    Those that may be out for longest are read first: one reading then shows all of an account.
    """
    return {
        "doubt_since": since,
        "settled_at": since,
        "intent_at": None,
        "absences": 0,
        "next_check_at": since,
    }


def not_its_own(delivery: Delivery, found: Accepted) -> str | None:
    """Why a post with the same text may be another one, by its date; None: it is this one."""
    if delivery.expires_at is None or found.made_at is None:
        return None
    if found.made_at <= delivery.expires_at + _SKEW:
        return None
    return _(
        "The post {id} has the same words, but was made only after this one had expired. Look at "
        "the account, then record what you saw with `publisher resolve` or `publisher retry`.",
        id=found.remote_id,
    )


def next_look(clock: Clock) -> datetime:
    """When a delivery that was not found is looked for again."""
    return clock.ahead(NEXT_LOOK)
