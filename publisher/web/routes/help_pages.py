"""/help: the documentation as pages, in the reader's language.

For everybody, as it says nothing of a workspace, and as somebody who cannot log in needs it most.
"""

import mimetypes
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from publisher.base import i18n
from publisher.base.i18n import _
from publisher.web import errors

FOLDER = Path(__file__).parents[1] / "help"
"""What docs/site/build.py builds; a wheel has it, and in a checkout `make install` makes it."""

router = APIRouter()
mimetypes.add_type("image/webp", ".webp")  # Python knows it since 3.13


@router.get("/help")
def start(request: Request, guide: Literal["staff", "manager", "tutorial"] = "staff") -> Response:
    page = f"guides/{guide}.{i18n.current()}.html"
    if (FOLDER / page).is_file():
        return RedirectResponse(f"/help/{page}", 303)
    message = _("The help was not built into this installation.")
    hint = _("The person who installed Publisher builds it with: make install.")
    return errors.page(request, 404, _("There is no help here"), message, hint)


@router.get("/help/{path:path}")
async def page(request: Request, path: str) -> Response:
    """A file of the site. A browser asks each time whether it is still the same."""
    if not FOLDER.is_dir():
        raise HTTPException(404)
    files = StaticFiles(directory=FOLDER)
    response = await files.get_response(path or "index.html", request.scope)
    response.headers["Cache-Control"] = "no-cache"
    return response
