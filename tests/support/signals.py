"""Signals that come when nobody looks.

Python notices a signal between two steps of its own, or when it interrupts the main thread in a
wait. One that comes after the last look and before the wait does neither; nor does one that another
thread gets, and a test can bring that about.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_HANGS = 10.0
"""Seconds after which a wait that has not noticed the signal is ended by another one."""


@contextmanager
def unnoticed(number: signal.Signals, when: Callable[[], bool]) -> Iterator[None]:
    """Send a signal that interrupts nothing, as soon as this holds; the test has to end by it."""
    ended = threading.Event()
    hung: list[bool] = []

    def send() -> None:
        while not (when() or ended.is_set()):
            time.sleep(0.01)
        signal.pthread_kill(threading.get_ident(), number)
        if not ended.wait(_HANGS):
            hung.append(True)
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()
    assert not hung, "The signal was not noticed."
