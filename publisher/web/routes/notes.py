"""/posts/ID/notes: writes a note on a post."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from starlette.responses import RedirectResponse

from publisher.base.i18n import _
from publisher.web import draft_view
from publisher.web.authentication import Reader, Writer
from publisher.web.dependencies import Parts, PostRoute, Use, inside, post_address

router = APIRouter(route_class=PostRoute)


@router.get("/posts/{post:path}/notes")
def show(parts: Use, _visitor: Reader, post: str) -> Response:
    """Lead to the notes on the post's page."""
    return RedirectResponse(_place(parts, post), 303)


@router.post("/posts/{post:path}/notes")
def write(
    parts: Use,
    visitor: Writer,
    post: str,
    text: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    place = _place(parts, post)
    note = parts.app.notes.write(post, text, visitor.name)
    names = ", ".join(note.mentions)
    toast = _("Note added, for {names}.", names=names) if names else _("Note added.")
    return parts.done(visitor, toast, inside(back, place))


def _place(parts: Parts, post: str) -> str:
    """The address of the notes on a post; raises NoSuchPost when there is no such post."""
    if not parts.app.queries.known_posts([post]):
        draft_view.find(parts.app, post)
    return f"{post_address(post)}#notes"
