"""Safe queries to git about files, which run no command that those files could name.

People who may commit decide what is in the working tree. git treats a folder with HEAD, objects/
and refs/ as a repository, and runs commands of its configuration when it is called there. So it is
always called in the folder of `.git`, which cannot be committed, and does not search further. That
repository's configuration is the operator's own; hooks, which may be in the working tree, never
run.
"""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from publisher.base.process import bare_environment

_GIT = (
    "git",
    "--literal-pathspecs",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
)
_PATIENCE = 3.0  # seconds


class GitFailed(Exception):
    """Git gave no answer: it is not installed, failed, or took too long."""


def root_of(folder: Path) -> Path | None:
    """The root of the working tree of `folder`; None when there is no git repository."""
    real = Path(os.path.realpath(folder))
    return next((up for up in (real, *real.parents) if os.path.lexists(up / ".git")), None)


def ask(root: Path, *command: str, given: bytes = b"") -> bytes:
    """The output of git when it is called in `root`, from `root_of`. Raises GitFailed.

    Variables such as GIT_DIR, which a hook sets, name other folders, and are not passed on.
    """
    surroundings = {"GIT_OPTIONAL_LOCKS": "0", "GIT_CEILING_DIRECTORIES": str(root.parent)}
    try:
        done = subprocess.run(
            [*_GIT, *command],
            cwd=root,
            input=given,
            capture_output=True,
            check=True,
            timeout=_PATIENCE,
            env={**bare_environment(), **surroundings},
        )
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise GitFailed from error
    return done.stdout


def names(root: Path, *command: str) -> list[str]:
    """The names that a git command with `-z` lists. Raises GitFailed."""
    sub, *options = command
    return [os.fsdecode(name) for name in ask(root, sub, "-z", *options).split(b"\0") if name]


def tracked(path: Path) -> list[str]:
    """The files that git tracks in a file or folder, from the root; empty without git.

    A symbolic link is not followed. Raises GitFailed.
    """
    root = root_of(path.parent)
    if root is None:
        return []
    place = Path(os.path.realpath(path.parent)) / path.name
    return names(root, "ls-files", "--", str(place.relative_to(root)))


def is_bare_repository(names: Iterable[str]) -> bool:
    """Whether git treats a folder with these names as a repository."""
    return {"head", "objects", "refs"} <= {name.casefold() for name in names}
