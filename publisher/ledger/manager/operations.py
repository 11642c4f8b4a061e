"""Operator commands: cancel, retry, acknowledge and resolve; pause and resume are in pauses.py.

Every method is one transaction, and records who asked for it.
"""

import operator
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from publisher.base.errors import NotPossible
from publisher.base.i18n import _, later
from publisher.ledger.doubts.pending_stops import GONE, in_words, note_stop, obeyed
from publisher.ledger.doubts.resolve import resolved
from publisher.ledger.doubts.uncertainty import RESOLVED
from publisher.ledger.manager.approvals import state_to_go_on
from publisher.ledger.manager.commands import Accounts, Posts, Versions, chosen, of_post
from publisher.ledger.manager.pauses import Pauses
from publisher.ledger.manager.rights import Rank
from publisher.ledger.manager.withdrawals import WITHDRAWABLE
from publisher.ledger.tables import deliveries
from publisher.ledger.transitions import NOT_APPROVED, By, cancel_delivery, change
from publisher.model.deliveries import Delivery, PendingStop, Prepared
from publisher.model.events import Event
from publisher.model.states import ENDED_UNSENT, WAITING, State, state_name
from publisher.model.timing import claim_at

_NOT_CANCELLABLE = later("{post} cannot be cancelled: {states}.")
_NOT_TO_RETRY = later("{post} cannot be tried again: {states}.")
_NOT_TO_ACKNOWLEDGE = later("{post} has no trouble that can stay as it is: {states}.")
_NOT_TO_WITHDRAW = later("{post} cannot be withdrawn: {states}.")
_NOT_IN_DOUBT = later("{post} cannot be resolved: {states}.")


class Control(Pauses):
    """Operator commands on deliveries that are queued, being sent, or out, and on accounts."""

    def cancel(
        self,
        posts: Posts,
        account: Accounts,
        actor: str,
        reason: str,
        versions: Versions = None,
    ) -> list[Delivery]:
        """Cancel the deliveries of posts that are not out; all or nothing.

        Those that may be out stay as they are, and are cancelled once it is known that they are
        not.
        """

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            if delivery.may_be_out:
                stop = PendingStop(state=State.CANCELLED, reason=reason)
                return note_stop(connection, delivery, stop, by)
            return cancel_delivery(connection, delivery, reason, by)

        states = WAITING | {State.FAILED, State.PUBLISHING, State.UNCERTAIN}
        return self._each(posts, account, actor, _in(states), _NOT_CANCELLABLE, act, versions)

    def retry(
        self,
        posts: Posts,
        account: Accounts,
        actor: str,
        seen: Mapping[int, str] | None = None,
        versions: Versions = None,
    ) -> list[Delivery]:
        """Schedule again, for now, what failed, was missed or cancelled, or is uncertain.

        For an uncertain delivery this is a person's word that it is not on the platform. If it was
        stopped meanwhile, it becomes what the stop says; if that cancels it, a second `retry`
        schedules it.

        `seen` are the marks of uncertainty (`Delivery.doubt`), by delivery, that the person has
        seen. Raises NotPossible when one became uncertain since: no one can have looked for it on
        the account.
        """

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            if delivery.doubt and seen is not None and seen.get(delivery.id) != delivery.doubt:
                raise NotPossible(
                    _(
                        "{post} to {account} has become uncertain since you looked at it.",
                        post=delivery.post,
                        account=delivery.account,
                    ),
                    hint=_("Look at the account: it may be out. If it is not, retry it once more."),
                )
            return self._retry(connection, delivery, by)

        states = ENDED_UNSENT | {State.UNCERTAIN}
        return self._each(posts, account, actor, _in(states), _NOT_TO_RETRY, act, versions)

    def acknowledge(
        self,
        posts: Posts,
        account: Accounts,
        actor: str,
        reason: str,
        versions: Versions = None,
    ) -> list[Delivery]:
        """Record that the trouble of posts' deliveries may stay as it is; all or nothing.

        They are listed no more among what needs a person, until they change their state.
        """

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            detail = {"reason": reason} if reason else None
            return change(
                connection, delivery, Event.ACKNOWLEDGED, by, detail=detail, acknowledged_by=actor
            )

        concerns = operator.attrgetter("is_unresolved")
        return self._each(posts, account, actor, concerns, _NOT_TO_ACKNOWLEDGE, act, versions)

    def _retry(self, connection: Connection, delivery: Delivery, by: By) -> Delivery:
        uncertain = delivery.state is State.UNCERTAIN
        if delivery.withdrawn_ids is not None:
            raise NotPossible(
                _(
                    "Someone began to withdraw {post} from {account}: the rest of it cannot go "
                    "out after a part that may be deleted.",
                    post=delivery.post,
                    account=delivery.account,
                ),
                hint=_("`publisher withdraw` continues; a new draft goes out from its beginning."),
            )
        expiry, anew = delivery.expires_at, dict[str, Any]()
        if expiry is not None and expiry <= by.at and not uncertain:
            if delivery.expires_after is None:
                raise self._past(delivery, expiry)
            # Its draft says `now`: its clock begins again, as soon as it may go.
            anew |= NOT_APPROVED
            delivery = delivery.model_copy(update={**anew, "expires_at": None})
        if delivery.pending_stop is None:
            self._refuse_a_double(connection, delivery)
        target, stopped = obeyed(delivery, self._state_to_retry(delivery))
        why_held = delivery.manual_hold or delivery.draft_hold
        columns = {"reason": delivery.reason if delivery.pending_stop else why_held, **stopped}
        return change(
            connection,
            delivery,
            Event.RETRIED,
            by,
            target=target,
            detail=in_words(delivery, len(delivery.remote_ids)),
            next_check_at=max(by.at, claim_at(delivery.content, delivery.not_before, self._clock)),
            prepared=_kept(delivery).model_dump_json(),
            error_kind=None,
            error_message=None,
            **RESOLVED,
            **columns,
            **anew,
        )

    def _past(self, delivery: Delivery, expiry: datetime) -> NotPossible:
        return NotPossible(
            _(
                "{post} to {account} is past its expiry: {expiry:%Y-%m-%d %H:%M} ({zone}).",
                post=delivery.post,
                account=delivery.account,
                expiry=expiry.astimezone(self._zone_of()),
                zone=self._zone_of(),
            ),
            hint=_("Give the draft a new time, then: `publisher queue`."),
        )

    def _state_to_retry(self, delivery: Delivery) -> State:
        """The state as if it were queued again; if it has expired, it is missed next."""
        is_held_by_draft = delivery.draft_hold and delivery.state is not State.UNCERTAIN
        if delivery.manual_hold or is_held_by_draft:
            return State.HELD
        return state_to_go_on(delivery, self._rule_of(delivery.account))

    @staticmethod
    def _refuse_a_double(connection: Connection, delivery: Delivery) -> None:
        """Raise NotPossible when another post of the account has the same text."""
        alike = select(deliveries.c.post, deliveries.c.state).where(
            deliveries.c.account == delivery.account,
            deliveries.c.fingerprint == delivery.content.fingerprint,
            deliveries.c.state.not_in(sorted(ENDED_UNSENT)),
            deliveries.c.id != delivery.id,
        )
        if delivery.repeat and delivery.reason != GONE:
            # Then only one for the same time counts. A draft that is gone may have another name
            # now.
            alike = alike.where(deliveries.c.due_at == delivery.due_at)
        other = connection.execute(alike).first()
        if other is not None:
            raise NotPossible(
                _(
                    "{account} has the same text in {other} ({state}).",
                    account=delivery.account,
                    other=other.post,
                    state=state_name(other.state),
                ),
                hint=_("If it must go out once more, give the draft another time and queue it.")
                if delivery.repeat
                else _("Change the draft's text and queue it, or set `repeat: true` in it."),
            )

    def resolve(
        self, post: str, account: Accounts, remote_ids: tuple[str, ...], actor: str
    ) -> list[Delivery]:
        """Record a person's word that the uncertain part, and maybe the parts after it, are out.

        `remote_ids` are the platform's, one for each such part, in their order. A thread goes on
        after the last of them. Raises UsageError and NotPossible, as `resolved` does.
        """

        def act(connection: Connection, delivery: Delivery, by: By) -> Delivery:
            target, columns = resolved(connection, delivery, remote_ids)
            out = len(delivery.remote_ids) + len(remote_ids)
            return change(
                connection, delivery, Event.RESOLVED, by,
                target=target, detail={"ids": remote_ids, **in_words(delivery, out)},
                **columns, next_check_at=by.at,
            )  # fmt: skip

        with self._database.read() as connection:
            found = of_post(connection, post, account, lock=False)
        uncertain = [delivery for delivery in found if delivery.state is State.UNCERTAIN]
        if len(uncertain) > 1:
            names = ", ".join(delivery.account for delivery in uncertain)
            raise NotPossible(
                _("{post} is uncertain on several accounts: {names}.", post=post, names=names),
                hint=_("Choose one with --account."),
            )
        states = {State.UNCERTAIN}
        return self._each([post], account, actor, _in(states), _NOT_IN_DOUBT, act)

    def withdrawable(self, post: str, account: Accounts, actor: str) -> list[Delivery]:
        """A post's deliveries that `actor` may withdraw: a part is out, none is being sent."""
        with self._database.read() as connection:
            wanted = chosen(
                connection, post, account, _can_be_withdrawn, _NOT_TO_WITHDRAW,
                hint=_("Cancel what is not out yet, and resolve what is uncertain first."),
                lock=False,
            )  # fmt: skip
            self._rights.require(connection, actor, Rank.MANAGER, {d.account for d in wanted})
            if edit := next((one for one in wanted if one.content.edits), None):
                raise NotPossible(
                    _(
                        "{post} changed the words of {original} on {account}, and no platform "
                        "can undo an edit.",
                        post=post,
                        original=edit.corrects,
                        account=edit.account,
                    ),
                    hint=_(
                        "Correct {original} again, or withdraw it, which ends its corrections "
                        "too. You can withdraw what went out as a separate post if you name its "
                        "account.",
                        original=edit.corrects,
                    ),
                )
            return wanted


def _in(states: Collection[State]) -> Callable[[Delivery], bool]:
    """Whether a delivery is in one of these states."""
    return lambda delivery: delivery.state in states


def can_be_retried(delivery: Delivery, now: datetime) -> bool:
    """Whether a retry can send it: it has not expired, and nobody began to withdraw it.

    One whose draft says `now` does not expire for good: its clock begins again.
    """
    if delivery.withdrawn_ids is not None:
        return False
    if delivery.state is State.UNCERTAIN:
        return True
    has_a_time = delivery.expires_after is None
    is_expired = has_a_time and delivery.expires_at is not None and delivery.expires_at <= now
    return delivery.state in ENDED_UNSENT and not is_expired


def _can_be_withdrawn(delivery: Delivery) -> bool:
    return bool(delivery.remote_ids) and delivery.state in WITHDRAWABLE


def _kept(delivery: Delivery) -> Prepared:
    """What can be used again of what is prepared: nothing that the platform refused.

    That is deleted before anything else is made.
    """
    refused = delivery.state is State.FAILED
    return delivery.prepared.given_up(delivery.remote_ids) if refused else delivery.prepared
