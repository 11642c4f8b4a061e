"""One claim in a worker's hands."""

from publisher.delivery import Courier
from publisher.ledger.attempts import Attempts
from publisher.models import Claim, Delivery


def take(attempts: Attempts, claim: Claim) -> Delivery | None:
    """What was claimed; None when the claim is worth nothing any more."""
    return next(iter(attempts.take([claim])), None)


def deliver(courier: Courier, claim: Claim) -> None:
    """Bring it as far as it can go now."""
    for delivery in courier.take([claim]):
        courier.deliver(delivery)
