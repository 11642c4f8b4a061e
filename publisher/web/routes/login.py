"""/login and /logout: log-in by password, and log-out."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from publisher.base.i18n import _
from publisher.ledger.manager.rights import Person
from publisher.web import password_check, security
from publisher.web.authentication import (
    NotOurForm,
    Writer,
    browser_cookie,
    cookie_name,
    know_browser,
    new_secret,
    set_cookie,
)
from publisher.web.dependencies import Parts, Use, inside
from publisher.web.kept_forms import Typed, restored

router = APIRouter()


@router.get("/login")
def form(request: Request, parts: Use, next: str = "/") -> Response:  # noqa: A002 - the address says so
    if request.state.visitor:
        return RedirectResponse(inside(next), 303)
    return page(request, parts, next)


@router.post("/login")
async def log_in(
    request: Request,
    parts: Use,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
    form: Annotated[str, Form()] = "",
    kept: Annotated[str, Form()] = "",
) -> Response:
    typed = Typed.read(inside(next), kept)
    if not security.is_ours(request, parts.where, request.state.secret, form):
        raise NotOurForm
    try:
        person = await password_check.person(request, parts, name, password)
    except password_check.TooManyTries as refused:
        return await _again(request, parts, next, 429, name, until=refused.until, kept=typed)
    if person is None:
        problem = _("Name and password do not go together.")
        return await _again(request, parts, next, 401, name, problem, kept=typed)
    return await run_in_threadpool(_enter_known, request, parts, person, next, typed)


def _enter_known(
    request: Request, parts: Parts, person: Person, wanted: str, typed: Typed | None
) -> Response:
    """Begin a session as `enter` does, and remember the browser: its failures count separately.

    The first page shows the form `typed` in the session that ended; nothing is saved by that.
    """
    answer = enter(request, parts, person, wanted, by="password")
    if typed:
        answer = restored(request, parts, typed)
        set_cookie(answer, parts.where, request.state.secret, lasts=True)
    token = request.cookies.get(browser_cookie(parts.where), "")
    know_browser(answer, parts.where, parts.app.browsers.remember(person, token))
    return answer


def enter(request: Request, parts: Parts, person: Person, wanted: str, by: str) -> Response:
    """Begin a session, replacing the browser's old one, and redirect to `wanted`."""
    if request.state.visitor:
        parts.app.sessions.end(request.state.visitor)
    token = parts.app.sessions.begin(person, request.headers.get("user-agent", ""))
    security.log_login(request, person.name, by)
    request.state.visitor, request.state.secret = parts.app.sessions.find(token), token
    answer = RedirectResponse(inside(wanted), 303)
    set_cookie(answer, parts.where, token, lasts=True)
    return answer


@router.post("/logout")
def log_out(request: Request, parts: Use, visitor: Writer) -> Response:
    parts.app.sessions.end(visitor)
    security.log_event(request, "logged out")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(cookie_name(parts.where), path="/", secure=parts.where.is_secure)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


async def _again(request: Request, parts: Parts, *values: Any, **more: Any) -> Response:
    return await run_in_threadpool(page, request, parts, *values, **more)


def page(
    request: Request,
    parts: Parts,
    wanted: str,
    status: int = 200,
    name: str = "",
    problem: str | None = None,
    until: object = None,
    kept: Typed | None = None,
) -> Response:
    fresh = not request.state.secret
    if fresh:
        request.state.secret = new_secret()
    nobody = not parts.app.people.all()
    values = {"next": inside(wanted), "name": name, "problem": problem, "until": until}
    values["openid"], values["kept"] = parts.app.settings.openid.issuer, kept
    answer = parts.pages.render(request, "login.html", status, nobody=nobody, **values)
    if fresh:
        set_cookie(answer, parts.where, request.state.secret, lasts=False)
    return answer
