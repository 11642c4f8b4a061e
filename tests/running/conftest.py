"""What the tests of running processes share."""

import time
from collections.abc import Callable

import pytest

Until = Callable[..., None]


@pytest.fixture
def until() -> Until:
    """Wait for a condition, not for a time."""

    def wait(condition: Callable[[], object], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.02)

    return wait
