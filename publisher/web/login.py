"""/login and /logout."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from publisher.language import _
from publisher.ledger.people import Person
from publisher.web import security, trail
from publisher.web.parts import Parts, Use
from publisher.web.typed import Typed, restored
from publisher.web.visitors import (
    NotOurForm,
    Visitor,
    Writer,
    cookie_name,
    new_secret,
    set_cookie,
)

router = APIRouter()


@router.get("/login")
def form(request: Request, parts: Use, next: str = "/") -> Response:  # noqa: A002 - the address says so
    if request.state.visitor:
        return RedirectResponse(inside(next), 303)
    return page(request, parts, next)


@router.post("/login")
def log_in(
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
    tried = parts.app.throttle.admit(name, trail.address(request))
    if tried.until is not None:
        trail.turned_away(request, parts, name, "too many tries")
        return page(request, parts, next, 429, name, None, tried.until, kept=typed)
    person = parts.app.people.verified(name, password)
    if person is None:
        trail.turned_away(request, parts, name, "wrong password")
        problem = _("Name and password do not go together.")
        return page(request, parts, next, 401, name, problem, kept=typed)
    parts.app.throttle.forgive(tried)
    answer = enter(request, parts, person, next, by="password")
    return _with_what_was_typed(request, parts, typed) if typed else answer


def _with_what_was_typed(request: Request, parts: Parts, typed: Typed) -> Response:
    """The page that the new session begins with holds it; nothing is saved by that."""
    answer = restored(request, parts, typed)
    set_cookie(answer, parts.where, request.state.secret, lasts=True)
    return answer


def enter(request: Request, parts: Parts, person: Person, wanted: str, by: str) -> Response:
    """Begin a session, in the place of one that the browser may have, and go on to `wanted`."""
    if request.state.visitor:
        parts.app.sessions.end(request.state.visitor.session)
    token = parts.app.sessions.begin(person, request.headers.get("user-agent", ""))
    trail.came_in(request, person.name, by)
    session = parts.app.sessions.find(token)
    request.state.visitor, request.state.secret = Visitor(session) if session else None, token
    answer = RedirectResponse(inside(wanted), 303)
    set_cookie(answer, parts.where, token, lasts=True)
    return answer


@router.post("/logout")
def log_out(request: Request, parts: Use, visitor: Writer) -> Response:
    parts.app.sessions.end(visitor.session)
    trail.note(request, "logged out")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(cookie_name(parts.where), path="/", secure=parts.where.is_secure)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


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


def inside(address: str) -> str:
    """An address of these pages, or the first one: nobody is sent elsewhere by a link."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\", "/login"))
    return address if plain and address.isprintable() else "/"
