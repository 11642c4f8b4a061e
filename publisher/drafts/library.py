"""Loader of a workspace's drafts, session and consents."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from publisher.base import progress
from publisher.base.i18n import _
from publisher.drafts import alarm_words, consents, draft, session, session_reader, text_files
from publisher.drafts.consents import Consents
from publisher.drafts.draft import split_language
from publisher.drafts.draft_files import DraftFile, DraftFiles, DraftIds
from publisher.drafts.picture_consents import PictureConsents, Recorded
from publisher.drafts.recipients import Addressing
from publisher.drafts.session import Session
from publisher.drafts.surroundings import Surroundings
from publisher.media.cache import NOTHING_KEPT, Copies
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.model.problems import Findings
from publisher.model.values import Position, Problem, Severity


@dataclass(frozen=True)
class Library:
    """The requested drafts, the session and the consents, with their problems.

    `posts` holds every draft that could be parsed, in the order of their files, including those
    with errors: a post in `broken` can be displayed, but never queued.
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
    ids: DraftIds = field(repr=False)
    """Of all drafts, requested or not."""
    unasked: tuple[Post, ...] = field(repr=False)
    """Translations of the requested drafts that were not requested."""
    spoken: frozenset[str] = field(repr=False)
    """The languages of all accounts."""

    def has(self, post_id: str) -> bool:
        """Whether the post has a draft, requested or not, or may have an unreadable one."""
        return self.ids.has(post_id)

    def post(self, post_id: str) -> Post | None:
        return next((post for post in self._groups.get(post_id, ()) if post.id == post_id), None)

    def translations(self, post: Post) -> tuple[Post, ...]:
        """The same text in other languages, by the files' names: `name.fr` and `name.es`."""
        return tuple(other for other in self._groups.get(post.id, ()) if other.id != post.id)

    @cached_property
    def _groups(self) -> Mapping[str, tuple[Post, ...]]:
        return _groups(self.posts, self.unasked, self.spoken)


def load(
    workspace: Path,
    accounts: Mapping[str, Account],
    paths: Sequence[str | Path] = (),
    programme: Session | None = None,
    revised: Mapping[str, bytes] = MappingProxyType({}),
    copies: Copies = NOTHING_KEPT,
    unsaved: Mapping[str, Path] = MappingProxyType({}),
    records: Consents | None = None,
    recorded: Recorded = MappingProxyType({}),
    too_costly: Collection[str] = (),
) -> Library:
    """Read the drafts of a workspace; `paths` (drafts or folders) restricts which.

    `programme` replaces posts/session.yaml, `records` posts/consents.yaml, and `revised` the
    contents of drafts, by their paths relative to the workspace, also of drafts without a file.
    `unsaved` are pictures outside posts/, by what drafts call them. `copies` knows about pictures.
    `recorded`: what the ledger keeps of the consents to pictures. `too_costly` are drafts that are
    not read, by their paths: that is their problem. Never raises for what is in the files. Raises
    UsageError for a path that is no draft.
    """
    posts_folder = _posts_of(workspace)
    shelf = DraftFiles(posts_folder, revised)
    chosen = shelf.select(paths)
    about_words = Findings(alarm_words.FILE)
    alarm_words.load(posts_folder, about_words)
    about_session, about_consents = Findings(session.FILE), Findings(consents.FILE)
    said = PictureConsents(posts_folder, shelf.files, revised, accounts.values(), copies, recorded)
    around = Surroundings(
        posts=posts_folder,
        session=programme or session_reader.load(posts_folder, about_session),
        consents=consents.load(posts_folder, about_consents) if records is None else records,
        accounts=accounts,
        copies=copies,
        unsaved=unsaved,
        said=said.of,
    )
    posts, found = _read_all(chosen, around, revised, too_costly)
    others = list(_unchosen_translations(chosen, shelf, around)) if paths else ()
    unasked = _read_all(others, around, revised, too_costly)[0]
    groups = _groups(posts, unasked, around.spoken)
    addressing = Addressing(around)
    for post in posts:
        asked = [member for member in groups[post.id] if member.file in found]
        addressing.check(post, groups[post.id], found[post.file], is_first=post is asked[0])
    problems = [
        *about_session.problems,
        *about_consents.problems,
        # Nothing that is published hangs on them.
        *(p.model_copy(update={"severity": Severity.WARNING}) for p in about_words.problems),
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
        ids=shelf.ids,
        unasked=tuple(unasked),
        spoken=around.spoken,
    )


def said(
    workspace: Path,
    accounts: Mapping[str, Account],
    revised: Mapping[str, bytes],
    copies: Copies,
    recorded: Recorded,
) -> PictureConsents:
    """What is said of the people in each picture; read when it is first asked for. See `load`."""
    posts = _posts_of(workspace)
    files = DraftFiles(posts, revised).files
    return PictureConsents(posts, files, revised, accounts.values(), copies, recorded)


def _posts_of(workspace: Path) -> Path:
    return Path(os.path.abspath(workspace)) / "posts"  # noqa: PTH100 - links stay as they are


def _read_all(
    files: Sequence[DraftFile],
    around: Surroundings,
    revised: Mapping[str, bytes],
    too_costly: Collection[str],
) -> tuple[list[Post], dict[str, Findings]]:
    """The posts in the order of their files, and the findings by file."""
    found = {file.file: Findings.of_draft(file.file) for file in files}
    read = [
        _read(file, around, revised, found[file.file], too_costly)
        for file in progress.over(files, _("Reading drafts"))
    ]
    return around.opened([post for post in read if post]), found


def _read(
    file: DraftFile,
    around: Surroundings,
    revised: Mapping[str, bytes],
    findings: Findings,
    too_costly: Collection[str],
) -> Post | None:
    if file.file in too_costly:
        message = _("The text takes too long to check.")
        hint = _("Shorten it, and take out what repeats again and again.")
        findings.error("too-costly", Position(), message, hint)
        return None
    new = revised.get(file.file)
    text = (
        text_files.read(file.place, findings, text_files.MAX_DRAFT)
        if new is None
        else text_files.decode(new, findings)
    )
    return None if text is None else draft.parse(text, file.id, around, findings)


def _unchosen_translations(
    chosen: Sequence[DraftFile], shelf: DraftFiles, around: Surroundings
) -> Iterator[DraftFile]:
    """The drafts that are translations of the requested ones, by their names."""
    known = {file.id for file in chosen}
    bases = {split_language(post_id, around.spoken)[0] for post_id in known}
    for file in shelf.files:
        if file.id not in known and split_language(file.id, around.spoken)[0] in bases:
            yield file


def _groups(
    posts: Sequence[Post], others: Sequence[Post], spoken: frozenset[str]
) -> dict[str, tuple[Post, ...]]:
    """Each of `posts` with its translations, among these and the others."""
    by_base: dict[str, list[Post]] = defaultdict(list)
    bases = {post.id: split_language(post.id, spoken)[0] for post in (*posts, *others)}
    for post in sorted((*posts, *others), key=lambda post: post.file) if others else posts:
        by_base[bases[post.id]].append(post)
    groups = {base: tuple(members) for base, members in by_base.items()}
    return {post.id: groups[bases[post.id]] for post in posts}
