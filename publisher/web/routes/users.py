"""/people: administration of the people who may log in."""

from datetime import tzinfo
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.ledger.integrity.hash_chain import BEFORE
from publisher.ledger.reading.queries import HistoryStep
from publisher.model.history_text import details
from publisher.web import security
from publisher.web.authentication import Admin, Overseer
from publisher.web.dependencies import Use

_STEPS = 50
"""Steps of the people's history that are shown."""

router = APIRouter()


@router.get("/people")
def people(request: Request, parts: Use, visitor: Overseer) -> Response:
    found = [(person, parts.app.sessions.of(person)) for person in parts.app.people.all()]
    guessed = {one.name: one for one in parts.app.throttle.guessed()}
    steps = [
        (step, _told(step, parts.pages.zone))
        for step in parts.app.queries.steps_about_people(_STEPS)
    ]
    may_over = partial(parts.app.rights.permits_over, visitor.person)
    return parts.pages.render(
        request, "people.html", people=found, may_over=may_over, steps=steps, guessed=guessed
    )


def _told(step: HistoryStep, zone: tzinfo) -> list[str]:
    """A step's details without the digests, which mean nothing to readers."""
    return details({key: value for key, value in step.detail.items() if key != BEFORE}, zone)


@router.post("/people/{name}")
def change(
    request: Request, parts: Use, visitor: Admin, name: str, do: Annotated[str, Form()] = ""
) -> Response:
    person = parts.app.people.find(name)
    match do:
        case "revoke":
            parts.app.people.require_over(person, visitor.name)
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
    security.log_event(request, f"people: {do}", whom=person.name)
    return parts.done(visitor, notice, "/people")
