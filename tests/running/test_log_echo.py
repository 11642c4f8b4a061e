"""`publisher run` shows what its processes warn of, and keeps their logs short."""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.running import child_process as child_module
from publisher.running import log_echo as echo_module
from publisher.running.child_process import Child
from publisher.running.log_echo import Echo
from publisher.running.processes import Processes
from publisher.settings import settings

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


@pytest.mark.parametrize("at_work", [True, False], ids=["at work", "at its start"])
def test_a_flood_takes_no_older_log_away(
    tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch, *, at_work: bool
) -> None:
    """Nine are kept beside the present one, the newest with the lowest number."""
    monkeypatch.setattr(child_module, "_LOG_LIMIT", 10)
    log = tmp_path / "web.log"
    child = Child("web", [sys.executable, "-c", ""], log)
    for number in range(12):
        log.write_text(f"who logged in, {number}\n")
        if at_work:
            child.trim_log()
        else:
            child.start()
            until(lambda: not child.running)
        assert log.read_text() == ""
    kept = {path.name: path.read_text() for path in tmp_path.iterdir() if path != log}
    assert kept == {f"web.log.{n}": f"who logged in, {12 - n}\n" for n in range(1, 10)}


def test_a_full_disk_takes_no_older_log_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "_LOG_LIMIT", 10)
    log = tmp_path / "web.log"
    child = Child("web", [sys.executable, "-c", ""], log)
    log.write_text("who logged in, first\n")
    child.trim_log()
    log.write_text("who logged in, then\n")

    def full(_read: object, _written: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", full)
    for _ in range(3):
        child.trim_log()
    assert log.read_text() == "who logged in, then\n"
    assert log.with_name("web.log.1").read_text() == "who logged in, first\n"


def test_each_process_has_a_log_of_its_own(tmp_path: Path) -> None:
    """Those that docs/deployment.md names, and no other ones."""
    (tmp_path / "publisher.toml").touch()
    processes = Processes(settings.load(tmp_path), lambda _text: None, web=True)
    broker = processes._broker
    assert broker
    logs = [broker._log, *(kept.child.log for kept in processes._all())]
    assert {log.parent for log in logs} == {tmp_path / "var/log"}
    told = (Path(__file__).parents[2] / "docs/deployment.md").read_text(encoding="utf-8")
    for log in logs:
        assert f"`{log.name}`" in told


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
