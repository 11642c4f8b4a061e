"""The parts of docs/ that are made from the code, each a function that gives Markdown."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import page as benchmarks
from publisher.base.i18n import LANGUAGES, _, speaking
from publisher.importers.columns import ROLES, TITLES
from tests.docs import answers, channels, states
from tests.docs.tables import table

# --- docs/importing.md ------------------------------------------------------


def import_titles() -> str:
    rows = [
        (f"`{role}`", holds, ", ".join(title.replace("-", " ") for title in TITLES[role].split()))
        for role, holds in ROLES.items()
    ]
    return table(("role", "what it holds", "titles"), rows)


# --- docs/editors.md --------------------------------------------------------


def task() -> str:
    """Two matchers, because an editor knows the names of severities in English alone."""
    severities = {"error": "error:", "warning": "warning:"}
    matchers = [_matcher(severity, label) for severity, label in severities.items()]
    task = {
        "label": "publisher check",
        "type": "shell",
        "command": "publisher check",
        "options": {"env": {"TERM": "dumb", "COLUMNS": "10000"}},
        "group": {"kind": "build", "isDefault": True},
        "presentation": {"reveal": "silent"},
        "problemMatcher": matchers,
    }
    text = json.dumps({"version": "2.0.0", "tasks": [task]}, indent=2, ensure_ascii=False)
    return f"```json .vscode/tasks.json\n{text}\n```"


def _matcher(severity: str, label: str) -> dict[str, Any]:
    """`label` is what stands before a message of this severity, in English."""
    words = []
    for language in LANGUAGES:
        with speaking(language):
            words.append(_(label).rstrip(":\N{NO-BREAK SPACE}"))
    names = "|".join(dict.fromkeys(words))
    return {
        "owner": f"publisher-{severity}",
        "fileLocation": ["relative", "${workspaceFolder}"],
        "severity": severity,
        "pattern": {
            "regexp": rf"^(\S.*?):(\d+):(\d+): (?:{names})\s?: (.*) \[([\w-]+)\]$",
            "file": 1,
            "line": 2,
            "column": 3,
            "message": 4,
            "code": 5,
        },
    }


# --- docs/architecture.md ----------------------------------------------------


def layers() -> str:
    """The packages, layer by layer, each with the first sentence that it says of itself."""
    root = Path(__file__).parents[2]
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    first = tomllib.loads(text)["tool"]["importlinter"]["contracts"][0]
    rows = [
        (str(number) if place == 0 else "", f"`{name.replace('.', '/')}`", _first_line(root, name))
        for number, layer in zip(range(len(first["layers"]), 0, -1), first["layers"], strict=True)
        for place, name in enumerate(re.findall(r"[\w.]+", layer))
    ]
    return table(("layer", "package", ""), rows)


def _first_line(root: Path, module: str) -> str:
    path = root / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    told = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return told.partition("\n")[0]


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "importing.md": {"import-titles": import_titles},
    "states.md": {
        "states-by-itself": states.by_itself,
        "moves": states.moves,
    },
    "editors.md": {"task": task},
    "architecture.md": {"layers": layers},
    "adding-a-channel.md": {"capabilities": channels.capabilities},
    "sandbox.md": {"faults": channels.faults, "own-faults": channels.own_faults},
    "reliability.md": answers.parts(),
    "benchmarks.md": dict(benchmarks.PARTS),
}
"""The generated parts by page and by the name in their markers."""
