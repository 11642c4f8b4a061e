"""Nothing outside the folder of a platform names it.

So a new one costs its folder, and a word in the registry.
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from publisher.channels import plugins
from publisher.channels.registry import SPECS
from publisher.sandbox.platforms import PLATFORMS

_TITLES = {spec.title for spec in SPECS.values() if len(spec.title) > 1} - {"Website"}
_WORDS = sorted({*SPECS, *_TITLES, "X"} - {"site"})
_NAMED = re.compile(
    rf"(?i:(?<![a-z])(?:{'|'.join(one for one in _WORDS if one != 'X')})(?![a-z]))|"
    r"(?<![\\\w'\"-])X(?=[ ,.;:'’]|$)(?!, Y)"
)
_REGISTRY = "publisher/channels/plugins.py"
_ALLOWED = {
    "publisher/cli/app.py": "the examples of the commands",
    "publisher/cli/output/plan.py": "`[prices]` are those of X, the one platform with fees",
    "publisher/preview/templates/preview.html": "the ways of counting have the names of who made them",
    "tools/neighbourhood.py": "the files of tests have the name that X has now",
}


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
        and (name := str(path.relative_to(root))) not in {_REGISTRY, *_ALLOWED}
        # The help is built from docs/.
        and not name.startswith(("publisher/platforms/", "publisher/web/help/"))
        and (told := _named(path))
    ]
    assert found == []


def test_what_may_name_a_platform_does(root: Path) -> None:
    assert [name for name in _ALLOWED if not _named(root / name)] == []


@pytest.mark.parametrize("name", plugins.PLATFORMS)
def test_the_registry_names_a_platform_once(name: str, root: Path) -> None:
    assert (root / "publisher/platforms" / name / "spec.py").exists()
    assert len(re.findall(rf"(?i)\b{name}\b", (root / _REGISTRY).read_text())) == 1


def test_each_folder_of_a_platform_is_in_the_registry(root: Path) -> None:
    folders = {path.parent.name for path in (root / "publisher/platforms").glob("*/__init__.py")}
    assert folders == {*plugins.PLATFORMS}


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_a_channel_and_what_stands_in_for_its_platform_share_no_code(name: str, root: Path) -> None:
    """Else a fault of both would show in no test."""
    folder = root / "publisher/platforms" / name
    channel, stand_in = f"publisher.platforms.{name}", f"publisher.platforms.{name}.stand_in"
    for path in folder.rglob("*.py"):
        is_inside = folder / "stand_in" in path.parents
        for module, names in re.findall(
            r"(?m)^ *(?:from|import) (\S+)(?: import (.+))?", path.read_text()
        ):
            if module.startswith(channel):
                imported = f"{module}.{names}"
                assert imported.startswith(stand_in) == is_inside, (path, imported)


def test_the_layers_name_no_channel(root: Path) -> None:
    told = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = [one for one in told["contracts"] if "libraries" not in one["name"]]
    assert not [name for name in SPECS if f".{name}" in str(contracts)]
