"""Consent holds: holds deliveries with pictures whose consent has ended."""

import json

from sqlalchemy import Connection, select

from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.rights import Rank
from publisher.ledger.pending_stops import note_stop
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries
from publisher.ledger.transitions import NOT_APPROVED, change
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import ENDED_UNSENT, State


class Safeguards(Commands):
    """Finds and holds deliveries that show a person whose consent has ended."""

    def showing(self, consent: str) -> list[Delivery]:
        """Every delivery with a picture that needs this consent, by its record's id."""
        with self._database.read() as connection:
            return _showing(connection, consent)

    def hold(self, consent: str, reason: str, actor: str) -> list[Delivery]:
        """Hold deliveries with such a picture that are not out yet; returns those not held before.

        What may be out stays as it is, and is held once it is known that it is not. What failed,
        was missed or was cancelled, or is to be cancelled, is held as soon as a person retries it;
        what a person holds stays held when that person releases it. Any manager may do this: all
        organisations have the duty to stop showing such a picture.
        """
        with self._database.write() as connection:
            self._rights.require(connection, actor, Rank.MANAGER)
            showing = _showing(connection, consent)
            by = self._by(actor)
            for delivery in showing:
                if _is_kept_back(delivery) and delivery.draft_hold is None:
                    detail = {"reason": reason}
                    change(connection, delivery, Event.HELD, by, detail=detail, draft_hold=reason)
                elif delivery.may_be_out and not _is_to_be_held(delivery):
                    note_stop(connection, delivery, _stop(delivery, reason), by)
            return [
                change(
                    connection, delivery, Event.HELD, by,
                    target=State.HELD, detail={"reason": reason},
                    reason=reason, draft_hold=reason, lease_until=None, **NOT_APPROVED,
                )
                for delivery in showing
                if delivery.in_reach and delivery.state is not State.HELD
            ]  # fmt: skip


def _is_kept_back(delivery: Delivery) -> bool:
    """Whether it does not go out now, but would if a person retried or released it."""
    is_held_by_hand = delivery.state is State.HELD and delivery.manual_hold is not None
    return delivery.state in ENDED_UNSENT or is_held_by_hand


def _is_to_be_held(delivery: Delivery) -> bool:
    return (
        delivery.pending_stop in (State.HELD, State.CANCELLED) and delivery.draft_hold is not None
    )


def _stop(delivery: Delivery, reason: str) -> PendingStop:
    """A pending hold; what is to be cancelled stays so, and is held when a person retries it."""
    if delivery.pending_stop is State.CANCELLED:
        why = delivery.reason or ""
        return PendingStop(state=State.CANCELLED, reason=why, draft_hold=reason)
    return PendingStop(state=State.HELD, reason=reason, draft_hold=reason)


def _showing(connection: Connection, consent: str) -> list[Delivery]:
    noted = f'"consent":{json.dumps(consent, ensure_ascii=False)}'
    query = select(deliveries).where(deliveries.c.content.contains(noted, autoescape=True))
    return deliveries_in(connection, query.order_by(deliveries.c.due_at, deliveries.c.id))
