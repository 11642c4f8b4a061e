"""A time limit for a run of pytest as a whole: `make near` runs what there is time for.

When it is over, the test that runs ends, and those that are not in a file of `--whole` are left.
How many that were is said in the end. A process of xdist's counts from its own start.
"""

import time
from typing import Any

import pytest

SECONDS = 40.0
FIRST_TO_FAIL = "First to fail: "
"""How the line begins that names the test which failed first."""
_LEFT = "left_for_lack_of_time"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seconds", type=float, default=SECONDS, help="how long tests may begin")
    parser.addoption("--whole", action="append", default=[], help="a file that is run to its end")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Deadline(config), "deadline")


class Deadline:
    """Leaves out what there is no time for."""

    def __init__(self, config: pytest.Config) -> None:
        self._end = time.monotonic() + config.getoption("seconds")
        self._whole = {config.rootpath / name for name in config.getoption("whole")}
        self._config, self._left, self._failed = config, 0, ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if time.monotonic() < self._end or item.path in self._whole:
            return None
        self._left += 1
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed = self._failed or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._failed = self._failed or report.nodeid

    def pytest_sessionfinish(self) -> None:
        if (output := getattr(self._config, "workeroutput", None)) is not None:
            output[_LEFT] = self._left

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._left += getattr(node, "workeroutput", {}).get(_LEFT, 0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._failed:
            terminalreporter.write_line(f"{FIRST_TO_FAIL}{self._failed}")
        if self._left:
            terminalreporter.write_line(f"{self._left} tests further off were left to `make test`.")
