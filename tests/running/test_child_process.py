"""A child process of `publisher run`: how it is asked to end."""

import sys
from pathlib import Path

from publisher.running.child_process import Child
from tests.support.waiting import wait_for

_COUNTS = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
print("ready", flush=True)
time.sleep(0.5)
"""


def test_a_child_is_asked_to_end_once(tmp_path: Path) -> None:
    """However often: a second time would mean to it that answers are cut off."""
    log = tmp_path / "log"
    child = Child("pages", [sys.executable, "-c", _COUNTS], log)
    for start in (1, 2):
        child.start()
        wait_for(lambda: log.read_text().count("ready") == start)  # noqa: B023
        child.terminate()
        wait_for(lambda: log.read_text().count("asked") >= start)  # noqa: B023
        child.terminate()
        assert child.wait(20)
        assert log.read_text() == "ready\nasked\n" * start
