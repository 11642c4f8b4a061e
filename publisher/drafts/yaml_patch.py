"""YAML patches: change values and leave comments, order, quotes and line ends as they are.

The text must be one that `yaml_tree.compose` accepts without a problem. The caller must parse the
result again, to verify that it means what was wanted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import yaml

from publisher.drafts import yaml_lines
from publisher.drafts.yaml_lines import STEP, Item, Value

_LINE_END = re.compile(r"\r\n|\n|\r")
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
"""The values of a key that is still empty."""

_Entry = yaml.Node | tuple[yaml.Node, yaml.Node]
"""An item of a list, or a key of a mapping with its value."""


class Unpatchable(ValueError):
    """The place is written in a way that only a person can change."""


class Patches:
    """Changes to one text: collected first, then applied together by `text`."""

    def __init__(self, text: str, line_end: str = "\n") -> None:
        """`line_end` is for a text without any."""
        self._text = text
        self._root = yaml.CBaseLoader(text).get_single_node() or _empty(text)
        self._changes: list[tuple[int, int, str]] = []
        """From where to where the text is replaced, and by what."""
        found = _LINE_END.search(text)
        self._line_end = found.group() if found else line_end

    def value(self, path: Sequence[str]) -> str | None:
        """The single value at the end of `path`, as it was before any change."""
        node = _values(self._mapping(path[:-1])).get(path[-1])
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

    def set(self, path: Sequence[str | int], value: str) -> None:
        """Set the key at the end of `path`; the mapping that holds it must exist.

        A number in `path` counts the items of a list, from 0. A value keeps the kind of its quotes;
        a new key comes last. Raises Unpatchable if the key has no single value, or a block of
        lines after a | or >.
        """
        *above, last = path
        mapping, key = self._mapping(above), str(last)
        node = _values(mapping).get(key)
        if node is None:
            self._insert(mapping, {key: value})
        elif isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">"):
            start, end = node.start_mark.index, node.end_mark.index
            self._changes.append((start, end, yaml_lines.scalar(value, node.style)))
        else:
            raise Unpatchable(key)

    def put(self, path: Sequence[str | int], value: str | Sequence[str]) -> None:
        """Set the key at the end of `path`, whatever its value was, to a value or to a list.

        A comment within a value that is replaced is lost.
        """
        *above, last = path
        mapping, key = self._mapping(above), str(last)
        node = _values(mapping).get(key)
        if node is None:
            self._insert(mapping, {key: value})
            return
        is_line = isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">")
        is_empty = is_line and node.start_mark.index == node.end_mark.index
        if isinstance(value, str) and is_line and not is_empty:
            self.set(path, value)
        else:
            name = next(one for one, _value in mapping.value if one.value == key)
            start = int(name.end_mark.index)
            end = self._text.index(":", start) + 1 if is_empty else self._end(node)
            self._changes.append((start, end, f": {yaml_lines.flow(value)}"))

    def add(self, key: str, entries: Mapping[str, Value]) -> None:
        """Append entries to the mapping under the top-level `key`, which may be missing.

        Call `set` for keys after the last of them before this.
        """
        root = self._mapping(())
        node = _values(root).get(key)
        if node is None:
            self._insert(root, {key: entries})
        elif isinstance(node, yaml.MappingNode):
            self._insert(node, entries)
        elif _is_nothing(node) and not root.flow_style:
            column = root.value[0][0].start_mark.column
            self._fill(node, yaml_lines.lines(entries, column + STEP, STEP))
        else:
            raise Unpatchable(key)

    def append(self, key: str, item: Item) -> None:
        """Append an item to the list under the top-level `key`, which may be missing."""
        root = self._mapping(())
        node = _values(root).get(key)
        if node is None:
            self._insert(root, {key: [item]})
        elif isinstance(node, yaml.SequenceNode) and not node.flow_style:
            self._insert_lines(node, yaml_lines.items([item], node.start_mark.column, STEP))
        elif isinstance(node, yaml.SequenceNode):
            place = node.value[-1].end_mark.index if node.value else node.start_mark.index + 1
            new = f", {yaml_lines.flow(item)}" if node.value else yaml_lines.flow(item)
            self._changes.append((place, place, new))
        elif _is_nothing(node) and not root.flow_style:
            column = root.value[0][0].start_mark.column
            self._fill(node, yaml_lines.items([item], column + STEP, STEP))
        else:
            raise Unpatchable(key)

    def remove(self, path: Sequence[str | int]) -> None:
        """Remove the entry at the end of `path`: a key with its value, or an item of a list.

        If it is the only entry, its container is removed as well. A comment stays, unless it is on
        a line that is removed.
        """
        *above, last = path
        inside = self._node(above)
        places = _places(inside)
        if (
            not isinstance(inside, yaml.CollectionNode)
            or last not in places
            or (len(places) == 1 and not above)
        ):
            raise Unpatchable(path)
        if len(places) == 1:
            self.remove(above)
            return
        number = list(places).index(last)
        before = inside.value[number - 1] if number else None
        after = inside.value[number + 1] if number + 1 < len(places) else None
        self._cut(inside, before, inside.value[number], after)

    def order(self, key: str, places: Sequence[int]) -> None:
        """Put the items of the list under the top-level `key` into the order of `places`.

        `places[0]` is the present place of the item that comes first. Comments stay where they are,
        but for those on the lines of an item.
        """
        node = self._node((key,))
        if not isinstance(node, yaml.SequenceNode) or len(places) != len(node.value):
            raise Unpatchable(key)
        spans = [self._span(node, item) for item in node.value]
        for (start, end), place in zip(spans, places, strict=True):
            self._changes.append((start, end, self._text[slice(*spans[place])]))

    def text(self) -> str:
        """The text with all changes made."""
        pieces, done = [], 0
        for start, end, new in sorted(self._changes, key=lambda change: change[0]):
            pieces += [self._text[done:start], new]
            done = end
        return "".join([*pieces, self._text[done:]])

    def _node(self, path: Sequence[str | int]) -> yaml.Node:
        node: yaml.Node | None = self._root
        for step in path:
            node = _places(node).get(step)
        if node is None:
            raise Unpatchable(path)
        return node

    def _mapping(self, path: Sequence[str | int]) -> yaml.MappingNode:
        node = self._node(path)
        if not isinstance(node, yaml.MappingNode):
            raise Unpatchable(path)
        return node

    def _span(self, sequence: yaml.SequenceNode, item: yaml.Node) -> tuple[int, int]:
        """Where an item of a list begins and ends, with its dash."""
        start = int(item.start_mark.index)
        if sequence.flow_style:
            return start, int(item.end_mark.index)
        line_end = _LINE_END.search(self._text, self._end(item))
        end = line_end.start() if line_end else len(self._text)
        return self._text.rindex("-", 0, start), end

    def _cut(
        self,
        inside: yaml.CollectionNode,
        before: _Entry | None,
        entry: _Entry,
        after: _Entry | None,
    ) -> None:
        """Remove an entry between its neighbours."""
        start = _first(entry).start_mark.index
        if inside.flow_style:
            self._changes.append(
                (start, _first(after).start_mark.index, "")
                if after
                else (_last(before or entry).end_mark.index, _last(entry).end_mark.index, "")
            )
            return
        if isinstance(inside, yaml.SequenceNode):
            start = self._text.rindex("-", 0, start)
        line = max(self._text.rfind(end, 0, start) for end in "\r\n") + 1
        if not self._text[line:start].strip():
            line_end = _LINE_END.search(self._text, self._end(_last(entry)))
            end = line_end.end() if line_end else len(self._text)
            self._changes.append((line, end, ""))
        elif after and isinstance(inside, yaml.MappingNode):  # it is after a dash
            self._changes.append((start, _first(after).start_mark.index, ""))
        else:
            raise Unpatchable(inside)

    def _insert(self, mapping: yaml.MappingNode, entries: Mapping[str, Value]) -> None:
        """Insert entries after the mapping's last one."""
        if mapping.flow_style:
            inside = ", ".join(f"{key}: {yaml_lines.flow(value)}" for key, value in entries.items())
            if mapping.value:
                place = mapping.value[-1][1].end_mark.index
                self._changes.append((place, place, f", {inside}"))
            else:
                place = mapping.start_mark.index + len("{")
                self._changes.append((place, place, inside))
            return
        if not mapping.value:
            lines = yaml_lines.lines(entries, 0, STEP)
            end = len(self._text)
            self._changes.append((end, end, "".join(f"{line}{self._line_end}" for line in lines)))
            return
        column = mapping.value[0][0].start_mark.column
        self._insert_lines(mapping, yaml_lines.lines(entries, column, _step(mapping, column)))

    def _fill(self, nothing: yaml.Node, lines: Iterator[str]) -> None:
        """Replace a key's empty value with lines."""
        start, end = nothing.start_mark.index, nothing.end_mark.index
        if start < end:
            self._changes.append((len(self._text[:start].rstrip(" ")), end, ""))
        self._insert_lines(nothing, lines)

    def _insert_lines(self, node: yaml.Node, lines: Iterator[str]) -> None:
        """Insert lines below a node's last line and the comment on it."""
        end = self._end(node)
        line_end = _LINE_END.search(self._text, end)
        place = line_end.start() if line_end else len(self._text)
        new = "".join(f"{self._line_end}{line}" for line in lines)
        self._changes.append((place, place, new))

    def _end(self, node: yaml.Node) -> int:
        """Where a node ends; a block after a | or > is cut off at its last text."""
        while isinstance(node, yaml.CollectionNode) and not node.flow_style:
            node = _last(node.value[-1])
        end = int(node.end_mark.index)
        if getattr(node, "style", None) in ("|", ">"):
            return len(self._text[:end].rstrip(" \r\n"))
        return end


def _empty(text: str) -> yaml.MappingNode:
    """The root of a text without keys: what is inserted comes at its end."""
    end = yaml.Mark("", len(text), 0, 0, None, 0)
    return yaml.MappingNode("", [], end, end, flow_style=False)


def _values(mapping: yaml.MappingNode) -> dict[str, yaml.Node]:
    """The values of a mapping, by key."""
    return {key.value: value for key, value in mapping.value}


def _is_nothing(node: yaml.Node) -> bool:
    return (
        isinstance(node, yaml.ScalarNode) and node.value in NOTHING and node.style not in ("|", ">")
    )


def _places(node: yaml.Node | None) -> dict[str | int, yaml.Node]:
    """The values of a mapping by key, or of a list by index; empty for anything else."""
    if isinstance(node, yaml.MappingNode):
        return dict(_values(node).items())
    return dict(enumerate(node.value)) if isinstance(node, yaml.SequenceNode) else {}


def _first(entry: _Entry) -> yaml.Node:
    return entry[0] if isinstance(entry, tuple) else entry


def _last(entry: _Entry) -> yaml.Node:
    return entry[1] if isinstance(entry, tuple) else entry


def _step(mapping: yaml.MappingNode, column: int) -> int:
    """By how many spaces what is below this mapping's entries is indented."""
    for _, value in mapping.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            return max(int(value.value[0][0].start_mark.column) - column, 1)
    return STEP
