"""Processes that are killed, frozen and restarted all the time lose, double and misreport nothing,
also where their ledger goes back by some seconds.

`make chaos` does the same with ten times as many deliveries.
"""

from collections.abc import Callable

import pytest

from publisher.model.states import State
from tests.chaos.run import DATABASES, Plan, play
from tests.support import closing, postgres, system

_DELIVERIES, _KILLS, _SET_BACKS = 100, 25, 3
_LIMIT = 900  # seconds; on two idle cores half of it is for what the ledger forgot to be read twice


@pytest.mark.timeout(_LIMIT)
@pytest.mark.parametrize("database", DATABASES)
def test_nothing_is_lost_doubled_early_or_untrue_under_an_assault(
    database: str, record_property: Callable[[str, object], None]
) -> None:
    if database == "postgresql" and not postgres.available():
        system.missing("PostgreSQL", "postgresql")
    report = play(Plan(1, _DELIVERIES, _KILLS, database, _SET_BACKS))
    record_property(closing.CHAOS, str(report))
    assert not report.findings, str(report)
    assert report.assault.kills.total() >= _KILLS
    assert report.assault.kills["worker"] > 0
    assert report.assault.freezes.total() > 0
    assert report.set_backs == _SET_BACKS
    corrections = [one for one in report.end.deliveries if one.corrects]
    assert {one.content.edits for one in corrections if one.state is State.PUBLISHED}
