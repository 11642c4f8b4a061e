"""The repository keeps its own rules."""

import ast
import io
import json
import os
import re
import shutil
import subprocess
import tokenize
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.system import missing

# Written in pieces, so that this file passes its own test.
_HOSTS = [
    name + "." + domain
    for name, domain in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("debian", "org"),
        ("ubuntu", "com"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
    ]
]
_STRANGER = re.compile(r"\b(?:pip|pipx|uv|uvx)\b.*[\s'\"]publisher(?![\w./ ])")
_MACHINE_PATH = re.compile(r"(?<![\w.>)}-])/(?:work|root|home)/")
_TARGETS = [
    "help", "install", "production", "demo", "quick", "near", "test", "deep", "smoke", "bare", "image", "chaos", "machines", "fuzz", "mutants", "steady", "bench", "release", "check", "messages", "run", "lock", "clean",
]  # fmt: skip
_SCRIPTS = [".ci/run", "tests/support/smoke.sh", "tests/support/system.sh"]


_NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip


def _run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=60, check=False
    )


def _files(root: Path) -> list[Path]:
    """What git tracks, and what it would track."""
    listed = _run(root, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if listed.returncode != 0:
        pytest.skip("this is no git repository, so nobody knows which files are the project's")
    return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]


def _texts(root: Path) -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(root)), content.decode("utf-8", "replace"))
        for path in _files(root)
        if b"\0" not in (content := path.read_bytes())
    ]


def test_every_public_module_says_what_it_is(root: Path) -> None:
    """A module with code and without a docstring is found here."""
    silent = [
        str(path.relative_to(root))
        for package in ("publisher", "workers")
        for path in sorted((root / package).rglob("*.py"))
        if "versions" not in path.parts  # migrations are made by Alembic's template
        and (not path.stem.startswith("_") or path.name == "__init__.py")
        and (tree := ast.parse(path.read_text())).body
        and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_only_public_parts_of_typer_are_used(root: Path) -> None:
    """A release may change the others without a word."""
    private = re.compile(r"\btyper(?:\.\w+)*\._")
    used = [
        str(path.relative_to(root))
        for path in sorted((root / "publisher").rglob("*.py"))
        if private.search(path.read_text(encoding="utf-8"))
    ]
    assert used == []


def test_no_file_names_a_registry(root: Path) -> None:
    """Packages come from where each machine gets its packages."""
    named = [(file, host) for file, text in _texts(root) for host in _HOSTS if host in text]
    assert named == []


def test_no_file_names_a_path_of_one_machine(root: Path) -> None:
    named = [
        (file, number, line.strip())
        for file, text in _texts(root)
        for number, line in enumerate(text.splitlines(), 1)
        if _MACHINE_PATH.search(line)
    ]
    assert named == []


def test_nobody_is_told_to_install_a_strangers_package(root: Path) -> None:
    """On the package index `publisher` is somebody else's, and would be newer than ours."""
    told = [
        (file, line.strip())
        for file, text in _texts(root)
        for line in text.splitlines()
        if _STRANGER.search(line)
    ]
    assert told == []
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["name"] == "session-publisher"


_LOCKS = ("constraints.txt", *(f"requirements/{name}.txt" for name in ("build", "run", "smoke", "dev", "bench", "mutants", "release")))  # fmt: skip


def _pins(path: Path) -> dict[str, tuple[Version, list[str]]]:
    """Of each package its version and the hashes that its files may have."""
    pins: dict[str, tuple[Version, list[str]]] = {}
    for entry in path.read_text().replace("\\\n", " ").splitlines():
        line, *hashes = entry.split("--hash=")
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        pins[canonicalize_name(requirement.name)] = Version(specifier.version), hashes
    return pins


def test_every_dependency_is_pinned(root: Path) -> None:
    """Two installs are alike: each requirement of pyproject.toml has its version, which fits."""
    pins = {name: version for name, (version, _hashes) in _pins(root / "constraints.txt").items()}
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    wrong = [
        text
        for text in wanted
        if (pin := pins.get(canonicalize_name(Requirement(text).name))) is None
        or not Requirement(text).specifier.contains(pin, prereleases=True)
    ]
    assert wrong == [], "run `make lock`"


@pytest.mark.parametrize("lock", _LOCKS)
def test_every_pin_has_the_hashes_of_its_files(root: Path, lock: str) -> None:
    """What the index hands out is then what it was when somebody looked."""
    pins, all_pins = _pins(root / lock), _pins(root / "constraints.txt")
    for name, (version, hashes) in pins.items():
        assert all_pins[name][0] == version, name
        assert hashes, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", each) for each in hashes), name


def test_nothing_is_installed_without_its_hash(root: Path) -> None:
    for file in ("Makefile", "Dockerfile", "tests/support/smoke.sh"):
        text = (root / file).read_text().replace("\\\n", " ")
        for line in re.findall(r"^.*(?:pip\"?|PIP\)) install.*|^ +into .*", text, re.MULTILINE):
            assert re.search(r'--require-hashes|--no-deps|"\$@"$', line), (file, line)


def test_production_has_no_test_packages(root: Path) -> None:
    """What is not there cannot be attacked."""
    run = _pins(root / "requirements/run.txt")
    assert not run.keys() & {"pytest", "playwright", "hypothesis", "schemathesis", "mypy", "ruff"}
    assert "requirements/run.txt" in (root / "Dockerfile").read_text()
    assert "publisher production" in (root / "docs/deployment.md").read_text()


@pytest.mark.parametrize("target", _TARGETS)
def test_the_makefile_has(target: str, root: Path) -> None:
    done = _run(root, "make", "--dry-run", target)
    assert done.returncode == 0, done.stderr


def test_make_alone_lists_the_targets(root: Path) -> None:
    done = _run(root, "make", "--no-print-directory")
    assert re.findall(r"^ *make (\w+)", done.stdout, re.MULTILINE) == _TARGETS


@pytest.mark.parametrize("script", _SCRIPTS)
def test_a_script_can_be_run(script: str, root: Path) -> None:
    """Executable here and in git, and without a syntax error."""
    assert os.access(root / script, os.X_OK)
    assert _run(root, "bash", "-n", script).stderr == ""
    assert _run(root, "git", "ls-files", "--stage", script).stdout.startswith("100755")


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.one-machine.yml"])
def test_compose_accepts_its_file(root: Path, file: str) -> None:
    """`docker compose config` needs no engine."""
    if shutil.which("docker-compose"):
        command = ["docker-compose"]
    elif shutil.which("docker") and _run(root, "docker", "compose", "version").returncode == 0:
        command = ["docker", "compose"]
    else:
        missing("docker compose", "docker-compose")
    done = _run(root, *command, "--file", file, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    services = json.loads(done.stdout)["services"]
    unlimited = [
        name
        for name, service in services.items()
        if "max-size" not in (service.get("logging") or {}).get("options", {})
    ]
    assert unlimited == [], "what they print may fill the disk"
    if postgres := services.get("postgres"):
        # Its temporary server of the first start answers on its socket, not by the network.
        assert "--host=127.0.0.1" in postgres["healthcheck"]["test"]


def test_a_class_has_a_name_of_its_own(root: Path) -> None:
    """Nobody has to find out which of two is meant."""
    names = [
        node.name
        for path in (root / "publisher").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_a_module_is_more_than_a_scrap(root: Path) -> None:
    """Twenty lines of code are part of the module whose idea they belong to."""
    modules = [
        path
        for folder in ("publisher", "workers")
        for path in (root / folder).rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py") and "migrations" not in path.parts
    ]
    assert len(modules) > 300
    assert [path for path in modules if _lines_of_code(path) <= 20] == []


def _lines_of_code(path: Path) -> int:
    """Lines that are neither blank nor only a comment or a docstring."""
    text = path.read_text(encoding="utf-8")
    docstrings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in _NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - docstrings)
