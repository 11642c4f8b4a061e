"""Typed access to a YAML mapping: reads values and notes what is wrong with each."""

from collections import abc
from collections.abc import Collection
from datetime import date, timedelta
from types import MappingProxyType

from publisher.base import dates
from publisher.base.clock import parse_duration
from publisher.base.i18n import _
from publisher.base.text import did_you_mean, nearest, nearly
from publisher.drafts.yaml_tree import Mapping, Node, Scalar, Sequence
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Position

_CURLY = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a"
"""Curly quotes: word processors and phones type them, YAML does not know them."""
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


def quotes_hint(value: str) -> str | None:
    """A hint for an invalid value that has curly quotes around it."""
    value = value.strip()
    if len(value) < 2 or value[0] not in _CURLY or value[-1] not in _CURLY:
        return None
    return _(
        "The characters {first} and {last} are part of the value. Leave them out, or type "
        "straight ones instead.",
        first=value[0],
        last=value[-1],
    )


def _media_hint(name: str) -> str:
    return _(
        "Write `- file: {name}`, and below it `alt:` with what the picture shows.",
        name=name.strip(),
    )


class Fields:
    """A mapping's values by key. An unreadable value is noted and returned as if absent.

    Keys that are not in `known` are reported on creation.
    """

    def __init__(
        self,
        node: Mapping,
        known: Collection[str],
        findings: Findings,
        elsewhere: abc.Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`elsewhere`: by key that does not belong here, where it does; translated here."""
        self._node = node
        self._findings = findings
        for key, entry in node.entries.items():
            if key not in known:
                near = nearest(key, known)
                if key in elsewhere:
                    hint = _(elsewhere[key])
                elif near:
                    hint = did_you_mean(near)
                else:
                    hint = _("Keys are: {keys}.", keys=", ".join(known))
                findings.error(
                    "unknown-key", entry.key, _("`{key}` is not a known key.", key=key), hint
                )

    def __contains__(self, key: str) -> bool:
        return key in self._node.entries

    def key_positions(self) -> dict[str, Position]:
        return {key: entry.key for key, entry in self._node.entries.items()}

    def position(self, key: str) -> Position:
        """The position of the key's value; the mapping's beginning if the key is missing."""
        entry = self._node.entries.get(key)
        return entry.value.position if entry else self._node.position

    def node(self, key: str) -> Node | None:
        entry = self._node.entries.get(key)
        return entry.value if entry else None

    def reject(self, key: str, flaw: Flaw) -> None:
        node = self.node(key)
        quoted = quotes_hint(node.value) if isinstance(node, Scalar) else None
        self._findings.add(flaw._replace(hint=quoted or flaw.hint), self.position(key))

    def missing(self, key: str, hint: str) -> None:
        self._findings.error(
            "missing-key", self._node.position, _("`{key}` is missing.", key=key), hint
        )

    def text(self, key: str, *, may_be_empty: bool = False) -> str | None:
        """A single value without the space around it; None if the key is missing or empty.

        An empty value is a problem unless it `may_be_empty`: a half-written key would otherwise
        lift an embargo.
        """
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.reject(key, Flaw("not-a-text", _("`{key}` needs a single value.", key=key)))
            return None
        value = node.value.strip()
        if not value and not may_be_empty:
            hint = _("Give it a value, or delete the line.")
            self.reject(key, Flaw("empty-value", _("`{key}` has no value.", key=key), hint))
        return value or None

    def flag(self, key: str) -> bool | None:
        value = self.text(key)
        if value is None:
            return None
        if value.lower() not in _FLAGS:
            self.reject(key, Flaw("bad-value", _("`{key}` must be true or false.", key=key)))
            return None
        return _FLAGS[value.lower()]

    def duration(self, key: str) -> timedelta | None:
        """A duration greater than zero."""
        value = self.text(key)
        if value is None:
            return None
        try:
            duration = parse_duration(value)
        except ValueError as error:
            self.reject(key, Flaw("bad-duration", f"{error}."))
            return None
        if not duration:
            self.reject(key, Flaw("bad-duration", _("`{key}` must be longer than zero.", key=key)))
            return None
        return duration

    def day(self, key: str) -> date | None:
        value = self.text(key)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            near = [day.isoformat() for day in dates.days(value, None)]
            hint = nearly(near) if near else _("Write it like 2016-03-07.")
            self.reject(key, Flaw("bad-time", _("“{value}” is not a date.", value=value), hint))
            return None

    def words(self, key: str) -> tuple[tuple[str, Position], ...] | None:
        """One value or a list of values, each with its position; None if the key is missing."""
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node, Scalar):
            value = self.text(key)
            return ((value, node.position),) if value else ()
        if not isinstance(node, Sequence):
            self.reject(key, Flaw("not-a-list", _("`{key}` needs a list.", key=key)))
            return ()
        words = []
        for item in node.items:
            if not isinstance(item, Scalar) or not item.value.strip():
                flaw = Flaw("not-a-text", _("`{key}` needs a list of single values.", key=key))
                self._findings.add(flaw, item.position)
            else:
                words.append((item.value.strip(), item.position))
        return tuple(words)

    def mappings(self, key: str) -> tuple[Mapping, ...]:
        """A list of mappings."""
        node = self.node(key)
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            hint = _("Begin each entry under `{key}:` with a dash.", key=key)
            self.reject(key, Flaw("not-a-list", _("`{key}` needs a list.", key=key), hint))
            return ()
        found = []
        for item in node.items:
            if isinstance(item, Mapping):
                found.append(item)
            else:
                said = _("Each entry of `{key}` needs keys and values.", key=key)
                named = item.value if key == "media" and isinstance(item, Scalar) else None
                remedy = _media_hint(named) if named else None
                self._findings.add(Flaw("not-a-mapping", said, remedy), item.position)
        return tuple(found)

    def mapping(self, key: str) -> Mapping | None:
        node = self.node(key)
        if node is None or isinstance(node, Mapping):
            return node
        if isinstance(node, Scalar) and not node.value:
            return None
        self.reject(
            key, Flaw("not-a-mapping", _("`{key}:` needs keys with values below it.", key=key))
        )
        return None
