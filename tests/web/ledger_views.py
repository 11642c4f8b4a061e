"""What the ledger below the pages says."""

from publisher.app import Application
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from tests.support.clock import ManualClock


def of(app: Application, post: str) -> dict[str, Delivery]:
    return {delivery.account: delivery for delivery in app.queries.deliveries(post=post)}


def states(app: Application, post: str) -> set[State]:
    return {delivery.state for delivery in app.queries.deliveries(post=post)}


def dues(app: Application, post: str) -> set[str]:
    """When its deliveries are due, in UTC."""
    return {f"{delivery.due_at:%d %H:%M}" for delivery in app.queries.deliveries(post=post)}


def last(app: Application) -> tuple[str, str]:
    step = app.queries.steps(app.queries.last_step() - 1)[0]
    return step.event, step.actor


def clock_of(app: Application) -> ManualClock:
    assert isinstance(app.clock, ManualClock)
    return app.clock
