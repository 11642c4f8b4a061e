"""Word diff of two versions of a text."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

_MOST = 3000 * 3000  # pairs of words


class Mark(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class Piece(NamedTuple):
    """Consecutive words with the same mark, with the spaces between them."""

    mark: Mark
    text: str


def compare(old: str, new: str) -> list[Piece]:
    """Compare two texts: without REMOVED the result is `new`, without ADDED it is `old`.

    Two long texts are marked as completely different: comparing them would take minutes.
    """
    before, after = _words(old), _words(new)
    if old != new and len(before) * len(after) > _MOST:
        return [Piece(Mark.REMOVED, old), Piece(Mark.ADDED, new)]
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(Piece(Mark.SAME, "".join(before[start:end])))
            continue
        for mark, words in (
            (Mark.REMOVED, before[start:end]),
            (Mark.ADDED, after[new_start:new_end]),
        ):
            if words:
                pieces.append(Piece(mark, "".join(words)))
    return pieces


def _words(text: str) -> Sequence[str]:
    """Split into words, each with the spaces after it."""
    return re.findall(r"\S+[^\S\n]*|\n|\s", text)
