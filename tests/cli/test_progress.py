"""A command that takes long says on the terminal how far it has come."""

import io
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from publisher.base import progress as work
from publisher.cli.output import progress
from tests.support.waiting import wait_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    """The clock of the line, which nobody else looks at: each look takes 0.4 seconds."""
    ticks = iter(0.4 * n for n in range(1000))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    monkeypatch.setattr(progress, "_TICK", 60.0)
    return ticks


@pytest.mark.usefixtures("seconds")
@pytest.mark.parametrize(
    ("screen", "term", "said"),
    [
        (Terminal(), "xterm", ["Reading drafts: 2 of 3,000", "Reading drafts: 3 of 3,000"]),
        (Terminal(), "dumb", []),
        (io.StringIO(), "xterm", []),
    ],
)
def test_it_is_told_on_a_terminal_after_a_second(
    monkeypatch: pytest.MonkeyPatch, screen: io.StringIO, term: str, said: list[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", term)
    with progress.shown():
        for number in work.over(range(3000), "Reading drafts"):
            if number == 3:
                break
    lines = [line for line in screen.getvalue().split("\r\x1b[K") if line]
    assert lines == said
    assert screen.getvalue().endswith("\r\x1b[K") is bool(said), "the line is gone at the end"


def test_all_items_come_whoever_watches() -> None:
    told: list[tuple[str, int, int]] = []
    assert list(work.over("abc", "Reading")) == ["a", "b", "c"]
    with work.watched(lambda *word: told.append(word)):
        assert list(work.over("ab", "Reading")) == ["a", "b"]
    assert told == [("Reading", 0, 2), ("Reading", 1, 2), ("Reading", 2, 2)]


def test_one_piece_of_work_that_takes_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a large picture: nothing more is told until it is done."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress, "_TICK", 0.01)
    with progress.shown() as clear:
        wait_for(lambda: "Working …" in screen.getvalue())
        items = work.over("ab", "Rendering posts")
        next(items)
        screen.truncate(0)
        wait_for(lambda: screen.getvalue().count("Rendering posts: 0 of 2") > 1)
        clear()
        assert screen.getvalue().endswith("\r\x1b[K"), "a question can be asked"
