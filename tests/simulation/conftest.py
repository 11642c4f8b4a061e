"""Counts the histories that are checked, and takes their ledger away."""

from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from tests.support.closing import HISTORIES
from tests.support.simulation import history, parts


@pytest.fixture(scope="session", autouse=True)
def _ledger() -> Iterator[None]:
    yield
    parts.close_ledger()


@pytest.fixture(autouse=True)
def _count(record_property: Callable[[str, object], None]) -> Iterator[None]:
    before = history.checked.copy()
    yield
    fresh = history.checked - before
    record_property(HISTORIES, (fresh.total(), fresh[True]))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of deaths on purpose would fill the report of the one that matters."""
    with capture_logs():
        yield
