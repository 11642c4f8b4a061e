"""/me/factors and /me/passkeys: the visitor's second factors and recovery codes."""

from collections.abc import Sequence
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from starlette.responses import Response

from publisher.auth import passkeys
from publisher.base.errors import PublisherError, UsageError
from publisher.base.i18n import _
from publisher.web import passkey_requests, security
from publisher.web.authentication import Visitor, Writer
from publisher.web.confirmation import Confirmed
from publisher.web.dependencies import Parts, Use
from publisher.web.routes import login

router = APIRouter()


@router.post("/me/factors")
def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    _confirmed: Confirmed,
    do: Annotated[str, Form()] = "",
    secret: Annotated[str, Form(max_length=100)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    factor: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    factors = parts.app.second_factors
    match do:
        case "app":
            return _app(request, parts, visitor, secret or factors.new_secret())
        case "app-code":
            try:
                codes = factors.add_app(visitor.person, secret, code)
            except UsageError as problem:
                return _app(request, parts, visitor, secret, problem)
            return _added(request, parts, visitor, codes, _("An app is set up."))
        case "passkey":
            return _passkey(request, parts, visitor)
        case "codes" if visitor.person.has_factor:
            security.log_event(request, "recovery codes made")
            return _codes(request, parts, factors.new_recovery_codes(visitor.person))
        case "remove":
            is_required = login.is_factor_required(parts, visitor.person)
            factors.remove(visitor.person, factor, may_be_last=not is_required)
            security.log_event(request, "second factor removed")
            return parts.done(visitor, _("The second factor is removed."), "/me")
    raise UsageError(_("This is not possible here."))


@router.post("/me/passkeys")
def add_passkey(
    request: Request,
    parts: Use,
    visitor: Writer,
    _confirmed: Confirmed,
    answer: Annotated[str, Form()] = "",
    name: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Add the passkey that the browser's authenticator made."""
    pages = passkey_requests.relying_party(request, parts)
    challenge = parts.app.challenges.take(request.state.secret)
    if pages is None or challenge is None:
        raise UsageError(_("That took too long."), hint=_("Go back and try again."))
    made, counter = passkeys.created(pages, answer, challenge, name)
    codes = parts.app.second_factors.add_passkey(visitor.person, made, counter)
    return _added(request, parts, visitor, codes, _("The passkey is set up."))


def _added(
    request: Request, parts: Parts, visitor: Visitor, codes: Sequence[str], toast: str
) -> Response:
    parts.app.sessions.factor_is_set(visitor)
    security.log_event(request, "second factor added")
    return _codes(request, parts, codes) if codes else parts.done(visitor, toast, "/me")


def _codes(request: Request, parts: Parts, codes: Sequence[str]) -> Response:
    return parts.pages.render(request, "recovery_codes.html", codes=codes)


def _app(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    secret: str,
    problem: PublisherError | None = None,
) -> Response:
    """The picture that an app scans, and the field for its first code."""
    issuer = parts.app.settings.workspace.name
    address = parts.app.second_factors.app_address(visitor.person, secret, issuer)
    drawn = segno.make(address, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return parts.pages.render(
        request,
        "factor_app.html",
        secret=secret,
        picture=Markup(drawn),  # noqa: S704 - segno's drawing of squares
        problem=problem,
    )


def _passkey(request: Request, parts: Parts, visitor: Visitor) -> Response:
    pages = passkey_requests.relying_party(request, parts)
    if pages is None:
        raise UsageError(
            _("Passkeys work only if the pages have a name."),
            hint=_("Open them by their name, not by a number such as 127.0.0.1."),
        )
    existing = parts.app.second_factors.of(visitor.person).passkeys
    question = passkeys.creation(pages, visitor.person, existing)
    options = passkey_requests.given(request, parts, question)
    return parts.pages.render(request, "factor_passkey.html", options=options)
