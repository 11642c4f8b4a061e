"""Values as JSON, YAML and TOML have them, and their spelling in TOML."""

import json
import math
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-3, 100),
    st.floats(),
    TEXT,
    st.sampled_from(
        (10**30, -(10**300), 1e300, -0.0, 2**63, "", "0", "null", "\x00", "\ud800", "x" * 5000)
    ),
)


def value(
    *, of: st.SearchStrategy[Any] = LEAF, keys: st.SearchStrategy[str] = TEXT
) -> st.SearchStrategy[Any]:
    """Any tree of lists and mappings."""
    return st.recursive(
        of,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=8,
    )


@st.composite
def damaged(draw: st.DrawFn, tree: Any, of: st.SearchStrategy[Any]) -> Any:
    """`tree` with values taken out, put in, exchanged or moved, up to three times."""
    for _ in range(draw(st.integers(0, 3))):
        tree = _once(draw, tree, of)
    return tree


def _once(draw: st.DrawFn, tree: Any, of: st.SearchStrategy[Any]) -> Any:
    if not isinstance(tree, dict | list) or not tree or draw(st.integers(0, 7)) == 0:
        return draw(st.sampled_from(([tree], {"data": tree}, None)) | of)
    if isinstance(tree, dict):
        key = draw(st.sampled_from(sorted(tree)))
        act = draw(st.sampled_from(("go on", "go on", "take out", "put in", "exchange")))
        if act == "take out":
            return {name: entry for name, entry in tree.items() if name != key}
        if act == "put in":
            return {**tree, draw(TEXT): draw(of)}
        return {**tree, key: draw(of) if act == "exchange" else _once(draw, tree[key], of)}
    index = draw(st.integers(0, len(tree) - 1))
    return [*tree[:index], _once(draw, tree[index], of), *tree[index + 1 :]]


def toml(table: dict[str, Any], above: tuple[str, ...] = ()) -> str:
    """`table` as TOML; what TOML has no word for becomes a text."""
    plain = [
        f"{_key(name)} = {_toml(entry)}\n"
        for name, entry in table.items()
        if not isinstance(entry, dict)
    ]
    tables = [
        f"[{'.'.join(map(_key, (*above, name)))}]\n{toml(entry, (*above, name))}"
        for name, entry in table.items()
        if isinstance(entry, dict)
    ]
    return "".join((*plain, *tables))


def _key(name: str) -> str:
    return (
        name
        if name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        else _quoted(name)
    )


def _quoted(text: str) -> str:
    return json.dumps(text.encode("utf-8", "replace").decode()).replace("\x7f", "\\u007f")


def _toml(leaf: Any) -> str:
    if isinstance(leaf, bool):
        return str(leaf).lower()
    if isinstance(leaf, float):
        return repr(leaf) if math.isfinite(leaf) else str(leaf)
    if isinstance(leaf, int):
        return str(leaf)
    if isinstance(leaf, list):
        return f"[{', '.join(map(_toml, leaf))}]"
    if isinstance(leaf, dict):
        return (
            "{" + ", ".join(f"{_key(name)} = {_toml(entry)}" for name, entry in leaf.items()) + "}"
        )
    return _quoted(str(leaf))
