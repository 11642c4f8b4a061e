"""Surroundings of drafts: the session, consents, accounts and pictures that they refer to."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from publisher.channels.registry import SPECS
from publisher.drafts import missing_media
from publisher.drafts.consents import Consents
from publisher.drafts.session import Session
from publisher.media import at_once, media_file
from publisher.media.cache import NOTHING_KEPT, Copies
from publisher.model.accounts import Account
from publisher.model.posts import Document, Inspected, MediaItem, Post, Statement
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Position


@dataclass(frozen=True)
class Surroundings:
    """The context in which drafts are parsed: session, consents, accounts and pictures."""

    posts: Path
    """The folder posts/, absolute."""
    session: Session
    consents: Consents
    accounts: Mapping[str, Account]
    copies: Copies = NOTHING_KEPT
    unsaved: Mapping[str, Path] = field(default_factory=dict)
    """Pictures outside posts/, of drafts that are not saved yet, by what the drafts call them."""
    said: Callable[[Path, str], Sequence[Statement]] = lambda _path, _draft: ()
    """What is said of the people in a picture of a draft; see `PictureConsents.of`."""
    named: dict[Path, list[tuple[Findings, Position]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """The pictures that `opened` has not opened yet, with the places in drafts that name them."""
    _located: dict[Path, Path | Flaw] = field(default_factory=dict)

    def locate(self, path: Path) -> Path | Flaw:
        """The picture at `path`, found once: translations share their pictures."""
        if path not in self._located:
            self._located[path] = media_file.locate(path, self.posts)
        return self._located[path]

    def opened(self, posts: Sequence[Post]) -> list[Post]:
        """Open the pictures that the posts name, several at once.

        Returns the posts with what is known of their pictures, and without those that are
        flawed, which are noted.
        """
        seen = dict(zip(self.named, at_once.each(self.copies.look, [*self.named]), strict=True))
        for path, places in self.named.items():
            if isinstance(flaw := seen[path], Flaw):
                for findings, position in places:
                    findings.add(flaw, position)
        self.named.clear()
        if not any(seen.values()):
            return [*posts]
        return [post.model_copy(update={"media": _inspected(post.media, seen)}) for post in posts]

    @cached_property
    def media(self) -> list[Path]:
        """The files under posts/ that may be pictures, for hints."""
        return missing_media.media(self.posts)

    @cached_property
    def names(self) -> list[str]:
        """The names that can head a section: channels and accounts."""
        return [*SPECS, *self.accounts]

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The languages of all accounts."""
        return frozenset(a.language for a in self.accounts.values() if a.language)


def _inspected(
    media: Sequence[MediaItem], seen: Mapping[Path, Inspected | Flaw]
) -> tuple[MediaItem, ...]:
    """The pictures that are sound, each with its motion or pages."""
    known = ((item, seen[item.path]) for item in media)
    return tuple(
        item.model_copy(update={"document" if isinstance(one, Document) else "motion": one})
        if one
        else item
        for item, one in known
        if not isinstance(one, Flaw)
    )
