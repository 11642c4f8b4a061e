"""What a test queues, and what becomes of it."""

from publisher.app import Application
from publisher.model.deliveries import Delivery
from publisher.model.values import Problem
from publisher.planning import Plan


def queue(app: Application) -> Plan:
    plan = app.planner.queue(actor="redaction")
    assert not plan.errors, plan.errors
    return plan


def only(app: Application) -> Delivery:
    (delivery,) = app.queries.deliveries()
    return delivery


def doubted(plan: Plan) -> list[Problem]:
    return [problem for problem in plan.problems if problem.code == "may-be-out"]
