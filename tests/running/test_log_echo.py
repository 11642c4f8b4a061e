"""`publisher run` shows what its processes warn of, and keeps their logs short."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.running import child_process as child_module
from publisher.running import log_echo as echo_module
from publisher.running.child_process import Child
from publisher.running.log_echo import Echo

Until = Callable[..., None]
WARNING = (
    "timestamp='2026-11-27T09:35:35.318036Z' level='warning'"
    " event='The broker at x\\'s is full: \"OOM\".' hint=\"Don't fill it.\"\n"
)
OF_CELERY = "[2026-11-27 09:35:35,318: WARNING/MainProcess] consumer: Connection lost.\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "dispatcher.log"
    path.write_text("timestamp='…' level='warning' event='of yesterday'\n")
    return path


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def echo(log: Path, said: list[str]) -> Echo:
    return Echo({"dispatcher": log}, said.append)


def write(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_a_warning_is_shown_with_its_remedy_and_once(
    log: Path, echo: Echo, said: list[str]
) -> None:
    for _ in range(3):
        write(log, WARNING)
        echo.look()
    assert said == ["dispatcher: The broker at x's is full: \"OOM\". Don't fill it."]


def test_what_celery_warns_of_is_shown(log: Path, echo: Echo, said: list[str]) -> None:
    write(log, OF_CELERY)
    echo.look()
    assert said == ["dispatcher: consumer: Connection lost."]


def test_what_is_no_warning_is_not_shown(log: Path, echo: Echo, said: list[str]) -> None:
    write(log, "timestamp='…' level='info' event='it goes on' after='x'\nTraceback …\n")
    echo.look()
    assert said == []


def test_a_line_of_ours_that_celery_passes_on_is_no_warning(
    log: Path, echo: Echo, said: list[str]
) -> None:
    celery = "[2026-11-27 09:35:35,318: WARNING/MainProcess] "
    write(log, f"{celery}timestamp='…' level='info' event='public on its own' id='7'\n")
    write(log, celery + WARNING)
    echo.look()
    assert said == ["dispatcher: The broker at x's is full: \"OOM\". Don't fill it."]


def test_a_flood_is_cut_off(log: Path, echo: Echo, said: list[str]) -> None:
    for number in range(500):
        write(log, OF_CELERY.replace("lost", f"lost {number}"))
    echo.look()
    assert len(said) == echo_module._MOST


def test_a_log_that_was_put_aside_is_followed(log: Path, echo: Echo, said: list[str]) -> None:
    os.truncate(log, 0)
    echo.look()
    write(log, OF_CELERY)
    echo.look()
    assert said == ["dispatcher: consumer: Connection lost."]


def test_a_log_that_grows_long_is_put_aside_while_its_process_writes(
    tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "_LOG_LIMIT", 10_000)
    log, go = tmp_path / "log", tmp_path / "go"
    script = (
        "import pathlib, sys, time\n"
        "print('a' * 20_000, flush=True)\n"
        "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)\n"
        "print('b', flush=True)\n"
    )
    child = Child("wordy", [sys.executable, "-c", script, str(go)], log)
    child.start()
    try:
        until(lambda: log.stat().st_size > 20_000)
        child.trim_log()
        assert log.stat().st_size == 0
        assert (tmp_path / "log.1").stat().st_size == 20_001
        go.touch()
        until(lambda: log.read_text() == "b\n")
        child.trim_log()
        assert (tmp_path / "log.1").stat().st_size == 20_001
    finally:
        child.kill()
