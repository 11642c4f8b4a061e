"""docs/reliability.md: what each answer of a platform does to a delivery.

A channel's module has the rows of its table, and the step in which its posts become public.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pkgutil import iter_modules

from publisher.model.outcomes import (
    CAPPED,
    THROTTLED,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Outcome,
    Refused,
    Step,
    Unknown,
    Wire,
)
from tests.docs.tables import table
from tests.support.answers.judging import meaning

NOW = datetime(2016, 3, 7, 8, tzinfo=UTC)
Answers = tuple[Answer, ...]
Rows = tuple[tuple[str, Answers], ...]
CUT = Answer(Wire.NO_ANSWER, NOW, reason="connection reset")
NO_WAY = Answer(Wire.NOT_SENT, NOW, reason="connection refused")


def body(body: str, *statuses: int, usage: str = "") -> Answers:
    return tuple(Answer(Wire.ANSWERED, NOW, s, {"x-app-usage": usage}, body) for s in statuses)


def parts() -> dict[str, Callable[[], str]]:
    """A table for each channel, by the name in its markers."""
    return {f"answers-of-{one.name}": partial(_table, one.name) for one in iter_modules(__path__)}


def _table(channel: str) -> str:
    told = import_module(f"{__name__}.{channel}")
    rows = [
        (
            name,
            _common({_effect(meaning(channel, a, Step.PREPARE), public=False) for a in alike}),
            _common({_effect(meaning(channel, a, told.MADE_PUBLIC), public=True) for a in alike}),
        )
        for name, alike in told.ROWS
    ]
    return table(("answer", "while it is made ready", "when it is made public"), rows)


def _common(effects: set[str]) -> str:
    """The one effect that answers in one row have; ValueError where they belong into two rows."""
    (effect,) = effects
    return effect


def _effect(outcome: Outcome, *, public: bool) -> str:
    match outcome:
        case Accepted():
            rests = public and (outcome.suspended_until or outcome.backoff)
            rest = _until(outcome.suspended_until, outcome.backoff) if rests else ""
            return ("`published`" if public else "goes on") + (
                f"; then the account {rest}" if rest else ""
            )
        case Refused():
            return f"`failed` ({outcome.kind})"
        case Deferred() if outcome.most:
            return f"`scheduled`, tried again; after {outcome.most} tries `failed` ({outcome.kind})"
        case Deferred():
            return "`scheduled`, tried again"
        case AccountSuspended():
            return f"`scheduled`; the account {_until(outcome.until, outcome.backoff)} ({outcome.kind})"
        case Unknown():
            return "`uncertain`"


def _until(until: datetime | None, backoff: tuple[timedelta, ...]) -> str:
    if until and not backoff:
        return f"is suspended for {round((until - NOW).total_seconds() / 60)} minutes"
    return {
        THROTTLED: "is suspended for 30 s, 1, 2, 4 … minutes",
        UNTIL_MENDED: "is suspended for 1, 5, 15, 30 minutes, and a person is called",
        CAPPED: "is suspended, tried again every 30 minutes, and a person is called",
    }[backoff]
