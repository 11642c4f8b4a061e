"""git, asked about files in a way that runs nothing which those files could name.

Whoever may commit decides what lies in the working tree. git takes a folder with HEAD, objects/ and
refs/ for a repository, with a configuration whose commands it runs, when it is called there. So it is
always called where `.git` is, which nobody can commit, and looks no further. What the configuration
of that repository says is the operator's own; of hooks, which may lie in the working tree, none runs.
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
    """Git did not say: it is not installed, failed, or took too long."""


def root_of(folder: Path) -> Path | None:
    """Where the working tree that `folder` is in begins; None where there is no git, or it is hidden."""
    real = Path(os.path.realpath(folder))
    return next((up for up in (real, *real.parents) if os.path.lexists(up / ".git")), None)


def ask(root: Path, *command: str, given: bytes = b"") -> bytes:
    """What git prints when it is called in `root`, one of `root_of`. Raises GitFailed.

    Variables such as GIT_DIR, which a hook sets, would name other places, and are not handed on.
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
    """The names that a command of git lists, which understands `-z`. Raises GitFailed."""
    sub, *options = command
    return [os.fsdecode(name) for name in ask(root, sub, "-z", *options).split(b"\0") if name]


def tracked(path: Path) -> list[str]:
    """What git has of a file or folder, by its name from the root; nothing where there is no git.

    Of a symbolic link, the link. Raises GitFailed.
    """
    root = root_of(path.parent)
    if root is None:
        return []
    place = Path(os.path.realpath(path.parent)) / path.name
    return names(root, "ls-files", "--", str(place.relative_to(root)))


def is_bare_repository(names: Iterable[str]) -> bool:
    """Whether a folder that holds these names is one that git takes for a repository."""
    return {"head", "objects", "refs"} <= {name.casefold() for name in names}
