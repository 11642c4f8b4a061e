"""Uncertainty: what a delivery becomes while nobody knows whether its part is out, and after that.

How it is found out is in reconciliation.py.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from publisher.base.clock import Clock
from publisher.channels.registry import CAPABILITIES
from publisher.ledger.doubts.pending_stops import obeyed
from publisher.ledger.integrity.forgotten import looked_for
from publisher.ledger.transitions import StateChange
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from publisher.model.timing import delay

_FIRST_LOOK = 5.0  # real seconds; an accepted post is often visible by then
_LONGEST_SETTLE = 900.0  # real seconds; for a part that becomes uncertain again and again
_NOT_OUT = frozenset(State) - {State.PUBLISHING, State.PUBLISHED, State.UNCERTAIN, State.WITHDRAWN}

RESOLVED: Mapping[str, Any] = {
    "settled_at": None,
    "absences": 0,
    "intent_at": None,
    "lease_until": None,
}
"""The columns of a delivery of which nothing is uncertain any more."""


def doubt(delivery: Delivery, clock: Clock, settle: float) -> dict[str, Any]:
    """The columns of a delivery whose outcome has just become unknown.

    `settle`: real seconds until an absence from the platform counts. A part that was uncertain
    before settles for as long as it has been uncertain: otherwise, when a timeline lags for longer
    than expected, a copy would go out every minute.
    """
    if delivery.doubt_since and delivery.state is State.PUBLISHING:
        lasted = (clock.now() - delivery.doubt_since).total_seconds() / clock.speed
        settle = max(settle, min(lasted, _LONGEST_SETTLE))
    first_look = min(_FIRST_LOOK, settle)
    if is_sent_again(delivery):  # a server that fails all the time must not be hurried
        first_look = delay(delivery.attempts) if delivery.attempts else 0.0
    return {
        "doubt_since": delivery.doubt_since or delivery.intent_at,
        "settled_at": clock.ahead(settle),
        "absences": 0,
        "next_check_at": clock.ahead(first_look),
        "lease_until": None,
    }


def known_out(delivery: Delivery, receipt: Accepted) -> tuple[State, dict[str, Any]]:
    """The state and columns of a delivery whose uncertain part is on the platform."""
    remote_ids = (*delivery.remote_ids, *receipt.remote_ids)
    whole = len(remote_ids) == len(delivery.content.parts)
    target, stopped = (State.PUBLISHED, {}) if whole else obeyed(delivery, State.SCHEDULED)
    # It is not known exactly when it became public; it was sent at its intent.
    sent_at = delivery.doubt_since or delivery.intent_at
    return target, {
        "remote_ids": json.dumps(remote_ids),
        "published_at": delivery.published_at or sent_at,
        "url": delivery.url or receipt.url,
        "error_kind": None,
        "error_message": None,
        **RESOLVED,
        **stopped,
        "doubt_since": None,
    }


def found_out(delivery: Delivery, receipt: Accepted, clock: Clock) -> tuple[State, dict[str, Any]]:
    """As `known_out`, unless the ledger has forgotten what it sent of a thread.

    Then the next part may be out as well: it is looked for.
    """
    target, columns = known_out(delivery, receipt)
    if target is State.PUBLISHED or not delivery.is_forgotten:
        return target, columns
    kept = {name: columns[name] for name in ("remote_ids", "published_at", "url")}
    since = delivery.doubt_since or clock.now()
    return State.UNCERTAIN, {**kept, **looked_for(since), "lease_until": None}


def may_still_come(delivery: Delivery) -> bool:
    """Whether an earlier request of it, which was repeated at once, may yet be carried out."""
    return repeats_safely(delivery) and delivery.doubt_since is not None


def kept_in_doubt(wish: StateChange, clock: Clock, settle: float) -> StateChange:
    """The change, unless it says that nothing is out while an earlier request may still come.

    Then the delivery is uncertain, and becomes what the change says once that is known.
    """
    delivery, target = wish.delivery, wish.target
    if target not in _NOT_OUT or not may_still_come(delivery):
        return wish
    columns = {"intent_at": delivery.intent_at, **wish.columns, **doubt(delivery, clock, settle)}
    columns["intent_at"] = columns["intent_at"] or delivery.doubt_since
    # A refusal for now says when it is tried again.
    again = wish.columns.get("next_check_at") or columns["next_check_at"]
    columns["next_check_at"] = max(columns["next_check_at"], again)
    if target not in (State.SCHEDULED, State.MISSED):
        columns["pending_stop"] = target
    return replace(wish, target=State.UNCERTAIN, columns=columns)


def repeats_safely(delivery: Delivery) -> bool:
    """Whether its platform takes the request that makes it public once, however often it comes."""
    capabilities = CAPABILITIES.get(delivery.channel)
    return bool(capabilities and capabilities.repeats_safely)


def is_sent_again(delivery: Delivery) -> bool:
    """Whether a delivery that is not there may be sent again at once.

    The platform takes the request once, however often it comes, even if the first one is still
    under way. Nobody must want it stopped: what is to be stopped is not repeated, so it is known to
    be absent only once the platform has settled.
    """
    return repeats_safely(delivery) and delivery.pending_stop is None
