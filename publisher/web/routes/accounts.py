"""/accounts: the accounts with their profile, status, approval rule, owner and limits."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, HTTPException, Request, Response

from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.channels.registry import SPECS
from publisher.delivery.identity import stranger, verified
from publisher.doctor import profiles
from publisher.media.clean_copy import THUMBNAIL_TYPE
from publisher.model.accounts import KnownProfile, Owner
from publisher.web.authentication import Manager, Reader, Writer
from publisher.web.dependencies import Use

_PICTURE = {
    # It names its version in its address; another person at this browser has to log in for it.
    "Cache-Control": "private, max-age=604800",
    # A picture opened by itself must not run scripts.
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

router = APIRouter()


@router.get("/accounts")
def accounts(request: Request, parts: Use, _visitor: Reader, part: str = "") -> Response:
    """Show the page, or its live `part`."""
    settings = parts.app.settings
    public = settings.public_accounts()
    known = parts.app.profiles.all()
    return parts.pages.render(
        request,
        "accounts_live.html" if part == "live" else "accounts.html",
        accounts=public,
        status_of={status.account: status for status in parts.app.queries.accounts()},
        missing=settings.without_credentials(),
        owners=_owners(parts.app, known),
        known=known,
        wrong=_wrong(parts.app, known),
        limits_of=parts.app.limits.current(),
        counts_missing=parts.app.without_figures(),
        specs=SPECS,
        rule_of=settings.approval_rule,
        finding_of=parts.platforms.finding,
        asked_at=parts.platforms.asked_at,
    )


def _owners(app: Application, known: dict[str, KnownProfile]) -> dict[str, str]:
    """Whom each account's keys belong to, as far as that is known."""
    checked = verified(app.owners, app.settings.public_accounts())
    return {name: str(_owner(app, name, one)) for name, one in known.items()} | {
        name: str(owner)
        for name, owner in checked.items()
        if name not in known or known[name].id != owner.id
    }


def _owner(app: Application, account: str, known: KnownProfile) -> Owner:
    entry = app.settings.accounts.get(account)
    is_called_so = entry is not None and SPECS[entry.channel].has_handles and known.handle
    return Owner(id=known.id, name=f"@{known.handle}" if is_called_so else known.name)


class WrongKeys(NamedTuple):
    """What is wrong with the owner of an account's keys, as the platform was asked last."""

    message: str
    hint: str
    can_confirm: bool
    """Whether a person's word is enough."""


def _wrong(app: Application, known: dict[str, KnownProfile]) -> dict[str, WrongKeys]:
    checked = app.owners.all()
    found = {}
    for name, account in app.settings.public_accounts().items():
        if one := known.get(name):
            if flaw := stranger(account, _owner(app, name, one), checked.get(name)):
                found[name] = WrongKeys(*flaw, can_confirm=False)
            elif change := profiles.changed(account, one):
                found[name] = WrongKeys(*change, can_confirm=True)
    return found


@router.post("/accounts/ask")
def ask(parts: Use, visitor: Writer) -> Response:
    """Ask the platforms about the accounts."""
    told = (
        _("The platforms have been checked.")
        if parts.platforms.ask(parts.app)
        else _("The platforms were checked less than a minute ago: these are the results.")
    )
    return parts.done(visitor, told, "/accounts")


@router.get("/accounts/{name}/avatar")
def avatar(request: Request, parts: Use, _visitor: Reader, name: str) -> Response:
    """The account's picture at its platform, as it was asked last."""
    found = parts.app.profiles.picture(name) if name in parts.app.settings.accounts else None
    if found is None:
        raise HTTPException(404)
    data, digest = found
    headers = {**_PICTURE, "ETag": f'"{digest}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=THUMBNAIL_TYPE, headers=headers)


@router.post("/accounts/{name}/handle")
def confirm(
    parts: Use, visitor: Manager, name: str, handle: Annotated[str, Form()] = ""
) -> Response:
    """Confirm that the account's keys are right, though they belong to another handle now."""
    parts.account(name)
    if not parts.app.profiles.confirm(name, handle, visitor.name):
        message = _("The owner of these keys has changed again, or was confirmed in the meantime.")
        raise NotPossible(message, hint=_("Look at it again, then decide."))
    parts.platforms.forget(name)
    return parts.done(visitor, _("Confirmed: the keys are right."), "/accounts")
