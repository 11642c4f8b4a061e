"""Logs tell what happened, and hold no secret."""

import sys

import pytest
import structlog
from structlog.testing import capture_logs

from publisher.base import logs


def test_a_logged_exception_shows_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    password = "hunter2-in-a-variable"  # noqa: F841 - what a renderer might show
    try:
        raise ValueError("the reason")
    except ValueError:
        structlog.get_logger().exception("it broke", delivery=7)
    answered, shown = capsys.readouterr()
    assert answered == "", "scripts read it"
    assert "ValueError: the reason" in shown
    assert "delivery=7" in shown
    assert "hunter2" not in shown.replace('password = "hunter2-in-a-variable"', "")


def test_without_standard_error_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure()
    monkeypatch.setattr(sys, "stderr", None)
    structlog.get_logger().warning("nobody reads it")


def test_a_logger_in_use_heeds_what_is_set_later() -> None:
    logs.configure()
    log = structlog.get_logger()
    log.warning("its processors are chosen now")
    logs.configure()
    with capture_logs() as captured:
        log.warning("later")
    assert [entry["event"] for entry in captured] == ["later"]
