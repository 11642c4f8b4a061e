"""Fault injection: rules for which requests fail, and how."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError, model_validator

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.model.values import Frozen
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import FaultEffect, FaultKind, What


def _kind(name: object) -> FaultKind:
    kind = platforms.FAULT_KINDS.get(str(name))
    if kind is None:
        raise ValueError(
            _(
                "{name} is not a fault. Known faults: {names}",
                name=name,
                names=", ".join(platforms.FAULT_KINDS),
            )
        )
    return kind


class Fault(Frozen):
    """One rule: the requests to which it applies, and the fault.

    A request matches if it has the given `channel`, `endpoint` and `account`. Of these requests
    `nth` selects some by their number, `probability` some at random (repeatable by `seed`), and
    `times` limits their number. Of several rules, the first that replaces the answer wins; those
    that only change how a request is carried out all apply.

    `what` replaces the answer, or changes how the request is carried out: `fault_kinds.py` and the
    `refusals.py` of each platform say what each does. The other keys are its figures. In `headers`,
    `+90` is the time in 90 seconds of the sandbox's clock, in seconds since 1970; a limit is over
    in `seconds` of that clock.

    `commit` decides whether the request is carried out all the same where its answer is replaced.
    So commit-then-500 is `{"what": "server-error", "commit": true}`.
    """

    what: Annotated[FaultKind, PlainValidator(_kind)]
    channel: str | None = None
    endpoint: str | None = None
    """An operation's name, such as `createPosts` or `updatePost`: see endpoints.py."""
    account: str | None = None
    nth: tuple[int, ...] = ()
    """The numbers of the matching requests, from 1; empty for all."""
    probability: float = Field(default=1.0, ge=0, le=1)
    seed: int = 0
    times: int | None = Field(default=None, ge=1)
    commit: bool | None = None
    status: int | None = Field(default=None, ge=200, le=599)
    body: str | dict[str, Any] = ""
    headers: dict[str, str] = Field(default_factory=dict)
    code: int | None = None
    subcode: int | None = None
    seconds: float | None = None
    percent: float = Field(default=97, ge=0)
    shows: Literal["text", "link", "photo", "video"] | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.channel is not None and self.channel not in platforms.PLATFORMS:
            message = _(
                "{name} is not a platform of the sandbox. Known platforms: {names}",
                name=self.channel,
                names=", ".join(platforms.PLATFORMS),
            )
            raise ValueError(message)
        if self.endpoint is not None and self.endpoint not in platforms.ENDPOINTS:
            message = _(
                "{name} is not an endpoint. Known endpoints: {names}",
                name=self.endpoint,
                names=", ".join(sorted(platforms.ENDPOINTS)),
            )
            raise ValueError(message)
        if self.seconds is not None and self.seconds < 0 and self.what is not What.WRONG_DATE:
            raise ValueError(_("seconds cannot be negative"))
        if self.what.needs and getattr(self, self.what.needs) is None:
            raise ValueError(_("{what} needs a {key}", what=self.what, key=self.what.needs))
        return self

    @property
    def commits(self) -> bool:
        return self.what.effect is FaultEffect.COMMITS if self.commit is None else self.commit

    @property
    def delay(self) -> float:
        """`seconds`, or this fault's default."""
        return self.what.seconds if self.seconds is None else self.seconds

    def concerns(self, call: Call) -> bool:
        channel = call.operation.channel
        if self.what in platforms.NOT_EVERYWHERE - platforms.PLATFORMS[channel].faults:
            return False
        account = call.account.name if call.account else None
        return (
            self.channel in (None, channel)
            and self.endpoint in (None, call.operation.name)
            and self.account in (None, account)
        )


@dataclass(slots=True)
class _Rule:
    fault: Fault
    chance: random.Random = field(init=False)
    seen: int = 0
    applied: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.fault.seed)  # noqa: S311 - must be repeatable

    def fires(self, call: Call) -> bool:
        if not self.fault.concerns(call):
            return False
        self.seen += 1
        lucky = self.chance.random() < self.fault.probability
        fresh = self.fault.times is None or self.applied < self.fault.times
        return lucky and fresh and (not self.fault.nth or self.seen in self.fault.nth)


class Faults:
    """The rules in force."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.set(faults)

    def set(self, faults: Sequence[Fault]) -> None:
        """Replace all rules, and reset the counters."""
        self._rules = [_Rule(fault) for fault in faults]

    def strike(self, call: Call) -> Fault | None:
        """Apply the faults that change a call; returns the one that replaces its answer, if any."""
        chosen = None
        for rule in self._rules:
            fires = rule.fires(call)
            if not fires or (chosen and rule.fault.what.effect is not FaultEffect.CHANGES):
                continue
            rule.applied += 1
            if rule.fault.what.effect is FaultEffect.CHANGES:
                call.changes.append(rule.fault)
            else:
                chosen = rule.fault
        return chosen

    @property
    def date_ahead(self) -> float:
        """Seconds by which the `Date` of any answer is ahead, even of one outside the APIs."""
        rules = (rule.fault for rule in self._rules if rule.fault.what is What.WRONG_DATE)
        return next((fault.delay for fault in rules if fault.endpoint is None), 0.0)

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {
                **rule.fault.model_dump(mode="json", exclude_defaults=True),
                "seen": rule.seen,
                "applied": rule.applied,
            }
            for rule in self._rules
        ]


def read_faults(wish: str) -> tuple[Fault, ...]:
    """Read the rules of `--faults`: JSON (a list, or one rule), or the path of a JSON file."""
    text = wish.strip()
    try:
        if not text.startswith(("[", "{")):
            text = Path(wish).read_text(encoding="utf-8")
        return parse_faults(json.loads(text))
    except (OSError, ValueError) as error:
        message = _("These faults cannot be used: {problem}", problem=error)
        hint = _(
            'Write them like [{"what": "server-error", "endpoint": "createPosts", "nth": [2]}].'
        )
        raise UsageError(message, hint=hint) from None


def parse_faults(content: object) -> tuple[Fault, ...]:
    """Validate rules in parsed JSON. Raises ValueError for the first invalid rule and key."""
    try:
        rules = content if isinstance(content, list) else [content]
        return TypeAdapter(tuple[Fault, ...]).validate_python(rules)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(key) for key in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise ValueError(_("rule {place}: {problem}", place=place, problem=problem)) from None


# After `Fault`, which what stands in for a platform imports.
from publisher.sandbox import platforms  # noqa: E402
