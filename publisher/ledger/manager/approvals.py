"""Approval by a second person, of the exact content, account and times."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from publisher.base.clock import Clock
from publisher.base.errors import NotPossible
from publisher.base.formats import instant_text
from publisher.base.i18n import _, later
from publisher.base.text import same_person
from publisher.ledger.doubts.pending_stops import note_stop
from publisher.ledger.manager.authors import authors, authors_of
from publisher.ledger.manager.commands import Accounts, Commands, Versions, not_concerned
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries, microseconds
from publisher.ledger.transitions import NOT_APPROVED, By, change
from publisher.ledger.unread_drafts import follow_approval
from publisher.model.accounts import ApprovalRule
from publisher.model.deliveries import Delivery, PendingStop
from publisher.model.events import Event
from publisher.model.states import State
from publisher.model.timing import UNDO

_APPROVABLE = frozenset({State.AWAITING_APPROVAL, State.REJECTED})
_REJECTABLE = _APPROVABLE | {State.SCHEDULED, State.PUBLISHING, State.UNCERTAIN}


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


def state_to_go_on(delivery: Delivery, rule: ApprovalRule) -> State:
    """The state of a delivery that nothing holds any more."""
    return State.SCHEDULED if is_approved(delivery, rule) else State.AWAITING_APPROVAL


def may_approve(actor: str, rule: ApprovalRule) -> bool:
    """Whether the account's mandate lets this person approve; an author never can."""
    return not rule.approvers or any(same_person(actor, one) for one in rule.approvers)


def waits_for_undo(approved: Collection[Delivery], clock: Clock) -> bool:
    """Whether some of what was just approved goes out as soon as it cannot be undone any more."""
    soon, now = clock.ahead(UNDO), clock.now()
    return any(d.state is State.SCHEDULED and now < d.send_at <= soon for d in approved)


def rejected_by(actor: str, reason: str) -> str:
    """Why a rejected delivery does not go out."""
    return _("rejected by {actor}: {reason}", actor=actor, reason=reason)


_NOT_APPROVABLE = later("{post} cannot be approved: {states}.")
_NOT_REJECTABLE = later("{post} cannot be rejected: {states}.")


class Unapproved(NamedTuple):
    """A delivery that waits for an approval."""

    post: str
    account: str
    authors: frozenset[str]


class Approvals(Commands):
    """Approves and rejects deliveries."""

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
            return deliveries_in(connection, ordered)

    def open_to(self, actor: str, found: Sequence[Delivery]) -> list[Delivery]:
        """Those that this person may approve: as a non-author, and by the mandate."""
        with self._database.read() as connection:
            written_by = authors_of(connection, [delivery.id for delivery in found])
        return [
            delivery
            for delivery in found
            if not any(same_person(actor, one) for one in written_by[delivery.id])
            and may_approve(actor, self._rule_of(delivery.account))
        ]

    def unapproved(self) -> list[Unapproved]:
        """What waits for an approval, with its authors; nothing of its content."""
        columns = deliveries.c.id, deliveries.c.post, deliveries.c.account
        query = select(*columns).where(deliveries.c.state == State.AWAITING_APPROVAL)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            written_by = authors_of(connection, [row.id for row in rows])
        return [Unapproved(row.post, row.account, frozenset(written_by[row.id])) for row in rows]

    def is_open_to(self, actor: str, one: Unapproved) -> bool:
        """Whether it is for this person to approve: as a non-author, and by the mandate."""
        is_author = any(same_person(actor, author) for author in one.authors)
        return not is_author and may_approve(actor, self._rule_of(one.account))

    def approve(
        self, posts: Collection[str], account: Accounts, actor: str, seen: Mapping[int, str]
    ) -> list[Delivery]:
        """Approve deliveries of these posts that wait for it, or were rejected; all or nothing.

        `seen` are the digests, by delivery, of what the approver looked at. Raises NotPossible when
        one was edited since, when the approver is an author of it, or when the account's mandate
        names others. What is held all the same, as a rejected one may be, stays held. What is due
        within `UNDO` seconds waits so long, so that it can be taken back; the clock of a draft that
        says `now` begins then.
        """

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            return self._approve(connection, delivery, by, seen)

        return self._each(posts, account, actor, _is_approvable, _NOT_APPROVABLE, act)

    def approve_seen(
        self, posts: Collection[str], actor: str, seen: Mapping[int, str]
    ) -> list[Delivery]:
        """Approve exactly the deliveries in `seen`, which are of these posts; all or nothing.

        Raises NotPossible as `approve`, and when one does not wait for an approval any more: what
        somebody else rejected meanwhile stays rejected.
        """

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            if delivery.state is not State.AWAITING_APPROVAL or not _is_open(delivery):
                raise not_concerned(_NOT_APPROVABLE, delivery.post, [delivery])
            return self._approve(connection, delivery, by, seen)

        return self._each(posts, None, actor, lambda d: d.id in seen, _NOT_APPROVABLE, act)

    def reject(
        self,
        posts: Collection[str],
        account: Accounts,
        actor: str,
        reason: str,
        versions: Versions = None,
    ) -> list[Delivery]:
        """Reject deliveries, also approved ones: their authors get them back; all or nothing.

        They stay rejected, with the reason, until their draft is edited or a person approves them
        after all. Those that may be out are rejected once it is known that they are not.
        """
        why = rejected_by(actor, reason)

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            if delivery.may_be_out:
                stop = PendingStop(state=State.REJECTED, reason=why)
                return note_stop(connection, delivery, stop, by)
            return change(
                connection, delivery, Event.REJECTED, by,
                target=State.REJECTED, detail={"reason": reason},
                reason=why, lease_until=None, **NOT_APPROVED,
            )  # fmt: skip

        return self._each(posts, account, actor, _is_rejectable, _NOT_REJECTABLE, act, versions)

    def _approve(
        self, connection: Connection, delivery: Delivery, by: By, seen: Mapping[int, str]
    ) -> Delivery:
        self._refuse(connection, delivery, by.actor, seen)
        # Until then the approver can take it back: nothing is sent before `next_check_at`.
        undone_until = self._clock.ahead(UNDO)
        begun = delivery.begun(undone_until)
        waits = begun.send_at < undone_until and not _has_expired(begun, undone_until)
        if waits and not delivery.manual_hold:
            begun = begun.model_copy(update={"next_check_at": undone_until})
        approved = change(
            connection, delivery, Event.APPROVED, by,
            target=State.HELD if delivery.manual_hold else State.SCHEDULED,
            detail=_approved(begun), reason=delivery.manual_hold,
            due_at=begun.due_at, expires_at=begun.expires_at, next_check_at=begun.next_check_at,
            approved_by=by.actor, approved_at=by.at, approved_digest=digest(begun),
        )  # fmt: skip
        follow_approval(connection, delivery.post)
        return approved

    def _refuse(
        self, connection: Connection, delivery: Delivery, actor: str, seen: Mapping[int, str]
    ) -> None:
        place = {"post": delivery.post, "account": delivery.account}
        if seen.get(delivery.id) != digest(delivery):
            raise NotPossible(
                _(
                    "{post} to {account} is not what you looked at: it was edited in the "
                    "meantime, or is new.",
                    **place,
                ),
                hint=_("Look at it again, then approve it."),
            )
        if any(same_person(actor, author) for author in authors(connection, delivery)):
            raise NotPossible(
                _(
                    "{actor} wrote {post} to {account}, and authors cannot approve what they "
                    "wrote.",
                    actor=actor,
                    **place,
                ),
                hint=_("Someone else must look at it. In a terminal, --as NAME says who."),
            )
        rule = self._rule_of(delivery.account)
        if not may_approve(actor, rule):
            raise NotPossible(
                _(
                    "{actor} may not approve posts to {account}.",
                    actor=actor,
                    account=delivery.account,
                ),
                hint=_("Its mandate names: {names}.", names=", ".join(sorted(rule.approvers))),
            )


def _approved(delivery: Delivery) -> dict[str, Any]:
    """What is on record of an approval: its digest, and the words and times that it covers."""
    times = ("due_at", "expires_at", "embargo_until")
    return {
        "digest": digest(delivery),
        "approved": {
            "content": delivery.content.model_dump(mode="json", exclude_defaults=True),
            **{name: instant_text(getattr(delivery, name)) for name in times},
        },
    }


def approved_before(delivery: Delivery, detail: Mapping[str, Any]) -> Delivery | None:
    """The delivery as it was approved, by the `detail` of that step; None: it is not on record."""
    found = detail.get("approved")
    if not isinstance(found, Mapping):
        return None
    return Delivery.model_validate({**delivery.model_dump(), **found})


def _has_expired(delivery: Delivery, now: datetime) -> bool:
    return delivery.expires_at is not None and delivery.expires_at <= now


def _is_approvable(delivery: Delivery) -> bool:
    return delivery.state in _APPROVABLE and _is_open(delivery)


def _is_rejectable(delivery: Delivery) -> bool:
    return delivery.state in _REJECTABLE and _is_open(delivery)


def _is_open(delivery: Delivery) -> bool:
    """Whether it is neither to be held nor cancelled once it is known not to be out."""
    return delivery.pending_stop in (None, State.AWAITING_APPROVAL, State.REJECTED)
