"""YAML lines: values as text, in quotes where they need some."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

Value = str | Mapping[str, "Value"] | Sequence["Item"]
Item = str | Mapping[str, "Value"]
"""An item of a list."""

STEP = 2
"""Spaces by which what is below a key is indented."""
_WORD = r"[^\W_](?:[\w:+./-]*[^\W_])?"
_PLAIN = re.compile(rf"{_WORD}(?: (?:[-+] )?{_WORD})*")
"""Text that needs no quotes anywhere: it has no `: `, no ` #` and no bracket."""
_DASH = "- "


def lines(entries: Mapping[str, Value], column: int, step: int) -> Iterator[str]:
    """The entries as lines that begin at `column`."""
    for key, value in entries.items():
        if _is_short(value):
            yield f"{' ' * column}{key}: {flow(value)}"
            continue
        yield f"{' ' * column}{key}:"
        if isinstance(value, Mapping):
            yield from lines(value, column + step, step)
        else:
            yield from items(value, column + step, step)


def _is_short(value: Value) -> bool:
    """Whether it is one value, or a list of such, which are in brackets on the line of the key."""
    return isinstance(value, str) or (
        not isinstance(value, Mapping) and all(isinstance(item, str) for item in value)
    )


def items(items: Sequence[Item], column: int, step: int) -> Iterator[str]:
    """The items of a list as lines, with their dashes at `column`."""
    for item in items:
        if isinstance(item, str):
            yield f"{' ' * column}{_DASH}{scalar(item)}"
            continue
        first, *others = lines(item, column + len(_DASH), step)
        yield f"{' ' * column}{_DASH}{first.lstrip()}"
        yield from others


def flow(value: Value) -> str:
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    return "[" + ", ".join(map(flow, value)) + "]"


def scalar(value: str, style: str | None = None) -> str:
    """In single or double quotes if `style` is one of them or the value needs some."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style == '"' or not _PLAIN.fullmatch(value):
        return json.dumps(value, ensure_ascii=False)
    return value
