"""Graph API field selection: the requested fields of an object, and nested ones."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher.platforms.facebook.stand_in.graph import GraphError

Wanted = dict[str, "Wanted"]
"""Names of fields, each with its requested subfields; none for all of them."""

_FIELD = re.compile(r"\s*(\w+)((?:\.\w+\([^()]*\))*)\s*")
"""A name, and modifiers such as `.limit(5)`, which the sandbox ignores."""


@dataclass(frozen=True, slots=True)
class Node:
    """An object with all its possible fields; None for a field without a value."""

    kind: str
    """As Meta names it: `PagePost`, `Photo`, `StoryAttachment` …"""
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edge:
    """A list of objects that belong to another object."""

    nodes: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One object that an answer has below `data`, such as a profile's picture."""

    node: Node


def wanted(text: str, default: Sequence[str]) -> Wanted:
    """Parse the `fields` of a request, such as `message,from{name}`; `id` is always added.

    Raises `GraphError` for invalid syntax.
    """
    found = _Fields(text).read() if text.strip() else {name: {} for name in default}
    return {**found, "id": {}}


def show(value: Any, fields: Wanted) -> Any:
    """Convert a value to JSON. Raises `GraphError` for a field that the object cannot have."""
    match value:
        case Edge():
            return {"data": [show(node, fields) for node in value.nodes]}
        case Enclosed():
            return {"data": show(value.node, fields)}
        case Node():
            return _shown(value, fields or {name: {} for name in value.values})
        case _ if fields:
            raise GraphError(100, "(#100) Subfields are not supported by a plain value")
    return value


def _shown(node: Node, fields: Wanted) -> dict[str, Any]:
    for name in fields:
        if name not in node.values:
            raise GraphError(
                100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node.kind})"
            )
    return {
        name: show(node.values[name], inner)
        for name, inner in fields.items()
        if node.values[name] is not None
    }


class _Fields:
    """Parser of one `fields` parameter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> Wanted:
        found = self._level()
        if self._at != len(self._text):
            raise self._unexpected("end of string")
        return found

    def _level(self) -> Wanted:
        found: Wanted = {}
        while True:
            match = _FIELD.match(self._text, self._at)
            if not match:
                raise self._unexpected("a field")
            self._at = match.end()
            found[match[1]] = self._within()
            if not self._takes(","):
                return found

    def _within(self) -> Wanted:
        if not self._takes("{"):
            return {}
        found = self._level()
        if not self._takes("}"):
            raise self._unexpected('"}"')
        return found

    def _takes(self, sign: str) -> bool:
        there = self._text.startswith(sign, self._at)
        self._at += len(sign) * there
        return there

    def _unexpected(self, expected: str) -> GraphError:
        place = f"at character {self._at}: {self._text[:100]}"
        return GraphError(2500, f"Syntax error: expected {expected} {place}")
