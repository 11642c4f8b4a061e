"""Public counts in a ledger, as the reader of counts leaves them."""

from publisher.ledger.database import Database
from publisher.ledger.engagement import DueCounts, EngagementTurns
from publisher.model.engagement import Age, Engagement, Metric
from tests.support.clock import ManualClock


def read(
    database: Database, clock: ManualClock, delivery: int, age: Age = Age.DAY, **counts: int
) -> None:
    """The counts of a delivery at an age were read; a platform gave these alone."""
    told = {Metric(name): number for name, number in counts.items()}
    one = DueCounts(delivery, age, str(delivery))
    EngagementTurns(database, clock).record({one: Engagement(told)})


def gone(database: Database, clock: ManualClock, delivery: int, age: Age = Age.DAY) -> None:
    """The platform did not show it any more."""
    one = DueCounts(delivery, age, str(delivery))
    EngagementTurns(database, clock).record({one: Engagement(is_gone=True)})
