"""/static: static files, each under a name with a hash of its content."""

import hashlib
from importlib import resources

from fastapi import APIRouter, HTTPException, Response

_FILES = (
    ("publisher.web", "static/web.css", "text/css"),
    ("publisher.preview", "templates/posts.css", "text/css"),
    ("publisher.web", "static/htmx.min.js", "text/javascript"),
    ("publisher.web", "static/idiomorph-ext.min.js", "text/javascript"),
    ("publisher.web", "static/web.js", "text/javascript"),
    ("publisher.web", "static/icon.svg", "image/svg+xml"),
    ("publisher.web", "static/htmx.LICENSE.txt", "text/plain"),
    ("publisher.web", "static/idiomorph.LICENSE.txt", "text/plain"),
)
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}

router = APIRouter()


_HASHED: dict[str, str] = {}
"""The hashed name of each file."""
_CONTENTS: dict[str, tuple[bytes, str]] = {}
"""The content and media type of each file, by its hashed name."""
for _package, _path, _media_type in _FILES:
    _content = resources.files(_package).joinpath(_path).read_bytes()
    _name, _, _ending = _path.rpartition("/")[2].rpartition(".")
    _hashed = f"{_name}.{hashlib.sha256(_content).hexdigest()[:12]}.{_ending}"
    _HASHED[f"{_name}.{_ending}"] = _hashed
    _CONTENTS[_hashed] = _content, _media_type


def address(file: str) -> str:
    """The address of a static file."""
    return f"/static/{_HASHED[file]}"


@router.get("/static/{name}")
async def static(name: str) -> Response:
    if name not in _CONTENTS:
        raise HTTPException(404)
    content, media_type = _CONTENTS[name]
    return Response(content, media_type=media_type, headers=_FOREVER)
