"""Orphans: unpublished posts and pictures left on a platform, and their cleanup."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, or_, select

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger.database import LedgerPart
from publisher.ledger.dispatcher.due_queries import DueQueries
from publisher.ledger.doubts import published_early
from publisher.ledger.limits.suspensions import paused_or_suspended
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import Instant, deliveries, written
from publisher.ledger.transitions import ACTOR, By, change, has_id
from publisher.model.deliveries import Claim, Delivery, Prepared
from publisher.model.events import Event
from publisher.model.outcomes import Accepted, Kind
from publisher.model.states import ENDED_UNSENT, GIVEN_UP, Role, State

CLEARING = (
    Event.CLEARING_AWAY, Event.LEFTOVERS_FOUND, Event.CLEARED_AWAY, Event.NOT_CLEARED_AWAY, Event.LEFT_BEHIND, Event.LEFT_ALONE,
)  # fmt: skip
"""The events of the cleanup."""
_FIRST_PAUSE = 60.0  # real seconds before the first retry; four times as long each time
_TRIES = 7  # over a day in all
_SETTLED = 900.0  # real seconds after which a request of unknown outcome has no more effect

_NOW = bindparam("now", type_=Instant)
LEFT_OVER = DueQueries(
    deliveries.c.clear_at <= _NOW,
    or_(
        deliveries.c.doubt_since.is_(None),
        deliveries.c.clear_at <= bindparam("settled", type_=Instant),
    ),
    deliveries.c.state.in_([written(state) for state in sorted(GIVEN_UP)]),
    ~exists().where(paused_or_suspended(deliveries.c.account, _NOW)),
    order=(deliveries.c.clear_at, deliveries.c.id),
    columns=(deliveries.c.id, deliveries.c.version),
)
_OVER = ENDED_UNSENT | {State.PUBLISHED, State.WITHDRAWN}


def without_others(connection: Connection, delivery: Delivery, prepared: Prepared) -> Prepared:
    """`prepared` with only the leftovers that may be deleted: not its own draft, not another's.

    A leftover belongs to another delivery that has its id. While another delivery with the same
    text has not ended, any leftover may belong to it: it may have made one just now, and not have
    recorded the id yet.
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
            "Another delivery has the same words, so what is unpublished on the Page may belong "
            "to it: left alone ({ids}).",
            ids=", ".join(others),
        )
    if draft_id in others:
        changes |= {"draft_id": None, "digest": None}
    return prepared.model_copy(update=changes)


def _noted(delivery: Delivery) -> set[str | None]:
    """Ids that are on record as this delivery's own."""
    return {delivery.prepared.draft_id, *delivery.prepared.leftovers}


def _has_a_double(connection: Connection, delivery: Delivery) -> bool:
    fingerprints = {preparation.content.fingerprint for preparation in delivery.prepared.begun}
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
    """Real seconds until the next retry."""
    return _FIRST_PAUSE * 4.0 ** (min(failures, _TRIES - 1) - 1)


def settled(clock: Clock) -> dict[str, datetime]:
    """The further parameter of `LEFT_OVER`, besides the time."""
    return {"settled": clock.ahead(-_SETTLED)}


class Orphans(LedgerPart):
    """Claims deliveries for the cleanup of their orphans, and records its results."""

    def claim(self, lease_until: datetime, limit: int) -> list[Claim]:
        """Claim up to `limit` deliveries whose orphans are to be deleted now."""
        values = {"now": self._clock.now(), **settled(self._clock)}
        return LEFT_OVER.claim(self._database, values, limit, clear_at=lease_until)

    def give_up(self, claim: Claim) -> Delivery | None:
        """The claimed delivery, with nothing prepared that could still be published.

        From here on no worker uses what is prepared, even if a person retries the delivery: so it
        may be deleted. None when the delivery was retried already.
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
        """Record the progress of the cleanup: `prepared` is what is left, or was found."""
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
        """Record that something of it is public unexpectedly; a person must look."""
        with self._database.write() as connection:
            return self._change(
                connection, delivery, Event.LEFT_ALONE, prepared,
                delivery.clear_at if prepared.stays else None, detail={"message": message},
                error_kind=Kind.UNKNOWN_OUTCOME, error_message=message,
            )  # fmt: skip

    def out(self, delivery: Delivery, prepared: Prepared, receipt: Accepted) -> Delivery:
        """Record that its own post is public unexpectedly: it is out."""
        with self._database.write() as connection:
            return published_early.record(connection, self._clock, delivery, prepared, receipt)

    def failed(self, delivery: Delivery, prepared: Prepared, message: str) -> Delivery:
        """Record a failure; it is tried again, later each time.

        A post is tried a limited number of times, a picture until it is deleted.
        """
        failures = prepared.failures + 1
        # Pictures of people must be deleted, however long it takes.
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
            connection, delivery, event, By(Role.WORKER, ACTOR, self._clock.now()),
            prepared=prepared.model_dump_json(), clear_at=clear_at, **more,
        )  # fmt: skip
