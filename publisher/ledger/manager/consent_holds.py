"""Consent holds: holds deliveries with pictures whose consent has ended."""

import json
from collections.abc import Callable, Collection, Mapping

from sqlalchemy import Connection, or_, select

from publisher.base.clock import Clock
from publisher.ledger.database import Database
from publisher.ledger.doubts.pending_stops import note_stop
from publisher.ledger.manager.commands import Commands
from publisher.ledger.manager.rights import EVERYBODY, Rank, Rights
from publisher.ledger.picture_consents import PictureConsent, digests_of, keep
from publisher.ledger.rows import chunks, deliveries_in
from publisher.ledger.tables import deliveries
from publisher.ledger.transitions import NOT_APPROVED, change
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import ENDED_UNSENT, State


class Safeguards(Commands):
    """Finds and holds deliveries that show a person whose consent has ended."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rights: Rights = EVERYBODY,
        drafted: Callable[[str], Mapping[str, str]] = lambda _consent: {},
    ) -> None:
        """`drafted` returns the pictures for which drafts name a consent: the drafts' posts, by the
        pictures' digests.
        """
        super().__init__(database, clock, rights=rights)
        self._drafted = drafted

    def showing(self, consent: str) -> list[Delivery]:
        """Every delivery with a picture that needs this consent, by its record's id.

        Also those whose own draft names another one, or none: a consent is the picture's.
        """
        drafted = self._drafted(consent)
        with self._database.read() as connection:
            return _showing(connection, consent, drafted)

    def hold(self, consent: str, reason: str, actor: str) -> list[Delivery]:
        """Hold deliveries with such a picture that are not out yet; returns those not held before.

        What may be out stays as it is, and is held once it is known that it is not. What failed,
        was missed or was cancelled, or is to be cancelled, is held as soon as a person retries it;
        what a person holds stays held when that person releases it. Any manager may do this: all
        organisations have the duty to stop showing such a picture.
        """
        drafted = self._drafted(consent)
        with self._database.write() as connection:
            self._rights.require(connection, actor, Rank.MANAGER)
            named = (PictureConsent(key, consent, post) for key, post in drafted.items())
            keep(self._database, connection, named)
            showing = _showing(connection, consent, drafted)
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


def _showing(connection: Connection, consent: str, drafted: Collection[str]) -> list[Delivery]:
    shown = digests_of(connection, consent).union(drafted)
    marks = [f'"digest":"{digest}"' for digest in sorted(shown)]
    marks.append(f'"consent":{json.dumps(consent, ensure_ascii=False)}')
    found: dict[int, Delivery] = {}
    for chunk in chunks(marks):
        has_one = [deliveries.c.content.contains(mark, autoescape=True) for mark in chunk]
        query = select(deliveries).where(or_(*has_one))
        found |= {one.id: one for one in deliveries_in(connection, query)}
    return sorted(found.values(), key=lambda one: (one.due_at, one.id))
