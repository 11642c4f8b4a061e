"""/login and /logout: log-in by password, second factor or passkey, and log-out."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from publisher.base.i18n import _, later
from publisher.ledger.manager.rights import Person, Rank
from publisher.web import passkey_requests, password_check, security
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

_TOO_LATE = later("That took too long. Log in again.")

router = APIRouter()

Wanted = Annotated[str, Form(alias="next")]
"""The page that was asked for."""
Token = Annotated[str, Form()]


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
    wanted: Wanted = "/",
    form: Token = "",
    kept: Token = "",
) -> Response:
    typed = Typed.read(inside(wanted), kept)
    require_ours(request, parts, form)
    try:
        person = await password_check.person(request, parts, name, password)
    except password_check.TooManyTries as refused:
        return await _again(request, parts, wanted, 429, name, until=refused.until, kept=typed)
    if person is None:
        problem = _("The name or the password is wrong.")
        return await _again(request, parts, wanted, 401, name, problem, kept=typed)
    return await run_in_threadpool(after_password, request, parts, person, wanted, typed)


def after_password(
    request: Request, parts: Parts, person: Person, wanted: str, typed: Typed | None = None
) -> Response:
    """Begin a session, or ask for the second factor of a person who has one."""
    if not person.has_factor:
        return enter_known(request, parts, person, wanted, typed, by="password")
    if request.state.visitor:
        parts.app.sessions.end(request.state.visitor)
    # Another cookie than before the password: nobody else can know it.
    request.state.visitor, request.state.secret = None, new_secret()
    parts.app.challenges.await_factor(request.state.secret, person)
    answer = _second_step(request, parts, person, wanted, typed)
    set_cookie(answer, parts.where, request.state.secret, lasts=False)
    return answer


def _second_step(
    request: Request,
    parts: Parts,
    person: Person,
    wanted: str,
    kept: Typed | None,
    status: int = 200,
    **problem: Any,
) -> Response:
    factors = parts.app.second_factors.of(person)
    values = {"problem": None, "until": None, **problem}
    options = passkey_requests.asked(request, parts, factors)
    return parts.pages.render(
        request, "second_step.html", status, next=inside(wanted), kept=kept, factors=factors,
        options=options, **values,
    )  # fmt: skip


@router.post("/login/code")
async def give_code(
    request: Request,
    parts: Use,
    code: Annotated[str, Form(max_length=100)] = "",
    wanted: Wanted = "/",
    form: Token = "",
    kept: Token = "",
) -> Response:
    """The second step: a code of an app, or a recovery code."""
    require_ours(request, parts, form)
    typed = Typed.read(inside(wanted), kept)
    step = (request, parts)
    person = await run_in_threadpool(parts.app.challenges.person, request.state.secret)
    if person is None:
        return await _again(*step, wanted, 401, problem=_(_TOO_LATE), kept=typed)
    asked = (*step, person, wanted, typed)
    try:
        is_right = await password_check.is_code_right(*step, person, code)
    except password_check.TooManyTries as refused:
        return await run_in_threadpool(_second_step, *asked, 429, until=refused.until)
    if not is_right:
        problem = _("This code is wrong, or was already used.")
        return await run_in_threadpool(_second_step, *asked, 401, problem=problem)
    return await run_in_threadpool(_after_factor, *asked, by="password and code")


@router.post("/login/passkey")
def use_passkey(
    request: Request,
    parts: Use,
    answer: Token = "",
    wanted: Wanted = "/",
    form: Token = "",
    kept: Token = "",
) -> Response:
    """The second step with a passkey; or, if its authenticator verifies people, the only one.

    Without an `answer`, ask for one.
    """
    require_ours(request, parts, form)
    typed = Typed.read(inside(wanted), kept)
    awaited = parts.app.challenges.person(request.state.secret)
    problem = None
    if answer:
        person = passkey_requests.proven(request, parts, answer, must_verify=awaited is None)
        if person and (awaited is None or awaited.id == person.id):
            by = "password and passkey" if awaited else "passkey"
            return _after_factor(request, parts, person, wanted, typed, by=by)
        name = awaited.name if awaited else ""
        security.log_refused_login(request, parts.app.people, name, "wrong passkey", by="passkey")
        problem = _("The passkey did not work, or is not known here.")
    if awaited:
        return _second_step(
            request, parts, awaited, wanted, typed, 401 if problem else 200, problem=problem
        )
    options = None if problem else passkey_requests.asked(request, parts, None)
    if options is None:
        return page(request, parts, wanted, 401, problem=problem or _(_TOO_LATE), kept=typed)
    return parts.pages.render(
        request, "passkey.html", next=inside(wanted), kept=typed, options=options
    )


def _after_factor(
    request: Request, parts: Parts, person: Person, wanted: str, typed: Typed | None, by: str
) -> Response:
    """Begin the session; each right password is good for one."""
    is_first = parts.app.challenges.end(request.state.secret)
    if not is_first:
        return page(request, parts, wanted, 401, problem=_(_TOO_LATE), kept=typed)
    return enter_known(request, parts, person, wanted, typed, by=by)


def enter_known(
    request: Request, parts: Parts, person: Person, wanted: str, typed: Typed | None, by: str
) -> Response:
    """Begin a session as `enter` does, and remember the browser: its failures count separately.

    The first page shows the form `typed` in the session that ended; nothing is saved by that.
    """
    answer = enter(request, parts, person, wanted, by=by)
    if typed and not request.state.visitor.needs_factor:
        answer = restored(request, parts, typed)
        set_cookie(answer, parts.where, request.state.secret, lasts=True)
    token = request.cookies.get(browser_cookie(parts.where), "")
    know_browser(answer, parts.where, parts.app.browsers.remember(person, token))
    return answer


def enter(request: Request, parts: Parts, person: Person, wanted: str, by: str) -> Response:
    """Begin a session, replacing the browser's old one, and redirect to `wanted`."""
    if request.state.visitor:
        parts.app.sessions.end(request.state.visitor)
    needs_factor = is_factor_required(parts, person) and not person.has_factor
    device = request.headers.get("user-agent", "")
    token = parts.app.sessions.begin(person, device, needs_factor=needs_factor)
    security.log_login(request, person.name, by)
    request.state.visitor, request.state.secret = parts.app.sessions.find(token), token
    answer = RedirectResponse("/me" if needs_factor else inside(wanted), 303)
    set_cookie(answer, parts.where, token, lasts=True)
    return answer


def is_factor_required(parts: Parts, person: Person) -> bool:
    """Whether the settings want a second factor of this person; their provider asks for its own."""
    wanted = parts.where.second_factor
    return not person.by_openid and (
        wanted == "everybody" or (wanted == "managers" and person.rank.includes(Rank.MANAGER))
    )


def require_ours(request: Request, parts: Parts, form: str) -> None:
    """Raise NotOurForm unless the form is from a page that this browser was shown."""
    if not security.is_ours(request, parts.where, request.state.secret, form):
        raise NotOurForm


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
    values["is_trial"] = parts.app.settings.in_sandbox
    values["openid"], values["kept"] = parts.app.settings.openid.issuer, kept
    values["passkeys"] = passkey_requests.relying_party(request, parts) is not None
    answer = parts.pages.render(request, "login.html", status, nobody=nobody, **values)
    if fresh:
        set_cookie(answer, parts.where, request.state.secret, lasts=False)
    return answer
