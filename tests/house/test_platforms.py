"""Nothing outside the folders of a channel and its stand-in names a platform.

So a new channel costs its folders, and a line in each registry.
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from publisher.channels.registry import SPECS
from publisher.sandbox.platforms import PLATFORMS

_TITLES = {spec.title for spec in SPECS.values() if len(spec.title) > 1} - {"Website"}
_WORDS = sorted({*SPECS, *_TITLES, "X"} - {"site"})
_NAMED = re.compile(
    rf"(?i:(?<![a-z])(?:{'|'.join(one for one in _WORDS if one != 'X')})(?![a-z]))|"
    r"(?<![\\\w'\"-])X(?=[ ,.;:'’]|$)(?!, Y)"
)
_FOLDERS = ("channels", "sandbox")
_REGISTRIES = {"publisher/channels/registry.py", "publisher/sandbox/platforms.py"}
_ALLOWED = {
    "publisher/cli/app.py": "the examples of the commands",
    "publisher/cli/output/plan.py": "`[prices]` are those of X, the one platform with fees",
    "publisher/preview/templates/preview.html": "the ways of counting have the names of who made them",
    "tools/neighbourhood.py": "the files of tests have the name that X has now",
}


def _of_a_channel(path: Path, root: Path) -> bool:
    parts = path.relative_to(root / "publisher").parts if root / "publisher" in path.parents else ()
    return len(parts) > 2 and parts[0] in _FOLDERS and parts[1] in (*SPECS, *PLATFORMS)


def _strings(tree: ast.AST) -> list[tuple[int, str]]:
    """The names and strings of a module, without its docstrings."""
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    ] + [
        (node.lineno, f"{node.module}.{name.name}")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    ]


def _named(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        lines = _strings(ast.parse(text))
    else:
        bare = re.sub(r"/\*.*?\*/|\{#.*?#\}", "", text, flags=re.DOTALL)
        lines = list(enumerate(bare.splitlines(), 1))
    return [
        f"{path.name}:{number}: {line.strip()[:80]}"
        for number, line in lines
        if _NAMED.search(line)
    ]


def test_no_platform_is_named_outside_its_folders(root: Path) -> None:
    """In code, templates and styles; examples in docstrings and comments may."""
    found = [
        (name, told)
        for package in ("publisher", "workers", "tools")
        for path in sorted((root / package).rglob("*"))
        if path.suffix in {".py", ".html", ".css", ".js"}
        and ".min." not in path.name
        and (name := str(path.relative_to(root))) not in _REGISTRIES | _ALLOWED.keys()
        and not _of_a_channel(path, root)
        and not name.startswith("publisher/web/help/")  # built from docs/
        and (told := _named(path))
    ]
    assert found == []


def test_what_may_name_a_platform_does(root: Path) -> None:
    assert [name for name in _ALLOWED if not _named(root / name)] == []


@pytest.mark.parametrize("name", sorted(SPECS))
def test_a_registry_names_a_channel_in_two_lines(name: str, root: Path) -> None:
    """One imports its spec, one lists it."""
    for registry, specs in zip(sorted(_REGISTRIES), (SPECS, PLATFORMS), strict=True):
        if name in specs:
            text = (root / registry).read_text()
            word = re.compile(rf"\b{name}\b|\b{name.upper()}\b")
            assert sum(bool(word.search(line)) for line in text.splitlines()) == 2, registry


def test_the_layers_name_no_channel(root: Path) -> None:
    told = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = [one for one in told["contracts"] if "libraries" not in one["name"]]
    assert not [name for name in SPECS if f".{name}" in str(contracts)]
