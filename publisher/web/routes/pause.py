"""/pause and /resume: pause and resume publishing, of one account or of all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from starlette.concurrency import run_in_threadpool

from publisher.base import date_range
from publisher.base.errors import NotPossible, PublisherError, UsageError
from publisher.base.i18n import _
from publisher.ledger.manager.resume import Seen
from publisher.ledger.manager.rights import Rank
from publisher.model.deliveries import Delivery
from publisher.web.authentication import Manager, Reader, Visitor
from publisher.web.confirmation import confirming
from publisher.web.dependencies import Parts, Use
from publisher.web.render import Toast

_Form = Mapping[str, str]
_EMPTY: _Form = MappingProxyType({})

router = APIRouter()


@router.get("/pause")
def ask(request: Request, parts: Use, _visitor: Reader) -> Response:
    """Show the form that pauses everything; to those who may not, who may."""
    able = [
        person.name
        for person in parts.app.people.all()
        if parts.app.rights.permits(person, Rank.MANAGER)
        and not (person.disabled_at or person.is_invited)
    ]
    return parts.pages.render(request, "pause.html", able=able)


@router.post("/pause")
def pause(
    parts: Use,
    visitor: Manager,
    reason: Annotated[str, Form(max_length=500)] = "",
    account: Annotated[str, Form()] = "",
) -> Response:
    if not reason.strip():
        message = _("Say why, in a few words, for the record.")
        raise UsageError(message, hint=_("Go back and write a reason."))
    name = parts.account(account)
    unanswered = parts.app.control.pause(name, reason.strip(), visitor.name)
    toast = (
        _("{account} is paused. Nothing more is sent from it.", account=name)
        if name
        else _("Everything is paused. Nothing more is sent.")
    )
    if unanswered:
        names = ", ".join(f"{d.post} → {d.account}" for d in unanswered)
        toast += " " + _(
            "These were already on their way and have had no answer yet; they may be out: {names}.",
            names=names,
        )
    return parts.done(visitor, Toast(toast, warns=bool(unanswered)), "/accounts" if name else "/")


@router.get("/stopped")
def stopped(request: Request, parts: Use, _visitor: Reader) -> Response:
    """The notice on every open page while everything is paused."""
    return parts.pages.render(request, "stopped.html")


@router.get("/resume")
def overdue(request: Request, parts: Use, _visitor: Reader, account: str = "") -> Response:
    """Show the deliveries that fell due in the pause, with a choice for each."""
    return _page(request, parts, parts.account(account))


@router.post("/resume")
async def resume(
    request: Request,
    parts: Use,
    visitor: Manager,
    _confirmed: Annotated[None, confirming(lambda form: not form.get("account"))],
) -> Response:
    fields = await request.form()
    form = {name: value for name, value in fields.items() if isinstance(value, str)}
    return await run_in_threadpool(_resume, request, parts, visitor, form)


def _resume(request: Request, parts: Parts, visitor: Visitor, form: _Form) -> Response:
    name = parts.account(form.get("account", ""))
    shown = [d for d in parts.app.control.overdue(name) if f"choice-{d.id}" in form]
    seen = Seen(form.get("seen", ""), {delivery.id for delivery in shown})
    try:
        choices = _choices(form, shown, parts)
        going = parts.app.control.resume(name, visitor.name, choices, seen)
    except (NotPossible, UsageError) as problem:
        return _page(request, parts, name, form, problem)
    dropped = sum(choice is None for choice in choices.values())
    toast = _("Publishing has resumed.")
    if going:
        toast += " " + _("Overdue and on the schedule again: {number}.", number=len(going))
    if dropped:
        toast += " " + _("Dropped: {number}.", number=dropped)
    return parts.done(visitor, toast, "/accounts" if name else "/")


def restored(request: Request, parts: Parts, form: _Form) -> Response:
    """Show the page with the choices made before the log-out."""
    return _page(request, parts, parts.account(form.get("account", "")), form)


def _choices(
    form: _Form, overdue: Sequence[Delivery], parts: Parts
) -> Mapping[int, datetime | None]:
    """The form's choices: `send` (left out here), `drop` (None), or `later` with a time."""
    choices: dict[int, datetime | None] = {}
    for delivery in overdue:
        choice, given = form[f"choice-{delivery.id}"], form.get(f"at-{delivery.id}", "")
        if choice == "later":
            choices[delivery.id] = date_range.since(given, parts.pages.zone, _("The new time"))
        elif given:
            place = {"post": delivery.post, "account": delivery.account}
            message = _(
                "{post} to {account} has a new time, but “Later, at” is not chosen.", **place
            )
            raise UsageError(message, hint=_("Choose “Later, at”, or delete the time."))
        elif choice == "drop":
            choices[delivery.id] = None
    return choices


def _page(
    request: Request,
    parts: Parts,
    account: str | None,
    form: _Form = _EMPTY,
    problem: PublisherError | None = None,
) -> Response:
    """The overdue deliveries, with the form's choices."""
    # In this order: a pause that comes between the two differs from the one on the page.
    stop = parts.app.control.stop(account)
    return parts.pages.render(
        request,
        "resume.html",
        account=account,
        seen=stop,
        overdue=parts.app.control.overdue(account),
        given=form,
        problem=problem,
    )
