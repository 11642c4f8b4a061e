"""Operator commands: pause, resume, cancel, retry, resolve, withdraw.

Every method is one transaction, and records who asked for it.
"""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from itertools import takewhile

from sqlalchemy import Connection, select, update

from publisher.base.errors import NotPermitted, NotPossible
from publisher.base.i18n import _, later
from publisher.base.text import same_person
from publisher.ledger.account_owners import FORGOTTEN
from publisher.ledger.manager.approvals import state_to_go_on
from publisher.ledger.manager.commands import Accounts, Commands, Posts, Versions, chosen, of_post
from publisher.ledger.manager.resolve import resolved
from publisher.ledger.manager.resume import (
    NO_CHOICES,
    Choices,
    Seen,
    carry_on,
    mark_of,
    overdue,
    refuse_unseen,
)
from publisher.ledger.manager.rights import Rank
from publisher.ledger.manager.withdrawals import WITHDRAWABLE
from publisher.ledger.pending_stops import GONE, in_words, note_stop, obeyed
from publisher.ledger.refusals import forget
from publisher.ledger.rows import deliveries_in
from publisher.ledger.suspensions import take_for_pause
from publisher.ledger.tables import EVERYTHING, about, accounts, deliveries, history
from publisher.ledger.transitions import By, cancel_delivery, change, note_account
from publisher.ledger.worker.intents import INTENT_LIFE
from publisher.model.deliveries import Delivery, PendingStop, Prepared
from publisher.model.events import Event
from publisher.model.states import ENDED_UNSENT, WAITING, State
from publisher.model.timing import claim_at

_NOT_CANCELLABLE = later("Nothing of {post} can be cancelled: {states}.")
_NOT_TO_RETRY = later("Nothing of {post} can be tried again: {states}.")
_NOT_TO_WITHDRAW = later("Nothing of {post} can be withdrawn: {states}.")
_NOT_IN_DOUBT = later("Nothing of {post} can be resolved: {states}.")


class Control(Commands):
    """Operator commands on deliveries that are queued, being sent, or out."""

    def pause(self, account: str | None, reason: str, actor: str) -> list[Delivery]:
        """Pause one account, or everything; nothing leaves after this returns.

        Waits for the requests that are under way. Returns the deliveries still without an answer
        when their time was over: their requests can no longer begin, but may have begun.

        Any manager may pause everything. A pause that exists, and that this person could not end,
        stays as it is, with its reason.
        """
        name = account or EVERYTHING
        now = self._clock.now()
        with self._database.write() as connection:
            self._rights.require(connection, actor, Rank.MANAGER, [account] if account else ())
            take_for_pause(connection, name)
            self._database.insert_missing(connection, accounts, [{"account": name}])
            query = select(accounts.c.paused_at).where(accounts.c.account == name)
            is_paused = connection.execute(query).scalar_one() is not None
            if not is_paused or self._may_not_resume(connection, account, actor) is None:
                connection.execute(
                    update(accounts)
                    .where(accounts.c.account == name)
                    .values(paused_at=now, paused_by=actor, pause_reason=reason)
                )
            note_account(connection, name, Event.PAUSED, now, actor, {"reason": reason})
        return self._await_requests(account)

    def _await_requests(self, account: str | None) -> list[Delivery]:
        begun, now = self._clock.monotonic(), self._clock.now()
        on_their_way = select(deliveries).where(
            deliveries.c.state == State.PUBLISHING,
            deliveries.c.intent_at.is_not(None),
        )
        if account:
            on_their_way = on_their_way.where(deliveries.c.account == account)
        while True:
            with self._database.read() as connection:
                unanswered = deliveries_in(connection, on_their_way)
            # The monotonic clock cannot be set back, which would make the wait longer.
            seconds = self._clock.monotonic() - begun
            leases_end = now + timedelta(seconds=seconds * self._clock.speed)
            # A lease may seem over because the clock was set forward; its worker can still send.
            if seconds >= INTENT_LIFE or not unanswered:
                on_lease = [d for d in unanswered if d.lease_until and d.lease_until > leases_end]
                if not on_lease:
                    return unanswered
            time.sleep(0.02)

    def may_resume(self, account: str | None, actor: str) -> bool:
        """Whether this person may end the pause or suspension of the account, or of everything."""
        with self._database.read() as connection:
            return self._may_not_resume(connection, account, actor) is None

    def _may_not_resume(
        self, connection: Connection, account: str | None, actor: str
    ) -> NotPermitted | None:
        """The reason why not; None when they may.

        A pause of everything is ended by the person who alone set it, or by one with a right over
        everything.
        """
        if account:
            return self._rights.refusal(connection, actor, Rank.MANAGER, [account])
        refusal = self._rights.refusal(connection, actor, Rank.MANAGER, [EVERYTHING])
        if refusal is None:
            return None
        if cannot_at_all := self._rights.refusal(connection, actor, Rank.MANAGER):
            return cannot_at_all
        paused_by = _who_paused(connection)
        others = [one for one in paused_by if not same_person(one, actor)]
        if paused_by and not others:
            return None
        if not others:
            return refusal
        names = ", ".join(others)
        return NotPermitted(_("Everything was paused by {names}.", names=names), hint=refusal.hint)

    def overdue(self, account: str | None = None) -> list[Delivery]:
        """Deliveries that fell due and are still scheduled, in the order of their times.

        After a pause or a suspension these are what `resume` sends.
        """
        name = account or EVERYTHING
        with self._database.read() as connection:
            suspended = select(accounts.c.suspended_until).where(accounts.c.account == name)
            until = connection.execute(suspended).scalar_one_or_none()
            query = overdue(account, self._clock.now(), until)
            return deliveries_in(connection, query)

    def stop(self, account: str | None) -> str:
        """A unique mark of the pause and suspension that `resume` would end; empty for none."""
        query = select(accounts).where(accounts.c.account == (account or EVERYTHING))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        is_stopped = row and (row.paused_at or row.suspended_at)
        return mark_of(row) if row and is_stopped else ""

    def resume(
        self,
        account: str | None,
        actor: str,
        choices: Choices = NO_CHOICES,
        seen: Seen | None = None,
    ) -> list[Delivery]:
        """End a pause and a suspension; returns the deliveries now overdue, with their new times.

        They do not go out in a burst: the first of each account goes at once, in the order of their
        times, and each other a minute after the one before it, or sooner if one would expire. Those
        that still expire are missed. `choices` changes this, by delivery: an instant at which it
        goes out, or None, which drops it; UsageError for an instant that is over, NotPossible for
        one at which it would be past its expiry.

        `seen` is what the person looked at. Raises NotPossible when it was another pause, or when
        more fell due since; without `seen`, when it is stopped again at this moment.
        """
        name = account or EVERYTHING
        begun = seen.stop if seen else self.stop(account)
        by = self._by(actor)
        with self._database.write() as connection:
            stopped = connection.execute(
                select(accounts)
                .where(accounts.c.account == name)
                .where(accounts.c.paused_at.is_not(None) | accounts.c.suspended_at.is_not(None))
                .with_for_update()
            ).one_or_none()
            if stopped is None:
                raise _not_stopped(connection, account)
            if refusal := self._may_not_resume(connection, account, actor):
                raise refusal
            query = overdue(account, by.at, stopped.suspended_until).with_for_update()
            found = deliveries_in(connection, query)
            if seen is not None:
                refuse_unseen(seen, mark_of(stopped), found)
            elif mark_of(stopped) != begun:
                raise NotPossible(
                    _("It was stopped anew at this moment."),
                    hint=_("`publisher status` shows why; then decide again."),
                )
            decided = {delivery.account for delivery in found if delivery.id in choices}
            self._rights.require(connection, actor, Rank.MANAGER, decided)
            connection.execute(
                update(accounts)
                .where(accounts.c.account == name)
                .values(
                    paused_at=None, paused_by=None, pause_reason=None,
                    suspended_at=None, suspended_until=None, suspension_kind=None, suspension_message=None,
                    suspended_times=None,
                    **(FORGOTTEN if stopped.other_owner else {}),
                )
            )  # fmt: skip
            forget(connection, name)
            note_account(connection, name, Event.RESUMED, by.at, actor)
            return carry_on(connection, found, choices, by)

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

    def _retry(self, connection: Connection, delivery: Delivery, by: By) -> Delivery:
        uncertain = delivery.state is State.UNCERTAIN
        if delivery.withdrawn_ids is not None:
            raise NotPossible(
                _(
                    "Somebody began to withdraw {post} from {account}: the rest of it cannot go "
                    "out after a part that may be deleted.",
                    post=delivery.post,
                    account=delivery.account,
                ),
                hint=_("`publisher withdraw` goes on; a new draft goes out from its beginning."),
            )
        if delivery.expires_at is not None and delivery.expires_at <= by.at and not uncertain:
            raise NotPossible(
                _(
                    "{post} to {account} is past its expiry: {expiry:%Y-%m-%d %H:%M} ({zone}).",
                    post=delivery.post,
                    account=delivery.account,
                    expiry=delivery.expires_at.astimezone(self._zone_of()),
                    zone=self._zone_of(),
                ),
                hint=_("Give the draft a new `at`, then run `publisher queue`."),
            )
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
            intent_at=None,
            settled_at=None,
            absences=0,
            prepared=_kept(delivery).model_dump_json(),
            error_kind=None,
            error_message=None,
            **columns,
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
                    state=_(other.state),
                ),
                hint=_("Give the draft another time and queue it, if it must go out once more.")
                if delivery.repeat
                else _("Change the draft's text and queue it, or say `repeat: true` in it."),
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
            found = of_post(connection, post, account)
        uncertain = [delivery for delivery in found if delivery.state is State.UNCERTAIN]
        if len(uncertain) > 1:
            names = ", ".join(delivery.account for delivery in uncertain)
            raise NotPossible(
                _("{post} is uncertain on several accounts: {names}.", post=post, names=names),
                hint=_("Say which one you mean with --account."),
            )
        states = {State.UNCERTAIN}
        return self._each([post], account, actor, _in(states), _NOT_IN_DOUBT, act)

    def withdrawable(self, post: str, account: Accounts, actor: str) -> list[Delivery]:
        """A post's deliveries that `actor` may withdraw: a part is out, none is being sent."""
        with self._database.read() as connection:
            wanted = chosen(
                connection, post, account, _can_be_withdrawn, _NOT_TO_WITHDRAW,
                hint=_("What is not out yet is cancelled; what is uncertain is resolved first."),
            )  # fmt: skip
            self._rights.require(connection, actor, Rank.MANAGER, {d.account for d in wanted})
            return wanted


def _in(states: Collection[State]) -> Callable[[Delivery], bool]:
    """Whether a delivery is in one of these states."""
    return lambda delivery: delivery.state in states


def _who_paused(connection: Connection) -> list[str]:
    """Everyone who has paused everything since it was last resumed."""
    query = (
        select(history.c.event, history.c.actor)
        .where(about(EVERYTHING), history.c.event.in_((Event.PAUSED, Event.RESUMED)))
        .order_by(history.c.seq.desc())
    )
    steps = takewhile(lambda step: step.event == Event.PAUSED, connection.execute(query))
    return list(dict.fromkeys(step.actor for step in steps))


def _can_be_withdrawn(delivery: Delivery) -> bool:
    return bool(delivery.remote_ids) and delivery.state in WITHDRAWABLE


def _kept(delivery: Delivery) -> Prepared:
    """What can be used again of what is prepared: nothing that the platform refused.

    That is deleted before anything else is made.
    """
    refused = delivery.state is State.FAILED
    return delivery.prepared.given_up(delivery.remote_ids) if refused else delivery.prepared


def _not_stopped(connection: Connection, account: str | None) -> NotPossible:
    """The error that nothing can be resumed; it names accounts that are stopped individually."""
    hint = _("`publisher status` shows what is paused.")
    if account is not None and _who_paused(connection):
        return NotPossible(
            _("Everything is paused, and {account} with it.", account=account),
            hint=_("`publisher resume` ends that, for all accounts."),
        )
    if account is not None:
        return NotPossible(_("{account} is not paused or suspended.", account=account), hint=hint)
    query = select(accounts.c.account).where(
        accounts.c.paused_at.is_not(None) | accounts.c.suspended_at.is_not(None)
    )
    names = connection.execute(query.order_by(accounts.c.account)).scalars().all()
    if not names:
        return NotPossible(_("Nothing is paused or suspended."), hint=hint)
    return NotPossible(
        _(
            "Not everything is paused, but accounts are stopped: {accounts}.",
            accounts=", ".join(names),
        ),
        hint=_("One of them goes on with `publisher resume --account {name}`.", name=names[0]),
    )
