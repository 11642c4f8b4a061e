"""What stands in a workspace and was put there by a commit, though it is no business of a commit.

Whoever may commit a draft may commit anything. `var` is Publisher's own: a link in it would lead what
is written there elsewhere, and a ledger in it would say who may log in. A module of Python beside
publisher.toml is taken for one of ours, or of a library, by whoever runs Python there.
"""

import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder, all_suffixes
from pathlib import Path

import publisher
from publisher.base import git
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.model.models import Position, Problem, Severity
from publisher.model.problems import Flaw, problem
from publisher.settings.settings import Settings

_HARMLESS = (".gitignore", ".gitkeep")
"""By which people keep an empty folder in git."""
_OURS = Path(publisher.__file__).parents[1]


def in_var(settings: Settings) -> list[str]:
    """What git has of `var`. Raises git.GitFailed."""
    return [name for name in git.tracked(settings.var) if Path(name).name not in _HARMLESS]


def refuse_var_in_git(settings: Settings) -> None:
    """ConfigurationError when git has anything of `var`. Where git does not say, it is believed."""
    try:
        found = in_var(settings)
    except git.GitFailed:
        return
    if found:
        raise ConfigurationError(_told(found[0]), hint=_remedy(found[0]))


def modules(workspace: Path) -> list[str]:
    """Files and folders of the workspace that Python would take for modules that are elsewhere.

    None of our own repository, where they are those modules.
    """
    if workspace.resolve() == _OURS:
        return []
    elsewhere = [place for place in sys.path if Path(place or ".").resolve() != workspace.resolve()]
    return sorted(
        path.name
        for path in workspace.iterdir()
        if (name := _module_name(path))
        and (name in sys.stdlib_module_names or PathFinder.find_spec(name, elsewhere))
    )


def problems(settings: Settings) -> Iterator[Problem]:
    """All of it, for `publisher check`."""
    try:
        for name in in_var(settings)[:1]:
            yield problem(name, Flaw("var-in-git", _told(name), _remedy(name)), Position())
    except git.GitFailed:
        pass  # `doctor` says so
    for name in modules(settings.workspace):
        flaw = Flaw("python-module", shadows(name), remove(name))
        yield problem(name, flaw, Position(), Severity.WARNING)


def shadows(name: str) -> str:
    """What is wrong with one of `modules`."""
    return _("{name} has the name of a module of Python that is used here.", name=name)


def remove(name: str) -> str:
    """What to do about it."""
    return _(
        "Whoever runs Python in this folder may run it. If it is not yours, delete {name}, and ask "
        "who made it; else rename it.",
        name=name,
    )


def _told(name: str) -> str:
    return _("git has {name}, and nothing of that folder belongs into git.", name=name)


def _remedy(name: str) -> str:
    return _(
        "Ask who committed it: what is in it is believed, and what is written there goes where its "
        "links lead. Then run: {command}",
        command=f"git rm -r --cached -- {Path(name).parts[0]}",
    )


def _module_name(path: Path) -> str | None:
    if path.is_dir():
        starts = any((path / f"__init__{suffix}").exists() for suffix in all_suffixes())
        return path.name if starts else None
    return next(
        (path.name.removesuffix(end) for end in all_suffixes() if path.name.endswith(end)), None
    )
