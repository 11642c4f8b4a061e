"""A child process of `publisher run`: how it is asked to end."""

import sys
from pathlib import Path

from publisher.running.child_process import Child
from tests.support.waiting import wait_for

_COUNTS = """
import signal, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
print("ready", flush=True)
while not asked:
    time.sleep(0.01)
time.sleep(0.5)
print(f"asked {len(asked)}", flush=True)
"""


def test_a_child_is_asked_to_end_once(tmp_path: Path) -> None:
    """However often: a second time would mean to it that answers are cut off."""
    child = Child("pages", [sys.executable, "-c", _COUNTS], tmp_path / "log")
    for _start in range(2):
        child.start()
        wait_for(lambda: (tmp_path / "log").read_text().endswith("ready\n"))
        child.terminate()
        child.terminate()
        assert child.wait(20)
    assert (tmp_path / "log").read_text().splitlines() == ["ready", "asked 1"] * 2
