"""/pause and /resume: the hand on the switch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from publisher import periods
from publisher.errors import UsageError
from publisher.language import _
from publisher.models import Delivery
from publisher.web.parts import Parts, Use
from publisher.web.visitors import Manager, Reader, Visitor

router = APIRouter()


@router.post("/pause")
def pause(
    parts: Use,
    visitor: Manager,
    reason: Annotated[str, Form(max_length=500)] = "",
    account: Annotated[str, Form()] = "",
) -> Response:
    if not reason.strip():
        raise UsageError(
            _("Say why, in a few words, for the record."), hint=_("Go back and write a reason.")
        )
    name = _known(parts, account)
    unanswered = parts.app.control.pause(name, reason.strip(), visitor.name)
    notice = (
        _("{account} is paused. Nothing of it leaves any more.", account=name)
        if name
        else _("Everything is paused. Nothing leaves any more.")
    )
    if unanswered:
        names = ", ".join(f"{d.post} → {d.account}" for d in unanswered)
        notice += " " + _(
            "These were already on their way and have not been answered; they may be out: {names}.",
            names=names,
        )
    return parts.done(visitor, notice, "/accounts" if name else "/")


@router.get("/resume")
def overdue(request: Request, parts: Use, _visitor: Reader, account: str = "") -> Response:
    """What fell due meanwhile, and what is to become of each."""
    name = _known(parts, account)
    found = parts.app.control.overdue(name)
    return parts.pages.render(request, "resume.html", account=name, overdue=found)


@router.post("/resume")
async def resume(request: Request, parts: Use, visitor: Manager) -> Response:
    form = await request.form()
    return await run_in_threadpool(_resume, parts, visitor, form)


def _resume(parts: Parts, visitor: Visitor, form: FormData) -> Response:
    name = _known(parts, _text(form, "account"))
    choices = _choices(form, parts.app.control.overdue(name), parts)
    going = parts.app.control.resume(name, visitor.name, choices)
    dropped = sum(choice is None for choice in choices.values())
    notice = _("Publishing goes on.")
    if going:
        notice += " " + _("Overdue and on the schedule again: {number}.", number=len(going))
    if dropped:
        notice += " " + _("Dropped: {number}.", number=dropped)
    return parts.done(visitor, notice, "/accounts" if name else "/")


def _choices(
    form: FormData, overdue: Sequence[Delivery], parts: Parts
) -> Mapping[int, datetime | None]:
    """What the form says of each: `send` (left out here), `drop`, or `later` with a time."""
    choices: dict[int, datetime | None] = {}
    for delivery in overdue:
        match _text(form, f"choice-{delivery.id}"):
            case "drop":
                choices[delivery.id] = None
            case "later":
                given = _text(form, f"at-{delivery.id}")
                choices[delivery.id] = periods.since(given, parts.pages.zone, _("The new time"))
    return choices


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _known(parts: Parts, account: str) -> str | None:
    """The account of that name; None for all of them."""
    if not account:
        return None
    if account not in {*parts.app.settings.accounts, *parts.app.queries.known_accounts()}:
        raise UsageError(_("There is no account {name}.", name=account))
    return account
