"""Intents: the last checks before a request leaves, in the transaction that records it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from publisher.base.clock import Clock
from publisher.base.errors import LedgerBusy
from publisher.base.i18n import _
from publisher.ledger import picture_consents
from publisher.ledger.doubts.uncertainty import kept_in_doubt
from publisher.ledger.limits import suspensions
from publisher.ledger.limits.suspensions import is_paused_or_suspended
from publisher.ledger.manager.approvals import is_approved
from publisher.ledger.manager.commands import RuleOf
from publisher.ledger.manager.draft_edits import writers
from publisher.ledger.picture_consents import Named
from publisher.ledger.tables import EVERYTHING, accounts
from publisher.ledger.transitions import ACTOR, NOT_APPROVED, By, StateChange
from publisher.ledger.worker import targets
from publisher.model import mandates
from publisher.model.accounts import Mandate
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.outcomes import Kind
from publisher.model.states import Role, State

INTENT_LIFE = 5.0
"""Real seconds after its intent within which a worker must begin to send."""

_STANDING = select(accounts).where(accounts.c.account.in_(bindparam("accounts", expanding=True)))

BreachOf = Callable[[Connection, Delivery, datetime], str | None]
"""Returns how a delivery that leaves at an instant breaches its account's mandate; None if it does
not.
"""


def no_breach(_connection: Connection, _delivery: Delivery, _not_before: datetime) -> None:
    """For ledgers without mandates: there is never a breach."""


KeptFrom = Callable[[Delivery, Named, datetime], str | None]
"""Returns why the pictures of a delivery that leaves at an instant must not be shown, by the
consents that were named for them; None if they may be.
"""


def all_may_be_shown(_delivery: Delivery, _named: Named, _not_before: datetime) -> None:
    """For ledgers without records of consents."""


class Intent(NamedTuple):
    """The intent to send one part."""

    delivery: Delivery
    send_at: datetime
    lease_until: datetime


class Intents:
    """Checks intents, and turns them into changes of their deliveries."""

    def __init__(
        self,
        clock: Clock,
        settle: float,
        rule_of: RuleOf,
        breach_of: BreachOf,
        kept_from: KeptFrom,
    ) -> None:
        """`settle`: real seconds until an absence from the platform counts."""
        self._clock = clock
        self._settle = settle
        self._rule_of = rule_of
        self._breach_of = breach_of
        self._kept_from = kept_from

    def changes(
        self, connection: Connection, intents: Sequence[Intent]
    ) -> list[StateChange | LedgerBusy]:
        """The change for each intent; LedgerBusy for accounts that are being paused.

        The other accounts cannot be paused until this transaction ends: `pause` waits for it, so
        that it sees every intent that was written before it.
        """
        if not intents:
            return []
        names = {intent.delivery.account for intent in intents} | {EVERYTHING}
        pausing = suspensions.being_paused(connection, names)
        rows = connection.execute(_STANDING, {"accounts": sorted(names)}).all()
        now = self._clock.now()
        shown = {one.digest for wish in intents for one in wish.delivery.content.pictures}
        named = picture_consents.named_for(connection, shown)
        paused_or_suspended = {row.account for row in rows if is_paused_or_suspended(row, now)}
        return [
            _busy(intent.delivery.account, pausing)
            or targets.busy(connection, intent.delivery)
            or kept_in_doubt(
                self._intention(connection, intent, paused_or_suspended, named, now),
                self._clock,
                self._settle,
            )
            for intent in intents
        ]

    def _intention(
        self,
        connection: Connection,
        wish: Intent,
        paused_or_suspended: Collection[str],
        named: Named,
        now: datetime,
    ) -> StateChange:
        delivery, leaves = wish.delivery, max(now, wish.send_at)
        if not {delivery.account, EVERYTHING}.isdisjoint(paused_or_suspended):
            return by_worker(now, delivery, Event.STOPPED, target=State.SCHEDULED, lease_until=None)
        if not is_approved(delivery, self._rule_of(delivery.account)):
            return by_worker(
                now, delivery, Event.NOT_APPROVED, target=State.AWAITING_APPROVAL, lease_until=None,
                **NOT_APPROVED,
            )  # fmt: skip
        if stop := targets.stop(connection, delivery, self._clock):
            return stop
        reason = self._kept_from(delivery, named, leaves)
        if reason := reason or self._breach_of(connection, delivery, leaves):
            return by_worker(
                now, delivery, Event.HELD, target=State.HELD, detail={"reason": reason},
                reason=reason, draft_hold=reason, lease_until=None, **NOT_APPROVED,
            )  # fmt: skip
        if delivery.expires_at is not None and leaves > delivery.expires_at:
            return by_worker(
                now, delivery, Event.MISSED, target=State.MISSED, lease_until=None,
                error_kind=Kind.EXPIRED, error_message=_("It was not out when it expired."),
            )  # fmt: skip
        return by_worker(
            now, delivery, Event.SENDING, detail={"part": len(delivery.remote_ids) + 1},
            intent_at=leaves, lease_until=wish.lease_until,
        )  # fmt: skip


def _busy(account: str, pausing: Collection[str]) -> LedgerBusy | None:
    """LedgerBusy if the account is being paused: a shared transaction must not wait for that."""
    if EVERYTHING in pausing:
        return LedgerBusy(_("Someone is pausing everything right now."))
    if account in pausing:
        return LedgerBusy(_("Someone is pausing {names} right now.", names=account))
    return None


def by_worker(
    at: datetime,
    delivery: Delivery,
    event: Event,
    *,
    target: State | None = None,
    detail: Mapping[str, Any] | None = None,
    **columns: Any,
) -> StateChange:
    """A change by a worker, of a delivery that it has claimed."""
    return StateChange(delivery, event, By(Role.WORKER, ACTOR, at), target, detail, columns)


class MandateCheck:
    """Finds the first breach of an account's mandate, in the transaction of the intent."""

    def __init__(
        self, mandate_of: Callable[[str], Mandate | None], zone: Callable[[], tzinfo]
    ) -> None:
        """`mandate_of` returns an account's mandate from publisher.toml; `zone`: the session's time
        zone.
        """
        self._mandate_of, self._zone = mandate_of, zone

    def __call__(
        self, connection: Connection, delivery: Delivery, not_before: datetime
    ) -> str | None:
        """The message about the breach; None if there is none."""
        mandate = self._mandate_of(delivery.account)
        if mandate is None:
            return None
        changed_by = writers(connection, [delivery.post]) if mandate.authors else ()
        found = mandates.breaches(
            mandate, delivery.account, delivery.written_by, not_before, self._zone(), changed_by
        )
        return next((breach.message for breach in found), None)
