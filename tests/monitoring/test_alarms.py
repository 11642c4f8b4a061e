"""Troubles of the surroundings reach a person without the ledger: once, and once when they end."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from publisher.monitoring import alarms
from publisher.monitoring.alarms import CALM, PATIENCE, Alarms, Outbox
from publisher.monitoring.troubles import Subject, Trouble
from publisher.notices.message import Message
from tests.support.clock import ManualClock
from tests.support.receiver import Receiver
from tests.support.waiting import wait_for

BROKER = Trouble(Subject.BROKER, "The broker is full.", "Raise its maxmemory.")
DISK = Trouble(Subject.DISK, "The disk is full.", "Make room.")


@pytest.fixture
def told() -> list[Message]:
    return []


@pytest.fixture
def alarm(told: list[Message], clock: ManualClock) -> Alarms:
    return Alarms(told.append, clock.monotonic)


def lasting(alarm: Alarms, clock: ManualClock, seconds: float, *troubles: Trouble) -> None:
    """Look every five seconds, for so long."""
    for _ in range(int(seconds // 5)):
        clock.advance(5)
        alarm.look(troubles)


def test_what_lasts_is_told_once_and_once_when_it_is_over(
    alarm: Alarms, clock: ManualClock, told: list[Message]
) -> None:
    lasting(alarm, clock, PATIENCE, BROKER)
    assert not told
    lasting(alarm, clock, 3600, BROKER)
    (begun,) = told
    assert "The broker is full. Raise its maxmemory." in begun.body
    lasting(alarm, clock, CALM - 5)
    assert len(told) == 1
    lasting(alarm, clock, 3600)
    assert [message.body for message in told[1:]] == ["Resolved: The broker is full."]


def test_the_end_names_what_was_told_whatever_it_became(
    alarm: Alarms, clock: ManualClock, told: list[Message]
) -> None:
    lasting(alarm, clock, PATIENCE - 5, DISK)
    lasting(alarm, clock, 2 * PATIENCE, replace(BROKER, subject=Subject.DISK))
    lasting(alarm, clock, CALM - 5, DISK)
    lasting(alarm, clock, 2 * CALM)
    assert [message.body.partition(".")[0] for message in told] == [
        "The broker is full", "Resolved: The broker is full",
    ]  # fmt: skip


def test_what_ends_soon_is_not_told(alarm: Alarms, clock: ManualClock, told: list[Message]) -> None:
    lasting(alarm, clock, PATIENCE - 5, BROKER)
    lasting(alarm, clock, 3600)
    assert not told


def test_what_comes_and_goes_is_one_trouble(
    alarm: Alarms, clock: ManualClock, told: list[Message]
) -> None:
    for _ in range(200):
        lasting(alarm, clock, 10, BROKER)
        lasting(alarm, clock, 10)
    assert len(told) == 1
    lasting(alarm, clock, CALM)
    assert len(told) == 2


def test_what_is_wrong_together_is_one_message(
    alarm: Alarms, clock: ManualClock, told: list[Message]
) -> None:
    lasting(alarm, clock, 2 * PATIENCE, DISK, BROKER)
    (begun,) = told
    assert begun.title.endswith("The disk is full.")
    assert "The broker is full." in begun.body


def test_a_service_gets_it(receiver: Receiver) -> None:
    outbox = Outbox([SecretStr(receiver.url)])
    outbox.put(Message("Publisher", "The broker is full."))
    wait_for(lambda: receiver.bodies == ["The broker is full."])


def test_a_service_that_took_nothing_is_tried_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "_FIRST_DELAY", 0.05)
    receiver.status = 500
    outbox = Outbox([SecretStr(receiver.url)])
    outbox.put(Message("Publisher", "First."))
    wait_for(lambda: receiver.requests >= 2)
    outbox.put(Message("Publisher", "Second."))
    receiver.status = 200
    wait_for(lambda: receiver.bodies == ["First.", "Second."])


def test_without_services_nothing_begins() -> None:
    outbox = Outbox([])
    outbox.put(Message("Publisher", "The broker is full."))
    assert outbox._thread is None
