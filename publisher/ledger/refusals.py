"""Refusals and limits in a platform's answers: what they mean for the account.

A refusal concerns the post until it is proved to concern the account. Some answers name the
account: its keys, its credits, a lock. Others may mean either: then the account is suspended when a
second, different post gets the same refusal and nothing went out in between. And if one post gets
the same refusal again although others went out since, it concerns that post, whatever the answer
says: it stops no other post. For this the last refusal of each account is stored, in a table that
is not part of the record.

The account that asked is always suspended; those that share its app, only if their rows are free.
"""

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)

from publisher.base.i18n import _, joined
from publisher.ledger.database import insert_into
from publisher.ledger.suspensions import (
    app_limit,
    go_on,
    suspend,
    suspend_together,
    take_in_order,
    unproved,
)
from publisher.ledger.tables import accounts, deliveries, history, refusals, written
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import (
    PASSING,
    UNTIL_MENDED,
    Accepted,
    AccountSuspended,
    Deferred,
    Kind,
    Outcome,
    Refused,
)
from publisher.model.states import State

_REMEMBERED = timedelta(days=1)
_NAMES: BindParameter[str] = bindparam("names", expanding=True)
_REMEMBERED_OF = (
    select(refusals)
    .where(refusals.c.account.in_(_NAMES), refusals.c.own.is_(False))
    .order_by(refusals.c.account)
    .with_for_update(skip_locked=True)
)
_UNPROVED_OF = (
    select(accounts)
    .where(accounts.c.account.in_(_NAMES), unproved(accounts))
    .order_by(accounts.c.account)
    .with_for_update(skip_locked=True)
)


def may_be_the_accounts(outcome: Outcome) -> bool:
    """Whether the outcome may concern the account, so that `weighed` has to decide."""
    return bool(_sign(outcome))


def weighed(connection: Connection, delivery: Delivery, outcome: Outcome, now: datetime) -> Outcome:
    """The outcome, reinterpreted by the account's last refusal; stores this one for the next.

    The caller has locked the account's row.
    """
    sign = _sign(outcome)
    if not sign or not isinstance(outcome, Refused | AccountSuspended):
        return outcome
    found = connection.execute(select(refusals).where(refusals.c.account == delivery.account))
    known = found.one_or_none()
    alike = known if known and known.sign == sign else None
    if alike and alike.own and alike.delivery == delivery.id:
        return _of_this_post(delivery, outcome, now)
    if isinstance(outcome, AccountSuspended) and _met_it_alone(connection, delivery, outcome.kind):
        return _of_this_post(delivery, outcome, now)
    if isinstance(outcome, Refused) and alike and _proves(connection, alike, delivery, now):
        outcome = AccountSuspended(
            Kind.PERMISSION,
            joined(
                _(
                    "Two posts were refused alike, so it may be the account's fault. {reason}",
                    reason=outcome.message,
                ),
                _of_the_first(connection, alike, delivery.account),
            ),
            backoff=UNTIL_MENDED,
        )
    _remember(connection, delivery, sign, now)
    return outcome


def went_out(
    connection: Connection,
    published: Sequence[Delivery],
    now: datetime,
    left_at: datetime | None = None,
) -> None:
    """Record that the platform took these: suspensions whose time is over end.

    `left_at`: when their requests left; None: just now. A request that left before the account was
    refused proves nothing. Waits for no lock: if another transaction has the account's row, the
    next post that goes out ends the suspension.
    """
    left_at = left_at or now
    by_account = {delivery.account: delivery.id for delivery in published}
    if not by_account:
        return
    names = {"names": sorted(by_account)}
    for row in connection.execute(_REMEMBERED_OF, names).all():
        if row.at > left_at:
            continue
        of_account = refusals.c.account == row.account
        if row.delivery == by_account[row.account]:
            connection.execute(delete(refusals).where(of_account))
        else:
            connection.execute(update(refusals).where(of_account).values(own=True))
    over = [
        row
        for row in connection.execute(_UNPROVED_OF, names).all()
        if row.suspended_until and row.suspended_until <= left_at
    ]
    if over:
        go_on(connection, over, now)


def forget(connection: Connection, account: str) -> None:
    """Delete the account's last refusal: a person has decided."""
    connection.execute(delete(refusals).where(refusals.c.account == account))


def _sign(outcome: Outcome) -> str:
    """The sign that equal refusals share; empty when it proves nothing."""
    if isinstance(outcome, Refused):
        return outcome.sign
    if isinstance(outcome, AccountSuspended) and outcome.backoff and outcome.kind not in PASSING:
        return f"account: {outcome.kind}"
    return ""


def _of_this_post(
    delivery: Delivery, outcome: Refused | AccountSuspended, now: datetime
) -> Refused | Deferred:
    if isinstance(outcome, Refused):
        return outcome
    pause = outcome.backoff[min(delivery.attempts, len(outcome.backoff) - 1)]
    return Deferred(outcome.kind, outcome.message, again_at=now + pause)


def _met_it_alone(connection: Connection, delivery: Delivery, kind: Kind) -> bool:
    """Whether this post got such an answer before, and others of its account went out since.

    The account's last refusal is not enough: several posts may each have their own.
    """
    if delivery.error_kind != kind:
        return False
    last = select(func.max(history.c.at)).where(
        history.c.delivery == delivery.id, history.c.event == Event.DEFERRED
    )
    others = exists().where(
        deliveries.c.account == delivery.account,
        deliveries.c.published_at > last.scalar_subquery(),
        deliveries.c.id != delivery.id,
    )
    return bool(connection.execute(select(others)).scalar())


def _of_the_first(connection: Connection, known: Row[Any], account: str) -> str:
    """The message about the first refused post, which failed before the cause was known."""
    query = select(deliveries.c.post).where(
        deliveries.c.id == known.delivery, deliveries.c.state == written(State.FAILED)
    )
    post = connection.execute(query).scalar_one_or_none()
    if post is None:
        return ""
    return _(
        "The first of them, {post}, has failed; once the account goes on: `publisher retry {named}`.",
        post=post,
        named=f"{shlex.quote(post)} --account {account}",
    )


def _proves(
    connection: Connection, known: Row[tuple[object, ...]], delivery: Delivery, now: datetime
) -> bool:
    """Whether a refusal equal to the last one proves that it concerns the account."""
    suspended = connection.execute(_UNPROVED_OF, {"names": [delivery.account]}).first()
    if suspended:
        return True  # this post tested whether it is over
    return known.delivery != delivery.id and not known.own and known.at > now - _REMEMBERED


def _remember(connection: Connection, delivery: Delivery, sign: str, now: datetime) -> None:
    row = {"delivery": delivery.id, "sign": sign, "at": now, "own": False}
    wish = insert_into(connection.dialect.name, refusals).values(account=delivery.account, **row)
    connection.execute(wish.on_conflict_do_update(index_elements=[refusals.c.account], set_=row))


SharesWith = Callable[[str], frozenset[str]]
"""Returns the accounts that share the limits of an account's app, including the account itself."""


def with_itself(account: str) -> frozenset[str]:
    """Each account has an app of its own."""
    return frozenset({account})


def suspends(outcome: Outcome) -> bool:
    """Whether an account is suspended after this answer."""
    return _suspension(outcome) is not None or outcome.app_suspended_until is not None


def suspend_after(
    connection: Connection,
    answers: Sequence[tuple[str, Outcome]],
    shares_with: SharesWith,
    now: datetime,
) -> dict[str, datetime | None]:
    """Suspend each account as its platform answered, and with it those that share a used-up app.

    Returns the ends, by the account that asked.
    """
    own = [
        (account, suspension)
        for account, outcome in answers
        if (suspension := _suspension(outcome))
    ]
    ends: dict[str, datetime | None] = {}
    if own:
        # First, and in a fixed order: the transaction waits for these locks only.
        take_in_order(connection, {account for account, _suspension in own})
        for account, suspension in own:
            ends[account] = suspend(connection, account, suspension, now).until
    together: dict[frozenset[str], datetime] = {}
    for account, outcome in answers:
        if until := outcome.app_suspended_until:
            names = shares_with(account)
            together[names] = max(until, together.get(names, until))
    for names, until in together.items():
        suspend_together(connection, names, until, now)
    return ends


def _suspension(outcome: Outcome) -> AccountSuspended | None:
    """The suspension of the account that asked; its app's, if that lasts at least as long."""
    own = outcome if isinstance(outcome, AccountSuspended) else None
    if isinstance(outcome, Accepted) and outcome.suspended_until:
        message = _("The platform's limit for this account is used up. It goes on by itself.")
        own = AccountSuspended(Kind.RATE_LIMIT, message, outcome.suspended_until, outcome.backoff)
    of_app = outcome.app_suspended_until
    if own and own.until and not own.backoff and of_app and own.until <= of_app:
        return app_limit(of_app)
    return own
