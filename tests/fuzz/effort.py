"""How long the fuzzing goes on, and how long one example may take.

As part of `make deep` it is short and the same each time, as is every test with Hypothesis;
`python -m tests.fuzz` sets FUZZ_EXAMPLES, and then all of them are long and by chance.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

EXAMPLES_VARIABLE = "FUZZ_EXAMPLES"
_ASKED_FOR = os.environ.get(EXAMPLES_VARIABLE)
_T = TypeVar("_T", bound=Callable[..., Any])


class TooSlow(AssertionError):
    """An example took more processor time than anything may take."""


def properties() -> settings:
    """The settings of every test of a property that does not say otherwise."""
    return settings(
        max_examples=int(_ASKED_FOR or 100),
        derandomize=not _ASKED_FOR,
        deadline=None,  # a busy machine breaks nothing
        print_blob=True,
    )


def fuzzed(examples: int) -> Callable[[_T], _T]:
    """So many examples in `make deep`."""
    return settings(
        max_examples=int(_ASKED_FOR or examples),
        derandomize=not _ASKED_FOR,
        deadline=None,  # it would count what else the machine does; `bounded` does not
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Let what is inside use no more than so much processor time; a hang ends with TooSlow."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"It took more than {seconds:g} s of processor time.")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
