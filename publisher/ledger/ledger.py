"""People's side of the ledger: queueing, pausing, cancelling, trying again.

Every method is one transaction, and each names who asks for it.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from publisher.clock import Clock
from publisher.errors import NoSuchPost, NotPossible
from publisher.ledger.database import Database
from publisher.ledger.moves import change, delivery_of, note, step
from publisher.ledger.tables import EVERYTHING, accounts, deliveries, media
from publisher.models import Delivery, Prepared, Wish
from publisher.states import ENDED_UNSENT, WAITING, Role, State


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The bytes of a clean picture, to be kept under their digest."""

    digest: str
    media_type: str
    data: bytes


class Ledger:
    """What people ask for."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def apply(
        self,
        *,
        add: Sequence[Wish],
        edit: Sequence[tuple[Delivery, Wish]],
        cancel: Sequence[tuple[Delivery, str]],
        pictures: Mapping[str, StoredPicture],
        actor: str,
    ) -> None:
        """Write what `queue` found to be different, all of it or nothing.

        `edit` pairs what stands in the ledger with what is wanted instead; `cancel` pairs it with
        the reason. Raises `Moved` when a delivery changed since it was read.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            self._keep_pictures(connection, pictures)
            names = sorted({EVERYTHING} | {wish.account for wish in add})
            self._database.insert_missing(connection, accounts, [{"account": n} for n in names])
            for delivery, reason in cancel:
                change(
                    connection, delivery, "cancelled", role=Role.QUEUE, actor=actor, at=now,
                    target=State.CANCELLED, detail={"reason": reason}, reason=reason,
                )  # fmt: skip
            for delivery, wish in edit:
                self._edit(connection, delivery, wish, actor, now)
            self._add(connection, add, actor, now)

    def _keep_pictures(self, connection: Connection, pictures: Mapping[str, StoredPicture]) -> None:
        query = select(media.c.digest).where(media.c.digest.in_(sorted(pictures)))
        known = set(connection.execute(query).scalars())
        rows = [
            {"digest": picture.digest, "media_type": picture.media_type, "data": picture.data}
            for picture in pictures.values()
            if picture.digest not in known
        ]
        self._database.insert_missing(connection, media, rows)

    def _edit(
        self, connection: Connection, delivery: Delivery, wish: Wish, actor: str, now: datetime
    ) -> None:
        values = _wished(wish, actor)
        if wish.content != delivery.content:
            values["prepared"] = Prepared(media_ids=delivery.prepared.media_ids).model_dump_json()
        change(
            connection, delivery, "queued again", role=Role.QUEUE, actor=actor, at=now,
            target=wish.state, detail=_difference(delivery, wish),
            **values, attempts=0, error_kind=None, error_message=None,
        )  # fmt: skip

    def _add(
        self, connection: Connection, wishes: Sequence[Wish], actor: str, now: datetime
    ) -> None:
        if not wishes:
            return
        fresh: dict[str, Any] = {
            "version": 1, "attempts": 0, "absences": 0, "remote_ids": "[]",
            "prepared": Prepared().model_dump_json(),
        }  # fmt: skip
        rows = [
            {**fresh, **_wished(wish, actor), "post": wish.post, "account": wish.account,
             "channel": wish.channel, "state": wish.state}
            for wish in wishes
        ]  # fmt: skip
        ids = connection.execute(
            insert(deliveries).returning(deliveries.c.id, sort_by_parameter_order=True), rows
        ).scalars()
        note(
            connection,
            [
                step(key, "queued", now, actor, target=wish.state, detail={"due_at": wish.due_at})
                for key, wish in zip(ids, wishes, strict=True)
            ],
        )

    def pause(self, account: str | None, reason: str, actor: str) -> list[Delivery]:
        """Stop everything, or one account; nothing leaves from the moment this returns.

        Waits for the requests that are on their way at this instant. Returns those that were
        still unanswered at the end of their time; they cannot begin any more, but they may have
        begun.
        """
        name = account or EVERYTHING
        now = self._clock.now()
        with self._database.write() as connection:
            self._database.insert_missing(connection, accounts, [{"account": name}])
            connection.execute(
                update(accounts)
                .where(accounts.c.account == name)
                .values(paused_at=now, paused_by=actor, pause_reason=reason)
            )
            detail = {"reason": reason}
            note(connection, [step(None, "paused", now, actor, detail=detail, account=name)])
        return self._await_requests(account)

    def _await_requests(self, account: str | None) -> list[Delivery]:
        on_their_way = select(deliveries).where(
            deliveries.c.state == State.PUBLISHING,
            deliveries.c.intent_at.is_not(None),
            deliveries.c.lease_until > self._clock.now(),
        )
        if account:
            on_their_way = on_their_way.where(deliveries.c.account == account)
        while True:
            with self._database.read() as connection:
                rows = connection.execute(on_their_way).mappings().all()
            now = self._clock.now()
            unanswered = [delivery_of(row) for row in rows]
            if not [d for d in unanswered if d.lease_until and d.lease_until > now]:
                return unanswered
            time.sleep(0.02)

    def resume(self, account: str | None, actor: str) -> list[Delivery]:
        """End a pause and a hold; returns what became overdue meanwhile, earliest first."""
        name = account or EVERYTHING
        now = self._clock.now()
        overdue = select(deliveries).where(
            deliveries.c.state == State.SCHEDULED, deliveries.c.wake_at <= now
        )
        if account:
            overdue = overdue.where(deliveries.c.account == account)
        with self._database.write() as connection:
            changed = connection.execute(
                update(accounts)
                .where(accounts.c.account == name)
                .where(accounts.c.paused_at.is_not(None) | accounts.c.held_at.is_not(None))
                .values(
                    paused_at=None, paused_by=None, pause_reason=None,
                    held_at=None, held_until=None, held_kind=None, held_message=None,
                )
            ).rowcount  # fmt: skip
            if not changed:
                raise NotPossible(
                    f"{'Nothing' if account is None else account + ' is not'} paused or held.",
                    hint="`publisher status` shows what is paused.",
                )
            note(connection, [step(None, "resumed", now, actor, account=name)])
            rows = connection.execute(overdue.order_by(deliveries.c.wake_at)).mappings().all()
        return [delivery_of(row) for row in rows]

    def cancel(self, post: str, account: str | None, actor: str, reason: str) -> list[Delivery]:
        """Take a post's deliveries off the schedule, before they are out."""

        def act(connection: Connection, delivery: Delivery) -> Delivery:
            return change(
                connection, delivery, "cancelled", role=Role.MANAGER, actor=actor,
                at=self._clock.now(), target=State.CANCELLED, detail={"reason": reason},
                reason=reason,
            )  # fmt: skip

        return self._each(post, account, WAITING | {State.FAILED}, "cancelled", act)

    def retry(self, post: str, account: str | None, actor: str) -> list[Delivery]:
        """Schedule again, for at once, what failed, was missed or cancelled, or is uncertain.

        For an uncertain delivery this is a person's word that it is not on the platform.
        """
        now = self._clock.now()

        def act(connection: Connection, delivery: Delivery) -> Delivery:
            if delivery.expires_at is not None and delivery.expires_at <= now:
                raise NotPossible(
                    f"{post} to {delivery.account} is past its expiry "
                    f"({delivery.expires_at:%Y-%m-%d %H:%M} UTC).",
                    hint="Give the draft a new `at`, then run `publisher queue`.",
                )
            return change(
                connection, delivery, "retried", role=Role.MANAGER, actor=actor, at=now,
                target=State.SCHEDULED, wake_at=max(now, delivery.due_at), intent_at=None,
                prepared=_kept(delivery).model_dump_json(),
                error_kind=None, error_message=None, reason=None,
            )  # fmt: skip

        return self._each(post, account, ENDED_UNSENT | {State.UNCERTAIN}, "tried again", act)

    def _each(
        self, post: str, account: str | None, states: frozenset[State], what: str, act: Any
    ) -> list[Delivery]:
        """Apply `act` to a post's deliveries in one of the states; all or nothing."""
        with self._database.write() as connection:
            found = self._of_post(connection, post, account)
            wanted = [delivery for delivery in found if delivery.state in states]
            if not wanted:
                is_now = ", ".join(f"{d.account} is {d.state}" for d in found)
                raise NotPossible(f"Nothing of {post} can be {what}: {is_now}.")
            return [act(connection, delivery) for delivery in wanted]

    @staticmethod
    def _of_post(connection: Connection, post: str, account: str | None) -> list[Delivery]:
        condition: ColumnElement[bool] = deliveries.c.post == post
        if account:
            condition &= deliveries.c.account == account
        query = select(deliveries).where(condition).order_by(deliveries.c.id).with_for_update()
        found = [delivery_of(row) for row in connection.execute(query).mappings()]
        if not found:
            raise NoSuchPost(f"The ledger has no {post}{f' to {account}' if account else ''}.")
        return found


def _wished(wish: Wish, actor: str) -> dict[str, Any]:
    """The columns that follow the draft."""
    return {
        "due_at": wish.due_at,
        "wake_at": max(wish.due_at, wish.embargo_until or wish.due_at),
        "expires_at": wish.expires_at,
        "embargo_until": wish.embargo_until,
        "content": wish.content.model_dump_json(),
        "fingerprint": wish.content.fingerprint,
        "reason": wish.reason,
        "queued_by": wish.queued_by or actor,
        "approved_by": None,
        "repeat": wish.repeat,
    }


def _kept(delivery: Delivery) -> Prepared:
    """What may be used again of what lies ready: nothing of what the platform refused."""
    return Prepared() if delivery.state is State.FAILED else delivery.prepared


def _difference(delivery: Delivery, wish: Wish) -> dict[str, Any]:
    """What an edit changed, for the history: old and new of everything that a person planned."""
    old = {"text": [part.text for part in delivery.content.parts], "due_at": delivery.due_at}
    new = {"text": [part.text for part in wish.content.parts], "due_at": wish.due_at}
    difference: dict[str, Any] = {
        key: {"from": old[key], "to": new[key]} for key in old if old[key] != new[key]
    }
    if wish.content != delivery.content and "text" not in difference:
        difference["content"] = {"from": delivery.content.digest, "to": wish.content.digest}
    for key in ("expires_at", "embargo_until", "reason"):
        if (before := getattr(delivery, key)) != (after := getattr(wish, key)):
            difference[key] = {"from": before, "to": after}
    return json.loads(json.dumps(difference, default=_plain))  # type: ignore[no-any-return]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
