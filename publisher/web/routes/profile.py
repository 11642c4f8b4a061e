"""/me: the visitor's language, password and sessions."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from publisher.base.errors import UsageError
from publisher.base.i18n import LANGUAGES, _, plural
from publisher.ledger.notice_addresses import Topic
from publisher.notices.addresses import masked
from publisher.web import password_check, security
from publisher.web.authentication import Reader, Visitor, Writer, know_browser, set_cookie
from publisher.web.dependencies import Parts, Use

router = APIRouter()


@router.get("/me")
def me(request: Request, parts: Use, visitor: Reader) -> Response:
    sessions = parts.app.sessions.of(visitor.person)
    known = parts.app.notice_addresses
    return parts.pages.render(
        request,
        "me.html",
        sessions=sessions,
        addresses=[(one, masked(one.address)) for one in known.of(visitor.person)],
        chosen=known.topics(visitor.person),
        topics=list(Topic),
        has_mail=parts.app.settings.notices.mail is not None,
    )


@router.post("/me/language")
def speak(parts: Use, visitor: Writer, language: Annotated[str, Form()] = "") -> Response:
    if language and language not in LANGUAGES:
        raise UsageError(_("The pages do not speak this language."))
    parts.app.people.set_language(visitor.person, language or None)
    return RedirectResponse("/me", 303)


@router.post("/me/password")
async def change_password(
    request: Request,
    parts: Use,
    visitor: Writer,
    old: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        person = await password_check.person(request, parts, visitor.name, old)
    except password_check.TooManyTries:
        raise UsageError(_("Too many tries."), hint=_("Wait a minute, then try again.")) from None
    if person is None:
        security.log_event(request, "password not changed", why="wrong old password")
        raise UsageError(_("The old password is not right."), hint=_("Go back and try again."))
    return await run_in_threadpool(_changed_password, request, parts, visitor, new)


def _changed_password(request: Request, parts: Parts, visitor: Visitor, new: str) -> Response:
    parts.app.people.set_password(visitor.name, new, actor=visitor.name)
    security.log_event(request, "password changed")
    token = parts.app.sessions.begin(visitor.person, request.headers.get("user-agent", ""))
    answer = RedirectResponse("/me", 303)
    set_cookie(answer, parts.where, token, lasts=True)
    know_browser(answer, parts.where, parts.app.browsers.remember(visitor.person, ""))
    return answer


@router.post("/me/sessions")
def log_out_elsewhere(request: Request, parts: Use, visitor: Writer) -> Response:
    ended = parts.app.sessions.revoke(visitor.person, but=visitor)
    security.log_event(request, "logged out elsewhere", sessions=ended)
    notice = plural("{number} other session ended.", "{number} other sessions ended.", ended)
    return parts.done(visitor, notice, "/me")
