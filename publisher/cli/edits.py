"""What an edit changes, as a terminal shows it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from publisher.cli import output
from publisher.language import _
from publisher.planning import PlannedChange, telling, wording

if TYPE_CHECKING:
    from rich.text import Text

_CONTEXT = 5
"""Words that are shown on each side of a change."""


def comparisons(change: PlannedChange) -> "Iterator[Text]":
    """Words that change, old and new in one line each; long stretches that stay are cut."""
    for label, old, new in telling.comparisons(change):
        yield _compared(old, new, f"{label} " if label else "")


def _compared(before: str, after: str, label: str) -> "Text":
    from rich.text import Text

    pieces = _visible(wording.compare(before, after))
    line = Text(label)
    if all(mark is wording.Mark.SAME for mark, __ in pieces):
        return line.append(_("only the spaces differ"), style="dim")
    for mark, words in pieces:
        match mark:
            case wording.Mark.SAME:
                line.append(f"{_middle_cut(words)} ", style="dim")
            case wording.Mark.REMOVED:
                line.append(f"[-{words}-]", style="red").append(" ")
            case wording.Mark.ADDED:
                line.append(f"{{+{words}+}}", style="green").append(" ")
    line.rstrip()
    return line


def _visible(pieces: Sequence[wording.Piece]) -> list[wording.Piece]:
    """As they are shown in one line: a changed line break as ¶, and no changes of mere spaces."""
    shown: list[wording.Piece] = []
    for mark, text in pieces:
        said = text if mark is wording.Mark.SAME else text.replace("\n", " ¶ ")
        words = output.printable(" ".join(said.split()))
        if mark is wording.Mark.ADDED and shown and shown[-1] == (wording.Mark.REMOVED, words):
            shown[-1] = wording.Piece(wording.Mark.SAME, words)
        elif words:
            shown.append(wording.Piece(mark, words))
    return shown


def _middle_cut(text: str) -> str:
    words = text.split(" ")
    if len(words) <= 2 * _CONTEXT:
        return text
    return " ".join([*words[:_CONTEXT], "…", *words[-_CONTEXT:]])
