"""Unpublished posts that were found on a platform, and to which delivery they belong."""

import json
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from publisher.language import _
from publisher.ledger.moves import has_id
from publisher.ledger.tables import deliveries
from publisher.models import Delivery, Prepared
from publisher.states import ENDED_UNSENT, State

_OVER = ENDED_UNSENT | {State.PUBLISHED, State.WITHDRAWN}


def without_others(connection: Connection, delivery: Delivery, prepared: Prepared) -> Prepared:
    """`prepared` with those leftovers that are to be deleted: neither its draft nor another's.

    Another delivery's are those whose ids it knows. While a delivery with the same words is not
    over, any of them may be its: it may have made one just now, and not have written down the id.
    """
    found, draft_id = prepared.leftovers, prepared.draft_id
    if not found:
        return prepared
    doubled = _has_a_double(connection, delivery)
    others = [i for i in found if doubled or _is_known(connection, delivery, i)]
    own = tuple(i for i in found if i not in others and i != draft_id)
    changes: dict[str, Any] = {"leftovers": own}
    if others:
        changes["note"] = _(
            "Another delivery has the same words, so what lies unpublished on the "
            "Page may be its: left alone ({ids}).",
            ids=", ".join(others),
        )
    if draft_id in others:
        changes |= {"draft_id": None, "digest": None}
    return prepared.model_copy(update=changes)


def _has_a_double(connection: Connection, delivery: Delivery) -> bool:
    fingerprints = {laying.content.fingerprint for laying in delivery.prepared.begun}
    doubles = exists().where(
        deliveries.c.fingerprint.in_(sorted(fingerprints)),
        deliveries.c.account == delivery.account,
        deliveries.c.state.not_in(sorted(_OVER)),
        deliveries.c.id != delivery.id,
    )
    return bool(connection.execute(select(doubles)).scalar())


def _is_known(connection: Connection, delivery: Delivery, remote_id: str) -> bool:
    known = exists().where(
        deliveries.c.account == delivery.account,
        deliveries.c.id != delivery.id,
        or_(
            deliveries.c.prepared.contains(json.dumps(remote_id), autoescape=True),
            has_id(remote_id),
        ),
    )
    return bool(connection.execute(select(known)).scalar())
