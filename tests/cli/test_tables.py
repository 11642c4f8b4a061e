"""How tables and pages say when a post went out, measured by its time."""

from datetime import timedelta

import pytest

from publisher import events, language
from publisher.cli import tables
from publisher.web import words


@pytest.mark.parametrize(
    ("code", "seconds", "said"),
    [
        ("en", 0.12, "0.12 s late"),
        ("en", -4.0, "4.00 s early"),
        ("fr", -4.0, "4.00 s d'avance"),
    ],
)
def test_what_a_platform_published_before_its_time_is_called_early(
    code: str, seconds: float, said: str
) -> None:
    with language.speaking(code):
        assert tables.lateness(timedelta(seconds=seconds)) == said
        assert words.lateness(seconds) == said


def test_what_was_read_and_not_seen_is_not_called_unreadable() -> None:
    assert events.event("not readable") == "reading cannot tell"
