"""/static: static files, each under a name with a hash of its content."""

import hashlib
import re
from collections.abc import Iterator
from importlib import resources

from fastapi import APIRouter, HTTPException, Response

from publisher.preview import mockups

_FILES = (
    ("publisher.web", "fonts/inter.woff2", "font/woff2"),
    ("publisher.web", "static/htmx.min.js", "text/javascript"),
    ("publisher.web", "static/idiomorph-ext.min.js", "text/javascript"),
    ("publisher.web", "static/web.js", "text/javascript"),
    ("publisher.web", "static/calendar.js", "text/javascript"),
    ("publisher.web", "static/compose.js", "text/javascript"),
    ("publisher.web", "static/compose_pictures.js", "text/javascript"),
    ("publisher.web", "static/passkeys.js", "text/javascript"),
    ("publisher.web", "static/icon.svg", "image/svg+xml"),
    ("publisher.web", "static/icon-192.png", "image/png"),
    ("publisher.web", "static/icon-512.png", "image/png"),
    ("publisher.web", "static/htmx.LICENSE.txt", "text/plain"),
    ("publisher.web", "static/idiomorph.LICENSE.txt", "text/plain"),
    ("publisher.web", "fonts/inter.LICENSE.txt", "text/plain"),
    ("publisher.web", "icons/lucide.LICENSE.txt", "text/plain"),
)
_STYLES = (
    "tokens", "elements", "layout", "navigation", "parts", "lists", "messages", "actions", "pages",
    "log", "design", "people", "calendar", "calendar_chips", "calendar_days", "review", "views",
    "compose", "compose_pictures", "compose_schedule", "agenda", "media", "answers",
)  # fmt: skip
"""The parts of web.css, in the order in which later rules win."""
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_URL = re.compile(r'url\("([^"]+)"\)')

router = APIRouter()

_HASHED: dict[str, str] = {}
"""The hashed name of each file."""
_CONTENTS: dict[str, tuple[bytes, str]] = {}
"""The content and media type of each file, by its hashed name."""


def address(file: str) -> str:
    """The address of a static file."""
    return f"/static/{_HASHED[file]}"


def version() -> str:
    """A hash of all static files, in hexadecimal."""
    return hashlib.sha256(" ".join(_CONTENTS).encode()).hexdigest()[:12]


@router.get("/static/{name}")
async def static(name: str) -> Response:
    if name not in _CONTENTS:
        raise HTTPException(404)
    content, media_type = _CONTENTS[name]
    return Response(content, media_type=media_type, headers=_FOREVER)


def _files() -> Iterator[tuple[str, bytes, str]]:
    """Name, content and media type of each file; web.css last, as it names others."""
    web = resources.files("publisher.web")
    for package, path, media_type in _FILES:
        content = resources.files(package).joinpath(path).read_bytes()
        yield path.rpartition("/")[2], content, media_type
    yield "posts.css", mockups.styles().encode(), "text/css"
    styles = "".join(web.joinpath(f"styles/{name}.css").read_text("utf-8") for name in _STYLES)
    yield (
        "web.css",
        _URL.sub(lambda found: f'url("{address(found[1])}")', styles).encode(),
        "text/css",
    )


for _file, _content, _media_type in _files():
    _name, _, _ending = _file.rpartition(".")
    _HASHED[_file] = f"{_name}.{hashlib.sha256(_content).hexdigest()[:12]}.{_ending}"
    _CONTENTS[_HASHED[_file]] = _content, _media_type
