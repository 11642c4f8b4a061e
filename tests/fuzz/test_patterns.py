"""No pattern takes much longer for a text that somebody made for it: the pages would stand still.

A pattern that goes back over its text again and again takes sixteen times as long for four times
the text, and a minute for a long one. Python does nothing else meanwhile.
"""

import ast
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
_ENDS = ("", " ", "\n!", "! ")
"""What comes after: for a pattern of the whole text, all that it found before is in vain then."""
_WORDS = re.compile(r"(?<![\\\w])[\w<>/:=;-]{2,}")
"""What a pattern looks for in so many letters, such as a tag."""
_SHORT, _LONG = 2_000, 8_000
_MOST = 9  # times as long, for four times the text; what goes over it once takes four times
_SPARED = 0.01  # seconds
_USES = re.compile(r"\b(_?[A-Z][A-Z_]*)\.(search|match|fullmatch|finditer|findall|sub|split)\(")
_ON_SHORT_TEXTS = {
    r"publisher.agenda.ics_events \s+\S*$": "of a name 60 characters are read",
    "publisher.drafts.links._ASCII_LABELS": "a link has at most 4,096 characters",
    "publisher.drafts.time_hints._OFFSET": "a time that is longer is not looked at",
    "publisher.web.authentication._WISH": "of a header 200 characters are read",
}
_INLINE = {"search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split"}
_Try = Callable[[str], object]


def _patterns() -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Each pattern of a module, with each of the ways in which it is used there."""
    seen = set[tuple[str, str]]()
    for found in pkgutil.walk_packages(publisher.__path__, "publisher."):
        if "__main__" in found.name or ".migrations" in found.name:
            continue
        module = importlib.import_module(found.name)
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for pattern, use in _inline(source):
            if (pattern.pattern, use) not in seen:
                seen.add((pattern.pattern, use))
                yield f"{found.name} {pattern.pattern}", pattern, use
        uses: dict[str, set[str]] = {}
        for name, use in _USES.findall(source):
            uses.setdefault(name, set()).add(use)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                for use in uses.get(name, ()):
                    if (value.pattern, use) not in seen:
                        seen.add((value.pattern, use))
                        yield f"{found.name}.{name}", value, use


def _inline(source: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """The patterns that are written where they are used, as in `re.match("a+", text)`."""
    for call in ast.walk(ast.parse(source)):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=use),
                args=[ast.Constant(value=str(pattern)), *others],
                keywords=named,
            ) if use in _INLINE:
                flags = re.NOFLAG
                for given in (*others, *(one.value for one in named)):
                    if isinstance(given, ast.Attribute | ast.BinOp):
                        flags |= _flags(given)
                yield re.compile(pattern, flags), use


def _flags(given: ast.expr) -> re.RegexFlag:
    flags = re.NOFLAG
    for one in ast.walk(given):
        match one:
            case ast.Attribute(value=ast.Name(id="re"), attr=name):
                flags |= re.RegexFlag[name]
    return flags


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


def _grows(pattern: re.Pattern[str], use: str) -> str | None:
    """The unit and the end of a text for which the pattern takes far too long, if there is one."""

    act = _tried(pattern, use)
    units = [*_UNITS, *_WORDS.findall(pattern.pattern)]

    def seconds(hostile: tuple[str, str], size: int = 300) -> float:
        unit, end = hostile
        return _seconds(act, unit * (size // len(unit)) + end)

    for end in _ENDS:
        for hostile in sorted(product(units, (end,)), key=seconds)[-3:]:
            short, long = (
                min(seconds(hostile, size) for _again in range(3)) for size in (_SHORT, _LONG)
            )
            if long > _SPARED and long > _MOST * short:
                return "".join(hostile)
    return None


def test_patterns_that_have_no_name_are_tried_too() -> None:
    source = 're.search(r"a+b", re.sub("c", "", text), re.DOTALL | re.ASCII)\nre.match(NAMED, text)'
    found = {(one.pattern, one.flags, use) for one, use in _inline(source)}
    assert found == {
        ("a+b", re.DOTALL | re.ASCII, "search"),
        ("c", re.UNICODE, "sub"),
    }
    assert any(name == r"publisher.drafts.time_hints [\s_]+" for name, *_ in _patterns())


@pytest.mark.deep
def test_no_pattern_grows_faster_than_its_text() -> None:
    growing = {
        (name, use): unit for name, pattern, use in _patterns() if (unit := _grows(pattern, use))
    }
    assert {name for name, _use in growing} == _ON_SHORT_TEXTS.keys(), growing
