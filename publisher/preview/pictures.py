"""Pictures of a preview: the clean copies that will be sent, embedded in the page."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from publisher.base.errors import PictureUnusable
from publisher.media import media_file
from publisher.media.media_file import CleanPicture
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content
from publisher.model.posts import MediaItem
from publisher.preview import mockups

_WHOLE = 300_000
"""Bytes up to which a clean copy is embedded unchanged."""
_WHOLE_GIF = 3_000_000
"""The same for an animated GIF: a smaller version would not be animated."""
_WHOLE_VIDEO = 10_000_000
"""The same for a video, which has no smaller version."""
_SIDE = 1200
"""Pixels of the longer side of a bigger picture's smaller version."""


class Pictures:
    """Cleans each picture once for each set of capabilities, and embeds it."""

    def __init__(self) -> None:
        self._copies: dict[tuple[Path, str], CleanPicture] = {}
        self._sources: dict[str, str] = {}

    def clean(self, item: MediaItem, capabilities: Capabilities) -> CleanPicture:
        """The copy that will be sent. Raises PictureUnusable."""
        key = (item.path, capabilities.model_dump_json())
        if key not in self._copies:
            copy = media_file.clean(item.path, capabilities)
            self._copies[key] = copy
            self._sources.setdefault(copy.digest, _source(copy))
        return self._copies[key]

    def unusable(self, items: Sequence[MediaItem], capabilities: Capabilities) -> dict[Path, str]:
        """The pictures that cannot be converted, with reasons."""
        found = {}
        for item in items:
            try:
                self.clean(item, capabilities)
            except PictureUnusable as error:
                found[item.path] = str(error)
        return found

    def view(self, item: MediaItem, capabilities: Capabilities) -> mockups.ShownImage:
        """One picture to show. Raises PictureUnusable."""
        copy = self.clean(item, capabilities)
        return mockups.ShownImage(
            src=self._sources[copy.digest],
            alt=item.alt,
            width=copy.width,
            height=copy.height,
            is_video=copy.media_type.startswith("video/"),
            pages=copy.pages,
            captions=item.captions if capabilities.captions_max_bytes else None,
        )

    def shown(self, content: Content) -> list[mockups.ShownImage]:
        """The pictures of a content that was rendered with `clean`."""
        return [
            mockups.ShownImage.of(picture, self._sources[picture.digest])
            for picture in content.pictures
        ]


def _source(copy: CleanPicture) -> str:
    """A data URI of the copy, or of a smaller version of a big one, so that pages load.

    Empty for a document: a page shows how many pages it has, and a link where it is queued.
    """
    if copy.pages is not None:
        return ""
    if copy.media_type.startswith("video/"):
        # A big one is shown as a box.
        is_small = len(copy.data) <= _WHOLE_VIDEO
        return mockups.data_uri(copy.media_type, copy.data) if is_small else ""
    if len(copy.data) <= (_WHOLE_GIF if copy.media_type == "image/gif" else _WHOLE):
        return mockups.data_uri(copy.media_type, copy.data)
    view = io.BytesIO()
    # The decoder process's output is opened only as one of the expected formats.
    with Image.open(io.BytesIO(copy.data), formats=("JPEG", "PNG", "GIF", "WEBP")) as image:
        image.thumbnail((_SIDE, _SIDE))
        image.save(view, "WEBP", quality=80)
    return mockups.data_uri("image/webp", view.getvalue())
