"""No pattern takes much longer for a text that somebody made for it: the pages would stand still.

A pattern that goes back over its text again and again takes sixteen times as long for four times
the text, and a minute for a long one. Python does nothing else meanwhile.
"""

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

import publisher

_SIGNS = (
    "a", "0", "-", "[", "](", "(", "`", "**", "_", " ", "\n", "\t", "https://", ".", "@", "#", ":", '"', "'",
    "<", "&", "/", "=", "{", "\\", "|", "é", "\U0001f1eb", "\u200d", ",",
)  # fmt: skip
_UNITS = [*_SIGNS, "a-", "[a](", "|-", "---", "00:", *map("".join, product(_SIGNS, repeat=2))]
"""What hostile texts are made of, again and again."""
_ENDS = ("", " ", "\n!")
"""What comes after: for a pattern of the whole text, all that it found before is in vain then."""
_SHORT, _LONG = 2_000, 8_000
_MOST = 9  # times as long, for four times the text; what goes over it once takes four times
_SPARED = 0.01  # seconds
_USES = re.compile(r"\b(_?[A-Z][A-Z_]*)\.(search|match|fullmatch|finditer|findall|sub|split)\(")
_ON_SHORT_TEXTS = {
    "publisher.drafts.links._ASCII_LABELS": "a link has at most 4,096 characters",
    "publisher.drafts.time_hints._OFFSET": "a time that is longer is not looked at",
    "publisher.web.authentication._WISH": "of a header 200 characters are read",
}
_Try = Callable[[str], object]


def _patterns() -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Each pattern that a module names, with each of the ways in which it is used there."""
    seen = set[tuple[str, str]]()
    for found in pkgutil.walk_packages(publisher.__path__, "publisher."):
        if "__main__" in found.name or ".migrations" in found.name:
            continue
        module = importlib.import_module(found.name)
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        uses: dict[str, set[str]] = {}
        for name, use in _USES.findall(source):
            uses.setdefault(name, set()).add(use)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                for use in uses.get(name, ()):
                    if (value.pattern, use) not in seen:
                        seen.add((value.pattern, use))
                        yield f"{found.name}.{name}", value, use


def _tried(pattern: re.Pattern[str], use: str) -> _Try:
    match use:
        case "match" | "fullmatch" | "search":
            one: _Try = getattr(pattern, use)
            return one
        case _:
            return lambda text: [*pattern.finditer(text)]


def _seconds(act: _Try, text: str) -> float:
    begin = time.process_time()
    act(text)
    return time.process_time() - begin


def _grows(act: _Try) -> str | None:
    """The unit and the end of a text for which the pattern takes far too long, if there is one."""

    def seconds(hostile: tuple[str, str], size: int = 300) -> float:
        unit, end = hostile
        return _seconds(act, unit * (size // len(unit)) + end)

    for end in _ENDS:
        for hostile in sorted(product(_UNITS, (end,)), key=seconds)[-3:]:
            short, long = (
                min(seconds(hostile, size) for _again in range(3)) for size in (_SHORT, _LONG)
            )
            if long > _SPARED and long > _MOST * short:
                return "".join(hostile)
    return None


@pytest.mark.deep
def test_no_pattern_grows_faster_than_its_text() -> None:
    growing = {
        (name, use): unit
        for name, pattern, use in _patterns()
        if (unit := _grows(_tried(pattern, use)))
    }
    assert {name for name, _use in growing} == _ON_SHORT_TEXTS.keys(), growing
