"""Git history of the drafts: which translations are older than their source's present text.

A file's modification time means nothing after a clone, so only the history counts; without one,
nothing is reported.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from publisher.base import git


class Pair(NamedTuple):
    """Two drafts by their paths below posts/."""

    translation: str
    source: str


def outdated(posts: Path, pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs whose source has changed its words since its translation was last committed.

    An uncommitted file counts as written now. A pair whose source did not exist at that time is
    left out: the text was written in the other language first. Returns nothing where git is not
    installed, fails or takes too long.
    """
    root = git.root_of(posts)
    found = [*pairs]
    if root is None or not found:
        return []
    try:
        return _outdated(posts, found, _Subtree(root, posts))
    except (OSError, git.GitFailed):
        return []


class _Subtree(NamedTuple):
    """The working tree, and the folder in it that is examined."""

    root: Path
    folder: Path

    @property
    def prefix(self) -> str:
        """The prefix of the folder's files in git's paths."""
        path = Path(os.path.realpath(self.folder)).relative_to(self.root).as_posix()
        return "" if path == "." else f"{path}/"

    def names(self, *command: str) -> list[str]:
        """The names that a git command lists in the folder; other lines unchanged."""
        listed = git.names(self.root, *command, "--", self.prefix or ".")
        return [name.removeprefix(self.prefix) for name in listed]


def _outdated(posts: Path, pairs: Sequence[Pair], below: _Subtree) -> list[Pair]:
    uncommitted = {*below.names("diff", "--name-only", "--ignore-submodules=all", "HEAD")}
    uncommitted |= {*below.names("ls-files", "--others")}
    commits = _last_commits(below)
    age = {commit: number for number, commit in enumerate(dict.fromkeys(commits.values()))}
    suspects = []
    for pair in pairs:
        committed = commits.get(pair.translation)
        if committed is None or pair.translation in uncommitted:
            continue
        newer = (
            pair.source in uncommitted or age[commits.get(pair.source, committed)] < age[committed]
        )
        if newer and pair.source.isprintable():
            suspects.append(pair)
    names = [f"{commits[pair.translation]}:{below.prefix}{pair.source}" for pair in suspects]
    return [
        pair
        for pair, before in zip(suspects, _contents(below.root, names), strict=True)
        if before is not None and _words(before) != _words((posts / pair.source).read_bytes())
    ]


def _last_commits(below: _Subtree) -> dict[str, str]:
    """The newest commit of each file, by path, newest commit first."""
    commits: dict[str, str] = {}
    commit = ""
    for name in git.names(
        below.root, "log", "--format=%x01%H", "--name-only", "--", below.prefix or "."
    ):
        if name.startswith("\x01"):
            commit = name[1:]
        else:  # git begins a commit's list of files with a line end
            commits.setdefault(name.removeprefix("\n").removeprefix(below.prefix), commit)
    return commits


def _contents(root: Path, names: Sequence[str]) -> Iterator[bytes | None]:
    """The contents of each `COMMIT:PATH`; None where there was no such file."""
    if not names:
        return
    rest = git.ask(root, "cat-file", "--batch", given="\n".join(names).encode())
    for _ in names:
        head, _, rest = rest.partition(b"\n")
        if not re.search(rb" blob \d+$", head):
            yield None
            continue
        size = int(head.rpartition(b" ")[2])
        yield rest[:size]
        rest = rest[size + 1 :]


def _words(draft: bytes) -> list[str]:
    """The words of a draft's text, without front matter, spacing and punctuation."""
    _, _, body = draft.replace(b"\r\n", b"\n").removeprefix(b"---\n").partition(b"\n---\n")
    return re.findall(r"\w+", body.decode("utf-8", "replace").casefold())
