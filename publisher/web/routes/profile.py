"""/me: the visitor's language, password, second factors, sessions, and secret address."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from publisher.auth.api_tokens import TokenScope
from publisher.base.errors import UsageError
from publisher.base.i18n import LANGUAGES, _, plural
from publisher.ledger.news.notice_addresses import Topic
from publisher.notices.addresses import masked
from publisher.web import passkey_requests, password_check, security
from publisher.web.authentication import (
    Reader,
    Visitor,
    Writer,
    know_browser,
    organisations_of,
    set_cookie,
)
from publisher.web.confirmation import confirming, is_one_of
from publisher.web.dependencies import Parts, Use

router = APIRouter()


@router.get("/me")
def me(
    request: Request,
    parts: Use,
    visitor: Reader,
    new: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show all that is the visitor's; after a reset, with the advice to look at it (`new`)."""
    known = parts.app.notice_addresses
    return parts.pages.render(
        request,
        "me.html",
        is_reset=new == "password",
        sessions=parts.app.sessions.of(visitor.person),
        factors=parts.app.second_factors.of(visitor.person),
        last_uses=parts.app.second_factors.last_uses(visitor.person),
        passkeys=passkey_requests.relying_party(request, parts) is not None,
        addresses=[(one, masked(one.address)) for one in known.of(visitor.person)],
        chosen=known.topics(visitor.person),
        topics=list(Topic),
        tokens=parts.app.api_tokens.of(visitor.person),
        scopes=list(TokenScope),
        organisations=organisations_of(parts.app, visitor),
        has_mail=parts.app.settings.notices.mail is not None,
    )


@router.post("/me/language")
def speak(parts: Use, visitor: Writer, language: Annotated[str, Form()] = "") -> Response:
    if language and language not in LANGUAGES:
        raise UsageError(_("The pages are not available in this language."))
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
        raise UsageError(
            _("Too many attempts."), hint=_("Wait a minute, then try again.")
        ) from None
    if person is None:
        security.log_event(request, "password not changed", why="wrong old password")
        raise UsageError(_("The old password is wrong."), hint=_("Go back and try again."))
    return await run_in_threadpool(_changed_password, request, parts, visitor, new)


def _changed_password(request: Request, parts: Parts, visitor: Visitor, new: str) -> Response:
    parts.app.people.set_password(visitor.name, new, actor=visitor.name)
    security.log_event(request, "password changed")
    token = parts.app.sessions.begin(
        visitor.person,
        request.headers.get("user-agent", ""),
        needs_factor=visitor.needs_factor,
    )
    answer = RedirectResponse("/me", 303)
    set_cookie(answer, parts.where, token, lasts=True)
    know_browser(answer, parts.where, parts.app.browsers.remember(visitor.person, ""))
    return answer


@router.post("/me/sessions")
def log_out_elsewhere(
    request: Request,
    parts: Use,
    visitor: Writer,
    session: Annotated[int, Form(ge=0, lt=2**63)] = 0,
) -> Response:
    """End one other session, or all others."""
    if session:
        ended = int(session != visitor.id and parts.app.sessions.end_one(visitor.person, session))
    else:
        ended = parts.app.sessions.revoke(visitor.person, but=visitor)
    security.log_event(request, "logged out elsewhere", sessions=ended)
    toast = plural("{number} other session ended.", "{number} other sessions ended.", ended)
    return parts.done(visitor, toast, "/me")


@router.post("/me/feed")
def feed_key(
    request: Request,
    parts: Use,
    visitor: Writer,
    _confirmed: Annotated[None, confirming(is_one_of("make"))],
    do: Annotated[str, Form()] = "",
) -> Response:
    """Make a secret address of the calendar and the feed, which is shown once, or end it."""
    if do == "make":
        key = parts.app.feed_keys.make(visitor.person)
        security.log_event(request, "secret address made")
        return parts.pages.render(request, "feed_key.html", key=key, address=parts.where.address)
    parts.app.feed_keys.end(visitor.person, actor=visitor.name)
    security.log_event(request, "secret address ended")
    return parts.done(visitor, _("This secret address no longer works."), "/me")
