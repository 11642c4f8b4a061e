"""/accounts: who speaks where, what stands in their way, and who may speak for them."""

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
from publisher.model.models import Account, ApprovalRule, Owner
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
    """What its credentials lack."""
    finding: Finding | None
    """What its platform said when it was last asked."""
    rule: ApprovalRule
    has_keys: bool
    owner: Owner | None
    """Whom its keys belong to, if that was verified."""
    limits: Sequence[Limit]
    """What its platform said is left of them, if that still tells something."""


@router.get("/accounts")
def accounts(request: Request, parts: Use, _visitor: Reader, part: str = "") -> Response:
    """The page, or the `part` of it that is live."""
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
    """Ask the platforms what they say of the accounts."""
    parts.platforms.ask(parts.app)
    return parts.done(visitor, _("The platforms were asked."), "/accounts")
