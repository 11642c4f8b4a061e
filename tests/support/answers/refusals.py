"""Refusals: every answer of the tables, at each step at which a post of its channel can meet it.

Each is played with an innocent post 25 seconds later, which must go out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from importlib import import_module
from typing import Any

from publisher.channels.registry import CAPABILITIES, SPECS
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Outcome,
    Refused,
    Step,
    Unknown,
)  # fmt: skip
from publisher.model.states import State
from publisher.platforms.site.channel import _unwritable
from tests.support.answers.judging import meaning
from tests.support.answers.kinds import (
    NOW,
    PUBLISH,
    READ,
    WITHDRAW,
    Row,
)
from tests.support.answers.of_the_wire import WIRE

_MODULES = {
    name: import_module(f"tests.platforms.{name}.answers")
    for name, spec in SPECS.items()
    if spec.server
}
TABLES: Mapping[str, Sequence[Row]] = {name: module.ROWS for name, module in _MODULES.items()}
"""By channel, what it answers."""
SITE = "site"
REQUESTS: Mapping[tuple[str, Step], tuple[str, ...]] = {
    (name, step): requests
    for name, module in _MODULES.items()
    for step, requests in module.REQUESTS.items()
}
"""What is asked for a post with a picture, by channel and step, as the sandbox calls it."""


@dataclass(frozen=True)
class Refusal:
    """What a post meets instead of a success."""

    name: str
    channel: str
    step: Step
    outcome: Refused | Deferred | AccountSuspended | Unknown
    """What it means there, at `NOW`."""
    answer: Answer | None = None
    """None: it is of files, or of the way to the platform."""
    nth: int = 1
    """Which part of a thread meets it."""

    def __str__(self) -> str:
        part = f", part {self.nth}" if self.nth > 1 else ""
        return f"{self.channel}, {self.step}{part}: {self.name[:60]}"

    def at(self, now: datetime) -> Outcome:
        """What it means when it comes then: the instants that it names are as far away."""
        named = {each.name: getattr(self.outcome, each.name) for each in fields(self.outcome)}
        instants = {name: at for name, at in named.items() if isinstance(at, datetime)}
        later: dict[str, Any] = {name: at + (now - NOW) for name, at in instants.items()}
        return replace(self.outcome, **later)

    @property
    def gist(self) -> "Refusal":
        """All of it that a delivery depends on: not the words."""
        plain = replace(self.outcome, message="", limits=())
        return replace(self, name="", answer=None, outcome=plain)

    @property
    def end(self) -> State:
        """What becomes of the post that met it once, if the request was not carried out."""
        is_duplicate = isinstance(self.outcome, Unknown) and self.outcome.duplicate
        is_final = is_duplicate or isinstance(self.outcome, Refused)
        return State.FAILED if is_final else State.PUBLISHED


def _of_the_tables() -> Iterator[Refusal]:
    for channel, step in REQUESTS:
        has_threads = step is PUBLISH and CAPABILITIES[channel].threads
        of_posts = [row for row in (*TABLES[channel], *WIRE) if row.channel == channel]
        for row in sorted(of_posts, key=lambda row: row.step is not step):
            outcome = meaning(channel, row.answer, step)
            if row.step in (WITHDRAW, READ) or isinstance(outcome, Accepted):
                continue
            for nth in (1, 2) if has_threads else (1,):
                yield Refusal(row.name, channel, step, outcome, row.answer, nth)


def _of_files() -> Iterator[Refusal]:
    """The website asks nobody."""
    full = OSError(28, "No space left on device")
    yield Refusal("no room for the page", SITE, PUBLISH, _unwritable(full))
    yield Refusal("no room for all pages", SITE, PUBLISH, _unwritable(full, begun=True))


REFUSALS = [*_of_the_tables(), *_of_files()]
