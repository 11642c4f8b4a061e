"""Refusals and limits in a platform's answers: what they mean for the account.

Some answers name the post: its words, its picture, its link. Some name the account: its keys, its
credits, a lock. All others may mean either, and no list of codes is whole, so they fail one post at
the most: the account is suspended when a second, different post is refused and nothing went out in
between, whatever each was told. Keys that are not accepted, and an outage, are no such refusal: who
refuses a post after them hears the account. What is refused before it leaves, with a picture, may
be the fault of uploads: then only a post with a picture that went out proves anything, and what has
none goes on; so with what goes below a part that is out. What is too long for the account waits
alone: posts that go out prove nothing of its length. And if one post is refused again although
others went out since, it concerns that post, whatever the answer says: it stops no other post. For
this the last refusal of each account is stored, in a table that is not part of the record.

The account that asked is always suspended; those that share its app, only if their rows are free.
"""

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
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
from publisher.base.stored_messages import is_alike
from publisher.ledger.database import insert_into
from publisher.ledger.limits.suspensions import (
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
    SuspensionScope,
)
from publisher.model.states import State

_REFUSED = "refused"
_UPLOAD_REFUSED = "upload refused"
_PART_REFUSED = "part refused"
_LENGTH_REFUSED = "length refused"
_OF_ACCOUNT = "account: "
_UNHEARD = frozenset({_OF_ACCOUNT + Kind.AUTH, _OF_ACCOUNT + Kind.UNAVAILABLE})
"""Signs that say nothing of posts."""
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
    match outcome:
        case Refused():
            return not outcome.of_post
        case Deferred():
            return outcome.most is not None and not outcome.of_post
        case AccountSuspended():
            return bool(outcome.backoff) and outcome.kind not in PASSING
    return False


def weighed(connection: Connection, delivery: Delivery, outcome: Outcome, now: datetime) -> Outcome:
    """The outcome, reinterpreted by the account's last refusal; stores this one for the next.

    The caller has locked the account's row.
    """
    if isinstance(outcome, AccountSuspended) and outcome.scope is SuspensionScope.APART:
        return _alone(delivery, outcome, now)
    uploads_gone = isinstance(outcome, Deferred) and outcome.uploads_gone
    if isinstance(outcome, Deferred) and _is_the_last(connection, delivery, outcome):
        outcome = Refused(
            outcome.kind, outcome.at_last or outcome.message, outcome.of_post,
            limits=outcome.limits, app_suspended_until=outcome.app_suspended_until,
        )  # fmt: skip
    if not isinstance(outcome, Refused | AccountSuspended) or not may_be_the_accounts(outcome):
        return outcome
    sign = _UPLOAD_REFUSED if uploads_gone else _sign(delivery, outcome)
    compared = _compared(connection, delivery, outcome, sign, now)
    if isinstance(compared, Deferred):
        return replace(compared, uploads_gone=uploads_gone)
    return compared


def _compared(
    connection: Connection,
    delivery: Delivery,
    outcome: Refused | AccountSuspended,
    sign: str,
    now: datetime,
) -> Refused | AccountSuspended | Deferred:
    """What it means after the account's last refusal; this one takes that one's place."""
    found = connection.execute(select(refusals).where(refusals.c.account == delivery.account))
    known = found.one_or_none()
    is_own = known and known.own and known.delivery == delivery.id and known.sign == sign
    if isinstance(outcome, AccountSuspended):
        if is_own or _met_it_alone(connection, delivery, outcome.kind):
            return _alone(delivery, outcome, now)
        if known and not known.own and not known.sign.startswith(_OF_ACCOUNT):
            return outcome  # a post's refusal stays the last: the next one follows it
    elif is_own:
        return outcome
    if not (known and _says_more(known, sign)):
        _remember(connection, delivery, sign, now)
    if isinstance(outcome, Refused) and known and _follows(known, delivery, sign):
        if sign == _LENGTH_REFUSED:
            told = joined(outcome.message, _("Publisher tries again by itself."))
            return _alone(delivery, AccountSuspended(outcome.kind, told, backoff=UNTIL_MENDED), now)
        suspension = _not_of_one(connection, known, delivery, outcome)
        return suspension if sign == _REFUSED else _alone(delivery, suspension, now)
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
    if not published:
        return
    names = {"names": sorted({delivery.account for delivery in published})}
    for row in connection.execute(_REMEMBERED_OF, names).all():
        proofs = {
            delivery.id
            for delivery in published
            if delivery.account == row.account
            and (delivery.id == row.delivery or _is_of_its_sort(delivery, row.sign))
        }
        if row.at > left_at or not proofs:
            continue
        of_account = refusals.c.account == row.account
        if row.delivery in proofs:
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


def _sign(delivery: Delivery, outcome: Refused | AccountSuspended) -> str:
    """The sign that equal refusals share."""
    if isinstance(outcome, AccountSuspended):
        return _OF_ACCOUNT + outcome.kind
    if outcome.of_length:
        return _LENGTH_REFUSED
    if delivery.intent_at is None and delivery.content.pictures:
        return _UPLOAD_REFUSED
    return _PART_REFUSED if delivery.remote_ids else _REFUSED


def _is_of_its_sort(delivery: Delivery, sign: str) -> bool:
    """Whether a post that goes out did what was refused with this sign."""
    if sign == _UPLOAD_REFUSED:
        return bool(delivery.content.pictures)
    if sign == _LENGTH_REFUSED:
        return False  # nobody knows how long it may be
    return bool(delivery.remote_ids) or sign != _PART_REFUSED


def _alone(delivery: Delivery, outcome: AccountSuspended, now: datetime) -> Deferred:
    """The suspension of this post alone: the others go on."""
    again_at = outcome.until
    if outcome.backoff:
        again_at = now + outcome.backoff[min(delivery.attempts, len(outcome.backoff) - 1)]
    return Deferred(outcome.kind, outcome.message, again_at, limits=outcome.limits)


def _not_of_one(
    connection: Connection, known: Row[Any], delivery: Delivery, outcome: Refused
) -> AccountSuspended:
    """The suspension for a refusal that follows another.

    What to do about a refused post is told for later: done now, it would be out twice.
    """
    message = joined(
        _(
            "Two posts in a row were refused, so the account may be at fault. Publisher tries "
            "this one again by itself: publish nothing of it by hand. If it fails after all: "
            "{reason}",
            reason=outcome.message,
        ),
        _of_the_first(connection, known, delivery.account),
    )
    return AccountSuspended(Kind.PERMISSION, message, backoff=UNTIL_MENDED)


def _is_the_last(connection: Connection, delivery: Delivery, outcome: Deferred) -> bool:
    """Whether it was deferred so for as often as it may be; other attempts do not count."""
    if not outcome.most or delivery.attempts + 1 < outcome.most:
        return False
    steps = history.c.delivery == delivery.id
    ended = select(func.max(history.c.seq)).where(steps, history.c.event == Event.REFUSED)
    since = connection.execute(ended).scalar() or 0
    deferred = select(history.c.detail).where(
        steps, history.c.event == Event.DEFERRED, history.c.seq > since
    )
    details = connection.execute(deferred).scalars()
    told = [json.loads(detail).get("message") for detail in details]
    return sum(is_alike(message, outcome.message) for message in told) + 1 >= outcome.most


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
        "The first of them, {post}, has failed; once the account continues: `publisher retry "
        "{named}`.",
        post=post,
        named=f"{shlex.quote(post)} --account {account}",
    )


def _says_more(known: Row[Any], sign: str) -> bool:
    """Whether the account's last refusal must stay the last: of any post, where this is of length.

    Else each post that follows would be the first again, and fail.
    """
    is_open = not known.own and not known.sign.startswith(_OF_ACCOUNT)
    return is_open and sign == _LENGTH_REFUSED != known.sign


def _follows(known: Row[Any], delivery: Delivery, sign: str) -> bool:
    """Whether nothing went out since the account's last refusal, which was not this post's."""
    if known.own or known.sign in _UNHEARD:
        return False
    if known.sign == _LENGTH_REFUSED != sign:
        return False  # it says nothing of what is shorter
    if known.delivery != delivery.id:
        return True
    # This one may be the last itself, and wait because it followed another.
    return delivery.error_kind is not None and not known.sign.startswith(_OF_ACCOUNT)


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
        message = _(
            "The platform's limit for this account is used up. Publishing continues by itself."
        )
        own = AccountSuspended(Kind.RATE_LIMIT, message, outcome.suspended_until, outcome.backoff)
    of_app = outcome.app_suspended_until
    if own and own.until and not own.backoff and of_app and own.until <= of_app:
        return app_limit(of_app)
    return own
