"""Notices about people who may log in: new rights to approve, and names under attack."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, select

from publisher.ledger.integrity import hash_chain
from publisher.ledger.tables import account_chains, history
from publisher.model.events import Event

_OF_THE_POWERFUL = (
    Event.PERSON_ADDED, Event.PERSON_INVITED, Event.RIGHTS_CHANGED, Event.RECOGNISED_ELSEWHERE,
    Event.FACTOR_ADDED, Event.FEED_KEY_MADE,
)  # fmt: skip
"""Sent for managers and admins only, who may approve, resume and withdraw."""
_POWERFUL = ("manager", "admin")
_OF_EVERYBODY = (Event.MANY_FAILED_LOG_INS, Event.MANY_WRONG_CODES)
_PERSON = hash_chain.about_person("")
ABOUT_PEOPLE = and_(
    history.c.delivery.is_(None),
    # Few people have a chain, so each is found by an index, whatever the database's collation.
    history.c.account.in_(
        select(account_chains.c.account).where(
            account_chains.c.account.startswith(_PERSON, autoescape=True)
        )
    ),
)
"""Matches the steps about people who may log in."""


@dataclass(frozen=True, slots=True)
class Guessed:
    """A name with which very many log-ins fail."""

    name: str
    failures: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class PersonNews:
    """A notice about a person who may log in."""

    step: int
    name: str
    """The name in the form used for comparison: in lower case."""
    event: str
    role: str | None
    by: str
    """Who did it."""


def of_people(connection: Connection, is_news: ColumnElement[bool]) -> Iterator[PersonNews]:
    """The notices about people that are news, in order of time."""
    query = (
        select(history.c.id, history.c.account, history.c.event, history.c.actor, history.c.detail)
        .where(
            ABOUT_PEOPLE,
            history.c.event.in_((*_OF_THE_POWERFUL, *_OF_EVERYBODY)),
            is_news,
        )
        .order_by(history.c.id)
    )
    for row in connection.execute(query):
        role = json.loads(row.detail).get("role")
        if row.event in _OF_EVERYBODY or role in _POWERFUL:
            yield PersonNews(row.id, row.account.removeprefix(_PERSON), row.event, role, row.actor)
