"""Notes on a post: what people write to each other about it, and whom they mention."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from publisher.base.text import folded, harmless
from publisher.model.values import Frozen

LONGEST = 2000
"""The most characters of a note."""
_AT = re.compile(r"(?<![\w@])@(?=\S)")
"""The sign before a name; in an e-mail address letters stand before it."""
_GOES_ON = re.compile(r"\w|[-.@]\w")
"""What follows a longer name than the one found: `@jean` is not in `@jean-luc`."""


class NotePiece(NamedTuple):
    """A piece of a note's text."""

    text: str
    is_mention: bool = False


class PostNote(Frozen):
    """A note on a post."""

    at: datetime
    """In UTC."""
    author: str
    text: str
    mentions: tuple[str, ...] = ()
    """The names of the people whom it mentions, in the order of the text."""

    @property
    def pieces(self) -> list[NotePiece]:
        """The text in pieces, so that mentions can be shown as such."""
        pieces, end = [], 0
        for begin, stop, _name in _found(self.text, self.mentions):
            pieces.append(NotePiece(self.text[end:begin]))
            pieces.append(NotePiece(self.text[begin:stop], is_mention=True))
            end = stop
        return [piece for piece in [*pieces, NotePiece(self.text[end:])] if piece.text]


def written(text: str) -> str:
    """A note's text as it is stored: harmless, with one form of line ends and of accents."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", harmless(lines, keep="\n\t")).strip()


def mentions(text: str, names: Collection[str]) -> list[str]:
    """Those of the `names` that stand after an @ in a `written` text, each once, in its order.

    Names are compared as everywhere: without regard to capitals. Of two that fit, the longer one
    is meant.
    """
    return list(dict.fromkeys(name for _begin, _end, name in _found(text, names)))


def _found(text: str, names: Collection[str]) -> Iterator[tuple[int, int, str]]:
    """Each mention: where it begins, with its @, where it ends, and the name."""
    known = {folded(name): name for name in names}
    longest = max(map(len, [*known, *names]), default=0)
    for at in _AT.finditer(text):
        rest = text[at.end() : at.end() + longest + 2]
        for length in range(min(longest, len(rest)), 0, -1):
            name = known.get(folded(rest[:length]))
            if name and not rest[length - 1].isspace() and not _GOES_ON.match(rest, length):
                yield at.start(), at.end() + length, name
                break
