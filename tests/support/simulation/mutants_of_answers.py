"""Breaches of what holds for answers to readers: one is sent all the same, or not on record."""

from collections.abc import Iterator
from datetime import datetime
from unittest import mock

from sqlalchemy import Connection

from publisher.ledger.comments import replies
from publisher.model.content import Part
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Absent
from publisher.model.states import State
from publisher.platforms.twitter import timeline
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.mutants import Mutant, Patch
from tests.support.simulation.plan import Act, Fault, Moment, Plan
from tests.support.simulation.scenarios import TO_A_READER


def _the_comment_is_not_looked_at() -> Patch:
    return mock.patch.object(replies, "obstacle", return_value=None)


def _nobody_notes_that_it_is_answered() -> Patch:
    return mock.patch.object(replies, "follow", return_value=None)


def _one_that_is_withdrawn_leaves_it_answered() -> Patch:
    follow = replies.follow

    def unless_withdrawn(
        connection: Connection, before: Delivery, after: Delivery, by: str, at: datetime
    ) -> object:
        gone = after.state is State.WITHDRAWN
        return None if gone else follow(connection, before, after, by, at)

    return mock.patch.object(replies, "follow", unless_withdrawn)


def _it_is_looked_for_among_posts_that_answer_nothing() -> Patch:
    look_for = timeline.look_for

    def elsewhere(part: Part, posts: object, _above: object, since: object) -> object:
        del posts, since
        return look_for(part, [], (), None) if part else Absent()  # type: ignore[arg-type]

    return mock.patch.object(timeline, "look_for", elsewhere)


def _hidden_at_each_step(scenario: Scenario) -> Iterator[Plan]:
    for step in run(scenario).steps:
        yield (Fault(step.number, Act.HIDE),)


def _withdrawn_at_last(scenario: Scenario) -> Iterator[Plan]:
    yield (Fault(run(scenario).steps[-1].number, Act.WITHDRAW),)


def _nothing_happens(_scenario: Scenario) -> Iterator[Plan]:
    yield ()


def _its_answer_is_lost(scenario: Scenario) -> Iterator[Plan]:
    (sent,) = [step for step in run(scenario).steps if step.moment is Moment.REQUEST]
    yield (Fault(sent.number, Act.ANSWER_LOST),)


MUTANTS: dict[str, Mutant] = {
    "a reader whose comment is hidden is answered": (
        _the_comment_is_not_looked_at, TO_A_READER, _hidden_at_each_step,
    ),
    "an answer that is out leaves its comment open": (
        _nobody_notes_that_it_is_answered, TO_A_READER, _nothing_happens,
    ),
    "an answer that is withdrawn leaves its reader answered": (
        _one_that_is_withdrawn_leaves_it_answered, TO_A_READER, _withdrawn_at_last,
    ),
    "an answer to a reader is looked for elsewhere": (
        _it_is_looked_for_among_posts_that_answer_nothing, TO_A_READER, _its_answer_is_lost,
    ),
}  # fmt: skip
