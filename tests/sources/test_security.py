"""What docs/security.md says of the sources, read in the sources: nothing is run that somebody
wrote.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.sources.conftest import ROOT
from tests.sources.unmarked import Trees

_SCRIPT = "".join(
    (ROOT / f"publisher/web/static/{name}.js").read_text(encoding="utf-8")
    for name in ("web", "calendar")
)
_PATTERNS_OF_TABLES = {
    "publisher/cli/usage_errors.py": {"pattern"},
    "publisher/ledger/driver_errors.py": {"meaning.text"},
    "publisher/ledger/doubts/resolve.py": {"spec.post_id"},
    "publisher/media/file_types.py": {"begin"},
    "publisher/sandbox/endpoints.py": {"pattern"},
    "publisher/settings/account_settings.py": {"own.pattern"},
}
"""By file: names that stand for a pattern of a table in our own code."""
_CRYPTOGRAPHY = {"argon2", "authlib", "hashlib", "hmac", "joserfc", "secrets", "ssl"}
"""The libraries of docs/security.md, and those of Python."""
_NOT_FOR_US = {"Crypto", "Cryptodome", "cryptography", "jose", "jwt", "md5", "nacl", "rsa", "sha"}


def _calls(tree: ast.AST, of: str) -> Iterator[ast.Call]:
    """The calls of a module's functions, such as `re.compile`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == of
        ):
            yield node


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _is_our_own(pattern: ast.AST, known: set[str]) -> bool:
    """Whether a pattern is written down, or made of constants, or quoted."""
    match pattern:
        case ast.Name(id=name):
            own = name.isupper()
        case ast.Attribute(value=part, attr="pattern") | ast.FormattedValue(value=part):
            own = _is_our_own(part, known)
        case ast.JoinedStr(values=parts):
            own = all(_is_our_own(part, known) for part in parts)
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[part]):
            own = _is_our_own(part, known)
        case ast.Call(func=ast.Name(id="map"), args=[ast.Attribute(attr="escape"), _]):
            own = True
        case _:
            own = isinstance(pattern, ast.Constant)
    return own or ast.unparse(pattern) in known


def test_no_pattern_is_made_from_what_somebody_wrote(trees: Trees) -> None:
    """A pattern of somebody else's can take for ever, or match what it should not."""
    found = 0
    for file, tree in trees.items():
        known = _PATTERNS_OF_TABLES.get(file, set())
        for call in _calls(tree, "re"):
            if isinstance(call.func, ast.Attribute) and call.func.attr != "escape":
                found += 1
                assert _is_our_own(call.args[0], known), (file, call.lineno, ast.unparse(call))
    assert found > 50


@pytest.mark.parametrize("code", ["eval(given)", "exec(given)", "pickle.loads(given)"])
def test_the_linter_refuses_to_run_what_is_given(code: str) -> None:
    text = f'"""A module."""\n\nimport pickle\n\n\ndef run(given: bytes) -> None:\n    {code}\n'
    found = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", "publisher/web/made_up.py", "-"],
        cwd=ROOT, input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert found.returncode == 1, found.stderr
    assert re.search(r"\b(?:S307|S102|S301)\b", found.stdout), found.stdout


def test_nothing_excepts_itself_from_that(trees: Trees) -> None:
    for file in trees:
        text = (ROOT / file).read_text("utf-8")
        assert not re.search(r"noqa:.*\bS(?:307|102|301)\b", text), file


def test_templates_are_files_of_the_packages(trees: Trees) -> None:
    """No text becomes a template: whoever writes one could read whatever a page can."""
    for file, tree in trees.items():
        made = {
            node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
        }
        loaders = {"from_string", "Template", "FileSystemLoader", "DictLoader", "FunctionLoader"}
        assert not made & loaders, file


def test_cryptography_is_that_of_libraries(trees: Trees) -> None:
    """Those that docs/security.md names, with SHA-256; chance decides about no secret."""
    for file, tree in trees.items():
        names = {name.partition(".")[0] for name in _imported(tree)}
        assert not names & _NOT_FOR_US, file
        assert "random" not in names or file.startswith("publisher/sandbox/"), file
        for call in _calls(tree, "hashlib"):
            told = ast.unparse(call)
            assert "sha256" in told, (file, told)
    assert {
        name.partition(".")[0] for _file, tree in trees.items() for name in _imported(tree)
    } >= _CRYPTOGRAPHY


def test_the_script_writes_text_and_no_markup() -> None:
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc"
    assert not re.search(markup, _SCRIPT)
    assert not re.search(r"\beval\b|new Function|setAttribute\(\s*[\"']on", _SCRIPT)
    assert "textContent" in _SCRIPT


def test_the_script_keeps_nothing_under_names_from_outside() -> None:
    """A name such as `__proto__` would change all objects."""
    assert not re.search(r"\w\[[^\]\"'\d]+\]\s*=(?!=)", _SCRIPT)
    assert not re.search(
        r"__proto__|prototype|Object\.(?:assign|fromEntries|defineProperty)", _SCRIPT
    )
