"""Resuming after a pause or a suspension: posts that fell due are dropped, moved or spread out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _, later
from publisher.ledger.limits.spacing import spread
from publisher.ledger.tables import deliveries, microseconds
from publisher.ledger.transitions import By, cancel_delivery, change
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State

Choices = Mapping[int, datetime | None]
"""By delivery: the instant at which it goes out, or None, which drops it."""
NO_CHOICES: Choices = {}
"""No choices: everything goes out as soon as possible."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person saw before they resume."""

    stop: str
    """The pause and suspension, as `mark_of` returns them."""
    overdue: Collection[int]
    """The ids of the overdue deliveries."""


_DROPPED = later("dropped when publishing was resumed")


def overdue(
    account: str | None, now: datetime, suspended_until: datetime | None = None
) -> Select[Any]:
    """A query for deliveries that fell due and are still scheduled, in the order of their times.

    Includes those that wait for the end of a suspension, which is ended now.
    """
    # A GIF or video is claimed before its time, so `next_check_at` alone does not make it overdue.
    query = select(deliveries).where(
        deliveries.c.state == State.SCHEDULED,
        deliveries.c.next_check_at <= max(now, suspended_until or now),
        deliveries.c.due_at <= now,
        or_(deliveries.c.embargo_until.is_(None), deliveries.c.embargo_until <= now),
    )
    if account:
        query = query.where(deliveries.c.account == account)
    return query.order_by(deliveries.c.next_check_at, deliveries.c.id)


def mark_of(row: Row[Any]) -> str:
    """A mark that is unique to the pause and the suspension in this row of `accounts`."""
    return " ".join(str(at and microseconds(at)) for at in (row.paused_at, row.suspended_at))


def refuse_unseen(seen: Seen, stop: str, found: Sequence[Delivery]) -> None:
    """Raise NotPossible when it is another pause than the one seen, or more fell due since."""
    if seen.stop != stop:
        raise NotPossible(
            _("Publishing was stopped again since you looked."),
            hint=_("Read why, then decide again."),
        )
    fresh = [delivery for delivery in found if delivery.id not in seen.overdue]
    if fresh:
        names = ", ".join(f"{delivery.post} → {delivery.account}" for delivery in fresh)
        raise NotPossible(
            _("More posts have become due since you looked: {names}.", names=names),
            hint=_("Decide what happens to them as well, then continue."),
        )


def carry_on(
    connection: Connection, found: Sequence[Delivery], choices: Choices, by: By
) -> list[Delivery]:
    """Drop, move or spread the overdue deliveries; returns those that go out, with their new times.

    UsageError for a chosen instant that is over, NotPossible for one at which a delivery would be
    past its expiry.
    """
    for delivery in found:
        if delivery.id in choices and choices[delivery.id] is None:
            cancel_delivery(connection, delivery, _DROPPED, by)
    chosen = {key: at for key, at in choices.items() if at is not None}
    going = [d for d in found if d.id in chosen or d.id not in choices]
    wakes = spread([d for d in going if d.id not in chosen], by.at)
    for delivery in going:
        if delivery.id in chosen:
            wakes[delivery.id] = _in_time(delivery, chosen[delivery.id], by.at)
    return [
        change(
            connection,
            delivery,
            Event.OVERDUE,
            by,
            detail={"goes_out_at": wakes[delivery.id]},
            next_check_at=wakes[delivery.id],
            # The error is over; the history keeps it.
            error_kind=None,
            error_message=None,
        )
        for delivery in going
    ]


def _in_time(delivery: Delivery, at: datetime, now: datetime) -> datetime:
    if at <= now:
        place = {"post": delivery.post, "account": delivery.account}
        raise UsageError(
            _("The new time of {post} to {account} has passed.", **place),
            hint=_("Choose a time in the future."),
        )
    if delivery.expires_at is not None and at >= delivery.expires_at:
        raise NotPossible(
            _(
                "{post} to {account} is past its expiry at that time ({expiry} UTC).",
                post=delivery.post,
                account=delivery.account,
                expiry=f"{delivery.expires_at:%Y-%m-%d %H:%M}",
            ),
            hint=_("Choose an earlier time, or give its draft a new `at` and queue it again."),
        )
    return at
