"""Media library: the files of the media folders, what drafts say of each, what may be reused."""

import hashlib
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath

from publisher.app import Application
from publisher.base import formats
from publisher.base.i18n import _
from publisher.drafts.consents import Consents
from publisher.ledger.reading.search_index import without_accents
from publisher.media import crops, folder
from publisher.media.documents import SUFFIXES as OF_DOCUMENTS
from publisher.media.folder import FoundFile
from publisher.media.videos import SUFFIXES as OF_VIDEOS
from publisher.model.accounts import Account
from publisher.model.posts import MediaItem, Post
from publisher.web import consents_view
from publisher.web.consents_view import ConsentTerm
from publisher.web.draft_cache import KnownDrafts

PAGE = 24
"""Files on one page."""
_WORDS = 300
"""Characters of a post's text by which its pictures are found."""


@dataclass(frozen=True, slots=True)
class PictureUse:
    """A post that shows a file, by its draft."""

    post: Post
    item: MediaItem


@dataclass(frozen=True)
class LibraryFile:
    """A picture, GIF, video or document in a media folder, and what drafts say of it."""

    key: str
    """What stands for it in addresses, which do not say its name: it may be that of a child."""
    file: str
    """As a draft names it: below posts/, with a leading slash."""
    path: Path
    added_at: datetime
    uses: Sequence[PictureUse]
    """The last one first."""
    whole: str | None
    """The file that it was cut from, as a draft names it."""
    consents: Sequence[str]
    """Those that drafts ever named for it, for what was cut from it, and for what it was cut from,
    whatever the files are called; of its own last use first."""
    words: str
    """What it is found by, as both sides of a search have it."""

    @property
    def name(self) -> str:
        return PurePosixPath(self.file).name

    @property
    def is_video(self) -> bool:
        return self.path.suffix.lower() in OF_VIDEOS

    @property
    def is_document(self) -> bool:
        return self.path.suffix.lower() in OF_DOCUMENTS

    @cached_property
    def alts(self) -> Mapping[str, str]:
        """The last alternative text in each language; under "" that of a draft without one."""
        found: dict[str, str] = {}
        for use in self.uses:
            if use.item.alt.strip():
                found.setdefault(use.post.lang or "", use.item.alt)
        return found

    @cached_property
    def credit(self) -> str:
        return next((use.item.credit for use in self.uses if use.item.credit), "")

    @property
    def has_people(self) -> bool:
        return bool(self.consents) or any(use.item.people for use in self.uses)


@dataclass(frozen=True, slots=True)
class MediaIndex:
    """The files, the newest first."""

    files: Sequence[LibraryFile]
    by_key: Mapping[str, LibraryFile]
    by_file: Mapping[str, LibraryFile]
    by_path: Mapping[Path, LibraryFile]

    def still_of(self, post: Post) -> str | None:
        """The address of a small view of a draft's first picture; no video or document counts."""
        found = filter(None, (self.by_path.get(item.path) for item in post.media))
        stills = (one for one in found if not (one.is_video or one.is_document))
        return next((f"/media/files/{one.key}" for one in stills), None)


class MediaLibrary:
    """The index of a workspace's media, valid as long as the drafts that it was made with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[KnownDrafts, MediaIndex] | None = None

    def index(self, app: Application, drafts: KnownDrafts) -> MediaIndex:
        """The files as they were when `drafts` were read: both are below posts/."""
        with self._lock:
            if self._made is None or self._made[0] is not drafts:
                self._made = drafts, _index(app.settings.posts, drafts)
            return self._made[1]

    def known(self, key: str) -> LibraryFile | None:
        """A file of the last index: it may have changed since, and nothing is read anew."""
        made = self._made
        return made[1].by_key.get(key) if made else None


def _index(posts: Path, drafts: KnownDrafts) -> MediaIndex:
    root = posts.resolve()
    found = sorted(folder.listed(root), key=lambda one: (-one.changed_at, one.file))
    uses: dict[Path, list[PictureUse]] = defaultdict(list)
    for post in sorted(drafts.posts.values(), key=_time, reverse=True):
        for item in post.media:
            uses[item.path].append(PictureUse(post, item))
    wholes = crops.wholes(one.file for one in found)
    of_family: dict[str, dict[str, None]] = defaultdict(dict)
    for one in found:
        family = of_family[wholes.get(one.file, one.file)]
        family.update(dict.fromkeys(u.item.consent for u in uses[one.path] if u.item.consent))
    files = [
        LibraryFile(
            key=hashlib.sha256(one.file.encode()).hexdigest()[:32],
            file=one.file,
            path=one.path,
            added_at=datetime.fromtimestamp(one.changed_at, UTC),
            uses=uses[one.path],
            whole=wholes.get(one.file),
            consents=(
                named := [*_consents(one, of_family[wholes.get(one.file, one.file)], drafts)]
            ),
            words=_words(one, uses[one.path], named),
        )
        for one in found
    ]
    by_file = {one.file: one for one in files}
    by_path = {one.path: one for one in files}
    return MediaIndex(files, {one.key: one for one in files}, by_file, by_path)


def _time(post: Post) -> tuple[bool, datetime, str]:
    """What orders posts: those with a time come after the others."""
    at = post.not_before
    return at is not None, at or datetime.min.replace(tzinfo=UTC), post.id


def _consents(one: FoundFile, own: Iterable[str], drafts: KnownDrafts) -> Mapping[str, None]:
    """The consents of the drafts that name the file, then those of the same picture elsewhere."""
    elsewhere = (said.consent for said in drafts.said.of(one.path) if said.consent)
    return dict.fromkeys([*own, *elsewhere])


def _words(one: FoundFile, uses: Iterable[PictureUse], consents: Iterable[str]) -> str:
    said = [one.file, *consents]
    for use in uses:
        texts = (part[:_WORDS] for parts in use.post.texts.values() for part in parts)
        said += filter(None, (use.item.alt, use.item.credit, use.post.id, use.post.title, *texts))
    return bare(" ".join(dict.fromkeys(said)))


def bare(text: str) -> str:
    """A text as both sides of a search have it."""
    return without_accents(text).casefold()


@dataclass(frozen=True, slots=True)
class LibraryRow:
    """A file as it is shown."""

    file: LibraryFile
    consents: Sequence[tuple[str, ConsentTerm | None]]
    """How each stands; None: there is no record of it."""
    refusal: str | None
    """Why it must not be shown again."""


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """Some files of the library."""

    rows: Sequence[LibraryRow]
    number: int
    """Of this page, from 1."""
    pages: int
    found: int
    """Files on all pages."""
    is_empty: bool
    """Whether there is no file at all."""


FILTERS = ("unused", "without-consent", "refused")


def page(
    app: Application,
    index: MediaIndex,
    drafts: KnownDrafts,
    accounts: Collection[Account],
    *,
    words: str = "",
    only: str = "",
    number: int = 1,
) -> LibraryPage:
    """The files that hold all `words`; `only`: one of FILTERS.

    `accounts` are those on which they would be shown: the consent must be for one of them.
    """
    today = app.clock.now().astimezone(drafts.session.zone).date()
    wanted = bare(words).split()
    found = [one for one in index.files if all(word in one.words for word in wanted)]
    if only == "unused":
        found = [one for one in found if not one.uses]
    elif only == "without-consent":
        found = [one for one in found if not one.consents]
    elif only == "refused":
        found = [one for one in found if refusal(one, drafts.consents, accounts, today)]
    pages = max(1, -(-len(found) // PAGE))
    number = min(max(number, 1), pages)
    rows = [
        LibraryRow(
            one,
            [(name, _term(drafts.consents, name, today)) for name in one.consents],
            refusal(one, drafts.consents, accounts, today),
        )
        for one in found[(number - 1) * PAGE : number * PAGE]
    ]
    return LibraryPage(rows, number, pages, len(found), not index.files)


def refusal(
    file: LibraryFile, records: Consents, accounts: Collection[Account], today: date
) -> str | None:
    """Why a file must not be shown again, of what drafts say of it; None: nothing is against it.

    A consent that was withdrawn counts for ever; one that ended, unless a later one holds.
    """
    if not file.consents:
        return None
    terms = {name: _term(records, name, today) for name in file.consents}
    for name, term in terms.items():
        if term is ConsentTerm.WITHDRAWN:
            return _("Its consent {consent} was withdrawn.", consent=name)
    holding = held(file, records, today)
    if not holding:
        name = file.consents[0]
        if terms[name] is None:
            return _("There is no record of its consent {consent}.", consent=name)
        until = records[name].until
        day = formats.written(until, "d MMM y") if until else ""
        return _("Its consent {consent} ended on {day}.", consent=name, day=day)
    if accounts and not any(records[name].covers(one) for name in holding for one in accounts):
        return _("Its consent {consent} is not for these accounts.", consent=holding[0])
    return None


def held(file: LibraryFile, records: Consents, today: date) -> list[str]:
    """The consents for a file that hold, that of its last use first."""
    good = (ConsentTerm.HOLDS, ConsentTerm.ENDING)
    return [name for name in file.consents if _term(records, name, today) in good]


def _term(records: Consents, name: str, today: date) -> ConsentTerm | None:
    record = records.get(name)
    return consents_view.term(record, today) if record else None
