"""/static: static files, each under a name with a hash of its content."""

import hashlib
from importlib import resources

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

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


class Assets:
    """The static files in memory, by their hashed names."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._answers: dict[str, tuple[bytes, str]] = {}
        for package, path, media_type in _FILES:
            content = resources.files(package).joinpath(path).read_bytes()
            file = path.rpartition("/")[2]
            name, _, ending = file.rpartition(".")
            hashed = f"{name}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
            self._addresses[file] = f"/static/{hashed}"
            self._answers[hashed] = content, media_type

    def address(self, file: str) -> str:
        """The address of a file."""
        return self._addresses[file]

    def answer(self, hashed: str) -> Response:
        """The file with that hashed name; 404 for any other."""
        if hashed not in self._answers:
            raise HTTPException(404)
        content, media_type = self._answers[hashed]
        return Response(content, media_type=media_type, headers=_FOREVER)


_ASSETS = Assets()


def address(file: str) -> str:
    """The address of a static file."""
    return _ASSETS.address(file)


@router.get("/static/{name}")
async def static(name: str) -> Response:
    return _ASSETS.answer(name)
