"""Health: what an account's platform says of the account itself, found by reading alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.base.i18n import _
from publisher.channels.answers import Answers, dated, identifier, named_status
from publisher.model.models import Owner
from publisher.model.outcomes import Accepted, AccountHeld, Answer, Deferred, Step, Wire


@dataclass(frozen=True, slots=True)
class Health:
    """Whether posts of an account would be taken now."""

    problem: str | None = None
    """Why not, and what to do; None: they would, as far as reading can tell."""
    is_certain: bool = True
    """False when the platform could not be asked."""
    clock_ahead: timedelta | None = None
    """How far our clock is ahead of the platform's (negative: behind), to the second."""
    expires_at: datetime | None = None
    """When the credentials end; None: never, or the platform does not say."""
    owner: Owner | None = None
    """Whom the credentials belong to; None: the platform did not say."""


def owner_of(
    answers: Answers, answer: Answer, told: Mapping[str, object], key: str, sign: str
) -> Owner | AccountHeld | Deferred:
    """The owner that an answer names by `id` and `key`; `sign` stands before the name."""
    user_id, name = identifier(told.get("id")), told.get(key)
    if answer.wire is Wire.ANSWERED and answer.status == 200 and user_id and isinstance(name, str):
        return Owner(id=user_id, name=sign + name)
    outcome = answers.judge(answer, Step.READ)
    return outcome if isinstance(outcome, AccountHeld | Deferred) else answers.unreadable()


def problem_of(answers: Answers, answer: Answer) -> str | None:
    """Why the account cannot be read; None: it can."""
    if not was_answered(answer):  # no post is in doubt, so nothing is said of one
        return _(
            "{platform} does not answer ({reason}).",
            platform=answers.name,
            reason=answer.reason or named_status(answer.status or 0),
        )
    outcome = answers.judge(answer, Step.READ)
    return None if isinstance(outcome, Accepted) else outcome.message


def was_answered(answer: Answer) -> bool:
    """Whether the platform itself answered."""
    return answer.wire is Wire.ANSWERED and (answer.status or 0) < 500


def clock_ahead(answer: Answer) -> timedelta | None:
    """How far our clock is ahead of the one that dated the answer."""
    told = dated(answer.headers.get("date", ""))
    return answer.received_at - told if told else None
