"""Changes of people in the ledger: each one is a step of the history.

The step also has the digest of the row before it, so that it does not confirm what was written
there without a step; `integrity/hash_chain.py` explains how that is detected.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from publisher.base.clock import Clock
from publisher.base.errors import HistoryBroken
from publisher.base.i18n import _
from publisher.ledger.database import Database, Turn
from publisher.ledger.integrity import hash_chain
from publisher.ledger.manager.rights import Person, person_of
from publisher.ledger.tables import (
    api_requests,
    api_tokens,
    challenges,
    factor_counters,
    known_browsers,
    login_failures,
    people,
    saved_filters,
    web_sessions,
)
from publisher.ledger.transitions import ACTOR, note_account
from publisher.model.events import Event

NO_SECRETS: Mapping[str, Any] = {"link": None, "link_until": None, "feed_key": None}
"""The columns of a person without secret addresses."""


@contextmanager
def changing(
    database: Database,
    clock: Clock,
    key: str,
    event: Event,
    actor: str,
    detail: Mapping[str, Any] | None = None,
    tokens: str | None = None,
) -> Iterator[Connection]:
    """A transaction that may change a person's row or tokens; if it does, the step is recorded.

    `tokens`: the digest of the tokens before it, if some were ended already.

    One after another: two admins who take each other's rights at once cannot both succeed.
    """
    with database.write() as connection:
        database.take_turns(connection, Turn.PEOPLE)
        before = _digest(connection, key)
        tokens = tokens or tokens_of(connection, key)
        yield connection
        after, left = _digest(connection, key), tokens_of(connection, key)
        if after == before and left == tokens:
            return
        told = {**(detail or {}), hash_chain.BEFORE: before, **_told_of(tokens, left)}
        account = hash_chain.about_person(key)
        note_account(connection, account, event, clock.now(), actor, told, after)


def note_about(
    connection: Connection,
    clock: Clock,
    row: RowMapping,
    event: Event,
    detail: Mapping[str, Any],
    actor: str = ACTOR,
    tokens: str | None = None,
) -> None:
    """Record a step about a person that does not change their row.

    `tokens`: the digest of their tokens before it, if these may have changed.
    """
    digest = hash_chain.person_digest(dict(row))
    left = tokens and tokens_of(connection, row["key"])
    told = {**detail, hash_chain.BEFORE: digest, **_told_of(tokens, left)}
    account = hash_chain.about_person(row["key"])
    note_account(connection, account, event, clock.now(), actor, told, digest)


def everybody(database: Database) -> list[Person]:
    """All people, by name."""
    with database.read() as connection:
        rows = connection.execute(select(people).order_by(people.c.key)).mappings()
        return [person_of(row) for row in rows]


def keep_all_out(database: Database, clock: Clock, actor: str) -> list[Person]:
    """Disable everyone, end all sessions, and delete failed log-ins; returns the people disabled.

    For a restore, which brings back people who were removed, old passwords, links and keys of
    feeds. Raises HistoryBroken when the database undoes that.
    """
    found = everybody(database)
    with database.write() as connection:  # first, in case this is interrupted
        tokens = {person.key: tokens_of(connection, person.key) for person in found}
        ways_in = (web_sessions, known_browsers, challenges, api_requests, api_tokens)
        for table in (*ways_in, login_failures):
            connection.execute(delete(table))
    for person in found:
        values = {"disabled_at": person.disabled_at or clock.now(), **NO_SECRETS}
        held = tokens[person.key]
        with changing(
            database, clock, person.key, Event.KEPT_OUT, actor, tokens=held
        ) as connection:
            connection.execute(update(people).where(people.c.id == person.id).values(values))
    if let_in := [person.name for person in everybody(database) if person.disabled_at is None]:
        raise HistoryBroken(
            _(
                "The database again lets in people who were kept out: {names}.",
                names=", ".join(let_in),
            ),
            hint=_("Someone changed it. `publisher log verify` shows what it does by itself."),
        )
    return [person for person in found if person.disabled_at is None]


def end_sessions(connection: Connection, person: int) -> None:
    """End a person's sessions, and the log-ins that lack a second factor."""
    for table in (web_sessions, challenges):
        connection.execute(delete(table).where(table.c.person == person))


def end_tokens(connection: Connection, person: int, token: int | None = None) -> int:
    """End a person's tokens, or one of them; returns how many were ended."""
    ended = api_tokens.c.person == person
    if token is not None:
        ended &= api_tokens.c.id == token
    of = select(api_tokens.c.id).where(ended)
    connection.execute(delete(api_requests).where(api_requests.c.token.in_(of)))
    return connection.execute(delete(api_tokens).where(ended)).rowcount


def forget(connection: Connection, person: int) -> None:
    """The same, and forget the browsers in which they logged in."""
    end_sessions(connection, person)
    connection.execute(delete(known_browsers).where(known_browsers.c.person == person))


def remove(connection: Connection, person: int) -> None:
    """Remove a person with all that belongs to them; the history keeps their name."""
    forget(connection, person)
    end_tokens(connection, person)
    for table in (factor_counters, saved_filters):
        connection.execute(delete(table).where(table.c.person == person))
    connection.execute(delete(people).where(people.c.id == person))


def _digest(connection: Connection, key: str) -> str:
    """The digest of the row with this key, locked for this transaction; of no row, of nothing."""
    query = select(people).where(people.c.key == key).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return hash_chain.person_digest(dict(row) if row else {})


def tokens_of(connection: Connection, key: str) -> str:
    """The digest of the API tokens of the person with this key."""
    query = select(api_tokens).join(people).where(people.c.key == key)
    return hash_chain.tokens_digest(map(dict, connection.execute(query).mappings()))


def _told_of(before: str | None, after: str | None) -> Mapping[str, Any]:
    return {} if before == after else {hash_chain.TOKENS: {"from": before, "to": after}}
