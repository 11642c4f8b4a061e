"""Unpublished posts that were found on a platform, to which delivery they belong, and which of them
are cleared away because nothing will come of it.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, or_, select, update

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger import published_early
from publisher.ledger.account_holds import resting
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import Instant, deliveries, written
from publisher.ledger.transitions import ACTOR, change, has_id
from publisher.model.events import Event
from publisher.model.models import Claim, Delivery, Prepared
from publisher.model.outcomes import Accepted, Kind
from publisher.model.states import ENDED_UNSENT, GIVEN_UP, Role, State

CLEARING = (
    Event.CLEARING_AWAY, Event.LEFTOVERS_FOUND, Event.CLEARED_AWAY, Event.NOT_CLEARED_AWAY, Event.LEFT_BEHIND, Event.LEFT_ALONE,
)  # fmt: skip
"""The events of the history that tell of it."""
_FIRST_PAUSE = 60.0  # real seconds before it is tried again; four times as long each time
_TRIES = 7  # over a day in all
_SETTLED = 900.0  # real seconds until a request whose outcome was unknown has no effect any more

_NOW = bindparam("now", type_=Instant)
LEFT_OVER = DueQueries(
    deliveries.c.clear_at <= _NOW,
    or_(
        deliveries.c.doubt_since.is_(None),
        deliveries.c.clear_at <= bindparam("settled", type_=Instant),
    ),
    deliveries.c.state.in_([written(state) for state in sorted(GIVEN_UP)]),
    ~exists().where(resting(deliveries.c.account, _NOW)),
    order=(deliveries.c.clear_at, deliveries.c.id),
    columns=(deliveries.c.id, deliveries.c.version),
)
_OVER = ENDED_UNSENT | {State.PUBLISHED, State.WITHDRAWN}


def without_others(connection: Connection, delivery: Delivery, prepared: Prepared) -> Prepared:
    """`prepared` with those leftovers that are to be deleted: neither its draft nor another's.

    Another delivery's are those whose ids it knows. While a delivery with the same words is not
    over, any of them may be its: it may have made one just now, and not have written down the id.
    """
    found, draft_id = prepared.leftovers, prepared.draft_id
    if not found:
        return prepared
    doubled, noted = _has_a_double(connection, delivery), _noted(delivery)
    others = [
        i for i in found if (doubled and i not in noted) or _is_known(connection, delivery, i)
    ]
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


def _noted(delivery: Delivery) -> set[str | None]:
    """Ids that the delivery has on record as its own."""
    return {delivery.prepared.draft_id, *delivery.prepared.leftovers}


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


def _pause(failures: int) -> float:
    """Real seconds until the next try."""
    return _FIRST_PAUSE * 4.0 ** (min(failures, _TRIES - 1) - 1)


def settled(clock: Clock) -> dict[str, datetime]:
    """What `LEFT_OVER` asks for besides the time."""
    return {"settled": clock.ahead(-_SETTLED)}


class Orphans:
    """What ended deliveries left at a platform: whose turn it is, and what became of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, lease_until: datetime, limit: int) -> list[Claim]:
        """Take up to `limit` deliveries whose leftovers are to be cleared away now.

        Whoever took one and dies, or whom the broker does not tell, is followed by another at
        `lease_until`. This is no step: nothing has happened yet.
        """
        values = {"now": self._clock.now(), **settled(self._clock)}
        with self._database.write() as connection:
            rows = LEFT_OVER.lock(connection, values, limit)
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_([row["id"] for row in rows]))
                .values(clear_at=lease_until)
            )
        return [Claim(delivery=row["id"], version=row["version"]) for row in rows]

    def give_up(self, claim: Claim) -> Delivery | None:
        """The claimed delivery, with nothing left that anybody might publish.

        From here on no worker takes what lies ready for its post, also when somebody brings the
        delivery back: so it may be deleted. None when it was brought back already.
        """
        query = select(deliveries).where(
            deliveries.c.id == claim.delivery,
            deliveries.c.version == claim.version,
            deliveries.c.state.in_(sorted(GIVEN_UP)),
            deliveries.c.clear_at.is_not(None),
        )
        with self._database.write() as connection:
            row = connection.execute(query.with_for_update()).mappings().one_or_none()
            if row is None:
                return None
            delivery = delivery_of(row)
            prepared = delivery.prepared.given_up(delivery.remote_ids)
            if prepared == delivery.prepared:
                return delivery
            prepared = without_others(connection, delivery, prepared)
            return self._change(
                connection, delivery, Event.CLEARING_AWAY, prepared, delivery.clear_at
            )

    def cleared(self, delivery: Delivery, prepared: Prepared) -> Delivery:
        """Note how far clearing away came: `prepared` is what is left, or was found."""
        with self._database.write() as connection:
            left = without_others(connection, delivery, prepared.given_up(delivery.remote_ids))
            note = left.note or prepared.note
            detail = {"ids": list(delivery.prepared.leftovers), "message": note}
            return self._change(
                connection,
                delivery,
                Event.LEFTOVERS_FOUND if left.stays else Event.CLEARED_AWAY,
                left.model_copy(update={"note": None}),
                delivery.clear_at if left.stays else None,
                detail={key: value for key, value in detail.items() if value},
            )

    def public(self, delivery: Delivery, prepared: Prepared, message: str) -> Delivery:
        """Note that something of it is public, against all that is known; a person must look."""
        with self._database.write() as connection:
            return self._change(
                connection, delivery, Event.LEFT_ALONE, prepared,
                delivery.clear_at if prepared.stays else None, detail={"message": message},
                error_kind=Kind.UNKNOWN_OUTCOME, error_message=message,
            )  # fmt: skip

    def out(self, delivery: Delivery, prepared: Prepared, receipt: Accepted) -> Delivery:
        """Note that its own post is public, against all that is known: it is out."""
        with self._database.write() as connection:
            return published_early.record(connection, self._clock, delivery, prepared, receipt)

    def failed(self, delivery: Delivery, prepared: Prepared, message: str) -> Delivery:
        """Note what stood in the way; it is tried again, later each time: a post not for ever, a
        picture until it is gone.
        """
        failures = prepared.failures + 1
        # Pictures of people must not stay, however long it takes.
        again = failures < _TRIES or bool(prepared.photos)
        detail = {"ids": list(prepared.leftovers), "message": message}
        with self._database.write() as connection:
            return self._change(
                connection,
                delivery,
                Event.NOT_CLEARED_AWAY if again else Event.LEFT_BEHIND,
                prepared.model_copy(update={"failures": failures}),
                self._clock.ahead(_pause(failures)) if again else None,
                detail=detail,
            )

    def _change(
        self,
        connection: Connection,
        delivery: Delivery,
        event: Event,
        prepared: Prepared,
        clear_at: datetime | None,
        **more: Any,
    ) -> Delivery:
        return change(
            connection, delivery, event, role=Role.WORKER, actor=ACTOR, at=self._clock.now(),
            prepared=prepared.model_dump_json(), clear_at=clear_at, **more,
        )  # fmt: skip
