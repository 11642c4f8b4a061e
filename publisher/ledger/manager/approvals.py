"""Approval by a second person, of the exact content, account and times."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import Connection, select

from publisher.base.clock import Clock
from publisher.base.errors import NotPossible
from publisher.base.i18n import _, later
from publisher.base.text import same_person
from publisher.ledger.database import Database
from publisher.ledger.manager.authors import authors
from publisher.ledger.manager.rights import EVERYBODY, Rank, Rights
from publisher.ledger.manager.selection import Accounts, chosen
from publisher.ledger.pending_stops import note_stop
from publisher.ledger.rows import delivery_of
from publisher.ledger.tables import deliveries, microseconds
from publisher.ledger.transitions import NOT_APPROVED, change
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import Role, State

_APPROVABLE = frozenset({State.AWAITING_APPROVAL, State.REJECTED})
_REJECTABLE = _APPROVABLE | {State.SCHEDULED, State.PUBLISHING, State.UNCERTAIN}


RuleOf = Callable[[str], ApprovalRule]
"""Returns the approval rule of an account, by its name."""


def no_rule(_account: str) -> ApprovalRule:
    """The rule under which nothing needs an approval."""
    return ApprovalRule()


def digest(delivery: Delivery) -> str:
    """SHA-256, in hexadecimal, over all that an approval covers.

    That is every text, picture (its bytes) and alternative text, the link, the account, and the
    times: when it is due, when its embargo ends and when it expires.
    """
    times = (delivery.due_at, delivery.embargo_until, delivery.expires_at)
    said = [
        delivery.account,
        delivery.channel,
        delivery.content.digest,
        *(microseconds(instant) if instant else None for instant in times),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def is_approved(delivery: Delivery, rule: ApprovalRule) -> bool:
    """Whether the delivery may go out as it is now."""
    if delivery.approved_by is None:
        return not rule.required
    return delivery.approved_digest == digest(delivery) and may_approve(delivery.approved_by, rule)


def may_approve(actor: str, rule: ApprovalRule) -> bool:
    """Whether the account's mandate lets this person approve; an author never can."""
    return not rule.approvers or any(same_person(actor, one) for one in rule.approvers)


_NOT_APPROVABLE = later("Nothing of {post} can be approved: {states}.")
_NOT_REJECTABLE = later("Nothing of {post} can be rejected: {states}.")


class Approvals:
    """Approves and rejects deliveries."""

    def __init__(
        self, database: Database, clock: Clock, rule_of: RuleOf, rights: Rights = EVERYBODY
    ) -> None:
        self._database = database
        self._clock = clock
        self._rule_of = rule_of
        self._rights = rights

    def waiting(self, post: str | None = None, account: str | None = None) -> list[Delivery]:
        """Deliveries that wait for an approval, in the order in which they would go out."""
        conditions = [deliveries.c.state == State.AWAITING_APPROVAL]
        if post is not None:
            conditions.append(deliveries.c.post == post)
        if account is not None:
            conditions.append(deliveries.c.account == account)
        query = select(deliveries).where(*conditions)
        ordered = query.order_by(deliveries.c.due_at, deliveries.c.id)
        with self._database.read() as connection:
            return [delivery_of(row) for row in connection.execute(ordered).mappings()]

    def open_to(self, actor: str, found: Sequence[Delivery]) -> list[Delivery]:
        """Those that this person may approve: as a non-author, and by the mandate."""
        with self._database.read() as connection:
            return [
                delivery
                for delivery in found
                if not any(same_person(actor, one) for one in authors(connection, delivery))
                and may_approve(actor, self._rule_of(delivery.account))
            ]

    def approve(
        self, posts: Collection[str], account: Accounts, actor: str, seen: Mapping[int, str]
    ) -> list[Delivery]:
        """Approve deliveries of these posts that wait for it, or were rejected; all or nothing.

        `seen` are the digests, by delivery, of what the approver looked at. Raises NotPossible when
        one was edited since, when the approver is an author of it, or when the account's mandate
        names others.
        """

        def act(connection: Connection, delivery: Delivery) -> Delivery:
            self._refuse(connection, delivery, actor, seen)
            return change(
                connection, delivery, Event.APPROVED, role=Role.MANAGER, actor=actor,
                at=self._clock.now(), target=State.SCHEDULED, detail={"digest": digest(delivery)},
                approved_by=actor, approved_at=self._clock.now(), approved_digest=digest(delivery),
                reason=None,
            )  # fmt: skip

        return self._each(posts, account, actor, _APPROVABLE, _NOT_APPROVABLE, act)

    def reject(
        self, posts: Collection[str], account: Accounts, actor: str, reason: str
    ) -> list[Delivery]:
        """Reject deliveries, also approved ones: their authors get them back; all or nothing.

        They stay rejected, with the reason, until their draft is edited or a person approves them
        after all. Those that may be out are rejected once it is known that they are not.
        """
        why = _("rejected by {actor}: {reason}", actor=actor, reason=reason)

        def act(connection: Connection, delivery: Delivery) -> Delivery:
            if delivery.may_be_out:
                return note_stop(
                    connection, delivery, PendingStop(state=State.REJECTED, reason=why),
                    role=Role.MANAGER, actor=actor, at=self._clock.now(),
                )  # fmt: skip
            return change(
                connection, delivery, Event.REJECTED, role=Role.MANAGER, actor=actor,
                at=self._clock.now(), target=State.REJECTED, detail={"reason": reason},
                reason=why, lease_until=None, **NOT_APPROVED,
            )  # fmt: skip

        return self._each(posts, account, actor, _REJECTABLE, _NOT_REJECTABLE, act)

    def _refuse(
        self, connection: Connection, delivery: Delivery, actor: str, seen: Mapping[int, str]
    ) -> None:
        place = {"post": delivery.post, "account": delivery.account}
        if seen.get(delivery.id) != digest(delivery):
            raise NotPossible(
                _(
                    "{post} to {account} is not what you looked at: it was edited meanwhile, or "
                    "is new.",
                    **place,
                ),
                hint=_("Look at it again, then approve it."),
            )
        if any(same_person(actor, author) for author in authors(connection, delivery)):
            raise NotPossible(
                _(
                    "{actor} wrote {post} to {account}, and an author cannot approve it.",
                    actor=actor,
                    **place,
                ),
                hint=_("Somebody else has to look at it. In a terminal, --as NAME says who."),
            )
        rule = self._rule_of(delivery.account)
        if not may_approve(actor, rule):
            raise NotPossible(
                _(
                    "{actor} may not approve posts of {account}.",
                    actor=actor,
                    account=delivery.account,
                ),
                hint=_("Its mandate names: {names}.", names=", ".join(sorted(rule.approvers))),
            )

    def _each(
        self,
        posts: Collection[str],
        account: Accounts,
        actor: str,
        states: frozenset[State],
        refusal: str,
        act: Callable[[Connection, Delivery], Delivery],
    ) -> list[Delivery]:
        with self._database.write() as connection:
            wanted = [
                delivery
                for post in dict.fromkeys(posts)
                for delivery in chosen(
                    connection, post, account, lambda d: _is_open(d, states), refusal
                )
            ]
            self._rights.require(connection, actor, Rank.MANAGER, {d.account for d in wanted})
            return [act(connection, delivery) for delivery in wanted]


def _is_open(delivery: Delivery, states: Collection[State]) -> bool:
    """Whether it can be approved or rejected: not if it is to be held or cancelled when not out."""
    open_to = (None, State.AWAITING_APPROVAL, State.REJECTED)
    return delivery.state in states and delivery.pending_stop in open_to
