"""Output of drafts' problems: text for people, JSON for scripts, GitHub workflow commands."""

import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from publisher.base import formats
from publisher.base.i18n import _, plural
from publisher.base.text import harmless
from publisher.cli.output.console import paint, print_json, print_line, prose
from publisher.model.values import Problem, Severity

SESSION_FILE = "posts/session.yaml"
UNUSABLE = "session-unusable"


def errors_in(problems: Sequence[Problem]) -> int:
    return sum(problem.severity is Severity.ERROR for problem in problems)


def own(problems: Sequence[Problem]) -> list[Problem]:
    """The session's problems first, without those of drafts that only follow from them."""
    of_session = [problem for problem in problems if problem.file == SESSION_FILE]
    others = [problem for problem in problems if problem.file != SESSION_FILE]
    if errors_in(of_session):
        others = [problem for problem in others if problem.code != UNUSABLE]
    return [*of_session, *others]


def print_text(problems: Sequence[Problem]) -> None:
    """Print the problems file by file, each on its own line with its hint below it.

    An error of the session file is not repeated for each draft that relies on it.
    """
    waiting = {problem.file for problem in problems if problem.code == UNUSABLE}
    count, problems = len(problems), own(problems)
    labels = {
        Severity.ERROR: paint(_("error:"), "red"),
        Severity.WARNING: paint(_("warning:"), "yellow"),
    }
    hint, place = paint(_("hint:"), "cyan"), paint("{}", "bold")
    lines = []
    for __, of_file in groupby(problems, key=lambda problem: problem.file):
        for problem in of_file:
            said = f"{labels[problem.severity]} {harmless(problem.message)} [{problem.code}]"
            lines.append(prose(f"{place.format(_place(problem))}: {said}", indent="    "))
            if problem.hint:
                told = harmless(problem.hint)
                lines.append(prose(f"    {hint} {told}", indent=" " * 10))
        lines.append("")
    if len(problems) < count:
        told = plural(
            "{number} draft depends on what is wrong in {file}: correct that first.",
            "{number} drafts depend on what is wrong in {file}: correct that first.",
            len(waiting),
            file=SESSION_FILE,
        )
        lines += [prose(told), ""]
    if lines:
        print_line("\n".join(lines))


def print_array(problems: Sequence[Problem]) -> None:
    """Print the JSON array of the spec: file, line, column, severity, code, message, hint."""
    print_json([problem.model_dump(mode="json") for problem in problems])


def print_github(problems: Sequence[Problem], workspace: Path) -> None:
    """Print workflow commands, which GitHub shows beside the lines that they are about.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    prefix = workspace.relative_to(root) if workspace.is_relative_to(root) else Path()
    for problem in problems:
        place = {
            "file": (prefix / problem.file).as_posix(),
            "line": str(problem.line),
            "col": str(problem.column),
            "title": problem.code,
        }
        properties = ",".join(f"{key}={_property(value)}" for key, value in place.items())
        text = "\n".join(filter(None, (problem.message, problem.hint)))
        print_line(f"::{problem.severity} {properties}::{_data(text)}")


def summary(drafts: int, problems: Sequence[Problem]) -> str:
    """One line: `31 drafts, no problems.` or `31 drafts: 2 errors and 1 warning in 2 files.`"""
    checked = formats.drafts(drafts)
    checked = checked[0].upper() + checked[1:]
    if not problems:
        return _("{drafts}, no problems.", drafts=checked)
    errors = errors_in(problems)
    warnings = len(problems) - errors
    found = [formats.errors(errors)] if errors else []
    found += [formats.warnings(warnings)] if warnings else []
    files = formats.files(len({problem.file for problem in problems}))
    what = (
        _("{first} and {second}", first=found[0], second=found[-1])
        if errors and warnings
        else found[0]
    )
    return _("{drafts}: {problems} in {files}.", drafts=checked, problems=what, files=files)


def _place(problem: Problem) -> str:
    """A problem's position; escaped, since a file's name may begin like a workflow command."""
    return f"{harmless(problem.file)}:{problem.line}:{problem.column}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
