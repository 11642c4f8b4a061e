"""Spacing: of one account, posts whose time is over go out a minute apart, not in a burst.

The one rule for all that lets late posts go: after a pause or a suspension, after an outage, and
when a person releases or retries several of them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from publisher.base.clock import Clock
from publisher.ledger.tables import deliveries
from publisher.ledger.transitions import By, change
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State

APART = timedelta(minutes=1)
"""The interval between two overdue posts of one account; shorter if they would expire."""
NO_BEGINS: Mapping[str, datetime] = {}
"""The first post of each account goes at once."""
_NO_CLOSER = timedelta(seconds=5)
_GAP = 2 * APART
"""A post that was postponed by at least this much leaves room before it: a retry may wait a
minute.
"""
_LATE = 300.0
"""Real seconds after which a post counts as left behind: longer than a killed worker, a restart or
a broker that hangs delays it.
"""


def spread(
    found: Sequence[Delivery], now: datetime, begins: Mapping[str, datetime] = NO_BEGINS
) -> dict[int, datetime]:
    """When each of these goes out, by its id; they are in the order of their times.

    `begins`: when the first of an account goes, if that is after `now`.
    """
    queues: defaultdict[str, list[Delivery]] = defaultdict(list)
    for delivery in found:
        queues[delivery.account].append(delivery)
    wakes = {}
    for account, queue in queues.items():
        begin = max(now, begins.get(account, now))
        if any(d.expires_at and d.expires_at <= begin for d in queue):
            begin = now  # it must not expire while it waits behind others
        room = [(d.expires_at - begin) / turn for turn, d in enumerate(queue, 1) if d.expires_at]
        apart = max(min([APART, *room]), _NO_CLOSER)
        wakes.update({delivery.id: begin + turn * apart for turn, delivery in enumerate(queue)})
    return wakes


def late_before(clock: Clock, now: datetime | None = None) -> datetime:
    """The instant before which a post that is still scheduled counts as left behind."""
    return (now or clock.now()) - (clock.ahead(_LATE) - clock.now())


def next_places(
    connection: Connection, clock: Clock, wanted: Sequence[Delivery], now: datetime | None = None
) -> dict[str, datetime]:
    """When the next late post of each account may go, after others that go out late."""
    if not wanted:
        return {}
    now = now or clock.now()
    query = (
        select(deliveries.c.account, deliveries.c.next_check_at)
        .where(
            deliveries.c.account.in_({delivery.account for delivery in wanted}),
            deliveries.c.id.not_in([delivery.id for delivery in wanted]),
            deliveries.c.state.in_([State.SCHEDULED, State.PUBLISHING]),
            deliveries.c.next_check_at > now - APART,
            deliveries.c.due_at <= late_before(clock, now),
        )
        .order_by(deliveries.c.next_check_at)
    )
    begins: dict[str, datetime] = {}
    for account, next_check_at in connection.execute(query):
        # After those that follow one another closely; one that was postponed for long delays none.
        if next_check_at < begins.get(account, now) + _GAP:
            begins[account] = next_check_at + APART
    return begins


def times_of_late(
    connection: Connection, clock: Clock, found: Sequence[Delivery], now: datetime
) -> dict[int, datetime]:
    """When those of these go out whose time is over, by id, if a person lets all go at `now`.

    A single one of an account goes at once. Several go a minute apart, behind others that go out
    late already. What has expired does not go out.
    """
    open_still = [d for d in found if d.expires_at is None or d.expires_at > now]
    late = [d for d in open_still if d.not_before <= now]
    late.sort(key=lambda delivery: (delivery.not_before, delivery.id))
    number = Counter(delivery.account for delivery in late)
    several = [delivery for delivery in late if number[delivery.account] > 1]
    return spread(late, now, next_places(connection, clock, several, now))


def space(
    connection: Connection, clock: Clock, changed: Sequence[Delivery], by: By
) -> list[Delivery]:
    """Space what a person has just let go, in the same transaction; all of `changed`, as it is now.

    What goes at once is left as it is. What was approved waits a moment, for it can be undone: of
    that, what was left behind is spaced, as the dispatcher spaces a backlog.
    """
    going = [d for d in changed if d.state is State.SCHEDULED]
    waiting = [d for d in going if d.next_check_at == by.at]
    wakes = times_of_late(connection, clock, waiting, by.at)
    limit = late_before(clock, by.at)
    left = [d for d in going if d.approved_at == by.at < d.next_check_at and d.not_before <= limit]
    if left:
        left.sort(key=lambda delivery: (delivery.not_before, delivery.id))
        wakes |= spread(left, left[0].next_check_at, next_places(connection, clock, left, by.at))
    return [
        put_off(connection, delivery, wakes[delivery.id], by)
        if wakes.get(delivery.id, by.at) > max(by.at, delivery.next_check_at)
        else delivery
        for delivery in changed
    ]


def put_off(connection: Connection, delivery: Delivery, until: datetime, by: By) -> Delivery:
    """Let a late delivery go out then, and say so in its history."""
    detail = {"goes_out_at": until}
    return change(connection, delivery, Event.OVERDUE, by, detail=detail, next_check_at=until)
