"""SQL that is compiled once for a process, and not anew for the ledger of each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from publisher.ledger import database

_MOST = 5_000
"""Statements of one kind of database."""


@contextmanager
def once() -> Iterator[None]:
    """Meanwhile, all engines of one kind of database share what they compiled.

    SQLAlchemy keeps it by statement and dialect, and all dialects of a kind are the same.
    """
    kept: dict[str, LRUCache[Any, Any]] = {}
    create = vars(database)["create_engine"]

    def create_engine(*arguments: Any, **options: Any) -> Engine:
        engine: Engine = create(*arguments, **options)
        engine._compiled_cache = kept.setdefault(engine.dialect.name, LRUCache(_MOST))
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", create_engine)
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield
