"""Outgoing requests and actions: they make a part public, and are built and not sent yet."""

from collections.abc import Callable
from dataclasses import dataclass

import h11

from publisher.model.outcomes import Answer, Outcome, Wire


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How the exchange of a request ended, as the connection saw it."""

    wire: Wire
    reason: str = ""
    """Our own words for what went wrong; empty: a response came."""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case."""
    body: bytes = b""
    took: float = 0.0
    """Real seconds from its first byte to the last one of the response."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request that is built and signed."""

    origin: str
    """Scheme, host and port of the server."""
    head: h11.Request
    body: bytes
    timeout: float
    """Real seconds to connect, at most; then, from its first byte until the whole response is
    here.
    """
    answer: Callable[[Exchanged], Answer]
    """What the platform answered, without the account's secrets."""
    public_only: bool = False
    """Whether it may go to addresses in the public internet alone."""


Objection = Callable[[], Outcome | None]
"""Says, just before something leaves, why it may not; None: it may."""


@dataclass(frozen=True, slots=True)
class Action:
    """What makes a part public without a request."""

    run: Callable[[Objection], Outcome]
    """Do it unless there is an objection, which is returned. It asks again after each wait."""


Outgoing = Request | Action
