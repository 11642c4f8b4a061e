"""/manifest.webmanifest, /sw.js, /offline: installing the pages on a phone, and Today offline."""

import json
from importlib import resources

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from publisher.base import i18n
from publisher.web.dependencies import Use
from publisher.web.routes import assets

_SERVICE_WORKER = resources.files("publisher.web").joinpath("static/sw.js").read_text("utf-8")
_SHOWN = [
    assets.address(file)
    for file in (
        "web.css", "web.js", "htmx.min.js", "idiomorph-ext.min.js", "inter.woff2", "icon.svg",
    )
]  # fmt: skip
"""The files of each page."""
_SIZES = (192, 512)

router = APIRouter()


@router.get("/manifest.webmanifest")
def manifest(parts: Use) -> Response:
    """What a phone shows of the pages among its apps; it opens them at Review."""
    name = parts.app.session().name or parts.app.settings.workspace.name
    icons = [
        {"src": assets.address(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png",
         "purpose": purpose}
        for size in _SIZES
        for purpose in ("any", "maskable")
    ]  # fmt: skip
    return JSONResponse(
        {
            "id": "/",
            "name": f"Publisher · {name}",
            "short_name": "Publisher",
            "start_url": "/review",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f5f6f8",
            "theme_color": "#0a6670",
            "icons": icons,
        },
        media_type="application/manifest+json",
    )


@router.get("/sw.js")
async def service_worker() -> Response:
    """The script that keeps Today for a phone without a network.

    It is another one after an upgrade, and in another language: then browsers install it again.
    """
    version = f"files {assets.version()} {i18n.current()}"
    script = _SERVICE_WORKER.replace('FILES = "files"', f"FILES = {json.dumps(version)}")
    script = script.replace("SHOWN = []", f"SHOWN = {json.dumps(_SHOWN)}")
    headers = {"Cache-Control": "no-cache"}
    return Response(script, media_type="text/javascript", headers=headers)


@router.get("/offline")
def offline(request: Request, parts: Use) -> Response:
    """What a phone shows without a network in the place of any other page; it names nobody."""
    request.state.visitor, request.state.secret = None, ""
    return parts.pages.render(request, "offline.html")
