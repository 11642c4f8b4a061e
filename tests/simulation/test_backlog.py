"""After an outage, a history in which three posts of an account were left behind."""

from itertools import pairwise
from unittest import mock

import pytest

from publisher.ledger.dispatcher.backlog import Backlog
from tests.support.simulation.history import Scenario, run
from tests.support.simulation.plan import Act, Fault, Moment

THREE = Scenario("three posts on X", posts=3, expires=4 * 3600.0)
OUTAGE = (Fault(1, Act.FREEZE, 400),)
"""The dispatcher stands still from the beginning, for longer than five minutes."""


def _gaps() -> list[float]:
    """Seconds between the requests, in a history that breaks no promise."""
    history = run(THREE, OUTAGE)
    assert not history.broken, str(history)
    sent = [step.elapsed for step in history.steps if step.moment is Moment.REQUEST]
    assert len(sent) == 3
    return [later - earlier for earlier, later in pairwise(sent)]


def test_what_an_outage_left_behind_goes_out_a_minute_apart() -> None:
    assert _gaps() == [pytest.approx(60, abs=1)] * 2


def test_without_the_backlog_it_would_go_in_a_burst() -> None:
    with mock.patch.object(Backlog, "spread", return_value=()):
        assert max(_gaps()) < 5
