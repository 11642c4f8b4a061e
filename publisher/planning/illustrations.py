"""The pictures of a plan: what their copies are, and the copies that the ledger has yet to get."""

from collections.abc import Collection
from pathlib import Path

from publisher.content import pictures
from publisher.content.copies import Copies
from publisher.content.pictures import CleanPicture
from publisher.content.pixels import Copy
from publisher.errors import NotPossible
from publisher.language import _
from publisher.ledger.ledger import StoredPicture
from publisher.ledger.queries import Queries
from publisher.models import Capabilities, MediaItem

_Source = tuple[Path, Capabilities]


class Illustrations:
    """Each copy is made once, and only if nothing is known of it or the ledger has to get it."""

    def __init__(self, copies: Copies, queries: Queries) -> None:
        self._copies = copies
        self._queries = queries
        self._found: dict[_Source, Copy | CleanPicture] = {}
        self._made: dict[str, CleanPicture] = {}
        self._sources: dict[str, _Source] = {}

    def clean(self, item: MediaItem, capabilities: Capabilities) -> Copy | CleanPicture:
        """The copy for a channel, or what is known of it; PictureUnusable."""
        source = (item.path, capabilities)
        if source not in self._found:
            copy = self._copies.clean(*source)
            if isinstance(copy, CleanPicture):
                # Channels often get the same, and a video is big: it is kept once.
                copy = self._made.setdefault(copy.digest, copy)
            self._found[source] = copy
            self._sources.setdefault(copy.digest, source)
        return self._found[source]

    def stored(self, digests: Collection[str]) -> dict[str, StoredPicture]:
        """Those of these copies that the ledger does not have, by their digests."""
        missing = set(digests) - self._queries.stored_pictures(digests)
        copies = {digest: self._copy(digest) for digest in sorted(missing)}
        return {
            digest: StoredPicture(digest, copy.media_type, copy.data)
            for digest, copy in copies.items()
        }

    def _copy(self, digest: str) -> CleanPicture:
        if digest in self._made:
            return self._made[digest]
        path, capabilities = self._sources[digest]
        copy = pictures.clean(path, capabilities)
        if copy.digest != digest:
            raise NotPossible(
                _("{file} was changed while the drafts were read.", file=path.name),
                hint=_("Run the command once more."),
            )
        return copy
