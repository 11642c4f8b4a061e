"""Lookalikes: deliveries with the same first words, so that a found post may belong to either.

Two deliveries with the same words may both match one post, and neither is known to have one yet.
The one whose absence would count first is resolved first. Every post is visible by the time its own
delivery's absence counts. So a later delivery finds the posts of the earlier ones in time, and none
is sent again while its post, or one like it, may still appear.
"""

import re
from typing import Any

from sqlalchemy import Connection, Select, select

from publisher.ledger.integrity.forgotten import NOT_FORGOTTEN
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries
from publisher.model.content import Part
from publisher.model.deliveries import Delivery
from publisher.model.states import State

_LINK = re.compile(r"(?<!\S)(?=\S*?\w\.\w)\S++")


def comes_first(connection: Connection, delivery: Delivery) -> bool:
    """Whether another delivery of the account has to be resolved before `delivery` can be.

    That is one that is being sent at this moment, or an uncertain one that comes first. One that a
    person decides about does not count; nor does one that only a lost ledger may have sent, long
    before.
    """
    if delivery.content.edits:
        return False  # it is looked for by the id of its post
    if delivery.remote_ids:
        return False  # the part is an answer to one of its own
    others = _others(delivery)
    sending = others.where(
        deliveries.c.state == State.PUBLISHING, deliveries.c.intent_at.is_not(None)
    )
    doubted = others.where(
        deliveries.c.state == State.UNCERTAIN,
        deliveries.c.settled_at.is_not(None),
        NOT_FORGOTTEN,
    )
    found = deliveries_in(connection, sending) + deliveries_in(connection, doubted)
    return any(_is_alike(delivery, other) and _is_before(other, delivery) for other in found)


def is_ambiguous(connection: Connection, delivery: Delivery) -> bool:
    """Whether a post with the words of `delivery` may also belong to another uncertain delivery."""
    if delivery.remote_ids or delivery.content.edits:
        return False
    doubted = _others(delivery).where(deliveries.c.state == State.UNCERTAIN)
    return any(_is_alike(delivery, other) for other in deliveries_in(connection, doubted))


def _others(delivery: Delivery) -> Select[Any]:
    """The other deliveries of its account of which no part is known to be out."""
    return select(deliveries).where(
        deliveries.c.account == delivery.account,
        deliveries.c.remote_ids == "[]",
        deliveries.c.id != delivery.id,
    )


def _is_before(one: Delivery, other: Delivery) -> bool:
    if one.settled_at is None or other.settled_at is None or one.state is State.PUBLISHING:
        return one.state is State.PUBLISHING
    return (one.settled_at, one.id) < (other.settled_at, other.id)


def _is_alike(one: Delivery, other: Delivery) -> bool:
    if other.content.edits or one.answers != other.answers:
        return False  # what is below another comment is another post
    return _gist(one.content.parts[0]) == _gist(other.content.parts[0])


def _gist(part: Part) -> str:
    """Its letters and digits, without links: less than any channel compares.

    Two that only look alike wait for each other without need, but not for long.
    """
    return "".join(c for c in _LINK.sub("", part.text).casefold() if c.isalnum())
