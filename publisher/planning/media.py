"""Media of a plan: the clean copies, and those that the ledger does not have yet."""

from collections.abc import Collection
from pathlib import Path

from publisher.ledger.enqueue import StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.media.cache import Copies
from publisher.media.clean_copy import Copy
from publisher.media.media_file import CleanPicture
from publisher.model.capabilities import Capabilities
from publisher.model.posts import MediaItem


class Illustrations:
    """Provider of clean copies: makes each once, and only if the ledger does not have it."""

    def __init__(self, copies: Copies, queries: Queries) -> None:
        self._copies = copies
        self._queries = queries
        self._found: dict[tuple[Path, Capabilities], Copy | CleanPicture] = {}
        self._made: dict[str, CleanPicture] = {}

    def clean(self, item: MediaItem, capabilities: Capabilities) -> Copy | CleanPicture:
        """The copy for a channel, or its metadata if the ledger has it. Raises PictureUnusable."""
        source = (item.path, capabilities)
        if source not in self._found:
            told = self._copies.told(*source)
            # A copy that the ledger does not have is made now, even if its metadata is known.
            is_stored = told and self._queries.has_picture(told.digest)
            self._found[source] = told if told and is_stored else self._make(*source)
        return self._found[source]

    def _make(self, path: Path, capabilities: Capabilities) -> CleanPicture:
        copy = self._copies.clean(path, capabilities)
        # Channels often share a copy, and a video is big: keep it once.
        return self._made.setdefault(copy.digest, copy)

    def stored(self, digests: Collection[str]) -> dict[str, StoredPicture]:
        """Those of these copies that were made now, by digest; the ledger has the others."""
        return {
            digest: StoredPicture(digest, copy.media_type, copy.data)
            for digest, copy in self._made.items()
            if digest in digests
        }
