"""Stale translations: those whose source changed after they were committed.

A file's modification time means nothing after a clone, so only the history in git counts; without
one, nothing is reported.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from publisher.base import git
from publisher.base.i18n import _
from publisher.drafts.library import Library
from publisher.drafts.sections import position_key
from publisher.model.posts import Post
from publisher.model.problems import Flaw, problem
from publisher.model.values import Problem, Severity


class _Pair(NamedTuple):
    """Two drafts by their paths below posts/."""

    translation: str
    source: str


def stale(library: Library, folder: Path, languages: Sequence[str]) -> list[Problem]:
    """A warning for each translation that was committed before its source's present text.

    The source is the draft in the first of `languages` that the group has; a group without one has
    no known source. `folder` is posts/.
    """
    posts = {post.file.removeprefix("posts/"): post for post in library.posts}
    pairs = [
        _Pair(file, source.file.removeprefix("posts/"))
        for file, post in posts.items()
        if (source := _source(library, post, languages)) is not None and source is not post
    ]
    return [_problem(posts[pair.translation], pair) for pair in _outdated(folder, pairs)]


def _source(library: Library, post: Post, languages: Sequence[str]) -> Post | None:
    group = (post, *library.translations(post))
    if len(group) == 1:
        return None
    of = {member.lang: member for member in reversed(group)}
    return next((of[language] for language in languages if language in of), None)


def _problem(post: Post, pair: _Pair) -> Problem:
    message = _(
        "The words of posts/{source} have changed since this translation was written.",
        source=pair.source,
    )
    flaw = Flaw("stale-translation", message, _("Update the translation and commit it."))
    return problem(post.file, flaw, post.position(position_key("")), Severity.WARNING)


def _outdated(posts: Path, pairs: Sequence[_Pair]) -> list[_Pair]:
    """The pairs whose source has changed its words since its translation was last committed.

    An uncommitted file counts as written now. A pair whose source did not exist at that time is
    left out: the text was written in the other language first. Returns nothing where git is not
    installed, fails or takes too long.
    """
    root = git.root_of(posts)
    if root is None or not pairs:
        return []
    try:
        return _changed(posts, pairs, _Subtree(root, posts))
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


def _changed(posts: Path, pairs: Sequence[_Pair], below: _Subtree) -> list[_Pair]:
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
    for _name in names:
        head, _end, rest = rest.partition(b"\n")
        if not re.search(rb" blob \d+$", head):
            yield None
            continue
        size = int(head.rpartition(b" ")[2])
        yield rest[:size]
        rest = rest[size + 1 :]


def _words(draft: bytes) -> list[str]:
    """The words of a draft's text, without front matter, spacing and punctuation."""
    _fence, _front, body = (
        draft.replace(b"\r\n", b"\n").removeprefix(b"---\n").partition(b"\n---\n")
    )
    return re.findall(r"\w+", body.decode("utf-8", "replace").casefold())
