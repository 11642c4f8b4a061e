"""Picture consents: what is said of the people in a picture, whichever file or draft shows it.

A consent belongs to the picture. So a picture is recognised by its bytes, by the clean copies that
are made of it, and by its crops, and what one draft says of it counts for all others, with what the
ledger keeps of drafts that said it once.
"""

import functools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from publisher.base import progress
from publisher.base.i18n import _
from publisher.channels.registry import capabilities_of, widest
from publisher.drafts import text_files
from publisher.drafts.consents import Consents
from publisher.drafts.draft_files import DraftFile
from publisher.drafts.fields import Fields
from publisher.drafts.front_matter import split
from publisher.media import at_once, crops, folder, media_file
from publisher.media.cache import Copies, distinct
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
from publisher.model.draft_keys import DRAFT_KEYS, MEDIA_KEYS
from publisher.model.posts import Statement
from publisher.model.problems import Findings, Flaw

_MARKS = (b"people", b"consent")
"""A draft that has neither word says nothing of people, and is not parsed."""
Recorded = Mapping[str, Mapping[str, str]]
"""What the ledger keeps, by digest: consents, each with a post that named it."""


class PictureConsents:
    """The statements of all drafts of a workspace, by picture; read when first asked for."""

    def __init__(
        self,
        posts: Path,
        files: Sequence[DraftFile],
        revised: Mapping[str, bytes],
        accounts: Iterable[Account],
        copies: Copies,
        recorded: Recorded,
    ) -> None:
        """`posts`: the folder. `revised`: contents that replace those of drafts, by their files."""
        self._posts = posts
        self._files = files
        self._revised = revised
        self._shapes = distinct((widest(), *map(capabilities_of, accounts)))
        self._copies = copies
        self._recorded = recorded

    def of(self, path: Path, draft: str = "") -> tuple[Statement, ...]:
        """What is said of a picture. That people are in it, `draft` does not tell itself.

        What the ledger keeps of that draft counts: a line that was deleted ends no consent.
        """
        if not (self._by_digest or self._recorded):
            return ()
        digests = self.digests(path)
        found = [one for key in sorted(digests) for one in self._by_digest.get(key, ())]
        drafts = dict.fromkeys(one for one in found if one.consent or one.draft != draft)
        known = {one.consent for one in found}
        recorded = {
            Statement(draft=f"posts/{post}.md", consent=consent, is_recorded=True): None
            for key in sorted(digests)
            for consent, post in self._recorded.get(key, {}).items()
            if consent not in known
        }
        return (*drafts, *recorded)

    def naming(self, consent: str) -> Mapping[str, str]:
        """The digests of the pictures for which drafts name a consent, each with a post."""
        named = {
            path: post_of(one)
            for path, statements in self._shown.items()
            for one in reversed(statements)
            if one.consent == consent
        }
        self._learn(named, self._shapes)
        return {digest: post for path, post in named.items() for digest in self.digests(path)}

    def digests(self, path: Path) -> frozenset[str]:
        """The digests by which a picture is recognised."""
        return self._copies.digests(path, self._shapes)

    @cached_property
    def _by_digest(self) -> Mapping[str, list[Statement]]:
        # As an upload of the same picture is kept. To make all copies takes too long for a check.
        self._learn(self._shown, (widest(),))
        found: dict[str, list[Statement]] = defaultdict(list)
        for path, statements in progress.over([*self._shown.items()], _("Opening pictures")):
            for key in self.digests(path):
                found[key] += statements
        return found

    def _learn(self, paths: Iterable[Path], shapes: Sequence[Capabilities]) -> None:
        at_once.each(lambda path: self._copies.learn(path, shapes), [*paths])

    @cached_property
    def _shown(self) -> Mapping[Path, list[Statement]]:
        """The pictures of people, with their crops and what they were cut from."""
        said: dict[Path, list[Statement]] = defaultdict(list)
        for file in self._files:
            for name, consent in self._entries(file):
                place = place_of(name, file.id, self._posts)
                if isinstance(path := media_file.locate(place, self._posts), Path):
                    said[path].append(Statement(draft=file.file, consent=consent))
        families = _families(self._posts) if said else {}
        shown: dict[Path, list[Statement]] = defaultdict(list)
        for path, statements in said.items():
            for one in families.get(path, (path,)):
                shown[one] += statements
        return shown

    def _entries(self, file: DraftFile) -> Iterable[tuple[str, str | None]]:
        """The pictures of people in a draft: their names, each with its consent."""
        if file.file in self._revised:
            return [*_read(self._revised[file.file], file.file)]
        try:
            status = os.stat(file.place)  # noqa: PTH116 - ten thousand times
        except OSError:
            return ()
        return _remembered(file.place, file.file, status.st_mtime_ns, status.st_ctime_ns)


def place_of(name: str, post_id: str, posts: Path) -> Path:
    """The path of a draft's picture: relative to the draft or, with a leading /, to posts/."""
    start = posts if name.startswith("/") else (posts / post_id).parent
    return start / name.lstrip("/")


def source_of(statement: Statement) -> str:
    """Where a person finds a statement."""
    if not statement.is_recorded:
        return statement.draft
    return _("the history of {post}", post=post_of(statement))


def post_of(statement: Statement) -> str:
    return statement.draft.removeprefix("posts/").removesuffix(".md")


def unnamed(
    file: str, said: Sequence[Statement], records: Consents, *, denied: bool = False
) -> Flaw | None:
    """The flaw of a draft that names no consent for a picture of people, as others say.

    `denied`: it says itself that no people are in it. That is an answer where no draft says
    otherwise any more, but none to a withdrawal.
    """
    known = [(one, records[one.consent]) for one in said if one.consent and one.consent in records]
    for one, record in known:
        if record.withdrawn:
            message = _(
                "{file} must not be shown: {draft} names the consent {consent} for the same "
                "picture, and that consent was withdrawn.",
                file=file,
                draft=source_of(one),
                consent=record.id,
            )
            hint = _("Take the picture out, or ask again whether it may be shown.")
            return Flaw("consent-withdrawn", message, hint)
    if not said or (denied and all(one.is_recorded for one in said)):
        return None
    for one, record in known:
        message = _(
            "{file} shows people: {draft} names the consent {consent} for the same picture, but "
            "this draft names none.",
            file=file,
            draft=source_of(one),
            consent=record.id,
        )
        hint = _(
            "Add `people: true` and `consent: {consent}`, or take the picture out.",
            consent=record.id,
        )
        return Flaw("consent-missing", message, hint)
    message = _(
        "{file} shows people, as {draft} says, but this draft names no consent.",
        file=file,
        draft=source_of(said[0]),
    )
    hint = _("Add `consent:` with the id of a record in posts/consents.yaml.")
    return Flaw("consent-missing", message, hint)


@functools.lru_cache(maxsize=20_000)
def _remembered(place: str, file: str, *_state: int) -> tuple[tuple[str, str | None], ...]:
    data = text_files.read_bytes(place, Findings(file), text_files.MAX_DRAFT)
    return tuple(_read(data, file)) if data else ()


def _read(data: bytes, file: str) -> Iterator[tuple[str, str | None]]:
    """As `_entries`. Whatever else is wrong with the draft is reported where it is parsed."""
    if not any(mark in data for mark in _MARKS):
        return
    unused = Findings(file)
    text = text_files.decode(data, unused)
    halves = None if text is None else split(text, unused)
    for node in Fields(halves.front, DRAFT_KEYS, unused).mappings("media") if halves else ():
        fields = Fields(node, MEDIA_KEYS, unused)
        name, consent = fields.text("file"), fields.text("consent")
        if name and (consent or fields.flag("people")):
            yield name, consent


def _families(posts: Path) -> Mapping[Path, Sequence[Path]]:
    """Each file of the media folders with its crops, or with what it was cut from."""
    found = [*folder.listed(posts.resolve())]
    wholes = crops.wholes(one.file for one in found)
    members: dict[str, list[Path]] = defaultdict(list)
    for one in found:
        members[wholes.get(one.file, one.file)].append(one.path)
    return {path: family for family in members.values() for path in family}
