"""Whether a refusal is its post's or the account's, and that a suspended account goes on.

A refusal is the post's until proven the account's. Some answers name the account: its keys, its
credits, a lock. Others may mean either: then the account is suspended once a second, different post
meets the same refusal and nothing went out in between. The other way round, what one post met, and
meets again although others went out since, is that post's own, whatever the answer says: it stops no
other post.

For that the last refusal of each account is remembered, in a table that is no part of the record.
"""

import shlex
from collections.abc import Sequence
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
from publisher.ledger.account_holds import go_on, unproved
from publisher.ledger.database import insert_into
from publisher.ledger.tables import accounts, deliveries, history, refusals, written
from publisher.model.events import Event
from publisher.model.models import Delivery
from publisher.model.outcomes import (
    PASSING,
    UNTIL_MENDED,
    AccountHeld,
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
    """Whether `weighed` has anything to weigh."""
    return bool(_sign(outcome))


def weighed(connection: Connection, delivery: Delivery, outcome: Outcome, now: datetime) -> Outcome:
    """What an answer means, as what the account met before tells it; remembers it for the next.

    Whoever calls has locked the account's row.
    """
    sign = _sign(outcome)
    if not sign or not isinstance(outcome, Refused | AccountHeld):
        return outcome
    found = connection.execute(select(refusals).where(refusals.c.account == delivery.account))
    known = found.one_or_none()
    alike = known if known and known.sign == sign else None
    if alike and alike.own and alike.delivery == delivery.id:
        return _of_this_post(delivery, outcome, now)
    if isinstance(outcome, AccountHeld) and _met_it_alone(connection, delivery, outcome.kind):
        return _of_this_post(delivery, outcome, now)
    if isinstance(outcome, Refused) and alike and _proves(connection, alike, delivery, now):
        outcome = AccountHeld(
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
    """Note that the platform took these: accounts whose suspension is over by its time go on.

    `left_at`: when their requests left; None: just now. What left before an account was refused
    proves nothing. Waits for nobody: what somebody else has in hand at this instant, the next post
    that goes out ends.
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
        if row.held_until and row.held_until <= left_at
    ]
    if over:
        go_on(connection, over, now)


def forget(connection: Connection, account: str) -> None:
    """Forget what the account's last refusal was: a person has decided."""
    connection.execute(delete(refusals).where(refusals.c.account == account))


def _sign(outcome: Outcome) -> str:
    """What two refusals have in common that are alike; empty when that tells nothing."""
    if isinstance(outcome, Refused):
        return outcome.sign
    if isinstance(outcome, AccountHeld) and outcome.backoff and outcome.kind not in PASSING:
        return f"account: {outcome.kind}"
    return ""


def _of_this_post(
    delivery: Delivery, outcome: Refused | AccountHeld, now: datetime
) -> Refused | Deferred:
    if isinstance(outcome, Refused):
        return outcome
    pause = outcome.backoff[min(delivery.attempts, len(outcome.backoff) - 1)]
    return Deferred(outcome.kind, outcome.message, again_at=now + pause)


def _met_it_alone(connection: Connection, delivery: Delivery, kind: Kind) -> bool:
    """Whether the post met such an answer before, and others of its account went out since.

    Not by what is remembered of the account: that is one refusal, and several posts may have theirs.
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
    """What becomes of the post that was refused before anybody knew whose fault it is."""
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
    """Whether a refusal like the one that is known is the account's."""
    suspended = connection.execute(_UNPROVED_OF, {"names": [delivery.account]}).first()
    if suspended:
        return True  # this one asked whether it is over
    return known.delivery != delivery.id and not known.own and known.at > now - _REMEMBERED


def _remember(connection: Connection, delivery: Delivery, sign: str, now: datetime) -> None:
    row = {"delivery": delivery.id, "sign": sign, "at": now, "own": False}
    wish = insert_into(connection.dialect.name, refusals).values(account=delivery.account, **row)
    connection.execute(wish.on_conflict_do_update(index_elements=[refusals.c.account], set_=row))
