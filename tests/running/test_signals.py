"""Signals: whatever runs until Ctrl-C ends by one, also when nobody looks."""

import os
import signal
import threading

import pytest

from publisher.running.signals import Interruption
from tests.support.signals import unnoticed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_interrupts_nothing_ends_a_wait(number: signal.Signals) -> None:
    with Interruption() as interruption:
        waiting = threading.Event()
        with unnoticed(number, waiting.is_set):
            waiting.set()
            interruption.wait()
        assert interruption.wanted
        assert not interruption.urgent


def test_a_signal_that_came_before_a_wait_ends_it() -> None:
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        interruption.wait()
        interruption.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.urgent


def test_what_is_ignored_asks_for_no_end() -> None:
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGUSR1)
        interruption.wait()
        assert not interruption.wanted
        interruption.wait(0.001)


def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interruption():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1
