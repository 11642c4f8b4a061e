"""Processes that are killed, frozen and restarted all the time lose, double and misreport nothing.

`make chaos` does the same with ten times as many deliveries, and a ledger that goes back.
"""

from collections.abc import Callable

import pytest

from publisher.model.states import State
from tests.chaos.run import DATABASES, Plan, play
from tests.support import closing, postgres, system

_DELIVERIES, _KILLS = 100, 25
_LIMIT = 600  # seconds; it takes about 80 on two idle cores


@pytest.mark.timeout(_LIMIT)
@pytest.mark.parametrize("database", DATABASES)
def test_nothing_is_lost_doubled_early_or_untrue_under_an_assault(
    database: str, record_property: Callable[[str, object], None]
) -> None:
    if database == "postgresql" and not postgres.available():
        system.missing("PostgreSQL", "postgresql")
    report = play(Plan(1, _DELIVERIES, _KILLS, database))
    record_property(closing.CHAOS, str(report))
    assert not report.findings, str(report)
    assert report.assault.kills.total() >= _KILLS
    assert report.assault.kills["worker"] > 0
    assert report.assault.freezes.total() > 0
    corrections = [one for one in report.end.deliveries if one.corrects]
    assert {one.content.edits for one in corrections if one.state is State.PUBLISHED}
