"""Output of an edit's word diff."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from publisher.base.i18n import _
from publisher.cli.output import console
from publisher.planning import PlannedChange, edit_text, word_diff

if TYPE_CHECKING:
    from rich.text import Text

_CONTEXT = 5
"""Words that are shown on each side of a change."""


def comparisons(change: PlannedChange) -> "Iterator[Text]":
    """The texts that change, old and new in one line each; long unchanged passages are cut."""
    for label, old, new in edit_text.comparisons(change):
        yield compared(old, new, f"{label} " if label else "")


def compared(before: str, after: str, label: str = "") -> "Text":
    """Two texts in one line; long unchanged passages are cut."""
    from rich.text import Text

    pieces = _visible(word_diff.compare(before, after))
    line = Text(label)
    if all(mark is word_diff.Mark.SAME for mark, __ in pieces):
        is_same = before == after
        told = _("the words are the same") if is_same else _("only the spaces differ")
        return line.append(told, style="dim")
    for mark, words in pieces:
        match mark:
            case word_diff.Mark.SAME:
                line.append(f"{_middle_cut(words)} ", style="dim")
            case word_diff.Mark.REMOVED:
                line.append(f"[-{words}-]", style="red").append(" ")
            case word_diff.Mark.ADDED:
                line.append(f"{{+{words}+}}", style="green").append(" ")
    line.rstrip()
    return line


def _visible(pieces: Sequence[word_diff.Piece]) -> list[word_diff.Piece]:
    """The pieces for one line: a changed line break as ¶, without changes of only spaces."""
    shown: list[word_diff.Piece] = []
    for mark, text in pieces:
        said = text if mark is word_diff.Mark.SAME else text.replace("\n", " ¶ ")
        words = console.printable(" ".join(said.split()))
        if mark is word_diff.Mark.ADDED and shown and shown[-1] == (word_diff.Mark.REMOVED, words):
            shown[-1] = word_diff.Piece(word_diff.Mark.SAME, words)
        elif words:
            shown.append(word_diff.Piece(mark, words))
    return shown


def _middle_cut(text: str) -> str:
    words = text.split(" ")
    if len(words) <= 2 * _CONTEXT:
        return text
    return " ".join([*words[:_CONTEXT], "…", *words[-_CONTEXT:]])
