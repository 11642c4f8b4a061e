"""The parts of docs/ that are made from the code, each a function that gives Markdown."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import page as benchmarks
from publisher.agenda.ics_lines import CODES as CALENDAR_CODES
from publisher.base.i18n import LANGUAGES, _, speaking
from publisher.importers.columns import ROLES, TITLES
from publisher.importers.problems import CODES as IMPORT_CODES
from publisher.model.problems import CODES
from tests.docs import answers, channels, states
from tests.docs.tables import table

# --- docs/drafts.md ---------------------------------------------------------

QUEUE_CODES = {
    "cancelled": "Somebody cancelled the same text under the name of a draft that is gone.",
    "already-out": "The post, or its text, is out on the account; the draft changes nothing there.",
    "past": "The post's time and its expiry are over.",
    "embargo-after-expiry": "The embargo ends when the post has expired: it can never go out.",
    "media-damaged": "The picture, GIF, video or PDF is truncated or damaged.",
    "partly-out": "Parts of the thread are out, and the edit changes them.",
    "held": "Somebody holds the same text under the name of a draft that is gone.",
    "duplicate-text": "The same text is on the account's schedule, or out, from another draft.",
    "account-renamed": "The ledger has the post, or its text, for an account that is gone from "
    "publisher.toml; the account may be the same under a new name.",
    "may-be-out": "It was due before the ledger was restored from a backup, so it may be out: it "
    "becomes `uncertain`.",
    "sent-twice": "The post says `at: now`, and may be one that is out already under another name.",
    "no-mandate": "The account's mandate does not cover the author or the day.",
}
"""What the comparison with the ledger finds; the test compares the codes with the source."""


def codes_of_the_comparison() -> set[str]:
    """The codes that `publisher/planning/` gives to its problems."""
    calls = (
        node
        for path in sorted((Path(__file__).parents[2] / "publisher" / "planning").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    return {
        str(call.args[1].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("error", "warning", "add")
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    }


def problem_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in CODES.items()]
    return table(("code", "what it says"), rows)


def queue_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in QUEUE_CODES.items()]
    return table(("code", "what it says"), rows)


# --- docs/importing.md ------------------------------------------------------


def import_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in IMPORT_CODES.items()]
    return table(("code", "what it says"), rows)


def import_titles() -> str:
    rows = [
        (f"`{role}`", holds, ", ".join(title.replace("-", " ") for title in TITLES[role].split()))
        for role, holds in ROLES.items()
    ]
    return table(("role", "what it holds", "titles"), rows)


# --- docs/agenda.md ---------------------------------------------------------


def calendar_codes() -> str:
    rows = [(f"`{code}`", meaning_of) for code, meaning_of in CALENDAR_CODES.items()]
    return table(("code", "what it says"), rows)


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
    "drafts.md": {"problem-codes": problem_codes, "queue-codes": queue_codes},
    "importing.md": {"import-codes": import_codes, "import-titles": import_titles},
    "states.md": {
        "states-by-itself": states.by_itself,
        "moves": states.moves,
    },
    "editors.md": {"task": task},
    "agenda.md": {"calendar-codes": calendar_codes},
    "architecture.md": {"layers": layers},
    "adding-a-channel.md": {"capabilities": channels.capabilities},
    "sandbox.md": {"faults": channels.faults, "endpoints": channels.endpoints},
    "reliability.md": answers.parts(),
    "benchmarks.md": dict(benchmarks.PARTS),
}
"""The generated parts by page and by the name in their markers."""
