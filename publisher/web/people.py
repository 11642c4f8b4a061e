"""/people: who may log in, for admins."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from publisher.errors import UsageError
from publisher.language import _
from publisher.web import trail
from publisher.web.parts import Use
from publisher.web.visitors import Admin, Overseer

router = APIRouter()


@router.get("/people")
def people(request: Request, parts: Use, _visitor: Overseer) -> Response:
    found = [(person, parts.app.sessions.of(person)) for person in parts.app.people.all()]
    return parts.pages.render(request, "people.html", people=found)


@router.post("/people/{name}")
def change(
    request: Request, parts: Use, visitor: Admin, name: str, do: Annotated[str, Form()] = ""
) -> Response:
    person = parts.app.people.find(name)
    match do:
        case "revoke":
            parts.app.sessions.revoke(person)
            notice = _("{name} is logged out everywhere.", name=person.name)
        case "disable" if person.id != visitor.person.id:
            parts.app.people.disable(person, disabled=True, actor=visitor.name)
            notice = _("{name} is kept out.", name=person.name)
        case "enable":
            parts.app.people.disable(person, disabled=False, actor=visitor.name)
            notice = _("{name} may log in again.", name=person.name)
        case _:
            raise UsageError(_("This cannot be done here."))
    trail.note(request, f"people: {do}", whom=person.name)
    return parts.done(visitor, notice, "/people")
