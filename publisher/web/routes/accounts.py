"""/accounts: the accounts with their status, approval rule, owner and limits."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from publisher.base.errors import CredentialsMissing
from publisher.base.i18n import _
from publisher.channels.registry import SPECS
from publisher.delivery.identity import verified
from publisher.doctor import Finding
from publisher.ledger.reading.queries import AccountStatus
from publisher.model.accounts import Account, ApprovalRule, Owner
from publisher.model.outcomes import Limit
from publisher.web.authentication import Reader, Writer
from publisher.web.dependencies import Use

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Row:
    """One account on the page."""

    account: Account
    status: AccountStatus | None
    missing: CredentialsMissing | None
    """The missing credentials."""
    finding: Finding | None
    """The platform's last answer."""
    rule: ApprovalRule
    has_keys: bool
    owner: Owner | None
    """The owner of its keys, if verified."""
    limits: Sequence[Limit]
    """The platform's limits as last reported, if still current."""


@router.get("/accounts")
def accounts(request: Request, parts: Use, _visitor: Reader, part: str = "") -> Response:
    """Show the page, or its live `part`."""
    settings = parts.app.settings
    standing = {status.account: status for status in parts.app.queries.accounts()}
    missing = settings.without_credentials()
    limits = parts.app.limits.current()
    owners = verified(parts.app.owners, settings.public_accounts())
    rows = [
        _Row(
            account=account,
            status=standing.get(name),
            missing=missing.get(name),
            finding=parts.platforms.finding(name),
            rule=settings.approval_rule(name),
            has_keys=bool(SPECS[account.channel].credentials),
            owner=owners.get(name),
            limits=limits.get(name, ()),
        )
        for name, account in settings.public_accounts().items()
    ]
    return parts.pages.render(
        request,
        "accounts_live.html" if part == "live" else "accounts.html",
        rows=rows,
        asked_at=parts.platforms.asked_at,
    )


@router.post("/accounts/ask")
def ask(parts: Use, visitor: Writer) -> Response:
    """Ask the platforms about the accounts."""
    parts.platforms.ask(parts.app)
    return parts.done(visitor, _("The platforms were asked."), "/accounts")
