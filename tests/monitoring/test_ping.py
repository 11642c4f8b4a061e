"""The dead man's switch: pinged while all is well, and told when it is not."""

import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from publisher.monitoring.ping import EVERY, Ping
from publisher.settings.schema import NoticeSettings
from tests.monitoring.conftest import Switch
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for


@pytest.fixture
def ping(switch: Switch, clock: ManualClock) -> Ping:
    return Ping(SecretStr(switch.url), clock.monotonic)


def look(ping: Ping, clock: ManualClock, seconds: float, *, is_well: bool) -> None:
    for _ in range(int(seconds // 5)):
        clock.advance(5)
        ping.look(is_well=is_well)
        if ping._thread:
            ping._thread.join(20)


def test_it_is_pinged_once_a_minute(ping: Ping, switch: Switch, clock: ManualClock) -> None:
    look(ping, clock, 5 * EVERY, is_well=True)
    assert switch.asked == ["/secret-of-ours"] * 5


def test_while_something_is_wrong_it_is_not_pinged_but_told_once(
    ping: Ping, switch: Switch, clock: ManualClock
) -> None:
    look(ping, clock, 5, is_well=True)
    look(ping, clock, 3600, is_well=False)
    assert switch.asked == ["/secret-of-ours", "/secret-of-ours/fail"]
    look(ping, clock, 5, is_well=True)
    assert switch.asked[2:] == ["/secret-of-ours"]


def test_what_passes_soon_is_not_told(ping: Ping, switch: Switch, clock: ManualClock) -> None:
    look(ping, clock, 50, is_well=False)
    look(ping, clock, 5, is_well=True)
    look(ping, clock, 50, is_well=False)
    assert switch.asked == ["/secret-of-ours"]


def test_a_service_that_refuses_is_logged_once_without_its_address(
    ping: Ping, switch: Switch, clock: ManualClock
) -> None:
    switch.status = 404
    with capture_logs() as lines:
        look(ping, clock, 5 * EVERY, is_well=True)
    (line,) = lines
    assert line["reason"] == "status 404"
    assert "secret-of-ours" not in str(lines)


def test_a_service_that_is_away_is_logged_once(clock: ManualClock) -> None:
    ping = Ping(SecretStr("http://127.0.0.1:1/secret-of-ours"), clock.monotonic)
    with capture_logs() as lines:
        look(ping, clock, 3 * EVERY, is_well=True)
    assert len(lines) == 1
    assert "secret-of-ours" not in str(lines)


def test_a_query_stays_behind_the_path(switch: Switch, clock: ManualClock) -> None:
    ping = Ping(SecretStr(f"{switch.url}?create=1"), clock.monotonic)
    look(ping, clock, 70, is_well=False)
    wait_for(lambda: switch.asked == ["/secret-of-ours/fail?create=1"])


def test_without_an_address_nothing_is_pinged(clock: ManualClock) -> None:
    ping = Ping(None, clock.monotonic)
    look(ping, clock, 120, is_well=True)
    assert ping._thread is None


@pytest.mark.parametrize("address", ["ftp://hunter2", "hunter2", "https://"])
def test_only_an_address_of_the_web_is_taken(address: str) -> None:
    with pytest.raises(ValidationError, match="must begin with https") as caught:
        NoticeSettings.model_validate({"heartbeat": address})
    assert "hunter2" not in str(caught.value.errors(include_input=False))


def test_an_empty_address_is_none() -> None:
    assert NoticeSettings.model_validate({"heartbeat": ""}).heartbeat is None
