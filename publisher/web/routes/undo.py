"""/undo: takes back what the visitor has just decided."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from publisher.base import formats
from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.web.authentication import Writer
from publisher.web.decisions import versions
from publisher.web.dependencies import Use, inside
from publisher.web.render import Toast

_TAKEN = -60.0
"""Real seconds after which nothing is taken back; pages offer it for ten."""

router = APIRouter()


@router.post("/undo")
def undo(
    parts: Use,
    visitor: Writer,
    seen: Annotated[list[str] | None, Form()] = None,
    back: Annotated[str, Form()] = "",
) -> Response:
    """Take back the decisions that left these versions: `seen` are like `12:3`."""
    try:
        since = parts.app.clock.ahead(_TAKEN)
        done = parts.app.undo.take_back(versions(seen or ()), visitor.name, since)
        toast = Toast(_("Undone: {what}.", what=formats.deliveries(len(done))))
    except NotPossible as error:
        toast = Toast(f"{error} {error.hint or ''}".strip(), warns=True)
    return parts.done(visitor, toast, inside(back))
