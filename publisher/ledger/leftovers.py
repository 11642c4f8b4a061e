"""Unpublished posts that were found on a platform, and to which delivery they belong."""

import json

from sqlalchemy import Connection, exists, or_, select

from publisher.ledger.tables import deliveries
from publisher.models import Delivery, Prepared
from publisher.states import ENDED_UNSENT, State

_OVER = ENDED_UNSENT | {State.PUBLISHED, State.WITHDRAWN}


def without_others(connection: Connection, delivery: Delivery, prepared: Prepared) -> Prepared:
    """`prepared` without the leftovers that may be another delivery's.

    Those are its whose ids it knows. While a delivery with the same words is not over, any of them
    may be its: it may have made one just now, and not have written down the id.
    """
    if not prepared.leftovers:
        return prepared
    if _has_a_double(connection, delivery):
        others = prepared.leftovers
    else:
        others = tuple(i for i in prepared.leftovers if _is_known(connection, delivery, i))
    if not others:
        return prepared
    adopted = prepared.draft_id in others
    return prepared.model_copy(
        update={
            "leftovers": tuple(i for i in prepared.leftovers if i not in others),
            "draft_id": None if adopted else prepared.draft_id,
            "digest": None if adopted else prepared.digest,
            "note": f"Another delivery has the same words, so what lies unpublished on the Page "
            f"may be its: left alone ({', '.join(others)}).",
        }
    )


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
    quoted = json.dumps(remote_id)
    known = exists().where(
        deliveries.c.account == delivery.account,
        deliveries.c.id != delivery.id,
        or_(
            deliveries.c.prepared.contains(quoted, autoescape=True),
            deliveries.c.remote_ids.contains(quoted, autoescape=True),
        ),
    )
    return bool(connection.execute(select(known)).scalar())
