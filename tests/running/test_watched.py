"""What hangs in a container is ended, and starts again; what lives or ends is left alone."""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.base.process import NOTIFY, Pulse
from publisher.running import watched

_LIVES = """
import os, signal, sys, time
from publisher.base.process import Pulse
pulse = Pulse.of_environment()
assert "NOTIFY_SOCKET" not in os.environ
"""


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def run(code: str, *, at_first: float = 30, limit: float = 30) -> int:
    return watched.run([sys.executable, "-c", _LIVES + code], at_first=at_first, limit=limit)


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("pulse.beat(); time.sleep(600)", {"limit": 0.3}),
        ("time.sleep(600)", {"at_first": 0.3}),
        ("pulse.beat(); os.kill(os.getpid(), signal.SIGSTOP)", {"limit": 0.3}),
    ],
    ids=["hangs", "never lives", "does not respond"],
)
def test_what_gives_no_sign_of_life_is_killed(
    capfd: pytest.CaptureFixture[str], code: str, limits: dict[str, float]
) -> None:
    assert run(code, **limits) == 128 + signal.SIGKILL
    assert "gave no sign of life for 0.3 s and was killed" in capfd.readouterr().err


def test_what_gives_signs_of_life_goes_on_and_its_exit_status_is_told() -> None:
    assert run("for _ in range(30): pulse.beat(); time.sleep(0.05)\nsys.exit(7)", limit=0.7) == 7


def test_what_is_asked_to_end_may_finish_what_it_has_in_hand() -> None:
    """However long that takes: Docker itself sets the limit."""
    code = """
def end(*_):
    time.sleep(0.8)
    sys.exit(5)
signal.signal(signal.SIGTERM, end)
pulse.beat()
os.kill(os.getppid(), signal.SIGTERM)
time.sleep(600)
"""
    assert run(code, limit=0.3) == 5


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_a_service_manager_hears_that_it_is_ready_and_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    address = f"{tmp_path}/notify" if kind == "path" else f"@{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address.replace("@", "\0"))
        line.settimeout(10)
        monkeypatch.setenv(NOTIFY, address)
        pulse = Pulse.of_environment()
        pulse.beat()
        assert line.recv(100).splitlines() == [b"READY=1", b"WATCHDOG=1"]
    pulse.beat()  # one that is gone stops nobody
