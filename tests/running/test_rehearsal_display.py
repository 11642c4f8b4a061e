"""What a rehearsal shows at a terminal of 80 columns, and how it writes its figures."""

from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from publisher.base import i18n
from publisher.base.clock import SystemClock
from publisher.rehearsal import report
from publisher.rehearsal.display import Display

LINE = "lun. 2016-03-07 08:30  published +0,012 s  bice-page        2016-03-07-journee-annuelle.fr"


@pytest.mark.parametrize(("is_terminal", "lines"), [(True, 2), (False, 1)])
def test_an_id_is_not_torn_at_the_edge_of_the_terminal(*, is_terminal: bool, lines: int) -> None:
    """In a file, a line stays one line."""
    written = StringIO()
    console = Console(file=written, width=80, force_terminal=is_terminal, color_system=None)
    Display([], ZoneInfo("Europe/Zurich"), SystemClock(), console).say(LINE)
    shown = written.getvalue().splitlines()
    assert len(shown) == lines
    assert shown[-1].split()[-1] == LINE.rsplit(maxsplit=1)[-1]


def test_figures_have_a_comma_in_french() -> None:
    late: Any = SimpleNamespace(lateness=timedelta(seconds=1.5))
    with i18n.speaking("fr"):
        told = report.summary([late], speed=60)
    assert "0,025" in told
    assert "0.025" not in told
