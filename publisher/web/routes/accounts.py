"""/accounts: the accounts with their status, approval rule, owner and limits."""

from fastapi import APIRouter, Request, Response

from publisher.base.i18n import _
from publisher.channels.registry import SPECS
from publisher.delivery.identity import verified
from publisher.web.authentication import Reader, Writer
from publisher.web.dependencies import Use

router = APIRouter()


@router.get("/accounts")
def accounts(request: Request, parts: Use, _visitor: Reader, part: str = "") -> Response:
    """Show the page, or its live `part`."""
    settings = parts.app.settings
    public = settings.public_accounts()
    return parts.pages.render(
        request,
        "accounts_live.html" if part == "live" else "accounts.html",
        accounts=public,
        status_of={status.account: status for status in parts.app.queries.accounts()},
        missing=settings.without_credentials(),
        owners=verified(parts.app.owners, public),
        limits_of=parts.app.limits.current(),
        specs=SPECS,
        rule_of=settings.approval_rule,
        finding_of=parts.platforms.finding,
        asked_at=parts.platforms.asked_at,
    )


@router.post("/accounts/ask")
def ask(parts: Use, visitor: Writer) -> Response:
    """Ask the platforms about the accounts."""
    parts.platforms.ask(parts.app)
    return parts.done(visitor, _("The platforms were asked."), "/accounts")
