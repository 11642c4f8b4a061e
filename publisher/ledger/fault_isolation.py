"""Fault isolation: what cannot be read of one post or account keeps back no other news.

What fails is logged once for each fault, with its traceback, and read again the next time. That the
ledger itself is away is no such fault: it is raised.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

_Found = TypeVar("_Found")
_Row = TypeVar("_Row")

_logged: set[str] = set()

log = structlog.get_logger()


def apart(connection: Connection, *finders: Callable[[], Iterable[_Found]]) -> list[_Found]:
    """What all these find, but for those that fail; each reads behind a savepoint."""
    found: list[_Found] = []
    for find in finders:
        try:
            with connection.begin_nested():
                found += find()
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - the others go on
            _report(getattr(find, "func", find).__name__, error)
    return found


def each(make: Callable[[_Row], _Found | None], rows: Iterable[_Row]) -> Iterator[_Found]:
    """What is made of each row, but for those of which nothing is, or can be, made."""
    for row in rows:
        try:
            made = make(row)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - the other rows go on
            _report(getattr(make, "__name__", "row"), error)
        else:
            if made is not None:
                yield made


def _report(where: str, error: Exception) -> None:
    fault = f"{where}: {error!r}"
    if fault not in _logged:
        _logged.add(fault)
        log.error("news cannot be read", where=where, exc_info=error)
