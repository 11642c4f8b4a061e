"""/media: the media library, and small views of its files.

No address holds the name of a file: it may be that of a child, and logs keep addresses.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from publisher.base.errors import PictureUnusable
from publisher.media import media_file
from publisher.media.clean_copy import THUMBNAIL_TYPE
from publisher.web import compose_pictures, media_library
from publisher.web.authentication import Reader
from publisher.web.dependencies import AddressValues, Use
from publisher.web.routes.pictures import HEADERS

SIDE = 320
"""Pixels of the longer side of a small view, which is shown at half of that on dense screens."""

_KEY = re.compile(r"[0-9a-f]{32}")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class MediaFilters(AddressValues):
    """What is looked for in the library."""

    q: str = ""
    only: Annotated[str, Query(pattern="^(unused|without-consent|refused|)$")] = ""
    page: Annotated[int, Query(ge=1, le=9999)] = 1


@router.get("/media")
def media(
    request: Request, parts: Use, visitor: Reader, wanted: Annotated[MediaFilters, Depends()]
) -> Response:
    drafts = parts.drafts.drafts(parts.app)
    found = media_library.page(
        parts.app,
        parts.media.index(parts.app, drafts),
        drafts,
        compose_pictures.writable(parts, visitor),
        words=wanted.q,
        only=wanted.only,
        number=wanted.page,
    )
    return parts.pages.render(request, "media.html", found=found, wanted=wanted)


@router.get("/media/files/{key}")
def small(parts: Use, _visitor: Reader, key: str) -> Response:
    """A small view of a file in the library: never the file itself, which may say where it was."""
    file = parts.media.known(key)  # a page has two dozen of them
    if file is None and _KEY.fullmatch(key):
        index = parts.media.index(parts.app, parts.drafts.drafts(parts.app))
        file = index.by_key.get(key)
    # It may have become a link since it was found.
    if file is None or media_file.locate(file.path, parts.app.settings.posts) != file.path:
        raise HTTPException(404)
    try:
        data = media_file.thumbnail(file.path, SIDE)
    except PictureUnusable:
        raise HTTPException(404) from None
    return Response(data, media_type=THUMBNAIL_TYPE, headers=HEADERS)
