"""YAML parser: a small tree in which every node has its position.

Every value stays a string (`12:30`, `on` and `no` too). Only lists, mappings and scalars are
allowed: aliases can grow without limit, tags name types, and both surprise people.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import yaml
from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from publisher.base.i18n import _, later
from publisher.drafts import text_files
from publisher.drafts.text_files import invalid_character
from publisher.model.problems import Findings
from publisher.model.values import Position

MAX_DEPTH = 8
"""Levels of nesting; nothing that is read here needs more than three."""


class Scalar(NamedTuple):
    value: str
    position: Position


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple["Node", ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: dict[str, "Entry"]
    position: Position


class Entry(NamedTuple):
    """A key's place and its value."""

    key: Position
    value: "Node"


Node = Scalar | Sequence | Mapping
_HIDDEN_LINE_END = re.compile("[\u2028\u2029]")
_OF_NODES = (yaml.NodeEvent, yaml.CollectionEndEvent)

# Messages of libyaml, and hints for people.
_HINTS = (
    ("tab character", later("Indent with spaces. YAML does not allow tabs there.")),
    (
        "mapping values are not allowed",
        later("Put a value that contains `: ` in quotes. A key begins its line."),
    ),
    (
        "cannot start any token",
        later(
            "Put the value in quotes if it begins with @, `, % or |. Indent with spaces, not tabs."
        ),
    ),
    ("unexpected end of stream", later("A quotation mark is opened and never closed.")),
    (
        "expected ',' or",
        later("A bracket is never closed, or a comma is missing."),
    ),
)
_LOOK = later("Check the quotes and the indentation of this line and the line before it.")


def compose(text: str, findings: Findings, first_line: int = 1) -> Node | None:
    """Parse a YAML document that begins on `first_line` of its file; None if it is empty.

    Problems are noted in `findings`; for invalid YAML, the tree is None.
    """
    if text_files.found_in(text, findings, first_line):
        return None
    if hidden := _HIDDEN_LINE_END.search(text):
        # To YAML a line ends there, and a key may follow that people do not see as one.
        message = _(
            "The character U+{code:04X} ends a line here, but editors do not show it.",
            code=ord(hidden.group()),
        )
        hint = _(
            "Delete it. It is invisible in most editors, so retype the words around it if "
            "necessary."
        )
        findings.error("invalid-character", _place(text, hidden.start(), first_line), message, hint)
        return None
    before = len(findings.problems)
    events = _events(text, findings, first_line)
    node = _node(next(events, None), events, findings, first_line)
    if (extra := next(events, None)) is not None:
        place = _position(extra.start_mark, first_line)
        findings.error("yaml-feature", place, _("A second YAML document begins here."))
    broken = any(found.code.startswith("yaml") for found in findings.problems[before:])
    return None if broken else node


def mapping(text: str, findings: Findings) -> Mapping | None:
    """Parse a file that is a mapping; None if it is not, or no value in it can be relied on.

    A key that is given twice may mean either value, such as a consent and its withdrawal.
    """
    root = compose(text, findings)
    if root is not None and not isinstance(root, Mapping):
        message = _("{file} is not a list of keys with values.", file=findings.file)
        findings.error("not-a-mapping", root.position, message)
    twice = any(found.code == "duplicate-key" for found in findings.problems)
    return root if isinstance(root, Mapping) and not twice else None


def _events(text: str, findings: Findings, first_line: int) -> Iterator[Any]:
    """The events that make up nodes, until something is refused."""
    depth = 0
    try:
        for event in iter(yaml.CBaseLoader(text).get_event, None):
            # Nearly all events of thousands of drafts are of this kind: keep this test first.
            if type(event) is ScalarEvent and event.anchor is None and event.tag is None:
                yield event
                continue
            if not isinstance(event, _OF_NODES):
                continue
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            refused = _refused(event, depth)
            if refused:
                place = _position(event.start_mark, first_line)
                findings.error("yaml-feature", place, *refused)
                return
            yield event
    except yaml.YAMLError as error:
        _note_error(error, text, findings, first_line)


def _refused(event: Any, depth: int) -> tuple[str, str] | None:
    """Message and hint for what is not used here."""
    if getattr(event, "anchor", None):  # an alias has one, too
        is_alias = isinstance(event, yaml.AliasEvent)
        sign, name = "*" if is_alias else "&", event.anchor
        return (
            _("`*{name}` is a YAML alias, which is not allowed here.", name=name)
            if is_alias
            else _("`&{name}` is a YAML anchor, which is not allowed here.", name=name),
            _(
                "Write the value out. A text that begins with {sign} needs quotes.",
                sign=sign,
            ),
        )
    if getattr(event, "tag", None):
        return (
            _("`{tag}` is a YAML tag, which is not allowed here.", tag=event.tag),
            _("Leave it out. A text that begins with ! needs quotes."),
        )
    if depth > MAX_DEPTH:
        return _("This is nested too deeply."), _("Three levels are enough for everything here.")
    return None


def _node(event: Any, events: Iterator[Any], findings: Findings, first_line: int) -> Node | None:
    """The node that `event` begins; None when the events end too early."""
    if event is None:
        return None
    mark = event.start_mark
    position = _shared_position(mark.line + first_line, mark.column + 1)
    if type(event) is ScalarEvent:
        value = event.value
        if flaw := invalid_character(value):  # from an escape such as "\0"
            findings.add(flaw, position)
            value = ""
        return Scalar(value, position)
    if type(event) is MappingStartEvent:
        return _mapping(position, events, findings, first_line)
    return _sequence(position, events, findings, first_line)


def _sequence(
    position: Position, events: Iterator[Any], findings: Findings, first_line: int
) -> Sequence:
    items: list[Node] = []
    for event in events:
        if type(event) is SequenceEndEvent:
            break
        item = _node(event, events, findings, first_line)
        if item is not None:
            items.append(item)
    return Sequence(tuple(items), position)


def _mapping(
    position: Position, events: Iterator[Any], findings: Findings, first_line: int
) -> Mapping:
    entries: dict[str, Entry] = {}
    for event in events:
        if type(event) is MappingEndEvent:
            break
        key = _node(event, events, findings, first_line)
        value = _node(next(events, None), events, findings, first_line)
        if key is None or value is None:
            break
        if not isinstance(key, Scalar):
            findings.error("yaml-feature", key.position, _("A key must be a single word."))
        elif key.value in entries:
            first = entries[key.value].key.line
            message = _(
                "`{key}` is given twice; the first is on line {first}.", key=key.value, first=first
            )
            findings.error("duplicate-key", key.position, message, _("Delete one of them."))
        else:
            entries[key.value] = Entry(key.position, value)
    return Mapping(entries, position)


def _place(text: str, index: int, first_line: int) -> Position:
    line_start = text.rfind("\n", 0, index) + 1
    return Position(line=text.count("\n", 0, index) + first_line, column=index - line_start + 1)


def _position(mark: Any, first_line: int) -> Position:
    return _shared_position(mark.line + first_line, mark.column + 1)


@lru_cache(maxsize=8192)
def _shared_position(line: int, column: int) -> Position:
    """One object for every draft's `at:` in line 2: thousands of drafts are read at a time."""
    return Position(line=line, column=column)


def _note_error(error: yaml.YAMLError, text: str, findings: Findings, first_line: int) -> None:
    """Note an error of libyaml with a hint: its own messages are English, for YAML experts."""
    message = _("This is not valid YAML.")
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        findings.error("yaml", Position(line=first_line), message, _(_LOOK))
        return
    hint = next((hint for sign, hint in _HINTS if sign in (error.problem or "")), _LOOK)
    # After a last line without an end, libyaml counts one more.
    beyond = error.problem_mark.line > text.count("\n")
    end = _place(text, len(text), first_line)
    position = end if beyond else _position(error.problem_mark, first_line)
    findings.error("yaml", position, message, _(hint))
