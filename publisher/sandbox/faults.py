"""Fault injection: rules for which requests fail, and how."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.model.values import Frozen
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import CHANGES, What
from publisher.sandbox.platforms import ENDPOINTS, NOT_EVERYWHERE, PLATFORMS

_COMMITS = frozenset({What.NOT_JSON, What.EMPTY, What.REDIRECT, What.NO_ERROR, What.CUT})
_SECONDS = {
    What.RATE_LIMIT: 900.0,
    What.DAILY_LIMIT: 86_400.0,
    What.LATE: 0.9,
    What.LAG: 5.0,
    What.WRONG_DATE: 3600.0,
    What.OVERLOAD: 1.0,
    What.YOUNG_PARENT: 8.0,
    What.PROCESSING_SLOW: 30.0,
}


class Fault(Frozen):
    """One rule: the requests to which it applies, and the fault.

    A request matches if it has the given `channel`, `endpoint` and `account`. Of these requests
    `nth` selects some by their number, `probability` some at random (repeatable by `seed`), and
    `times` limits their number. Of several rules, the first that replaces the answer wins; those
    that only change how a request is carried out all apply.

    `what` replaces the answer:

    - `duplicate`, `forbidden`, `suspended`, `bad-request`, `unauthorised`: the refusal of either
      platform; `reply-not-allowed`, `credits-depleted` (402): of X alone. `not-found`: the 404
      of X or LinkedIn for a post, whether it is there or not.
    - `locked`, `usage-capped` (429 for a cap or a spending limit): of X alone;
      `too-often` (368, subcode 1390008), `already-posted` (368), `link-unread` (100, subcode
      1609005): of Facebook alone.
    - `answer`: any answer: `status`, `body` (text, or JSON) and `headers`. In a header,
      `+90` is the time in 90 seconds of the sandbox's clock, in seconds since 1970.
    - `rate-limit`: X's 429, or Facebook's error 4 (or `code`) as a 400, over in `seconds` of the
      sandbox's clock (900); `daily-limit`: X's 24-hour limit of the app; `bad-reset`: the same
      with an invalid header.
    - `graph-error`: Facebook's error `code`, `subcode`; `token-dead`: error 190 with `subcode`
      458, 459, 460, 463 (default), 464, 467 or 492, also in the answer of `debug_token`.
    - `server-error`: `status` 500 (default), 502, 503 or 504 with the platform's own JSON;
      `html`: an HTML page with `status` 502 or another; `no-error`: a 500 whose JSON has no
      `error`; `redirect`: a 302 to /sandbox/elsewhere, which answers everything with success.
    - `not-json`, `empty`: the success status with an invalid or empty body.
    - `hang-up`: the connection is reset; `cut`: it ends in the middle of the answer; `hang`: no
      answer ever; `late`: no answer, and carried out `seconds` (0.9) after the client gave up.

    `commit` decides whether the request is carried out anyway: true by default for `not-json`,
    `empty`, `redirect`, `no-error` and `cut`, false for the others. So commit-then-500 is
    `{"what": "server-error", "commit": true}`.

    `what` changes how the request is carried out:

    - `slow`: the answer comes `seconds` (0.2) later; the request is carried out at once.
    - `lag`: a timeline that is read is `seconds` (5) of real time behind.
    - `usage`: Facebook's headers report `percent` (97).
    - `processing-failed`: the GIF or video of this upload ends as `failed`.
    - `wrong-date`: the answer's `Date` is `seconds` (3600) ahead of the time; negative: behind.
    - `overload`: the requests wait in one line for each platform, and are carried out `seconds` (1)
      of real time after one another, whether a client still waits for the answer or not.
    - `young-parent`: X refuses replies to a post younger than `seconds` (8) of real time.
    - `self-mention`: X shows a reply on a timeline with the answered account's name before it.
    - `auto-publish`: a post that Facebook was to keep unpublished is public at once; with `shows`
      only a `text`, a `link` or a `photo`.
    - `ignored`: success to a deletion, or to a change at Facebook, that is not done; a post that
      Facebook was to make public at once stays unpublished.
    - `already-published`: to make a post public that is public already is refused.
    - `no-fields`: an answer to a POST has none of the `fields` that it was asked for.
    - `fields-denied`: a POST that asks for `fields` is carried out, and answered with error 10.
    - `keys-ignored`: a status on Mastodon is posted whatever its idempotency key, as by servers of
      another make; `key-race`: its key is kept `seconds` (0.2) of real time after it is posted, as
      before Mastodon 4.6; `repeat-fails`: a repeat with its key answers with status 500, as in the
      first versions of 4.6.
    - `other-limits`: a server of Mastodon's takes 1,000 characters, and says so.
    - `processing-slow`: Bluesky takes `seconds` (30) of real time longer to process this video;
      `video-limit`: it takes no more videos of the account today.
    - `renamed`: a profile has another handle and name; `avatar-changed`: another picture;
      `avatar-none`: no picture. `avatar-missing`, `avatar-huge`, `avatar-broken` and
      `avatar-redirect`: the address of its picture answers with a 404, with 2 MB, with bytes that
      are no picture, or with a redirect to another host; `avatar-elsewhere`: it is another host's.
    """

    what: What
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
    shows: Literal["text", "link", "photo"] | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.channel is not None and self.channel not in PLATFORMS:
            message = _(
                "{name} is no channel of the sandbox; known are {names}",
                name=self.channel,
                names=", ".join(PLATFORMS),
            )
            raise ValueError(message)
        if self.endpoint is not None and self.endpoint not in ENDPOINTS:
            message = _(
                "{name} is no endpoint; known are {names}",
                name=self.endpoint,
                names=", ".join(sorted(ENDPOINTS)),
            )
            raise ValueError(message)
        if self.seconds is not None and self.seconds < 0 and self.what is not What.WRONG_DATE:
            raise ValueError(_("seconds cannot be negative"))
        if self.what is What.GRAPH_ERROR and self.code is None:
            raise ValueError(_("graph-error needs a code"))
        if self.what is What.ANSWER and self.status is None:
            raise ValueError(_("answer needs a status"))
        return self

    @property
    def commits(self) -> bool:
        return self.what in _COMMITS if self.commit is None else self.commit

    @property
    def delay(self) -> float:
        """`seconds`, or this fault's default."""
        return _SECONDS.get(self.what, 0.2) if self.seconds is None else self.seconds

    def concerns(self, call: Call) -> bool:
        channel = call.operation.channel
        if self.what in NOT_EVERYWHERE - PLATFORMS[channel].faults:
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
            if not fires or (chosen and rule.fault.what not in CHANGES):
                continue
            rule.applied += 1
            if rule.fault.what in CHANGES:
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
