"""Changes to a YAML text that leave all else as it is: comments, order, quotes, line ends.

The text is one that `nodes.compose` takes without a problem. Whoever patches reads the result
again: what is patched must mean what was wanted.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import yaml

Value = str | Mapping[str, "Value"]

_LINE_END = re.compile(r"\r\n|\n|\r")
_WORD = r"[^\W_](?:[\w:+.-]*[^\W_])?"
_PLAIN = re.compile(rf"{_WORD}(?: {_WORD})*")
"""What needs no quotes anywhere: no `: `, no ` #` and no bracket is in it."""
_STEP = 2


class Unpatchable(ValueError):
    """The place is written in a way that only a person can change."""


class Patches:
    """Changes to one text: gathered first, then made all at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._root = yaml.CBaseLoader(text).get_single_node()
        self._changes: list[tuple[int, int, str]] = []
        """From where to where the text is replaced, and by what."""
        found = _LINE_END.search(text)
        self._line_end = found.group() if found else "\n"

    def value(self, path: Sequence[str]) -> str | None:
        """The single value at the end of `path`, as it was before any change."""
        node = _entries(self._mapping(path[:-1])).get(path[-1])
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

    def set(self, path: Sequence[str], value: str) -> None:
        """Give the key at the end of `path` a value; the mapping that it stands in must be there.

        A value keeps the kind of its quotes; a new key stands last. Unpatchable if it is no single
        value, or one of several lines behind a | or >.
        """
        *above, key = path
        mapping = self._mapping(above)
        node = _entries(mapping).get(key)
        if node is None:
            self._insert(mapping, {key: value})
        elif isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">"):
            start, end = node.start_mark.index, node.end_mark.index
            self._changes.append((start, end, _scalar(value, node.style)))
        else:
            raise Unpatchable(key)

    def add(self, key: str, entries: Mapping[str, Value]) -> None:
        """Put entries at the end of the mapping under the top level's `key`, which may be missing.

        What is `set` behind the last of them must be set before.
        """
        root = self._mapping(())
        node = _entries(root).get(key)
        if node is None:
            self._insert(root, {key: entries})
        elif isinstance(node, yaml.MappingNode):
            self._insert(node, entries)
        elif isinstance(node, yaml.ScalarNode) and not node.value and not root.flow_style:
            column = root.value[0][0].start_mark.column
            self._insert_lines(node, _lines(entries, column + _STEP, _STEP))
        else:
            raise Unpatchable(key)

    def text(self) -> str:
        """The text with all changes made."""
        pieces, done = [], 0
        for start, end, new in sorted(self._changes, key=lambda change: change[0]):
            pieces += [self._text[done:start], new]
            done = end
        return "".join([*pieces, self._text[done:]])

    def _mapping(self, path: Sequence[str]) -> yaml.MappingNode:
        node = self._root
        for key in path:
            node = _entries(node).get(key) if isinstance(node, yaml.MappingNode) else None
        if not isinstance(node, yaml.MappingNode):
            raise Unpatchable(".".join(path))
        return node

    def _insert(self, mapping: yaml.MappingNode, entries: Mapping[str, Value]) -> None:
        """Behind the mapping's last entry."""
        if mapping.flow_style:
            inside = ", ".join(f"{key}: {_flow(value)}" for key, value in entries.items())
            if mapping.value:
                place = mapping.value[-1][1].end_mark.index
                self._changes.append((place, place, f", {inside}"))
            else:
                place = mapping.start_mark.index + len("{")
                self._changes.append((place, place, inside))
            return
        column = mapping.value[0][0].start_mark.column
        self._insert_lines(mapping, _lines(entries, column, _step(mapping, column)))

    def _insert_lines(self, node: yaml.Node, lines: Iterator[str]) -> None:
        """Below the last line of a node, and of the comment that stands on it."""
        while isinstance(node, yaml.CollectionNode) and not node.flow_style:
            last = node.value[-1]
            node = last[1] if isinstance(last, tuple) else last
        end = node.end_mark.index
        if getattr(node, "style", None) in (
            "|",
            ">",
        ):  # such a text ends where the next thing begins
            end = len(self._text[:end].rstrip(" \r\n"))
        line_end = _LINE_END.search(self._text, end)
        place = line_end.start() if line_end else len(self._text)
        new = "".join(f"{self._line_end}{line}" for line in lines)
        self._changes.append((place, place, new))


def _entries(mapping: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in mapping.value}


def _step(mapping: yaml.MappingNode, column: int) -> int:
    """By how many spaces what is below this mapping's entries is indented."""
    for _, value in mapping.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            return max(int(value.value[0][0].start_mark.column) - column, 1)
    return _STEP


def _lines(entries: Mapping[str, Value], column: int, step: int) -> Iterator[str]:
    """The entries as lines that begin at `column`."""
    for key, value in entries.items():
        if isinstance(value, str):
            yield f"{' ' * column}{key}: {_scalar(value)}"
        else:
            yield f"{' ' * column}{key}:"
            yield from _lines(value, column + step, step)


def _flow(value: Value) -> str:
    if isinstance(value, str):
        return _scalar(value)
    return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"


def _scalar(value: str, style: str | None = None) -> str:
    """In single or double quotes if `style` is one of them or the value needs some."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style == '"' or not _PLAIN.fullmatch(value):
        return json.dumps(value, ensure_ascii=False)
    return value
