"""All drafts of a workspace, read."""

import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from publisher import progress
from publisher.content import consents, draft, session, textfile
from publisher.content.addressing import Addressing
from publisher.content.consents import Consents
from publisher.content.copies import NOTHING_KEPT, Copies
from publisher.content.draft import Surroundings, split_language
from publisher.content.problems import Findings
from publisher.content.session import Session
from publisher.content.shelf import Shelf
from publisher.language import _
from publisher.models import Account, Post, Problem, Severity


@dataclass(frozen=True)
class Library:
    """The drafts that were asked for, and what is wrong with them, the session and the consents.

    `posts` holds every draft that could be made out, in the order of their files, also those with
    errors: what is in `broken` is good for looking at, never for queueing.
    """

    posts: tuple[Post, ...]
    session: Session
    consents: Consents
    problems: tuple[Problem, ...]
    """Sorted by file, line and column."""
    drafts: int
    """How many draft files were read."""
    broken: frozenset[str]
    """Ids of the drafts that were read and have errors, whether or not they are in `posts`."""
    _shelf: Shelf = field(repr=False)
    _groups: Mapping[str, tuple[Post, ...]] = field(repr=False)
    """The posts that are translations of one another, by the id of each."""
    is_whole: bool = True
    """Whether all that was to be found out could be: git may be slow, and says more another time."""

    def has(self, post_id: str) -> bool:
        """Whether the post has a draft anywhere, asked for or not, or may have an unreadable one."""
        return self._shelf.has(post_id)

    def post(self, post_id: str) -> Post | None:
        return next((post for post in self._groups.get(post_id, ()) if post.id == post_id), None)

    def translations(self, post: Post) -> tuple[Post, ...]:
        """The same text in other languages, by the files' names: `name.fr` and `name.es`."""
        return tuple(other for other in self._groups.get(post.id, ()) if other.id != post.id)


def load(
    workspace: Path,
    accounts: Mapping[str, Account],
    channels: Collection[str],
    paths: Sequence[str | Path] = (),
    programme: Session | None = None,
    revised: Mapping[str, bytes] = MappingProxyType({}),
    copies: Copies = NOTHING_KEPT,
) -> Library:
    """Read the drafts of a workspace; `paths` (drafts or folders) restricts which.

    `programme` takes the place of posts/session.yaml, and `revised` of what is in the drafts, by
    their paths relative to the workspace. `copies` knows about pictures. It returns whatever is in
    the files. UsageError for a path that is no draft.
    """
    posts_folder = Path(os.path.abspath(workspace)) / "posts"  # noqa: PTH100 - links stay as they are
    shelf = Shelf(posts_folder)
    chosen = shelf.select(paths)
    about_session, about_consents = Findings(session.FILE), Findings(consents.FILE)
    around = Surroundings(
        posts=posts_folder,
        session=programme or session.load(posts_folder, about_session),
        consents=consents.load(posts_folder, frozenset(channels), about_consents),
        accounts=accounts,
        channels=tuple(channels),
        copies=copies,
    )
    posts: list[Post] = []
    found = {file.file: Findings(file.file) for file in chosen}
    for file in progress.over(chosen, _("Reading drafts")):
        findings, new = found[file.file], revised.get(file.file)
        text = (
            textfile.read(file.place, findings) if new is None else textfile.decode(new, findings)
        )
        post = None if text is None else draft.parse(text, file.id, around, findings)
        if post is not None:
            posts.append(post)
    groups = _groups(posts, around)
    addressing = Addressing(around)
    for post in posts:
        addressing.check(post, groups[post.id], found[post.file])
    problems = [
        *about_session.problems,
        *about_consents.problems,
        *(p for p in shelf.problems if not paths or p.file in found),
        *(p for findings in found.values() for p in findings.problems),
    ]
    with_errors = {p.file for p in problems if p.severity is Severity.ERROR}
    return Library(
        posts=tuple(posts),
        session=around.session,
        consents=around.consents,
        problems=tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.code))),
        drafts=len(chosen),
        broken=frozenset(file.id for file in chosen if file.file in with_errors),
        _shelf=shelf,
        _groups=groups,
    )


def _groups(posts: Sequence[Post], around: Surroundings) -> dict[str, tuple[Post, ...]]:
    by_base: dict[str, list[Post]] = defaultdict(list)
    bases = {post.id: split_language(post.id, around.spoken)[0] for post in posts}
    for post in posts:
        by_base[bases[post.id]].append(post)
    groups = {base: tuple(members) for base, members in by_base.items()}
    return {post_id: groups[base] for post_id, base in bases.items()}
