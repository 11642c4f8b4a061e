"""Pause and resume: stops an account, or everything, and lets it go on.

Every method is one transaction, and records who asked for it.
"""

import time
from datetime import timedelta
from itertools import takewhile

from sqlalchemy import Connection, select, update

from publisher.base.errors import NotPermitted, NotPossible
from publisher.base.i18n import _
from publisher.base.text import same_person
from publisher.ledger.account_owners import FORGOTTEN
from publisher.ledger.limits.refusals import forget
from publisher.ledger.limits.suspensions import take_for_pause
from publisher.ledger.manager.commands import Commands
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
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import EVERYTHING, about, accounts, deliveries, history
from publisher.ledger.transitions import note_account
from publisher.ledger.worker.intents import INTENT_LIFE
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State


class Pauses(Commands):
    """Pauses and resumes accounts."""

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
                    _("It was stopped again at this moment."),
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


def _who_paused(connection: Connection) -> list[str]:
    """Everyone who has paused everything since it was last resumed."""
    query = (
        select(history.c.event, history.c.actor)
        .where(about(EVERYTHING), history.c.event.in_((Event.PAUSED, Event.RESUMED)))
        .order_by(history.c.seq.desc())
    )
    steps = takewhile(lambda step: step.event == Event.PAUSED, connection.execute(query))
    return list(dict.fromkeys(step.actor for step in steps))


def _not_stopped(connection: Connection, account: str | None) -> NotPossible:
    """The error that nothing can be resumed; it names accounts that are stopped individually."""
    hint = _("`publisher status` shows what is paused.")
    if account is not None and _who_paused(connection):
        return NotPossible(
            _("Everything is paused, including {account}.", account=account),
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
        hint=_("To let one of them continue: `publisher resume --account {name}`.", name=names[0]),
    )
