"""Token bounds: what a program may do with a person's token, whatever that person may do.

Two places ask: the check of every right (`manager/rights.py`), and the one function that appends to
the history (`transitions.py`). No change of the ledger gets past the second, so a new operation
cannot forget it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from publisher.base.errors import NotPermitted
from publisher.base.i18n import _
from publisher.ledger.tables import api_tokens
from publisher.model.events import Event
from publisher.model.states import State

_OF_DRAFTS = frozenset(
    {Event.DRAFT_DELETED, Event.DRAFT_EDITED, Event.DRAFT_MADE, Event.DRAFT_MOVED}
)
_OF_QUEUEING = frozenset({Event.QUEUED, Event.QUEUED_AGAIN})
"""Steps that only ask for an approval, if they lead to that state, and from no schedule."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of the token that acts."""

    organisations: tuple[str, ...] | None = None
    """Those whose accounts it may write for; None: all of its person's."""
    token: int | None = None
    """The id of the token, which may end while its request is under way."""
    program: str = ""
    """The name of the token: that of the program which has it."""


_bounds: ContextVar[Bounds | None] = ContextVar("bounds", default=None)


@contextmanager
def acting_by_token(bounds: Bounds) -> Iterator[None]:
    """In this block, and in the threads that copy its context, a token acts for its person."""
    token = _bounds.set(bounds)
    try:
        yield
    finally:
        _bounds.reset(token)


def current() -> Bounds | None:
    """The bounds of the token that acts; None if a person does."""
    return _bounds.get()


def program() -> str | None:
    """The program that acts for a person; None if they act themselves."""
    bounds = _bounds.get()
    return bounds.program or None if bounds else None


def require(connection: Connection, steps: Iterable[Mapping[str, Any]]) -> None:
    """Raise NotPermitted if a token acts that has ended, or may not make one of these steps."""
    bounds = _bounds.get()
    if bounds is None:
        return
    if bounds.token is not None:
        # Whoever revokes it waits for this change, or comes before it.
        lasting = select(api_tokens.c.id).where(api_tokens.c.id == bounds.token)
        if connection.execute(lasting.with_for_update(read=True)).first() is None:
            raise NotPermitted(
                _("The token was revoked."),
                hint=_("The person who made it can make another on /me."),
            )
    for step in steps:
        asks = step["event"] in _OF_QUEUEING and step["target"] == State.AWAITING_APPROVAL
        if step["source"] == State.SCHEDULED or not (asks or step["event"] in _OF_DRAFTS):
            raise for_a_person()


def for_a_person() -> NotPermitted:
    """The error for what no token can do."""
    return NotPermitted(
        _("Tokens cannot do this: only a person can."),
        hint=_("Do it on the pages, or with a command."),
    )
