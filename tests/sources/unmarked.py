"""Finds texts in the sources that people would read in English whatever their language is."""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping

Trees = Mapping[str, ast.Module]
"""The syntax trees of modules, by their paths."""
Found = tuple[int, str]
"""A line, and the text that begins there; `…` stands for its values."""

_MARKS = frozenset({"_", "plural", "later"})
_SENTENCE = re.compile(r"[A-Za-z]{2,}.* |.* .*[A-Za-z]{2,}", re.DOTALL)
"""Two words at least; a single one may be a name, a key or a value."""
_SHOWING = re.compile(
    r"print_.*|AlreadyRunning|FileChanged|Flaw|NoSuchPost|NotPossible|NoticeNotSent|ProcessFailed"
    r"|bad|confirm|error|good|paint|reject|say|_say|warn|warning"
    r"|.*(?:Error|Missing|Unavailable|Unusable|NotFound)"
)
"""Functions and classes that bring texts to a person."""


def shown(tree: ast.Module) -> Iterator[Found]:
    """Unmarked texts that are given to what shows them, or as a hint."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node)
        given = [word.value for word in node.keywords if word.arg == "hint"]
        if _SHOWING.fullmatch(name) and not hasattr(builtins, name) and not _is_log(node):
            given += node.args
        for argument in given:
            yield from _sentences(argument, frozenset())


def anywhere(tree: ast.Module, untold: frozenset[str]) -> Iterator[Found]:
    """Unmarked texts anywhere but in docstrings and in calls of `untold`."""
    yield from _sentences(tree, untold)


def hiding(tree: ast.Module) -> Iterator[int]:
    """The lines of functions that translate, and give another value the name of `_`."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes = list(ast.walk(function))
            # A comprehension's names are its own.
            inner = {id(name) for node in nodes if isinstance(node, ast.comprehension)
                     for name in ast.walk(node.target)}  # fmt: skip
            called = any(isinstance(node, ast.Call) and _name(node) == "_" for node in nodes)
            stored = [
                node for node in nodes
                if isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
            ]  # fmt: skip
            if called and any(id(name) not in inner for name in stored):
                yield function.lineno


def _sentences(node: ast.AST, untold: frozenset[str]) -> Iterator[Found]:
    if isinstance(node, ast.Call) and _name(node) in _MARKS | untold:
        return
    text = _text(node)
    if isinstance(node, ast.expr) and _SENTENCE.search(text):
        yield node.lineno, text
    for child in ast.iter_child_nodes(node):
        is_part = isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)
        if not is_part and not _is_docstring(child):
            yield from _sentences(child, untold)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "…" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_log(call: ast.Call) -> bool:
    """`log.warning(…)` is for whoever runs the machine."""
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in ("log", "logger")
    )


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
