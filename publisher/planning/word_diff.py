"""Two versions of a text, compared word by word."""

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
    """Some words in a row, with the spaces between them."""

    mark: Mark
    text: str


def compare(old: str, new: str) -> list[Piece]:
    """What makes `new` of `old`: without REMOVED it is `new`, without ADDED it is `old`.

    Of two long texts, nothing is told to be the same: comparing them would take minutes.
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
    """Each word with the spaces behind it, so that a changed word takes its own space along."""
    return re.findall(r"\S+[^\S\n]*|\n|\s", text)
