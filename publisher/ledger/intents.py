"""Intents: a worker's last look before a request leaves, in the transaction that says that it does.

What many threads intend at one moment is one transaction. It waits for nobody.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from publisher.clock import Clock
from publisher.errors import LedgerBusy, LedgerUnavailable
from publisher.language import _
from publisher.ledger import holds
from publisher.ledger.approvals import RuleOf, is_approved
from publisher.ledger.database import Database
from publisher.ledger.holds import is_resting
from publisher.ledger.moves import ACTOR, NOT_APPROVED, Change, change_all
from publisher.ledger.tables import EVERYTHING, accounts
from publisher.ledger.together import Together
from publisher.models import Delivery
from publisher.outcome import Kind
from publisher.states import Role, State

INTENT_LIFE = 5.0
"""Real seconds after its intent within which a worker must have begun to send."""

_OF_ACCOUNTS = accounts.c.account.in_(bindparam("accounts", expanding=True))
_STANDING = select(accounts).where(_OF_ACCOUNTS)

BreachOf = Callable[[Delivery, datetime], str | None]
"""Tells what the account's mandate has against a delivery that leaves at an instant."""


def no_breach(_delivery: Delivery, _leaves_at: datetime) -> None:
    """No account has a mandate."""


def _standing(connection: Connection, names: set[str]) -> Sequence[Row[Any]]:
    """The accounts' rows, to which nobody adds a pause until this transaction ends.

    What many deliveries share waits for nobody: LedgerBusy if somebody is just pausing one of them.
    """
    pausing = holds.being_paused(connection, names)
    if EVERYTHING in pausing:
        raise LedgerUnavailable(_("Somebody is just pausing everything."), hint=LedgerBusy.hint)
    if pausing:
        raise LedgerBusy(_("Somebody is just pausing {names}.", names=", ".join(sorted(pausing))))
    return connection.execute(_STANDING, {"accounts": sorted(names)}).all()


class _Intent(NamedTuple):
    """Of one part."""

    delivery: Delivery
    send_at: datetime
    lease_until: datetime


class Intents:
    """Writes them."""

    def __init__(
        self, database: Database, clock: Clock, rule_of: RuleOf, breach_of: BreachOf
    ) -> None:
        self._clock = clock
        self._rule_of = rule_of
        self._breach_of = breach_of
        self._writing = Together(clock, database.write, self._write_all)

    def write(
        self, delivery: Delivery, send_at: datetime, lease_until: datetime
    ) -> Delivery | None:
        """See `Attempts.intend`."""
        return self._writing.do(_Intent(delivery, send_at, lease_until))

    def _write_all(
        self, connection: Connection, wishes: Sequence[_Intent]
    ) -> list[Delivery | None]:
        # `pause` waits for this transaction, so that it sees every intent that was written before it.
        names = {wish.delivery.account for wish in wishes} | {EVERYTHING}
        rows = _standing(connection, names)
        now = self._clock.now()
        resting = {row.account for row in rows if is_resting(row, now)}
        changes = [self._intention(wish, resting, now) for wish in wishes]
        changed = change_all(connection, changes)
        goes = (change.target is None for change in changes)
        return [one if it_goes else None for one, it_goes in zip(changed, goes, strict=True)]

    def _intention(self, wish: _Intent, resting: Collection[str], now: datetime) -> Change:
        delivery, leaves = wish.delivery, max(now, wish.send_at)
        if not {delivery.account, EVERYTHING}.isdisjoint(resting):
            return by_worker(now, delivery, "stopped", target=State.SCHEDULED, lease_until=None)
        if not is_approved(delivery, self._rule_of(delivery.account)):
            return by_worker(
                now, delivery, "not approved", target=State.AWAITING_APPROVAL, lease_until=None,
                **NOT_APPROVED,
            )  # fmt: skip
        if breach := self._breach_of(delivery, leaves):
            return by_worker(
                now, delivery, "held", target=State.HELD, detail={"reason": breach},
                reason=breach, hold_reason=breach, lease_until=None, **NOT_APPROVED,
            )  # fmt: skip
        if delivery.expires_at is not None and leaves > delivery.expires_at:
            return by_worker(
                now, delivery, "missed", target=State.MISSED, lease_until=None,
                error_kind=Kind.EXPIRED, error_message=_("It was not out by its expiry."),
            )  # fmt: skip
        return by_worker(
            now, delivery, "sending", detail={"part": len(delivery.remote_ids) + 1},
            intent_at=leaves, lease_until=wish.lease_until,
        )  # fmt: skip


def by_worker(
    at: datetime,
    delivery: Delivery,
    event: str,
    *,
    target: State | None = None,
    detail: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Change:
    """What a worker makes of a delivery that it has in hand."""
    return Change(delivery, event, Role.WORKER, ACTOR, at, target, detail, columns)
