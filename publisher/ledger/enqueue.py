"""Enqueue: writes what `publisher queue` found to be different."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, insert, or_, select
from sqlalchemy.exc import IntegrityError

from publisher.base import progress
from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.ledger import token_bounds, unread_drafts
from publisher.ledger.database import Database, LedgerPart, Turn
from publisher.ledger.doubts.pending_stops import note_stop
from publisher.ledger.integrity.chain_links import chained
from publisher.ledger.integrity.forgotten import looked_for
from publisher.ledger.integrity.hash_chain import delivery_digest, delivery_origin, shortened
from publisher.ledger.manager import file_changes
from publisher.ledger.manager.authors import AUTHOR
from publisher.ledger.manager.file_changes import FileChange
from publisher.ledger.manager.rights import EVERYBODY, Rank, Rights
from publisher.ledger.picture_consents import PictureConsent, keep, of_content
from publisher.ledger.reading import search_index
from publisher.ledger.rows import chunks
from publisher.ledger.tables import EVERYTHING, accounts, deliveries, media
from publisher.ledger.transitions import (
    NOT_APPROVED,
    By,
    Conflict,
    cancel_delivery,
    change,
    note,
    step,
)
from publisher.ledger.unread_drafts import UnreadDraft
from publisher.model.deliveries import Delivery, PendingStop, Prepared, Wish
from publisher.model.events import Event
from publisher.model.outcomes import Kind
from publisher.model.states import WAITING, Role, State
from publisher.model.timing import claim_at

_FRESH: Mapping[str, Any] = {
    "version": 1, "attempts": 0, "absences": 0, "remote_ids": "[]",
    "prepared": Prepared().model_dump_json(), "settled_at": None, "intent_at": None,
}  # fmt: skip
_AT_ONCE = 1000  # new deliveries in a few statements
# SQLAlchemy would need a third of the time to return the ids in the order of the rows.
_ADD = insert(deliveries).returning(deliveries.c.id, deliveries.c.post, deliveries.c.account)


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The bytes of a cleaned picture, stored under their digest."""

    digest: str
    media_type: str
    data: bytes


class _New(NamedTuple):
    """A delivery that is new in the ledger."""

    row: dict[str, Any]
    """Its `head` is that of the first step."""
    step: dict[str, Any]
    """The first step, without the delivery's id, which the database gives."""
    words: list[str]
    """The words of the search index."""


class Ledger(LedgerPart):
    """Writes the deliveries that the drafts ask for."""

    def __init__(self, database: Database, clock: Clock, rights: Rights = EVERYBODY) -> None:
        super().__init__(database, clock)
        self._rights = rights

    def apply(
        self,
        *,
        add: Sequence[Wish],
        edit: Sequence[tuple[Delivery, Wish]],
        cancel: Sequence[tuple[Delivery, str]],
        stop: Sequence[tuple[Delivery, PendingStop | None]] = (),
        pictures: Mapping[str, StoredPicture],
        consents: Iterable[PictureConsent] = (),
        unread: Collection[UnreadDraft] = (),
        actor: str,
        file: FileChange | None = None,
    ) -> None:
        """Write what `queue` found to be different, in one transaction.

        `edit` pairs what is in the ledger with what is wanted instead; `cancel` pairs it with the
        reason; `stop` pairs what may be out with what it becomes if it is not, None when it goes on
        after all. `consents`: what is known of the pictures, besides what the wishes themselves
        name. `unread`: the marks of unread drafts before the drafts were read. `file` is a
        change of a file that brings this, and is saved with it: both or neither. Raises `Conflict`
        when a delivery changed, or was added, since it was read, or a program changed its draft,
        and NotPermitted when `actor` has no right over one of the accounts.
        """
        by = By(Role.QUEUE, actor, self._clock.now())
        # All that takes long is done, and its progress shown, before others wait for this
        # transaction.
        new = [self._made(wish, by) for wish in progress.over(add, _("Writing to the ledger"))]
        rows = [one.row for one in new]
        with (
            file_changes.put_back_on_error(file) as save,
            self._database.write() as connection,
        ):
            self._database.take_turns(connection, Turn.QUEUE)
            standing = [d for d, _ in edit] + [d for d, _ in cancel] + [d for d, _ in stop]
            touched = {wish.account for wish in add} | {d.account for d in standing}
            self._rights.require(connection, actor, Rank.STAFF, touched)
            drafts = {wish.post for wish in (*add, *(wish for _delivery, wish in edit))}
            if unread_drafts.is_any_changed(connection, drafts, unread):
                raise Conflict
            leaving = {d.id for d, _ in cancel} | {d.id for d, wish in edit if _loses_text(d, wish)}
            _refuse_what_came_meanwhile(connection, rows, leaving)
            self._keep_pictures(connection, pictures)
            wishes = [*add, *(wish for _delivery, wish in edit)]
            own = (one for wish in wishes for one in of_content(wish.content, wish.post))
            keep(self._database, connection, [*own, *consents])
            names = sorted({EVERYTHING} | {wish.account for wish in add})
            self._database.insert_missing(connection, accounts, [{"account": n} for n in names])
            for delivery, reason in cancel:
                cancel_delivery(connection, delivery, reason, by)
            for delivery, wanted in stop:
                note_stop(connection, delivery, wanted, by)
            for delivery, wish in edit:
                self._edit(connection, delivery, wish, by)
            for begin in range(0, len(new), _AT_ONCE):
                _add(connection, new[begin : begin + _AT_ONCE])
            if file:
                file_changes.record(connection, file, self._rights, self._clock, actor)
            save()

    def _keep_pictures(self, connection: Connection, pictures: Mapping[str, StoredPicture]) -> None:
        query = select(media.c.digest).where(media.c.digest.in_(sorted(pictures)))
        known = set(connection.execute(query).scalars())
        rows = [asdict(picture) for key, picture in pictures.items() if key not in known]
        self._database.insert_missing(connection, media, rows)

    def _edit(self, connection: Connection, delivery: Delivery, wish: Wish, by: By) -> None:
        # What is prepared at the platform stays on record, though it is of no use for new content:
        # its channel has to delete it.
        columns = self._wished(wish, delivery.written_by or by.actor, by)
        if wish.channel != delivery.channel:
            columns["prepared"] = Prepared().model_dump_json()
        elif delivery.state is State.FAILED:
            given_up = delivery.prepared.given_up(delivery.remote_ids)
            columns["prepared"] = given_up.model_dump_json()
        columns |= {"lease_until": None, "attempts": 0, "error_kind": None, "error_message": None}
        if wish.state is State.UNCERTAIN:
            columns |= _doubted(wish)
        target = wish.state
        if delivery.manual_hold:  # a person's hold stays, whatever the draft says
            columns["reason"] = delivery.manual_hold
            if target is State.UNCERTAIN:
                columns["pending_stop"] = State.HELD
            else:
                target = State.HELD
        detail = _difference(delivery, wish, by.actor)
        change(
            connection, delivery, Event.QUEUED_AGAIN, by, target=target, detail=detail, **columns
        )

    def _made(self, wish: Wish, by: By) -> _New:
        row = {
            **_FRESH, **self._wished(wish, by.actor, by), **_doubted(wish),
            "post": wish.post, "account": wish.account, "state": wish.state,
        }  # fmt: skip
        detail = _first_words(wish, by.actor)
        first = step(None, Event.QUEUED, by.at, by.actor, target=wish.state, detail=detail)
        first["digest"] = delivery_digest(shortened(row))
        first = chained(first, 1, delivery_origin(wish.post, wish.account))
        row["head"] = first["hash"]
        words = search_index.words_of(wish.post, wish.content, error=wish.doubt)
        return _New(row, first, words)

    def _wished(self, wish: Wish, author: str, by: By) -> dict[str, Any]:
        """The columns that follow the draft; `author` is used if the draft names none."""
        return {
            "due_at": wish.due_at,
            "next_check_at": claim_at(wish.content, wish.not_before, self._clock),
            "expires_at": wish.expires_at,
            "expires_after": wish.expires_after,
            "embargo_until": wish.embargo_until,
            "content": wish.content.model_dump_json(),
            "fingerprint": wish.content.fingerprint,
            "reason": wish.reason,
            "draft_hold": wish.reason,
            "channel": wish.channel,
            "corrects": wish.content.corrects,
            "answers": wish.content.answers,
            "author": None if (wish.author or author) == by.actor else wish.author or author,
            "queued_by": by.actor,
            "queued_by_program": token_bounds.program(),
            "repeat": wish.repeat,
            "pending_stop": wish.pending_stop,
            **NOT_APPROVED,
        }


def _add(connection: Connection, new: Sequence[_New]) -> None:
    rows = [one.row for one in new]
    # A column that is NULL in all rows is left out: to write it takes SQLAlchemy longer than the
    # rest.
    columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    said = [{name: row[name] for name in columns} for row in rows]
    try:
        added = connection.execute(_ADD, said).all()
    except IntegrityError:  # another `queue` added one of them since the ledger was read
        raise Conflict from None
    id_of = {(post, account): key for key, post, account in added}
    ids = [id_of[row["post"], row["account"]] for row in rows]
    search_index.index(connection, dict(zip(ids, (one.words for one in new), strict=True)))
    note(connection, [{**one.step, "delivery": key} for key, one in zip(ids, new, strict=True)])


def _loses_text(delivery: Delivery, wish: Wish) -> bool:
    return delivery.content.fingerprint != wish.content.fingerprint


def _refuse_what_came_meanwhile(
    connection: Connection, rows: Sequence[Mapping[str, Any]], leaving: Collection[int]
) -> None:
    """Raise `Conflict` when the same post, or the same text, was queued since the plan was made.

    `leaving`: the deliveries whose text the same plan removes.
    """
    for chunk in chunks(rows):
        posts = {(row["post"], row["account"]) for row in chunk}
        texts = {(row["fingerprint"], row["account"]) for row in chunk if not row["repeat"]}
        found = connection.execute(
            select(deliveries).where(
                or_(
                    deliveries.c.post.in_({post for post, _ in posts}),
                    and_(
                        deliveries.c.fingerprint.in_({text for text, _ in texts}),
                        deliveries.c.state.in_(sorted({*WAITING, State.PUBLISHING})),
                    ),
                )
            )
        )
        for row in found:
            same_text = (row.fingerprint, row.account) in texts and row.id not in leaving
            if (row.post, row.account) in posts or same_text:
                raise Conflict


def _doubted(wish: Wish) -> dict[str, Any]:
    """The columns of a delivery that may be out already, so that it is looked for."""
    return {
        **(looked_for(wish.doubt_since) if wish.doubt_since else {"doubt_since": None}),
        "error_kind": Kind.UNKNOWN_OUTCOME if wish.doubt else None,
        "error_message": wish.doubt,
    }


def _first_words(wish: Wish, actor: str) -> dict[str, Any]:
    """The detail of a new delivery's first step."""
    said: dict[str, Any] = {"due_at": wish.due_at}
    if wish.author is None:
        said[AUTHOR] = actor
    if wish.content.correction:
        said |= {"corrects": wish.content.corrects, "reason": wish.content.reason}
    if wish.content.answers:
        said["answers"] = wish.content.answers
    return said | ({"message": wish.doubt} if wish.doubt else {})


def _difference(delivery: Delivery, wish: Wish, actor: str) -> dict[str, Any]:
    """What an edit changed, for the history: old and new of everything that a person planned."""
    old = {"text": [part.text for part in delivery.content.parts], "due_at": delivery.due_at}
    new = {"text": [part.text for part in wish.content.parts], "due_at": wish.due_at}
    difference: dict[str, Any] = {
        key: {"from": old[key], "to": new[key]} for key in old if old[key] != new[key]
    }
    if wish.content != delivery.content and "text" not in difference:
        difference["content"] = {"from": delivery.content.digest, "to": wish.content.digest}
    if wish.author is None and wish.content != delivery.content:
        difference[AUTHOR] = actor
    if wish.doubt:
        difference["message"] = wish.doubt
    for key in ("expires_at", "embargo_until", "reason"):
        said = "draft_hold" if key == "reason" and delivery.manual_hold else key
        if (before := getattr(delivery, said)) != (after := getattr(wish, key)):
            difference[key] = {"from": before, "to": after}
    instants_as_text = json.dumps(difference, default=datetime.isoformat)
    return json.loads(instants_as_text)  # type: ignore[no-any-return]
