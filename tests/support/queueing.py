"""Drafts that are queued, and what becomes of them."""

from publisher.app import Application
from publisher.model.deliveries import Claim, Delivery
from publisher.model.outcomes import Absent, Accepted, Refused, Sighting, Unknown
from publisher.model.states import State
from publisher.planning import Change
from tests.support.clock import ManualClock
from tests.support.happening import begin, comes_of, meet

NOON = "at: 2016-03-07 12:00"


def queue(app: Application, *paths: str) -> list[tuple[Change, str, str]]:
    """Queue without errors; kind, post and account of every change."""
    plan = app.planner.queue([app.settings.workspace / path for path in paths], actor="redaction")
    assert not plan.errors, plan.errors
    return [(change.kind, change.post, change.account) for change in plan.changes]


def refusals(app: Application) -> list[str]:
    """The codes of the errors that keep anything from being queued."""
    before = app.queries.deliveries()
    plan = app.planner.queue(actor="redaction")
    assert app.queries.deliveries() == before
    return [problem.code for problem in plan.errors]


def standing(app: Application, post: str, account: str = "bice-x") -> Delivery:
    (delivery,) = app.queries.deliveries(post=post, account=account)
    return delivery


def finish(app: Application, post: str, outcome: Accepted | Refused | None = None) -> None:
    """Take all deliveries of a post out of the queue with the same outcome."""
    lease = app.clock.ahead(10**7)
    for claim in app.dispatch.claim(app.clock.ahead(10**7), lease, 100):
        (delivery,) = app.attempts.take_all([claim])
        if delivery.post == post:
            meet(app, claim, outcome or Accepted("1"))
        else:
            app.dispatch.release([claim])


def begin_to_send(app: Application) -> Delivery:
    """Claim the first delivery, and write that it is about to be sent."""
    return begin(app, claim_first(app))


def claim_first(app: Application) -> Claim:
    return app.dispatch.claim(app.clock.ahead(10**7), app.clock.ahead(60), 1)[0]


def plan_of(app: Application) -> tuple[list[tuple[Change, str, str]], list[str]]:
    plan = app.planner.queue(actor="redaction")
    assert not plan.errors, plan.errors
    changes = [(change.kind, change.post, change.account) for change in plan.changes]
    return changes, [problem.code for problem in plan.problems]


def lose_the_answer(app: Application) -> Delivery:
    """The first delivery is sent, and nobody knows what came of it."""
    return comes_of(app, begin_to_send(app), Unknown("No answer."))


def look(app: Application, clock: ManualClock, sighting: Sighting) -> Delivery:
    """What reading the platform tells, at the time at which it counts."""
    for _ in range(100):
        clock.advance(10)
        for claim in app.doubts.claim(app.clock.ahead(30), 1):
            taken = app.doubts.take(claim)
            assert taken is not None
            return app.doubts.record(taken, sighting)
    raise AssertionError("it is never looked for")


def prove_absent(app: Application, clock: ManualClock) -> Delivery:
    while (seen := look(app, clock, Absent())).state is State.UNCERTAIN:
        pass
    return seen
