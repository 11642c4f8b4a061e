"""Line ends of a file that is edited: each line keeps the one that it has."""

import re
from collections.abc import Sequence
from itertools import takewhile

ANY = re.compile(r"\r\n|\n|\r")
LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
"""A line with its end."""


def first(text: str) -> str:
    r"""The first line end of a text; `\n` if it has none."""
    found = ANY.search(text)
    return found.group() if found else "\n"


def plain(text: str) -> str:
    r"""The text with `\n` as line ends."""
    return ANY.sub("\n", text)


def revised(old: str, new: str, line_end: str) -> str:
    r"""`new` with the line ends that its lines have in `old`, and with one at its end.

    Lines between the first and the last that differ get `line_end`.
    """
    new = plain(new)
    if new and not new.endswith("\n"):
        new += "\n"
    was, now = LINE.findall(old), LINE.findall(new)
    same = [plain(line) for line in was]
    start = _alike(same, now)
    last = _alike(same[start:][::-1], now[start:][::-1])
    middle = [line.replace("\n", line_end) for line in now[start : len(now) - last]]
    return "".join([*was[:start], *middle, *was[len(was) - last :]])


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], pairs))
