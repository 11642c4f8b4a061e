"""Whoever sleeps until an instant is not kept for as long as the clock was set back."""

from datetime import timedelta

import pytest

from publisher.base.clock import FastClock, SystemClock
from tests.support.clock import ManualClock

_CLOCKS = {
    "the machine's": SystemClock(),
    "a fast one": FastClock(ManualClock().now(), 100),
}


@pytest.mark.parametrize("clock", _CLOCKS.values(), ids=_CLOCKS)
def test_a_sleeper_wakes_at_its_instant_and_not_before(clock: SystemClock | FastClock) -> None:
    instant = clock.ahead(0.05)
    clock.sleep_until(instant, 60)
    assert clock.now() >= instant


@pytest.mark.parametrize("clock", _CLOCKS.values(), ids=_CLOCKS)
def test_a_sleeper_gives_up_when_its_instant_does_not_come(clock: SystemClock | FastClock) -> None:
    instant, begun = clock.now() + timedelta(days=30), clock.monotonic()
    clock.sleep_until(instant, 0.05)
    assert clock.now() < instant
    assert 0.05 <= clock.monotonic() - begun < 30
