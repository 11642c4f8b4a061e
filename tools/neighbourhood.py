# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Neighbourhood of a file: the tests that are near to it, nearest first.

Those that guard a module of the product are named for it, name it in their mark
`pytest.mark.guards("publisher.ledger.transitions")`, or import it. After these come the tests that
are for its platform, its subject or its whole package, whose fixtures import it, and those of the
modules that import it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from itertools import chain, takewhile
from pathlib import Path

import grimp

from tests.support import tiers
from tests.support.spreading import WAITING

ROOT = Path(__file__).parents[1]
NAMED, GUARDS, IMPORTS, NAMES, PLATFORM, SUBJECT, PACKAGE, FIXTURES, AROUND, FOLDER, DEEP = (
    "named for it", "guards it", "imports it", "names it", "of its platform", "of its subject",
    "guards its package", "by a fixture", "its importers'", "of its folder",
    "left to `make deep`",
)  # fmt: skip
_PRODUCT, _TESTS = ("publisher", "workers"), "tests"
_OTHERS = (_TESTS, "tools", "benchmarks")
_PLATFORMS = {"twitter": "x"}
"""What the tests call a platform."""
_LOADERS = {
    "publisher.platforms.*.spec": "publisher.channels.registry",
    "publisher.platforms.*.stand_in.platform": "publisher.sandbox.platforms",
}
"""Who loads a module by its name."""
_FOLDERS = {
    "docs": "tests/docs", "posts": "tests/test_campaign.py", "publisher/locales": "tests/sources/test_catalogues.py",
    "requirements": "tests/house", "deploy": "tests/house/test_image.py",
}  # fmt: skip
"""Where the tests are of files that no module and no test names."""


@dataclass(frozen=True)
class TestFile:
    """What a Python file of tests says about itself."""

    imports: frozenset[str]
    """Modules, of the product and of tests, also those that it names in a text to replace them."""
    guards: frozenset[str]
    """The modules that it guards by its own word; `*` stands for a part of the name."""
    is_deep: bool
    """Whether `make deep` alone runs it."""

    def is_guard(self, module: str) -> bool:
        return any(matches(pattern, module) for pattern in self.guards)


Chosen = dict[str, str]
"""Files of tests with the reason for each, nearest first."""


class Neighbourhood:
    """Who imports whom, and which tests there are."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._graph = grimp.build_graph(*_PRODUCT, cache_dir=None)
        self.modules = frozenset(self._graph.modules)

    @cached_property
    def files(self) -> Mapping[str, TestFile]:
        """Every Python file below tests/, by its path; but those of `make smoke`."""
        every = {folder: sorted((self._root / folder).rglob("*.py")) for folder in _OTHERS}
        names = {_dotted(path.relative_to(self._root)) for path in chain(*every.values())}
        return {
            str(path.relative_to(self._root)): self._read(path, names)
            for path in every[_TESTS]
            if not {"node_modules", "smoke"} & {*path.parts}
        }

    @cached_property
    def tests(self) -> list[str]:
        """Those with tests."""
        return [path for path in self.files if Path(path).name.startswith("test_")]

    def _read(self, path: Path, names: set[str]) -> TestFile:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = set[str]()
        for node in ast.walk(tree):
            match node:
                case ast.Import():
                    imports.update(name.name for name in node.names)
                case ast.ImportFrom(module=str(module)):
                    for name in node.names:
                        inner = f"{module}.{name.name}"
                        known = inner in self.modules or inner in names
                        imports.add(inner if known else self._home(module, name.name))
                case ast.Constant(value=str(text)) if text.startswith("publisher."):
                    imports.update([*filter(self.modules.__contains__, _above(text))][:1])
        is_deep = tiers.is_deep(path) or any(map(_says_deep, tree.body))
        return TestFile(frozenset(imports), frozenset(guarded(tree)), is_deep)

    def _home(self, module: str, name: str) -> str:
        """The module that a package takes a name from, or the module itself."""
        return self._exports(module).get(name, module) if module in self.modules else module

    @cache  # noqa: B019 - there is one
    def _exports(self, package: str) -> dict[str, str]:
        path = self._root.joinpath(*package.split("."), "__init__.py")
        if not path.exists():
            return {}
        return {
            name.asname or name.name: node.module
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom) and node.module in self.modules
            for name in node.names
        }

    def of_module(self, module: str) -> Chosen:
        """The tests near to a module of the product."""
        importers = sorted(
            {*self._graph.find_modules_that_directly_import(module), *_loaders(module)},
            key=lambda importer: (-_shared(importer, module), importer),
        )
        packages = {*_above(module)} - {module}
        chosen = self.own(module)
        for why, tests in (
            (IMPORTS, self._importing(module)),
            (PLATFORM, (test for test in self.tests if is_of_platform(test, module))),
            (SUBJECT, (test for test in self.tests if is_of_subject(test, module))),
            (PACKAGE, (t for t in self.tests if any(map(self.files[t].is_guard, packages)))),
            (FIXTURES, self._by_helpers(module)),
            (AROUND, chain.from_iterable(map(self.own, importers))),
            (AROUND, chain.from_iterable(map(self._importing, importers))),
        ):
            for test in tests:
                chosen.setdefault(test, why)
        return chosen

    def own(self, module: str) -> Chosen:
        """Those that guard a module by their name or word."""
        named = {test: NAMED for test in self.tests if is_named_for(test, module)}
        return named | {
            test: GUARDS
            for test in self.tests
            if self.files[test].is_guard(module) and test not in named
        }

    def _importing(self, module: str) -> list[str]:
        return self._sorted((t for t in self.tests if module in self.files[t].imports), module)

    def _sorted(self, tests: Iterable[str], module: str) -> list[str]:
        """First those of the module's own folder, then those that import least; no slow ones."""
        home = f"{_TESTS}/{_words(module)[0]}/"
        quick = (test for test in tests if Path(test).parts[1] not in WAITING)
        return sorted(
            quick, key=lambda test: (not test.startswith(home), len(self.files[test].imports))
        )

    def _by_helpers(self, module: str) -> list[str]:
        helpers = [
            path
            for path, file in self.files.items()
            if module in file.imports and path not in self.tests
        ]
        home = f"{_TESTS}/{_words(module)[0]}/"
        helpers.sort(key=lambda path: not path.startswith(home))
        return [test for helper in helpers for test in self._sorted(self._below(helper), module)]

    def _below(self, helper: str) -> list[str]:
        """The tests that a file without tests is for."""
        path = Path(helper)
        if path.name == "conftest.py":
            folders = {path.parent} | {
                Path(other).parent
                for other, file in self.files.items()
                if Path(other).name == "conftest.py" and _dotted(path) in file.imports
            }
            folders.discard(Path(_TESTS))
            return [t for t in self.tests if folders & {*Path(t).parents}]
        return [t for t in self.tests if _dotted(path) in self.files[t].imports]

    def of_file(self, name: str) -> Chosen:
        """The tests near to any file of the repository; none are near to some.

        Those that `make deep` alone runs are given with that as the reason.
        """
        chosen = self._of_file(name)
        return {test: DEEP if self.files[test].is_deep else why for test, why in chosen.items()}

    def _of_file(self, name: str) -> Chosen:
        path = Path(name)
        if name in self.tests:
            return {name: NAMED}
        if name in self.files:
            return dict.fromkeys(self._below(name), FIXTURES)
        if path.suffix == ".py":
            module = _dotted(path)
            of_tool = {test: IMPORTS for test in self.tests if module in self.files[test].imports}
            return self.of_module(module) if module in self.modules else of_tool
        return self._of_data(path)

    def _of_data(self, path: Path) -> Chosen:
        """The tests near to a page, style, document or the like: of its name, or that name it."""
        chosen: Chosen = {}
        if path.parts[0] == "publisher" and path.suffix != ".po":
            page = f"publisher.{path.parts[1]}.{path.stem}"
            chosen |= {test: NAMED for test in self.tests if is_named_for(test, page)}
            for module in self._naming(path):
                chosen = chosen | self.of_module(module) | chosen
        name = path.name if path.suffix else str(path)
        for test in self.tests:
            if name in (self._root / test).read_text(encoding="utf-8"):
                chosen.setdefault(test, NAMES)
        for folder, tests in _FOLDERS.items():
            if Path(folder) in path.parents:
                for test in self.tests:
                    if test.startswith(tests):
                        chosen.setdefault(test, FOLDER)
        return chosen

    def _naming(self, path: Path) -> Iterator[str]:
        """The modules of its package that name a file."""
        for source in sorted(self._root.joinpath(*path.parts[:2]).rglob("*.py")):
            module = _dotted(source.relative_to(self._root))
            if module in self.modules and path.name in source.read_text(encoding="utf-8"):
                yield module


def _says_deep(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and {
        ast.unparse(statement.targets[0]), *map(ast.unparse, ast.walk(statement.value))
    } >= {"pytestmark", "pytest.mark.deep"}  # fmt: skip


def guarded(tree: ast.Module) -> Iterator[str]:
    """The modules that a file of tests names in the mark `guards` of its `pytestmark`."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark":
            for node in ast.walk(statement.value):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.guards":
                    yield from (ast.literal_eval(argument) for argument in node.args)


def matches(pattern: str, module: str) -> bool:
    """Whether `publisher.platforms.*.spec` stands for `publisher.platforms.site.spec`."""
    parts, names = pattern.split("."), module.split(".")
    return len(parts) == len(names) and all(map(fnmatchcase, names, parts))


def _loaders(module: str) -> Iterator[str]:
    return (loader for pattern, loader in _LOADERS.items() if matches(pattern, module))


def is_named_for(test: str, module: str) -> bool:
    """Whether a test has the name of a module: `test_x_posts.py` that of `twitter.stand_in.posts`.

    What follows the module's name is free. A test in a folder of the package's is for that folder.
    """
    package, *middle = _words(module)
    folder, inner = Path(test).parts[1:2], Path(test).parts[2:-1]
    if (middle and folder != (package,)) or not {*inner} <= {*middle}:
        return False
    last = middle.pop() if middle else package
    names = [last, *("_".join([*middle[at:], last]) for at in range(len(middle)))]
    names += [f"{_PLATFORMS[one]}_{last}" for one in middle if one in _PLATFORMS]
    name = Path(test).stem.removeprefix("test_")
    return any(f"{name}_".startswith(f"{one}_") for one in names)


def is_of_platform(test: str, module: str) -> bool:
    """Whether a test is for the platform of a channel's module, or of what stands in for it there,
    by its name or its folder.
    """
    package, *middle = _words(module)
    if package not in ("platforms", "sandbox") or len(middle) < 2:
        return False
    platform = middle[0]
    begins = f"{platform}/", f"test_{platform}_", f"test_{_PLATFORMS.get(platform, platform)}_"
    return test.replace(".py", "_").removeprefix(f"{_TESTS}/{package}/").startswith(begins)


def is_of_subject(test: str, module: str) -> bool:
    """Whether a test in the package's folder begins as the module does: `test_compose_changes.py`,
    for `publisher.web.compose_view`.
    """
    package, *middle = _words(module)
    subject = middle[-1].partition("_")[0] if middle else package
    begins = f"{_TESTS}/{package}/test_{subject}"
    return test.startswith((f"{begins}_", f"{begins}."))


def _words(module: str) -> list[str]:
    """The parts of a module's name, from the package on that its folder of tests is named for."""
    first, *rest = module.split(".")
    if first != "publisher" or not rest:
        return [first, *rest]
    if "stand_in" in rest:
        return ["sandbox", *(part for part in rest[1:] if part != "stand_in")]
    return rest


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _above(text: str) -> Iterator[str]:
    """A dotted text and what it begins with, the longest first, down to two names."""
    parts = text.split(".")
    return (".".join(parts[:length]) for length in range(len(parts), 1, -1))


def _shared(one: str, other: str) -> int:
    """How many of their packages two modules have in common."""
    pairs = zip(one.split("."), other.split("."), strict=False)
    return len([*takewhile(lambda pair: pair[0] == pair[1], pairs)])
