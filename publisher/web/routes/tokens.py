"""/me/tokens: the tokens with which the visitor's programs use the API."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.auth.api_tokens import TokenScope
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.web import security
from publisher.web.authentication import Visitor, Writer, chosen_organisations
from publisher.web.confirmation import confirming, is_one_of
from publisher.web.dependencies import Parts, Use

_PLACE = "/me#tokens"

router = APIRouter()


@router.post("/me/tokens")
def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    _confirmed: Annotated[None, confirming(is_one_of("make"))],
    do: Annotated[str, Form()] = "",
    title: Annotated[str, Form(max_length=200)] = "",
    may: Annotated[list[str] | None, Form()] = None,
    days: Annotated[str, Form(pattern=r"^\d{0,4}$")] = "",
    scope: Annotated[str, Form()] = "",
    organisations: Annotated[list[str] | None, Form(alias="organisation", max_length=200)] = None,
    number: Annotated[str, Form(pattern=r"^\d{0,18}$")] = "",
) -> Response:
    """Make a token, which is shown once, or end the one with this number."""
    match do:
        case "make":
            of = chosen_organisations(parts.app, visitor, scope, organisations)
            secret = _made(parts, visitor, title, may or [], int(days or 0), of)
            security.log_event(request, "token made")
            return parts.pages.render(
                request, "token.html", secret=secret, address=parts.where.address
            )
        case "end" if number:
            parts.app.api_tokens.end(visitor.person, int(number), actor=visitor.name)
            security.log_event(request, "token ended")
            return parts.done(visitor, _("The token no longer works."), _PLACE)
    raise UsageError(_("This is not possible here."))


def _made(
    parts: Parts,
    visitor: Visitor,
    title: str,
    may: list[str],
    days: int,
    organisations: list[str] | None,
) -> str:
    known = {scope.value: scope for scope in TokenScope}
    return parts.app.api_tokens.make(
        visitor.person,
        title,
        {known[name] for name in may if name in known},
        timedelta(days=days),
        organisations,
        actor=visitor.name,
    )
