"""A command that takes long says on the terminal how far it has come."""

import io
import sys

import pytest

from publisher.base import progress
from tests.support.waiting import wait_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_of(monkeypatch: pytest.MonkeyPatch, screen: io.StringIO) -> io.StringIO:
    """A terminal on which everything has taken a second already."""
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    return screen


def line_of(screen: io.StringIO) -> str:
    """What stands on the screen's last line: what was written since it was erased."""
    return screen.getvalue().rpartition("\x1b[2K")[2]


def test_it_is_told_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch, Terminal())
    with progress.shown():
        for number in progress.over(range(3000), "Reading drafts"):
            if number == 3:
                wait_for(lambda: "Reading drafts: 3 of 3,000" in terminal.getvalue())
                break
    assert not line_of(terminal).strip(), "the line is gone at the end"


def test_nothing_is_told_in_the_first_second(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch, Terminal())
    monkeypatch.setattr(progress, "_PATIENCE", 60.0)
    with progress.shown():
        assert list(progress.over("ab", "Reading")) == ["a", "b"]
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(("screen", "term"), [(Terminal(), "dumb"), (io.StringIO(), "xterm")])
def test_nothing_is_told_where_no_line_can_be_written_again(
    monkeypatch: pytest.MonkeyPatch, screen: io.StringIO, term: str
) -> None:
    terminal_of(monkeypatch, screen)
    monkeypatch.setenv("TERM", term)
    with progress.shown():
        assert list(progress.over("ab", "Reading")) == ["a", "b"]
    assert screen.getvalue() == ""


def test_all_items_come_whoever_watches() -> None:
    told: list[tuple[str, int, int, object]] = []
    assert list(progress.over("abc", "Reading")) == ["a", "b", "c"]
    with progress.watched(lambda *word: told.append(word)):
        assert list(progress.over("ab", "Reading")) == ["a", "b"]
    assert told == [("Reading", 0, 2, "a"), ("Reading", 1, 2, "b"), ("Reading", 2, 2, None)]


def test_one_piece_of_work_that_takes_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a large picture: nothing more is told until it is done."""
    terminal = terminal_of(monkeypatch, Terminal())
    with progress.shown() as clear:
        wait_for(lambda: "Working …" in terminal.getvalue())
        items = progress.over("ab", "Rendering posts")
        next(items)
        terminal.truncate(0)
        wait_for(lambda: terminal.getvalue().count("Rendering posts: 0 of 2") > 1)
        clear()
        assert not line_of(terminal).strip(), "a question can be asked"
        next(items)
        wait_for(lambda: "Rendering posts: 1 of 2" in terminal.getvalue())


def test_what_a_command_prints_meanwhile_goes_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = terminal_of(monkeypatch, Terminal())
    with progress.shown():
        wait_for(lambda: "Working …" in terminal.getvalue())
        print("posts/lima.es.md")  # noqa: T201 - as a command would
    assert capsys.readouterr().out == "posts/lima.es.md\n"
