"""Error handlers for forms sent without the session in which the page was made, or the proof
that they need.
"""

from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from publisher.base.i18n import _
from publisher.web import errors, kept_forms, labels, passkey_requests, security
from publisher.web.authentication import FactorMissing, NotLoggedIn, NotOurForm
from publisher.web.confirmation import PROOFS, NotConfirmed
from publisher.web.dependencies import Parts
from publisher.web.kept_forms import Typed
from publisher.web.routes import login

_LEAVING = "/logout"


def install(web: FastAPI) -> None:
    """Register the handlers: they keep typed text, and say that a decision was not carried out."""
    web.add_exception_handler(NotLoggedIn, _not_logged_in)
    web.add_exception_handler(NotOurForm, _not_our_form)
    web.add_exception_handler(NotConfirmed, _not_confirmed)
    web.add_exception_handler(FactorMissing, _factor_missing)


async def _not_logged_in(request: Request, _error: Exception) -> Response:
    """Go to the log-in with the typed text. A page's background request gets a 401."""
    if request.headers.get("hx-request"):
        return Response(status_code=401)
    found = await kept_forms.of_form(request)
    if found is None or found.address == _LEAVING:
        return errors.to_login(request)
    parts: Parts = request.app.state.parts
    kept = found if found.is_worth_keeping and kept_forms.is_kept(found.address) else None
    wanted = found.address if kept else found.page
    return await run_in_threadpool(
        login.page, request, parts, wanted, 401, problem=_told(found), kept=kept
    )


def _told(found: Typed) -> str:
    if found.is_a_draft and found.is_worth_keeping:
        return _(
            "You were logged out, and nothing was saved. What you typed is kept: log in to "
            "continue."
        )
    if not found.action:
        return _("You were logged out, and nothing was done. Log in and do it again.")
    return _(
        "You were logged out, and nothing was done: {what}. Log in to decide again: nothing is "
        "sent by itself.",
        what=found.action,
    )


async def _not_our_form(request: Request, _error: Exception) -> Response:
    """Show the page again with the typed text, for a person who has logged in since."""
    security.log_event(request, "refused", why="not our form")
    found = await kept_forms.of_form(request)
    if found is None or request.state.visitor is None or not kept_forms.is_kept(found.address):
        return errors.too_old(request)
    return await run_in_threadpool(kept_forms.restored, request, request.app.state.parts, found)


async def _not_confirmed(request: Request, error: Exception) -> Response:
    """Ask for a proof, with the form as it was sent: it is carried out together with the proof."""
    assert isinstance(error, NotConfirmed)  # noqa: S101 - for the type checker
    fields = [
        (name, value)
        for name, value in (await request.form()).multi_items()
        if isinstance(value, str) and name not in ("form", *PROOFS)
    ]
    return await run_in_threadpool(_ask, request, error, fields)


def _ask(request: Request, error: NotConfirmed, fields: Sequence[tuple[str, str]]) -> Response:
    parts: Parts = request.app.state.parts
    person = request.state.visitor.person
    factors = parts.app.second_factors.of(person)
    return parts.pages.render(
        request,
        "confirm.html",
        429 if error.until else 403,
        address=request.url.path,
        fields=fields,
        action=Typed(request.url.path, dict(fields)).action
        or labels.action_on_person(request.url.path, dict(fields)),
        factors=factors,
        options=passkey_requests.asked(request, parts, factors),
        problem=error.problem,
        until=error.until,
    )


async def _factor_missing(request: Request, _error: Exception) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=401)
    return RedirectResponse("/me", 303)
