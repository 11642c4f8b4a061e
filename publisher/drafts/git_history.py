"""What git knows about the drafts: which translations are older than the words they translate.

A file's own time is worth nothing after a clone, so only the history counts; where there is none,
nothing is said.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from publisher.base.process import bare_environment

_PATIENCE = 3
"""Seconds for git; a history that takes longer is not looked at."""


class Pair(NamedTuple):
    """Two drafts by their paths below posts/."""

    translation: str
    source: str


def has_history(posts: Path) -> bool:
    """Whether git has the drafts; not where nobody may look at them."""
    return any(os.path.lexists(folder / ".git") for folder in (posts, *posts.parents))


def outdated(posts: Path, pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs whose source has other words now than when its translation was last committed.

    What is not committed yet counts as written now. A source that did not exist at that time is
    none: the text was written in the other language first. Nothing is said where git is not
    installed, fails or takes too long.
    """
    if not has_history(posts):
        return []
    found = [*pairs]
    try:
        return _outdated(posts, found) if found else []
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def _outdated(posts: Path, pairs: Sequence[Pair]) -> list[Pair]:
    uncommitted = {*_names(posts, "diff", "--name-only", "--relative", "HEAD", "--", ".")}
    uncommitted |= {*_names(posts, "ls-files", "--others", "--", ".")}
    commits = _last_commits(posts)
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
    names = [f"{commits[pair.translation]}:./{pair.source}" for pair in suspects]
    return [
        pair
        for pair, before in zip(suspects, _contents(posts, names), strict=True)
        if before is not None and _words(before) != _words((posts / pair.source).read_bytes())
    ]


def _last_commits(posts: Path) -> dict[str, str]:
    """The newest commit of each file, by its path; in the order of the commits, newest first."""
    commits: dict[str, str] = {}
    commit = ""
    for name in _names(posts, "log", "--format=%x01%H", "--name-only", "--relative", "--", "."):
        if name.startswith("\x01"):
            commit = name[1:]
        else:  # git begins a commit's list of files with a line end
            commits.setdefault(name.removeprefix("\n"), commit)
    return commits


def _contents(posts: Path, names: Sequence[str]) -> Iterator[bytes | None]:
    """What each `COMMIT:./PATH` holds; None where there was no such file."""
    if not names:
        return
    rest = _git(posts, "cat-file", "--batch", given="\n".join(names).encode())
    for _ in names:
        head, _, rest = rest.partition(b"\n")
        if not re.search(rb" blob \d+$", head):
            yield None
            continue
        size = int(head.rpartition(b" ")[2])
        yield rest[:size]
        rest = rest[size + 1 :]


def _words(draft: bytes) -> list[str]:
    """The words of a draft's text: neither its front matter nor its spacing and punctuation."""
    _, _, body = draft.replace(b"\r\n", b"\n").removeprefix(b"---\n").partition(b"\n---\n")
    return re.findall(r"\w+", body.decode("utf-8", "replace").casefold())


def _names(posts: Path, *command: str) -> list[str]:
    sub, *options = command
    output = _git(posts, sub, "-z", *options)
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def _git(posts: Path, *command: str, given: bytes = b"") -> bytes:
    """Run git in posts/. Variables such as GIT_DIR, which a hook sets, name other places."""
    done = subprocess.run(
        ["git", "-c", "core.fsmonitor=false", *command],
        cwd=posts,
        input=given,
        capture_output=True,
        check=True,
        timeout=_PATIENCE,
        env={**bare_environment(), "GIT_OPTIONAL_LOCKS": "0"},
    )
    return done.stdout
