"""Profiles of the simulated platforms: handle, name and picture of each account."""

import hashlib
import io
from functools import cache
from urllib.parse import quote

from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from publisher.model.values import Frozen
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.fault_kinds import AVATARS, What

AVATAR = "/sandbox/avatars"
_ELSEWHERE = "https://elsewhere.invalid/avatar.png"
_HUGE = 2_000_000  # bytes
_CELLS, _SIDE = 5, 400  # cells each way of a drawing, and its pixels


class ShownProfile(Frozen):
    """A profile as a platform's answer shows it."""

    handle: str
    name: str
    picture: str
    """The address of its picture; empty: it has none."""


def profile_of(call: Call, account: SandboxAccount) -> ShownProfile:
    """The profile in the answer to a call, with the faults that change it."""
    is_other = bool(call.changed(What.RENAMED))
    return ShownProfile(
        handle=f"other_{account.handle}"[:15] if is_other else account.handle,
        name=f"Other {account.title}" if is_other else account.title,
        picture=_address(call, account),
    )


def _address(call: Call, account: SandboxAccount) -> str:
    what = next((fault.what for fault in call.changes if fault.what in AVATARS), None)
    if what is What.AVATAR_NONE:
        return ""
    if what is What.AVATAR_ELSEWHERE:
        return _ELSEWHERE
    here = str(call.request.base_url).rstrip("/")
    return f"{here}{address_of(what or account.name)}"


def address_of(name: str) -> str:
    """The path of an account's picture, as large as X gives it."""
    return f"{AVATAR}/{quote(name, safe='')}_normal.png"


async def answer(request: Request) -> Response:
    """Answer a request for a picture: of an account, or as a fault names it."""
    name = request.path_params["name"].rpartition("_")[0]
    if name == What.AVATAR_MISSING:
        return PlainTextResponse("No such picture here.", 404)
    if name == What.AVATAR_REDIRECT:
        return RedirectResponse(_ELSEWHERE, 302)
    content = drawing(name)
    if name == What.AVATAR_HUGE:
        content += bytes(_HUGE)
    if name == What.AVATAR_BROKEN:
        content = content[: len(content) // 2]
    return Response(content, media_type="image/png")


@cache
def drawing(name: str) -> bytes:
    """A picture that is the same for the same name: coloured cells, mirrored."""
    digest = hashlib.sha256(name.encode()).digest()
    colour = tuple(60 + byte % 120 for byte in digest[:3])
    cells = Image.new("RGB", (_CELLS + 2, _CELLS + 2), (240, 240, 240))
    for place in range(_CELLS * (_CELLS // 2 + 1)):
        row, column = divmod(place, _CELLS // 2 + 1)
        if digest[3 + place] % 2:
            cells.putpixel((1 + column, 1 + row), colour)
            cells.putpixel((_CELLS - column, 1 + row), colour)
    out = io.BytesIO()
    cells.resize((_SIDE, _SIDE), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()
