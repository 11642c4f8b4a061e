"""What a request's end means for a delivery: one pure function.

The rule behind every row: only what provably never became public is refused; a time-out after
sending, a reset, a 5xx or a 2xx that cannot be read leaves the outcome unknown, and nothing
is sent again before the platform was read.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of error that the log shows."""

    CONTENT = "content"
    AUTH = "auth"
    PERMISSION = "permission"
    RATE_LIMIT = "rate-limit"
    DUPLICATE = "duplicate"
    POLICY = "policy"
    UNAVAILABLE = "unavailable"
    UNKNOWN_OUTCOME = "unknown-outcome"
    EXPIRED = "expired"


class Wire(StrEnum):
    """How far a request came."""

    NOT_SENT = "not-sent"
    """Refused connection, no address, no TLS: the platform cannot have seen it."""
    NO_ANSWER = "no-answer"
    """Sent, wholly or in part, and no complete answer came back."""
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a platform, free of secrets."""

    wire: Wire
    received_at: datetime
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: str = ""
    reason: str = ""
    """What the network layer said, for `NOT_SENT` and `NO_ANSWER`."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform took it; `remote_id` is its id there."""

    remote_id: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not out, and the same request will never be taken: the post's fault."""

    kind: Kind
    message: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not out, and the same request may be taken later."""

    kind: Kind
    message: str


@dataclass(frozen=True, slots=True)
class AccountHeld:
    """Not out, and nothing of this account will be taken until `until` (None: until a person)."""

    kind: Kind
    message: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may be out or not; `duplicate` when the platform says that the text is there already."""

    message: str
    duplicate: bool = False


Outcome = Accepted | Refused | Deferred | AccountHeld | Unknown
