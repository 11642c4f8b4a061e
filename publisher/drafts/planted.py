"""Detection of planted files: `var` in git, and Python modules in the workspace.

Anyone who may commit a draft may commit any file. `var` is Publisher's own: a link in it would
redirect what is written there, and a ledger in it would decide who may log in. When someone runs
Python in the workspace, a module beside publisher.toml replaces one of Publisher or a library.
"""

import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder, all_suffixes
from pathlib import Path

import publisher
from publisher.base import git
from publisher.base.errors import ConfigurationError
from publisher.base.i18n import _
from publisher.model.problems import Flaw, problem
from publisher.model.values import Position, Problem, Severity
from publisher.settings.settings import Settings

_HARMLESS = (".gitignore", ".gitkeep")
"""Files that keep an empty folder in git."""
_OURS = Path(publisher.__file__).parents[1]


def in_var(settings: Settings) -> list[str]:
    """The files of `var` that git tracks. Raises git.GitFailed."""
    return [name for name in git.tracked(settings.var) if Path(name).name not in _HARMLESS]


def refuse_var_in_git(settings: Settings) -> None:
    """Raise ConfigurationError if git tracks a file of `var`. If git fails, `var` is trusted."""
    try:
        found = in_var(settings)
    except git.GitFailed:
        return
    if found:
        raise ConfigurationError(_told(found[0]), hint=_remedy(found[0]))


def modules(workspace: Path) -> list[str]:
    """Files and folders of the workspace that shadow a Python module elsewhere.

    None in Publisher's own repository, where they are those modules.
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
    """The problems of both kinds, for `publisher check`."""
    try:
        for name in in_var(settings)[:1]:
            yield problem(name, Flaw("var-in-git", _told(name), _remedy(name)), Position())
    except git.GitFailed:
        pass  # `doctor` says so
    for name in modules(settings.workspace):
        flaw = Flaw("python-module", shadows(name), remove(name))
        yield problem(name, flaw, Position(), Severity.WARNING)


def shadows(name: str) -> str:
    """The message for one of `modules`."""
    return _("{name} has the name of a Python module that Publisher uses.", name=name)


def remove(name: str) -> str:
    """The hint for one of `modules`."""
    return _(
        "Anyone who runs Python in this folder may run it. If it is not yours, delete {name} and "
        "ask who made it; otherwise rename it.",
        name=name,
    )


def _told(name: str) -> str:
    return _("git contains {name}, and nothing from that folder belongs in git.", name=name)


def _remedy(name: str) -> str:
    return _(
        "Ask who committed it: Publisher trusts what is in it, and what it writes there goes "
        "where its links lead. Then run: {command}",
        command=f"git rm -r --cached -- {Path(name).parts[0]}",
    )


def _module_name(path: Path) -> str | None:
    if path.is_dir():
        starts = any((path / f"__init__{suffix}").exists() for suffix in all_suffixes())
        return path.name if starts else None
    return next(
        (path.name.removesuffix(end) for end in all_suffixes() if path.name.endswith(end)), None
    )
