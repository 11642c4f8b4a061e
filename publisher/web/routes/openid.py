"""/login/openid: log-in by OpenID Connect, to the provider and back."""

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from publisher.base.errors import ProviderRefused
from publisher.base.i18n import _
from publisher.web import openid_client, security
from publisher.web.authentication import NotOurForm, new_secret, set_cookie
from publisher.web.dependencies import Parts, Use, inside
from publisher.web.routes import login

_BACK = "/login/openid/back"

router = APIRouter()


@router.get("/login/openid")
def set_out(
    request: Request,
    parts: Use,
    next: str = "/",  # noqa: A002
    again: str = "",
) -> Response:
    """Redirect to the provider, with a cookie that the return needs.

    `again`: a person who is logged in proves once more who they are; their session stays.
    """
    is_again = bool(again and request.state.visitor)
    if request.state.visitor and not is_again:
        return RedirectResponse(inside(next), 303)
    secret = request.state.secret if is_again else new_secret()
    try:
        address = _provider(parts).address(secret, inside(next), again=is_again)
    except ProviderRefused as error:
        return _failed(request, parts, next, str(error))
    answer = RedirectResponse(address, 303)
    if not is_again:
        set_cookie(answer, parts.where, secret, lasts=False)
    return answer


@router.get(_BACK)
def come_back(
    request: Request,
    parts: Use,
    state: str = "",
    code: str = "",
    iss: str = "",
    error: str = "",
) -> Response:
    """Return from the provider with a code; valid only in the browser that started the log-in."""
    provider = _provider(parts)
    visitor = request.state.visitor
    is_again = visitor is not None
    wanted = openid_client.wanted(request.state.secret, state, again=is_again)
    if wanted is None:
        raise NotOurForm
    if error or iss not in ("", parts.app.settings.openid.issuer):
        return _failed(request, parts, wanted, "refused there" if error else "another issuer")
    try:
        name, subject = provider.person(request.state.secret, code, again=is_again)
    except ProviderRefused as refused:
        return _failed(request, parts, wanted, str(refused))
    person = parts.app.people.recognised(name, subject)
    if person is None:
        why = "nobody of ours" if name else "no verified name"
        return _failed(request, parts, wanted, why, name or "")
    if visitor is None:
        return login.enter(request, parts, person, wanted, by="openid")
    if person.id != visitor.person.id:
        raise NotOurForm
    parts.app.sessions.confirm(visitor)
    security.log_event(request, "confirmed")
    return parts.done(visitor, _("You have confirmed that it is you."), inside(wanted))


def _provider(parts: Parts) -> openid_client.Provider:
    settings = parts.app.settings.openid
    if not settings.issuer:
        raise HTTPException(404)
    return openid_client.Provider(settings, parts.where.address + _BACK, parts.provider)


def _failed(request: Request, parts: Parts, wanted: str, why: str, name: str = "") -> Response:
    """Refuse the log-in. Only the log has the reason: the visitor may be an impostor.

    Only the log has the name, too: it may belong to another person.
    """
    security.log_refused_login(request, parts.app.people, name, why, by="openid")
    problem = _("The log-in elsewhere did not work, or you are not known here. Ask an admin.")
    return login.page(request, parts, wanted, 401, problem=problem)
