"""Targets: what a correction or an answer goes below, or changes, and whether it may go out now.

A correction depends on the post that it corrects, an answer on the reader's comment. Looked at when
a worker takes it, and again in the transaction of its intent.
"""

from sqlalchemy import Connection

from publisher.ledger import answering, corrections
from publisher.ledger.standing import Standing
from publisher.model.deliveries import Delivery


def standing(connection: Connection, delivery: Delivery) -> Standing:
    """The standing at this moment of a delivery that has a target."""
    if delivery.answers is None:
        return corrections.standing(connection, delivery)
    if obstacle := answering.obstacle(connection, delivery.account, delivery.answers):
        return Standing(obstacle=obstacle)
    return Standing(answering.target_of(delivery.answers))


def aimed(connection: Connection, delivery: Delivery) -> Delivery:
    """A delivery with its target, for whoever looks for it; unchanged if that is not out."""
    if delivery.answers is None:
        return corrections.aimed(connection, delivery)
    return delivery.model_copy(update={"target": answering.target_of(delivery.answers)})
