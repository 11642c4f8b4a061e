"""The pictures of a plan: what their copies are, and the copies that the ledger has yet to get."""

from collections.abc import Collection
from pathlib import Path

from publisher.ledger.enqueue import StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.media.cache import Copies
from publisher.media.clean_copy import Copy
from publisher.media.media_file import CleanPicture
from publisher.model.models import Capabilities, MediaItem


class Illustrations:
    """A copy is made once, and only if the ledger does not have it already."""

    def __init__(self, copies: Copies, queries: Queries) -> None:
        self._copies = copies
        self._queries = queries
        self._found: dict[tuple[Path, Capabilities], Copy | CleanPicture] = {}
        self._made: dict[str, CleanPicture] = {}

    def clean(self, item: MediaItem, capabilities: Capabilities) -> Copy | CleanPicture:
        """The copy for a channel, or what it is if the ledger has it; PictureUnusable."""
        source = (item.path, capabilities)
        if source not in self._found:
            told = self._copies.told(*source)
            # What the ledger does not have is made now, whatever was found out before.
            is_stored = told and self._queries.has_picture(told.digest)
            self._found[source] = told if told and is_stored else self._make(*source)
        return self._found[source]

    def _make(self, path: Path, capabilities: Capabilities) -> CleanPicture:
        copy = self._copies.clean(path, capabilities)
        # Channels often get the same, and a video is big: it is kept once.
        return self._made.setdefault(copy.digest, copy)

    def stored(self, digests: Collection[str]) -> dict[str, StoredPicture]:
        """Those of these copies that were made, by their digests; the ledger has the others."""
        return {
            digest: StoredPicture(digest, copy.media_type, copy.data)
            for digest, copy in self._made.items()
            if digest in digests
        }
