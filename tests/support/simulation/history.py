"""One history: a scenario under a plan, from the queueing to the moment when nothing happens."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from unittest import mock

from publisher import planning
from publisher.app import Application
from publisher.ledger.manager import pauses
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Outcome
from publisher.model.posts import MediaItem, Post
from tests.support.simulation import parts, persons, promises, readers
from tests.support.simulation.desk import Desk
from tests.support.simulation.plan import GOES_BACK, Act, Fault, Moment, Plan, Step, possible
from tests.support.simulation.stage import Stage
from tests.support.simulation.world import MOST_STEPS, START, World

LONGEST = 6 * 3600.0  # seconds until a history that is still busy counts as endless
checked: Counter[bool] = Counter()
"""How many histories were played in this process, by whether they broke a promise."""
_GLANCE = 0.5  # seconds between two looks of `pause`, which in truth looks more often


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is queued, and who is there."""

    name: str
    parts: int = 1
    posts: int = 1
    accounts: tuple[str, ...] = ("bice-x",)
    dispatchers: int = 1
    workers: int = 1
    embargo: float | None = None
    """Seconds after its time."""
    due: float = 5.0
    """Seconds from the beginning, by a clock that is right."""
    expires: float = 600.0
    acts: tuple[Act, ...] | None = None
    """What goes wrong in it when all single faults are played; None: everything."""
    pictured: bool = False
    """Whether each post hangs on an item of the agenda and shows a picture that needs a consent."""
    unnamed: bool = False
    """Whether each post but the first leaves out the consent to that very picture."""
    apart: float = 1.0
    """Seconds between the times of two posts."""
    same_beginning: bool = False
    """Whether the threads begin with the same words."""
    corrections: int = 0
    """How many corrections of the first post follow it, which are queued after it."""
    to_a_reader: bool = False
    """Whether the first post answers a reader's comment, which may be hidden at any step."""
    commented: bool = False
    """Whether each post has a link that is to be its first comment, where there are any."""

    def drafts(self) -> list[Post]:
        due = START + timedelta(seconds=self.due)
        return [*self._posts(due), *self._fixes(due)]

    def _fixes(self, due: datetime) -> list[Post]:
        return [
            Post(
                id=f"fix-{number}.fr",
                file=f"posts/fix-{number}.fr.md",
                lang="fr",
                to=self.accounts,
                due_at=due + timedelta(seconds=20.0 + self.apart * number),
                expires_after=timedelta(seconds=self.expires),
                corrects="post-1.fr",
                reason="A figure was wrong.",
                texts={"": (f"fix-{number} §1 v0",)},
            )
            for number in range(1, self.corrections + 1)
        ]

    def _posts(self, due: datetime) -> list[Post]:
        return [
            Post(
                id=f"post-{number}.fr",
                file=f"posts/post-{number}.fr.md",
                lang="fr",
                to=self.accounts,
                due_at=due + timedelta(seconds=self.apart * (number - 1)),
                expires_after=timedelta(seconds=self.expires),
                embargo_until=None
                if self.embargo is None
                else due + timedelta(seconds=self.embargo),
                anchor=persons.ITEM if self.pictured else None,
                media=self._media(number),
                link=f"{self._name(number, self.parts)} v0" if self.commented else None,
                link_in="comment" if self.commented else None,
                answers=readers.COMMENT if self.to_a_reader and number == 1 else None,
                texts={"": tuple(f"{self._name(number, n)} v0" for n in range(self.parts))},
            )
            for number in range(1, self.posts + 1)
        ]

    def _media(self, post: int) -> tuple[MediaItem, ...]:
        is_named = post == 1 or not self.unnamed
        return (parts.picture(persons.CONSENT if is_named else None),) if self.pictured else ()

    def _name(self, post: int, part: int) -> str:
        is_shared = self.same_beginning and not part
        return f"post-{1 if is_shared else post} §{part + 1}"


Answers = Callable[[Moment, str, datetime], Outcome | None]
_queued: dict[Scenario, sqlite3.Connection] = {}
"""The ledgers of this process in which a scenario's drafts are queued, and nothing else was
done.
"""


@dataclass
class History:
    """What happened, and which promises did not hold."""

    scenario: Scenario
    plan: Plan
    seed: int | None
    steps: list[Step] = field(default_factory=list)
    struck: list[Fault] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    ended: list[Delivery] = field(default_factory=list)
    """What became of the deliveries."""

    def __str__(self) -> str:
        struck = {fault.step: str(fault) for fault in self.struck}
        lines = [f"{self.scenario}, seed {self.seed}", *map(str, self.plan)]
        for step in self.steps:
            lines.append(str(step))
            if step.number in struck:
                lines.append(f"     ^ {struck[step.number]}")
        return "\n".join([*lines, *self.broken])


def run(
    scenario: Scenario,
    plan: Plan = (),
    seed: int | None = None,
    *,
    only_possible: bool = False,
    answers: Answers | None = None,
) -> History:
    """Play one history. When it waits for a person, that person decides, and it goes on.

    `seed` and `only_possible`: as `World` has them. `answers`: what the platform answers to a
    request of a kind, with its text, at an instant; None where it has its effect.
    """
    world = World(plan, seed, only_possible=only_possible)
    history = History(scenario, plan, seed, world.steps, world.struck)
    desk = Desk(scenario.drafts())
    with surroundings(world, desk):
        stage = Stage(world, desk, dispatchers=scenario.dispatchers, workers=scenario.workers)
        stage.persons.said.mean(desk.drafts)
        _queue(stage, scenario)
        stage.persons.approve()
        if any(fault.act in (Act.GOES_BACK, Act.PUT_BACK) for fault in plan):
            stage.keep_past()
        watch = promises.Watch(stage)
        if answers:
            stage.platform.scripted = lambda moment, text: answers(moment, text, world.now())
        try:
            world.run(LONGEST)
            history.broken = promises.broken(stage, watch)
            if not history.broken and promises.waits_for_a_person(stage):
                decide(stage)
                history.broken = promises.broken(stage, watch)
        except AssertionError as refusal:  # it does not end, or the table of states refuses a move
            history.broken = [*watch.violations, str(refusal)]
        finally:
            history.ended = stage.app().peek()
            stage.close()
    checked[bool(history.broken)] += 1
    return history


def _queue(stage: Stage, scenario: Scenario) -> None:
    """Queue its drafts, or, for most histories begin alike, put back what came of that before."""
    begins_alike = stage.world.now() == START
    if begins_alike and scenario in _queued:
        stage.database.put_back(_queued[scenario])
        return
    if scenario.to_a_reader:
        readers.write(stage.database, stage.world.now())
    drafts = stage.persons.desk.drafts
    corrections = [draft for draft in drafts if draft.corrects]
    del drafts[len(drafts) - len(corrections) :]
    stage.persons.queue()
    if corrections:  # of what is queued
        drafts += corrections
        stage.persons.queue()
    if begins_alike:
        _queued[scenario] = stage.database.copy()


@contextmanager
def surroundings(world: World, desk: Desk) -> Iterator[None]:
    """Where production code sleeps, or reads drafts from a folder."""
    time = SimpleNamespace(sleep=lambda seconds: world.sleep(max(seconds, _GLANCE)))
    checks = SimpleNamespace(
        check=lambda *_, **__: (parts.library(desk.files()), []),  # drafts change
        said=lambda *_, **__: parts.SAID,
    )
    with (
        mock.patch.object(pauses, "time", time),
        mock.patch.object(planning, "check", checks),
        mock.patch.object(Application, "checks", checks),
    ):
        yield


def decide(stage: Stage, longest: float = LONGEST) -> None:
    """All that waits for a person gets its decision: everything resumes, doubts are settled.

    `longest`: the seconds until what is still busy then counts as endless.
    """

    def command() -> None:
        stage.persons.resume()
        stage.persons.decide()
        stage.persons.queue()  # what was edited while it might have been out

    stage.persons.start("decide", command)
    stage.world.run(longest)


def singles(scenario: Scenario, beside: Plan = ()) -> Iterator[Plan]:
    """Every single fault at every step that the scenario has under the plan `beside`."""
    for step in run(scenario, beside).steps:
        if scenario.acts is not None:
            yield from ((Fault(step.number, act),) for act in scenario.acts)
        else:
            yield from ((fault,) for fault in possible(step))
        if scenario.to_a_reader:
            yield from ((Fault(step.number, act),) for act in (Act.HIDE, Act.WITHDRAW))


WATCHED: Plan = (Fault(MOST_STEPS + 1, Act.GOES_BACK),)
"""The ledger is compared with its marks at each step, and never goes back."""


def set_backs(scenario: Scenario, first: Plan = (), act: Act = Act.GOES_BACK) -> Iterator[Plan]:
    """The ledger goes back at every step after `first`, by a little and by much.

    `act`: whether it does so alone, or with its machine.
    """
    begins = first[-1].step if first else 0
    for step in run(scenario, (*first, *WATCHED)).steps:
        if step.number > begins and step.moment is not Moment.LOOK:
            faults = (Fault(step.number, act, seconds) for seconds in GOES_BACK)
            yield from ((*first, fault) for fault in faults)


def set_back_pairs(scenario: Scenario, random: Random) -> Iterator[Plan]:
    """Pairs at random, without an end: a fault and a set-back, a set-back and a fault, and two."""
    others, backs = list(singles(scenario, WATCHED)), list(set_backs(scenario))
    while True:
        after = list(set_backs(scenario, random.choice(others)))
        back = random.choice(backs)
        yield from random.sample(after, min(2, len(after)))
        for seconds in (list(pairs(scenario, back)), list(set_backs(scenario, back))):
            yield from random.sample(seconds, min(1, len(seconds)))


def power_cuts(scenario: Scenario) -> Iterator[Plan]:
    """All processes die at every step of the scenario."""
    yield from ((Fault(step.number, Act.POWER_CUT),) for step in run(scenario).steps)


def pairs(scenario: Scenario, first: Plan) -> Iterator[Plan]:
    """Every second fault at every step after the first one, in the history that has the first."""
    for step in run(scenario, first).steps:
        if step.number > first[-1].step:
            for fault in possible(step):
                yield (*first, fault)
