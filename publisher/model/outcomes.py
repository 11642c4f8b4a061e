"""Outcomes of requests: what a platform answered (`Answer`) and what it means (`Outcome`).

`publisher.channels.answers` turns the one into the other.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of error that the log shows."""

    CONTENT = "content"
    AUTH = "auth"
    PERMISSION = "permission"
    RATE_LIMIT = "rate-limit"
    APP_LIMIT = "app-limit"
    DUPLICATE = "duplicate"
    POLICY = "policy"
    UNAVAILABLE = "unavailable"
    UNKNOWN_OUTCOME = "unknown-outcome"
    EXPIRED = "expired"
    CLOCK = "clock"
    """This machine's clock is wrong."""


PASSING = frozenset({Kind.RATE_LIMIT, Kind.APP_LIMIT})
"""The kinds of suspension without a notice to a person: limits are reset by themselves."""


class Step(StrEnum):
    """The purpose of a request: it decides whether an unknown outcome may be repeated."""

    PUBLISH = "publish"
    """Makes a new post public at once: a second one would be a duplicate."""
    PREPARE = "prepare"
    """Prepares a picture, its alt text or an unpublished post: a second one is not public."""
    REVEAL = "reveal"
    """Makes a post that already has its id public: a repeat changes nothing."""
    WITHDRAW = "withdraw"
    """Deletes a post: a repeat finds it deleted."""
    READ = "read"
    """Changes nothing."""


class SuspensionScope(StrEnum):
    """What a suspension keeps an account from."""

    ALL = "all"
    """Everything that would make something public."""
    APART = "apart"
    """Requests of one kind, such as uploads, whose limit is counted by itself: the post that made
    one waits, and others go on.
    """


class Wire(StrEnum):
    """How far a request got."""

    NOT_SENT = "not-sent"
    """Refused connection, no address, no TLS: the platform cannot have seen it."""
    NO_ANSWER = "no-answer"
    """Sent, fully or partly, and no complete answer came back."""
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Answer:
    """A platform's recorded answer, without secrets."""

    wire: Wire
    received_at: datetime
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: str = ""
    reason: str = ""
    """What the network layer said, for `NOT_SENT` and `NO_ANSWER`."""
    clock_ahead: timedelta | None = None
    """How far our clock is ahead (negative: behind) by this answer's `Date` and this process's
    other readings; None if no fault is known, or if ours is not the machine's own clock.
    """


@dataclass(frozen=True, slots=True)
class Limit:
    """One rate limit of an account, from an answer."""

    name: str
    """What is counted, and in which window, such as `posts-24h-app`; see
    `publisher.model.limits_text`.
    """
    total: int
    """How many requests the window takes; 100 if the platform reports percentages."""
    remaining: int
    seen_at: datetime
    ends_at: datetime
    """The instant from which these values are no longer valid."""

    @property
    def is_of_app(self) -> bool:
        """Whether all accounts of the app share it."""
        return self.name.endswith("-app")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """The limits that every answer may contain."""

    limits: tuple[Limit, ...] = field(default=(), compare=False)
    app_suspended_until: datetime | None = None
    """The instant until which no account of the same app can post; None if the platform did not say
    so.
    """


@dataclass(frozen=True, slots=True)
class Accepted(_Told):
    """The platform took it.

    `remote_id` is its id there, empty if the answer names none (`REVEAL`, `WITHDRAW`). `following`
    has the ids of the thread's next parts, in order, if the same request made them public too.
    `suspended_until`: the account's limit is used up, or nearly, and the next request should wait.
    `made_at`: when it was created, by the platform's clock, if a reading shows that. `backoff`: if
    the platform named no instant, how long the suspension lasts; as in `AccountSuspended`.
    """

    remote_id: str
    url: str | None = None
    suspended_until: datetime | None = None
    made_at: datetime | None = field(default=None, compare=False)
    backoff: tuple[timedelta, ...] = ()
    public_since: datetime | None = None
    """When the platform made it public on its own; None: it did so on request."""
    following: tuple[str, ...] = ()

    @property
    def remote_ids(self) -> tuple[str, ...]:
        """The ids of all parts that are out, in order."""
        return (self.remote_id, *self.following)


@dataclass(frozen=True, slots=True)
class Refused(_Told):
    """Refused for good and not out.

    `of_post`: whether it certainly concerns this one post: its words, its picture, its link.
    Otherwise it may be the account's fault: when a second post is refused, and nothing went out in
    between, that one waits, whatever the platform said of each.
    `of_length`: whether it concerns a text or a video that is longer than the account may publish,
    as without Premium on X: what is shorter proves nothing about it, and does not wait for it.
    """

    kind: Kind
    message: str
    of_post: bool = False
    of_length: bool = False


@dataclass(frozen=True, slots=True)
class Deferred(_Told):
    """Deferred and not out: the same request may be taken later.

    It is tried again at `again_at`, or (None) after a pause that grows with each attempt.

    `most`: after this many attempts that ended so it is refused, with the message `at_last` if
    there is one; None: only its expiry ends the attempts. `uploads_gone`: the platform no longer
    has its uploads, which are made again. `reason`: of a reading, what the platform did, in words
    that do not depend on what was read.
    `of_post`: as in `Refused`, for what is refused then.
    """

    kind: Kind
    message: str
    again_at: datetime | None = None
    most: int | None = None
    at_last: str = ""
    of_post: bool = False
    uploads_gone: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StillOut(Deferred):
    """A deletion without effect: the post was read as public after it."""


THROTTLED = tuple(timedelta(seconds=30 * 2**step) for step in range(7))
"""`backoff` after a rate limit without an end: 30 s, 1, 2, 4 … 32 minutes."""
UNTIL_MENDED = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))
"""`backoff` of what a person has to fix, unless it passes by itself, as an outage does."""
CAPPED = (timedelta(minutes=30),)
"""`backoff` of a cap that ends with a month, or when a person raises it."""


@dataclass(frozen=True, slots=True)
class AccountSuspended(_Told):
    """The account is suspended: this is not out, and nothing of the account is taken for now.

    `until`: when that ends, as the platform says. `backoff`, if it does not say so: how long the
    first suspension lasts, the second in a row, and so on; the last value applies to all that
    follow. At each end one post tests whether the account goes on. With neither, a person has to
    act. `scope`: what it keeps the account from.
    """

    kind: Kind
    message: str
    until: datetime | None = None
    backoff: tuple[timedelta, ...] = ()
    scope: SuspensionScope = SuspensionScope.ALL


@dataclass(frozen=True, slots=True)
class Unknown(_Told):
    """Unknown whether it is out; `duplicate` when the platform says that the text is there already.

    `remote_id`: its id there, if the platform named one and it could not be verified as public.
    """

    message: str
    duplicate: bool = False
    remote_id: str = ""


Outcome = Accepted | Refused | Deferred | AccountSuspended | Unknown


@dataclass(frozen=True, slots=True)
class Absent(_Told):
    """The platform was read completely, and the part was not there at that moment.

    `may_come`: whether it may still appear later, because of a request that was taken.
    """

    may_come: bool = field(default=True, compare=False)

    is_proof: bool = True
    """Whether the absence is certain: nothing was there that may be the part."""

    lists_all: bool = True
    """Whether the list was one of every post, in the words that they have now."""


Reading = Accepted | Deferred | AccountSuspended | Unknown
"""The outcomes of a request that only reads: never a refusal of the post."""

Sighting = Accepted | Absent | Deferred | AccountSuspended | Unknown
"""The result of looking for a part on a platform: found (with its id), not there at that moment,
not readable now (`Deferred`, `AccountSuspended`), or not certain (`Unknown`: a person must look).
"""
