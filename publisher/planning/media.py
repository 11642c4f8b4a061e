"""Media of a plan: the clean copies, and those that the ledger does not have yet."""

from collections.abc import Collection, Mapping
from pathlib import Path

from publisher.base.errors import PictureUnusable
from publisher.ledger.enqueue import StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.media import at_once
from publisher.media.cache import Copies
from publisher.media.clean_copy import Copy
from publisher.media.media_file import CleanPicture
from publisher.model.capabilities import Capabilities
from publisher.model.posts import MediaItem
from publisher.model.problems import Flaw


class Illustrations:
    """Provider of clean copies: makes each once, and only if the ledger does not have it."""

    def __init__(self, copies: Copies, queries: Queries) -> None:
        self._copies = copies
        self._queries = queries
        self._found: dict[tuple[Path, Capabilities], Copy | Flaw] = {}
        self._made: dict[str, CleanPicture] = {}

    def prepare(self, shown: Mapping[Path, Collection[Capabilities]]) -> None:
        """Find or make the copies of files for the channels that show them."""
        missing: dict[Path, list[Capabilities]] = {}
        for path, several in shown.items():
            for capabilities in several:
                told = self._copies.told(path, capabilities)
                # A copy that the ledger does not have is made now, even if its metadata is known.
                if told and self._queries.has_picture(told.digest):
                    self._found[path, capabilities] = told
                else:
                    missing.setdefault(path, []).append(capabilities)
        made = at_once.each(lambda one: self._copies.copies(*one), list(missing.items()))
        for (path, several), copies in zip(missing.items(), made, strict=True):
            for capabilities, copy in zip(several, copies, strict=True):
                # Channels often share a copy, and a video is big: keep it once.
                self._found[path, capabilities] = (
                    self._made.setdefault(copy.digest, copy)
                    if isinstance(copy, CleanPicture)
                    else copy
                )

    def clean(self, item: MediaItem, capabilities: Capabilities) -> Copy:
        """The prepared copy for a channel, or its metadata if the ledger has it.

        Raises PictureUnusable.
        """
        found = self._found[item.path, capabilities]
        if isinstance(found, Flaw):
            raise PictureUnusable(found.message, hint=found.hint)
        return found

    def stored(self, digests: Collection[str]) -> dict[str, StoredPicture]:
        """Those of these copies that were made now, by digest; the ledger has the others."""
        return {
            digest: StoredPicture(digest, copy.media_type, copy.data)
            for digest, copy in self._made.items()
            if digest in digests
        }
