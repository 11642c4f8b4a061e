"""How many histories were checked, said at the end of the run; and their ledger, taken away."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.support.simulation import history, parts


@pytest.fixture(scope="session", autouse=True)
def _ledger() -> Iterator[None]:
    yield
    parts.close_ledger()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of deaths on purpose would fill the report of the one that matters."""
    with capture_logs():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    count = history.checked.total()
    if count:
        terminalreporter.write_line(
            f"Simulation: {count} histories checked, {history.checked[True]} of them broke a promise "
            "on purpose (mutants, limits, known bugs)."
        )
