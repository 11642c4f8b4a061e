"""Millions of deliveries in a ledger within minutes, for what asks how size matters.

What is written is what the ledger would have written: chained steps, digests, words to search by. But
it is written in bulk, past the ledger's own checks; `ledger.py` fills through the ledger, which takes
ten times as long.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Table, text

from publisher.app import Application
from publisher.ledger.integrity import hash_chain
from publisher.ledger.reading import search_index
from publisher.ledger.tables import EVERYTHING, accounts, deliveries, history, microseconds
from publisher.ledger.transitions import ACTOR
from publisher.model.models import Content, Part, Prepared
from publisher.model.states import State

_BATCH = 20_000
_PREPARED = Prepared().model_dump_json()
_TEXT = "Posts {number} of a long campaign: the rights of the child do not end at the screen."
_MARK = "{number}"
_CONTENT = Content(parts=(Part(text=_TEXT),), lang="en").model_dump_json()


class Kind(NamedTuple):
    """What many deliveries have in common."""

    state: State
    account: str
    channel: str
    first: datetime
    """When the first of them is due."""
    apart: timedelta
    """How much later each of the others is."""
    lasts: timedelta | None = timedelta(hours=4)
    """From then until it expires; None: it never does."""
    is_spread: bool = False
    """Each is of an account of its own, named `account` and its number."""

    def account_of(self, number: int) -> str:
        return f"{self.account}-{number}" if self.is_spread else self.account


def fill(apps: Sequence[Application], kind: Kind, counts: Sequence[int], begin: int) -> None:
    """Add deliveries to each ledger, `counts` of them, with ids from `begin` + 1 on.

    The same rows go into all: making them takes longer than writing them.
    """
    numbers = iter(range(begin + 1, begin + max(counts) + 1))
    while batch := list(itertools.islice(numbers, _BATCH)):
        made = [_made(number, kind, begin) for number in batch]
        for app, count in zip(apps, counts, strict=True):
            _write(app, made[: max(0, begin + count - batch[0] + 1)])


def analyze(app: Application) -> None:
    """What PostgreSQL's autovacuum does within a minute or so."""
    if not app.database.is_sqlite:
        with app.database.write() as connection:
            connection.execute(text("ANALYZE"))


class _Made(NamedTuple):
    """A delivery as it is stored, its steps, and its words."""

    row: dict[str, Any]
    steps: list[dict[str, Any]]
    words: list[str]


def _made(number: int, kind: Kind, begin: int) -> _Made:
    due_at = kind.first + kind.apart * (number - begin - 1)
    due = microseconds(due_at)
    said = _TEXT.replace(_MARK, str(number))
    row: dict[str, Any] = dict.fromkeys(deliveries.c.keys())
    row |= {
        "id": number, "version": 1, "post": f"{due_at:%Y-%m}/post-{number}", "account": kind.account_of(number),
        "channel": kind.channel, "state": State.SCHEDULED, "due_at": due, "wake_at": due,
        "expires_at": microseconds(due_at + kind.lasts) if kind.lasts else None, "attempts": 0, "absences": 0,
        "content": _CONTENT.replace(_MARK, str(number)), "prepared": _PREPARED, "remote_ids": "[]",
        "fingerprint": hashlib.sha256(f"{said}\n".encode()).hexdigest(), "repeat": False,
        "queued_by": "redaction",
    }  # fmt: skip
    if kind.state is State.AWAITING_APPROVAL:
        row["state"] = kind.state
    steps = [_step(row, "queued", due - 86_400_000_000, "redaction", None, with_digest=True)]
    if kind.state is State.PUBLISHED:
        _move(row, steps, "claimed", State.PUBLISHING, due - 4_000_000)
        remote_id = str(700_000_000_000_000_000 + number)
        row |= {
            "published_at": due + 50_000, "attempts": 1, "remote_ids": json.dumps([remote_id]),
            "url": f"https://x.com/i/status/{remote_id}",
        }  # fmt: skip
        _move(row, steps, "published", State.PUBLISHED, due + 50_000)
    url = f" {row['url']}" if row["url"] else ""
    words = search_index.words_of(row["post"], Content(parts=(Part(text=said + url),)))
    return _Made(row, steps, words)


def _move(
    row: dict[str, Any], steps: list[dict[str, Any]], event: str, target: State, at: int
) -> None:
    source, row["state"] = row["state"], target
    row["version"] += 1
    steps.append(_step(row, event, at, ACTOR, source, with_digest=target is State.PUBLISHED))


def _step(
    row: dict[str, Any], event: str, at: int, actor: str, source: State | None, *, with_digest: bool
) -> dict[str, Any]:
    """The step that led to the row as it is, which gets its hash."""
    step = {
        "delivery": row["id"], "account": None, "at": at, "event": event, "source": source,
        "target": row["state"], "actor": actor, "detail": "{}", "seq": row["version"],
        "digest": hash_chain.delivery_digest(hash_chain.shortened(row)) if with_digest else None,
    }  # fmt: skip
    previous = row["head"] or hash_chain.delivery_origin(row["post"], row["account"])
    row["head"] = step["hash"] = hash_chain.step_hash(step, previous)
    return step


def _write(app: Application, made: Sequence[_Made]) -> None:
    if not made:
        return
    is_sqlite = app.database.is_sqlite
    write = _write_sqlite if is_sqlite else _write_postgresql
    steps = [step for one in made for step in one.steps]
    names = {EVERYTHING, *(one.row["account"] for one in made)}
    with app.database.write() as connection:
        app.database.insert_missing(connection, accounts, [{"account": name} for name in names])
        cursor = connection.connection.cursor()
        write(cursor, deliveries, (one.row for one in made))
        write(cursor, history, steps)
        cursor.close()
        search_index.index(connection, {one.row["id"]: one.words for one in made})


def _write_sqlite(cursor: Any, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    names = _names(table)
    places = ", ".join(f":{name}" for name in names)
    cursor.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})", rows)


def _write_postgresql(cursor: Any, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    names = _names(table)
    with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _names(table: Table) -> list[str]:
    """All but the history's ids, which the database gives."""
    names = [column.name for column in table.c]
    return [name for name in names if (table.name, name) != ("history", "id")]
