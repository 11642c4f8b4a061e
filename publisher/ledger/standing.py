"""Standing of what goes below something, or changes it: whether it may go out at this moment.

A correction depends on the post that it corrects, an answer on the reader's comment. Looked at when
a worker takes it, and again in the transaction of its intent.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from publisher.ledger import answering, corrections
from publisher.model.content import Target
from publisher.model.deliveries import Delivery


class Standing(NamedTuple):
    """How a delivery stands to its target."""

    target: Target | None = None
    """None: it cannot go out, or not now."""
    obstacle: str | None = None
    """Why it is held, with what to do."""
    waits_for: str | None = None
    """The post that has to be out before it, which is on its way."""
    original: Delivery | None = None
    """Of a correction: the post that it corrects."""


def standing(connection: Connection, delivery: Delivery) -> Standing:
    """The standing at this moment of a delivery that has a target."""
    if delivery.answers is None:
        return Standing(*corrections.standing(connection, delivery))
    if obstacle := answering.obstacle(connection, delivery.account, delivery.answers):
        return Standing(obstacle=obstacle)
    return Standing(target=answering.target_of(delivery.answers))


def aimed(connection: Connection, delivery: Delivery) -> Delivery:
    """A delivery with its target, for whoever looks for it; unchanged if that is not out."""
    if delivery.answers is None:
        return corrections.aimed(connection, delivery)
    return delivery.model_copy(update={"target": answering.target_of(delivery.answers)})
