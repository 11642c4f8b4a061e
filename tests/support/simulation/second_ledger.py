"""A second ledger: another installation with the same drafts and accounts begins."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import redis

from publisher.model.accounts import Owner
from tests.support.simulation import history, promises
from tests.support.simulation.desk import Desk
from tests.support.simulation.history import Scenario
from tests.support.simulation.plan import Act, Fault, Plan, Step
from tests.support.simulation.stage import Stage
from tests.support.simulation.world import Endless, World


class Locks:
    """Locks of accounts at one broker, whose owners keep them up."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}

    def set(self, name: str, value: str, *, nx: bool, ex: int) -> bool:
        """Whether it was free: `nx`; `ex` is how long it would be kept without its owner."""
        return self._held.setdefault(name, value) is value and nx and ex > 0

    def get(self, name: str) -> str | None:
        return self._held.get(name)


@dataclass
class Company:
    """What happened where a second ledger began, and which promises did not hold."""

    plan: Plan
    steps: list[Step] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What a ledger said whose accounts were suspended for the other one."""
    places: list[str] = field(default_factory=list)
    """The two ledgers."""

    def __str__(self) -> str:
        return "\n".join([*map(str, self.plan), *map(str, self.steps), *self.told, *self.broken])


def run(scenario: Scenario, plan: Plan, *, shares_broker: bool) -> Company:
    """Play a history in which a second ledger begins, perhaps beside other faults."""
    world, company = World(plan), Company(plan)
    company.steps = world.steps
    desk = Desk(scenario.drafts())
    shared = Locks()
    stages: list[Stage] = []

    def begin() -> None:
        own = shared if shares_broker else Locks()
        others = Desk(scenario.drafts())
        beside = stages[0] if stages else None
        stage = Stage(world, others if beside else desk, locks=_client(own), beside=beside)
        stages.append(stage)
        for account in scenario.accounts:
            stage.app().owners.remember(account, Owner(id=f"owner of {account}", name=account))
        if beside:
            stage.persons.start("queue", stage.persons.queue)
        else:
            stage.persons.queue()

    world.on_second_ledger = begin
    with history.surroundings(world, desk):
        begin()
        try:
            world.run(history.LONGEST)
        except Endless as endless:
            company.broken = [str(endless)]
        finally:
            company.broken += _broken(stages)
            company.places = [stage.database.place for stage in stages]
            company.told = [
                status.suspension_message or ""
                for stage in stages
                for status in stage.app().queries.accounts()
            ]
            for stage in stages:
                stage.close()
    return company


def second_ledgers(scenario: Scenario) -> Iterator[Plan]:
    """A second ledger begins at every step of the scenario."""
    for step in run(scenario, (), shares_broker=True).steps:
        yield (Fault(step.number, Act.SECOND_LEDGER),)


def _broken(stages: list[Stage]) -> Iterator[str]:
    """Nothing is out twice, and each post that is out is on record, in one of the ledgers."""
    platform = stages[0].platform
    yield from promises.doubled(stages[0])
    known = [i for stage in stages for one in stage.app().peek() for i in one.remote_ids]
    out = [post.id for post in platform.public]
    if sorted(known) != sorted(out):
        yield f"untrue: {out} are out, and on record are {known}"


def _client(locks: Locks) -> redis.Redis:
    return cast("redis.Redis", locks)
