"""What is said at the end of a run, from what the tests recorded about themselves.

A test says it with `record_property`, so that it arrives also from another process.
"""

from collections.abc import Iterable, Iterator

import pytest

CHAOS = "chaos"
"""The report of a run."""
HISTORIES = "histories"
"""How many a test checked, and how many of them broke a promise."""


def lines(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """The closing lines; the report of a test's teardown has all that it recorded."""
    checked = broken = 0
    recorded = [
        p for report in reports if report.when == "teardown" for p in report.user_properties
    ]
    for name, value in recorded:
        if name == CHAOS:
            yield str(value)
        if name == HISTORIES and isinstance(value, list | tuple):
            checked, broken = checked + value[0], broken + value[1]
    if checked:
        yield (
            f"Simulation: {checked} histories checked, {broken} of them broke a promise on purpose "
            "(mutants and limits)."
        )
