"""/media/DIGEST: the pictures of queued posts, by the digest of their bytes."""

import re
from functools import lru_cache

from fastapi import APIRouter, HTTPException, Response

from publisher.app import Application
from publisher.media.clean_copy import THUMBNAIL_TYPE, thumbnail
from publisher.web.authentication import Reader
from publisher.web.dependencies import Use

HEADERS = {
    # A picture opened by itself must not run scripts.
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_DIGEST = re.compile(r"[0-9a-f]{64}")

router = APIRouter()


@router.get("/media/{name}")
def picture(parts: Use, _visitor: Reader, name: str) -> Response:
    """The clean copy of a picture as it goes out."""
    media_type, data = _found(parts.app, name)
    return Response(data, media_type=media_type, headers=HEADERS)


@router.get("/media/{name}/small")
def small(parts: Use, _visitor: Reader, name: str) -> Response:
    """A thumbnail of a picture; videos have none."""
    return Response(_small(parts.app, name), media_type=THUMBNAIL_TYPE, headers=HEADERS)


@lru_cache(maxsize=512)
def _small(app: Application, name: str) -> bytes:
    media_type, data = _found(app, name)
    if not media_type.startswith("image/"):
        raise HTTPException(404)
    return thumbnail(data)


def _found(app: Application, name: str) -> tuple[str, bytes]:
    found = app.queries.picture(name) if _DIGEST.fullmatch(name) else None
    if found is None:
        raise HTTPException(404)
    return found
