"""How a request to a platform can end: what came back (`Answer`) and what it means (`Outcome`).

`publisher.channels.answers` leads from the one to the other.
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
"""The kinds of suspension of which nobody has to be called: limits begin again by themselves."""


class Step(StrEnum):
    """What a request was for, which decides whether it may be repeated on a doubt."""

    PUBLISH = "publish"
    """Makes a new post public at once: a second one would be a double."""
    LAY_READY = "lay-ready"
    """A picture, its alt text, an unpublished post: a second one stays unseen."""
    REVEAL = "reveal"
    """Makes a post that has its id already public: the second time changes nothing."""
    WITHDRAW = "withdraw"
    """Deletes a post: the second time finds it gone."""
    READ = "read"
    """Changes nothing."""


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
    clock_ahead: timedelta | None = None
    """How far our clock is ahead (negative: behind) by this answer's `Date` and what else this process
    has heard; None where nothing speaks against it, or where ours is not the machine's own clock."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Where an account stands with one limit of its platform, as an answer told."""

    name: str
    """What is counted, and in which window, such as `posts-24h-app`; see `publisher.model.limits_text`."""
    total: int
    """How many requests the window takes; 100 where the platform tells percents."""
    remaining: int
    seen_at: datetime
    ends_at: datetime
    """From then on it tells nothing any more."""

    @property
    def is_of_app(self) -> bool:
        """Whether all accounts of the app share it."""
        return self.name.endswith("-app")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What every answer may tell besides."""

    limits: tuple[Limit, ...] = field(default=(), compare=False)
    app_rests_until: datetime | None = None
    """Until then no account of this account's app can post, as far as the platform said so."""


@dataclass(frozen=True, slots=True)
class Accepted(_Told):
    """The platform took it.

    `remote_id` is its id there, empty where the answer names none (`REVEAL`, `WITHDRAW`).
    `rest_until`: the account's limit is used up, or nearly, and the next request had better wait.
    `made_at`: when it was made, by the platform's clock, where a reading tells that.
    `backoff`: where the platform named no instant for that, how it grows; as `AccountHeld` has it.
    """

    remote_id: str
    url: str | None = None
    rest_until: datetime | None = None
    made_at: datetime | None = field(default=None, compare=False)
    backoff: tuple[timedelta, ...] = ()
    public_since: datetime | None = None
    """When the platform made it public on its own; None: it did so because it was asked to."""


@dataclass(frozen=True, slots=True)
class Refused(_Told):
    """Not out, and the same request will never be taken: the post's fault, until proven the account's.

    `sign`: what the platform said, for a refusal that may be the account's: when a second post
    meets one with the same sign, and nothing went out in between, the account is suspended. Empty:
    it is this post's for certain.
    """

    kind: Kind
    message: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Deferred(_Told):
    """Not out, and the same request may be taken later: at `again_at`, or (None) after a pause that
    grows with each attempt.

    `most`: after so many attempts in all it is refused; None: only its expiry ends that.
    """

    kind: Kind
    message: str
    again_at: datetime | None = None
    most: int | None = None


THROTTLED = tuple(timedelta(seconds=30 * 2**step) for step in range(7))
"""`backoff` after "too much" that names no instant: 30 s, 1, 2, 4 … 32 minutes."""
UNTIL_MENDED = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))
"""`backoff` of what a person has to mend, unless it passes by itself, as an outage does."""
CAPPED = (timedelta(minutes=30),)
"""`backoff` of a cap that ends with a month, or when a person raises it."""


@dataclass(frozen=True, slots=True)
class AccountHeld(_Told):
    """Not out, and nothing of this account will be taken for now: it is suspended.

    `until`: when that ends, as the platform says. `backoff`, where it does not say so: how long the
    first suspension lasts, the second in a row, and so on; the last one counts for all that follow.
    At each end one post asks whether the account goes on. With neither, a person has to act.
    """

    kind: Kind
    message: str
    until: datetime | None = None
    backoff: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown(_Told):
    """It may be out or not; `duplicate` when the platform says that the text is there already.

    `remote_id`: its id there, where the platform named one and nobody could see that it is public.
    """

    message: str
    duplicate: bool = False
    remote_id: str = ""


Outcome = Accepted | Refused | Deferred | AccountHeld | Unknown


@dataclass(frozen=True, slots=True)
class Absent(_Told):
    """The platform was read, whole, and the part was not there at that moment.

    `may_come`: whether it may be there later all the same, because of a request that was taken.
    """

    may_come: bool = field(default=True, compare=False)

    is_proof: bool = True
    """Whether it would have been seen, had it been there: some platforms do not list every post."""


Reading = Accepted | Deferred | AccountHeld | Unknown
"""What an answer to a request that only read can mean: never a refusal of the post."""

Sighting = Accepted | Absent | Deferred | AccountHeld | Unknown
"""What reading a platform for a part told: there (with its id), not there at that moment, not
readable now (`Deferred`, `AccountHeld`), or readable without giving certainty (`Unknown`: a person
must look)."""
