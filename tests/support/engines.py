"""Engines of the ledgers that tests open: they compile SQL once for all, and none stays open."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from publisher.ledger import database

_MOST = 5_000
"""Statements of one kind of database."""
_opened: list[Engine] = []


@contextmanager
def compiled_once() -> Iterator[None]:
    """Meanwhile, all engines of one kind of database share what they compiled.

    SQLAlchemy keeps it by statement and dialect, and all dialects of a kind are the same.
    """
    kept: dict[str, LRUCache[Any, Any]] = {}
    create = vars(database)["create_engine"]

    def create_engine(*arguments: Any, **options: Any) -> Engine:
        engine: Engine = create(*arguments, **options)
        engine._compiled_cache = kept.setdefault(engine.dialect.name, LRUCache(_MOST))
        _opened.append(engine)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", create_engine)
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield


@contextmanager
def closed() -> Iterator[None]:
    """At the end, close the connections of all that was opened meanwhile: Python 3.13 warns of each
    that its garbage collector finds open, in whatever test that is. An engine that goes on connects
    anew, and a thread that ends later leaves no connection open either.

    To connect takes longer than most transactions: what several tests share is opened before, or
    says so by `share`.
    """
    before = len(_opened)
    yield
    while len(_opened) > before:
        engine = _opened.pop()
        event.listen(engine.pool, "checkin", _close)
        engine.dispose()


def share(engine: Engine) -> None:
    """Leave it open after the test that was the first to use it; who made it closes it."""
    if engine in _opened:
        _opened.remove(engine)


def _close(_connection: object, record: ConnectionPoolEntry) -> None:
    record.close()  # and not invalidated, as a connection is that was lost
