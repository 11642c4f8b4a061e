"""Unread drafts in a plan: what a program wrote is left out until a person has read it.

The schedule keeps what it has of such a draft, and its errors keep no other one from the schedule.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from publisher.base.i18n import _
from publisher.ledger.integrity.chain_links import post_of
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.model.problems import UNREAD, Flaw, problem
from publisher.model.values import Position, Severity
from publisher.planning.plan import PlannedChange
from publisher.planning.problems import Problems


def find(
    files: Iterable[str],
    marks: Sequence[UnreadDraft],
    workspace: Path,
    read: Collection[str] = (),
) -> dict[str, UnreadDraft]:
    """The marks of these drafts, by file. `read`: posts that are being read.

    A file is known by its name, and by its bytes: it may have been renamed, or copied.
    """
    if not marks:
        return {}
    by_post = {mark.post: mark for mark in marks}
    by_bytes = {mark.digest: mark for mark in marks}
    found = {}
    for file in files:
        post = post_of(file)
        mark = by_post.get(post) or by_bytes.get(_digest(workspace / file))
        if mark and post not in read:
            found[file] = mark
    return found


def leave_out(
    changes: Sequence[PlannedChange], unread: Mapping[str, UnreadDraft], problems: Problems
) -> list[PlannedChange]:
    """The changes without those of unread drafts, for each of which there is a warning."""
    concerned = {change.post for change in changes}
    for file, mark in unread.items():
        if post_of(file) in concerned or file in problems.broken_files:
            problems.keep(problem(file, _flaw(post_of(file), mark), Position(), Severity.WARNING))
    left = {post_of(file) for file in unread}
    return [change for change in changes if change.post not in left]


def _flaw(post: str, mark: UnreadDraft) -> Flaw:
    message = _("{who} wrote it, and no person has read it since: it is left out.", who=mark.by)
    hint = _("`publisher read {post}` shows it whole. Then queue it.", post=post)
    return Flaw(UNREAD, message, hint)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # it is a form that was not saved yet, or the file is gone meanwhile
        return ""
