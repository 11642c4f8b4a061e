"""Reading of counts: what channels share that read the engagement of posts."""

from collections.abc import Mapping

from publisher.channels.answers import Answers, whole
from publisher.model.engagement import Metric
from publisher.model.outcomes import AccountSuspended, Answer, Deferred, Step, Wire


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
