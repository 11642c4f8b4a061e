"""docs/reliability.md: what each answer of a platform does to a delivery.

A channel's module has the rows of its table, and the step in which its posts become public.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from itertools import product

from publisher.channels.registry import SPECS
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


_CHANNELS = tuple(sorted(name for name, spec in SPECS.items() if spec.server))
_ALIKE: Rows = (
    ("refused connection, no address, no TLS", (NO_WAY,)),
    ("time-out or reset after sending began", (CUT,)),
)
"""What leads to the same on all channels."""


def parts() -> dict[str, Callable[[], str]]:
    """A table for all channels, and one for each, by the name in its markers."""
    return {
        "answers-of-all": lambda: _table(_CHANNELS, _ALIKE),
        **{f"answers-of-{name}": partial(_table_of, name) for name in _CHANNELS},
    }


def _table_of(channel: str) -> str:
    return _table((channel,), import_module(f"tests.platforms.{channel}.answers_in_docs").ROWS)


def _table(channels: tuple[str, ...], rows: Rows) -> str:
    """The answers that lead to the same stand in one row."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, answers in rows:
        ready, public = set(), set()
        for channel, answer in product(channels, answers):
            step = import_module(f"tests.platforms.{channel}.answers_in_docs").MADE_PUBLIC
            ready.add(_effect(meaning(channel, answer, Step.PREPARE), public=False))
            public.add(_effect(meaning(channel, answer, step), public=True))
        grouped.setdefault((_common(ready), _common(public)), []).append(name)
    return table(
        ("answer", "made ready", "made public"),
        (("; ".join(names), *effects) for effects, names in grouped.items()),
    )


def _common(effects: set[str]) -> str:
    """The one effect that answers in one row have; ValueError where they belong into two rows."""
    (effect,) = effects
    return effect


def _effect(outcome: Outcome, *, public: bool) -> str:
    """In the words that the page explains above its tables."""
    match outcome:
        case Accepted():
            limit = public and (outcome.suspended_until or outcome.backoff)
            return ("`published`" if public else "goes on") + (", then *limit*" if limit else "")
        case Refused():
            return "`failed`"
        case Deferred() if outcome.most:
            return f"*again*, {outcome.most} times, then `failed`"
        case Deferred():
            return "*again*"
        case AccountSuspended():
            return _SUSPENSIONS[outcome.backoff]
        case Unknown():
            return "`uncertain`"


_SUSPENSIONS = {(): "*limit*", THROTTLED: "*limit*", UNTIL_MENDED: "*mend*", CAPPED: "*cap*"}
"""By how long the next tries are apart; with nothing, the platform named an instant."""
