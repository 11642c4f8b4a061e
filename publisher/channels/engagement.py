"""Reading of counts: what channels share that read the engagement of posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from publisher.channels.answers import Answers, whole
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import AccountSuspended, Answer, Deferred, Step, Wire


@dataclass(frozen=True, slots=True)
class MetricSource:
    """What a channel can give, and in how few requests."""

    gives: frozenset[Metric]
    at_once: int
    """The most posts of one reading."""
    pause: timedelta = timedelta(minutes=10)
    """The least time between two readings of an account, so that posts are read together."""


@dataclass(frozen=True, slots=True)
class EngagementReading:
    """The counts of some posts of one account."""

    posts: Mapping[str, Engagement]
    """By remote id. A post that is missing could not be read, and is asked for again."""
    remark: str = ""
    """Why the account's keys give less than the platform could, and what to do."""


def obstacle(answers: Answers, answer: Answer) -> AccountSuspended | Deferred | None:
    """Why an answer has no counts; None: it is a success, whose body is still to be read."""
    if answer.wire is Wire.ANSWERED and 200 <= (answer.status or 0) < 300:
        return None
    outcome = answers.judge(answer, Step.READ)
    return outcome if isinstance(outcome, AccountSuspended | Deferred) else answers.unreadable()


def counts(told: Mapping[Metric, object]) -> dict[Metric, int]:
    """The counts among a platform's values; what is no number is left out, not taken for zero."""
    numbers = {metric: whole(value) for metric, value in told.items()}
    return {metric: number for metric, number in numbers.items() if number is not None}


def total(*values: object) -> int | None:
    """The sum of the values that are counts; None if none is."""
    numbers = [number for value in values if (number := whole(value)) is not None]
    return sum(numbers) if numbers else None
