"""Suspensions after a platform's answer: the account that asked, and those that share its app.

The account that asked is always suspended; those that share its app, only if their rows are free.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from publisher.base.i18n import _
from publisher.ledger.account_holds import app_limit, hold, hold_together, take_in_order
from publisher.model.outcomes import Accepted, AccountHeld, Kind, Outcome

SharesWith = Callable[[str], frozenset[str]]
"""Returns the accounts that share the limits of an account's app, including the account itself."""


def with_itself(account: str) -> frozenset[str]:
    """Each account has an app of its own."""
    return frozenset({account})


def ends_in_rest(outcome: Outcome) -> bool:
    """Whether an account is suspended after this answer."""
    return _rest(outcome) is not None or outcome.app_rests_until is not None


def let_rest(
    connection: Connection,
    answers: Sequence[tuple[str, Outcome]],
    shares_with: SharesWith,
    now: datetime,
) -> dict[str, datetime | None]:
    """Suspend each account as its platform answered, and with it those that share a used-up app.

    Returns the ends, by the account that asked.
    """
    own = [(account, rest) for account, outcome in answers if (rest := _rest(outcome))]
    ends: dict[str, datetime | None] = {}
    if own:
        # First, and in a fixed order: the transaction waits for these locks only.
        take_in_order(connection, {account for account, _rest in own})
        for account, rest in own:
            ends[account] = hold(connection, account, rest, now).until
    together: dict[frozenset[str], datetime] = {}
    for account, outcome in answers:
        if until := outcome.app_rests_until:
            names = shares_with(account)
            together[names] = max(until, together.get(names, until))
    for names, until in together.items():
        hold_together(connection, names, until, now)
    return ends


def _rest(outcome: Outcome) -> AccountHeld | None:
    """The suspension of the account that asked; its app's, if that lasts at least as long."""
    own = outcome if isinstance(outcome, AccountHeld) else None
    if isinstance(outcome, Accepted) and outcome.rest_until:
        message = _("The platform's limit for this account is used up. It goes on by itself.")
        own = AccountHeld(Kind.RATE_LIMIT, message, outcome.rest_until, outcome.backoff)
    of_app = outcome.app_rests_until
    if own and own.until and not own.backoff and of_app and own.until <= of_app:
        return app_limit(of_app)
    return own
