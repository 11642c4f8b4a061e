"""Finds texts in the sources that people would read in English whatever their language is."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

MARKS = frozenset({"_", "plural", "later"})
_SENTENCE = re.compile(r"[A-Za-z]{2,}.* |.* [A-Za-z]{2,}", re.DOTALL)
"""Two words at least; a single one may be a name, a key or a value."""
_SHOWN = re.compile(r"print_|(?:.*(?:Error|Missing|Unavailable|Unusable|NotFound))$")
_SHOWING = frozenset({
    "AlreadyRunning", "FileChanged", "Flaw", "NoSuchPost", "NotPossible", "NoticeNotSent",
    "ProcessFailed", "bad", "confirm", "error", "good", "paint", "reject", "say", "warn", "warning",
})  # fmt: skip
"""Functions and classes whose texts reach a person."""


def shown(path: Path) -> Iterator[str]:
    """Unmarked texts that are given to what shows them, each with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or _name(node) in MARKS:
            continue
        hints = [word.value for word in node.keywords if word.arg == "hint"]
        name = _name(node)
        shows = name in _SHOWING or (_SHOWN.match(name) and not _is_builtin(name))
        for argument in [*node.args, *hints] if shows else hints:
            yield from _sentences(argument)


def anywhere(path: Path, untold: frozenset[str]) -> Iterator[str]:
    """Unmarked texts anywhere but in docstrings and in calls of `untold`, each with its line."""
    yield from _sentences(ast.parse(path.read_text(encoding="utf-8")), untold)


def _sentences(node: ast.AST, untold: frozenset[str] = frozenset()) -> Iterator[str]:
    if isinstance(node, ast.Call) and _name(node) in MARKS | untold:
        return
    if isinstance(node, ast.Constant | ast.JoinedStr):
        text = _text(node)
        if _SENTENCE.search(text):
            yield f"line {node.lineno}: {text!r}"
        if isinstance(node, ast.Constant):
            return
    for child in ast.iter_child_nodes(node):
        if not _is_docstring(child) and not (
            isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)
        ):
            yield from _sentences(child, untold)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "…"
        for part in node.values
    )


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_builtin(name: str) -> bool:
    return hasattr(builtins, name)


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
