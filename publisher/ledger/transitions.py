"""State transitions: each change of a delivery is a compare-and-set with a step of the history."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    String,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from publisher.base.stored_messages import kept
from publisher.ledger import remote_ids, rows, token_bounds
from publisher.ledger.comments import replies
from publisher.ledger.integrity import hash_chain, marks
from publisher.ledger.integrity.chain_links import chain_of, chained, chained_to_accounts, file_of
from publisher.ledger.reading import search_index
from publisher.ledger.tables import deliveries, history
from publisher.model.deliveries import Claim, Delivery, Prepared
from publisher.model.events import Event
from publisher.model.reader_comments import CommentState
from publisher.model.states import GIVEN_UP, Role, State, may_move

ACTOR = "publisher"
"""The actor of a step that no person made."""
PROGRAM = "program"
"""In a step's detail: the program that acted for its actor."""

NOT_APPROVED: Mapping[str, Any] = {
    "approved_by": None,
    "approved_at": None,
    "approved_digest": None,
}
"""The columns of a delivery without an approval, or whose approval is void."""


# Statements that are built once: to build one takes longer than SQLite takes to answer it.
_CHANGE = update(deliveries).where(
    deliveries.c.id == bindparam("of_id"),
    deliveries.c.state == bindparam("of_state"),
    deliveries.c.version == bindparam("of_version"),
    # In a ledger that was set back, another step may have the same number.
    deliveries.c.head == bindparam("of_head"),
)
_NOTE = insert(history)
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
_FREE = (
    select(deliveries.c.id, deliveries.c.version)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .with_for_update(skip_locked=True, key_share=True)
)
_CURRENT = select(deliveries).where(deliveries.c.id == bindparam("id")).with_for_update()
_CLAIMED = select(deliveries).where(
    deliveries.c.id.in_(bindparam("ids", expanding=True)), deliveries.c.state == State.PUBLISHING
)


class Conflict(Exception):
    """The delivery is not as the caller read it: another process or person was faster."""


class RemoteIdTaken(Conflict):
    """Another delivery of the account has an id that this one was to get."""


class By(NamedTuple):
    """Who makes a change, and when."""

    role: Role
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StateChange:
    """A change of a delivery, as one step of its history."""

    delivery: Delivery
    """The delivery as the caller read it."""
    event: Event
    by: By
    target: State | None = None
    """None keeps the state."""
    detail: Mapping[str, Any] | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    """Columns of the table, in their stored form."""


def change(
    connection: Connection,
    delivery: Delivery,
    event: Event,
    by: By,
    *,
    target: State | None = None,
    detail: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Delivery:
    """Change one delivery and record the step; raises `Conflict` if it is no longer as `delivery`.

    `RemoteIdTaken` when it would get an id that another delivery of the account has.
    """
    (changed,) = change_all(connection, [StateChange(delivery, event, by, target, detail, columns)])
    return changed


def cancel_delivery(connection: Connection, delivery: Delivery, reason: str, by: By) -> Delivery:
    """Cancel a delivery of which nothing is being sent; raises as `change` does."""
    return change(
        connection,
        delivery,
        Event.CANCELLED,
        by,
        target=State.CANCELLED,
        detail={"reason": reason},
        reason=reason,
        lease_until=None,
    )


def change_all(connection: Connection, changes: Sequence[StateChange]) -> list[Delivery]:
    """Change different deliveries as `change` does, in as few statements as possible.

    If it raises for one, it raises for all of them: the transaction must not be committed.
    """
    made = [_made(wish) for wish in changes]
    # In one order, so that two transactions that change the same ones seldom wait for each other.
    in_order = sorted((row for row, _entry, _changed in made), key=itemgetter("of_id"))
    for alike in _alike(in_order):
        if connection.execute(_CHANGE, alike).rowcount != len(alike):
            raise Conflict
    note(connection, [entry for _row, entry, _changed in made])
    changed = [changed for _row, _entry, changed in made]
    search_index.follow(connection, zip((wish.delivery for wish in changes), changed, strict=True))
    fresh = [
        remote_ids.Owned(after.account, remote_id, after.id)
        for wish, after in zip(changes, changed, strict=True)
        for remote_id in {*after.remote_ids} - {*wish.delivery.remote_ids}
    ]
    if not remote_ids.keep(connection, sorted(fresh)):  # in one order, as the deliveries
        raise RemoteIdTaken
    _note_answered(connection, changes, changed)
    return changed


def _note_answered(
    connection: Connection, changes: Sequence[StateChange], changed: Sequence[Delivery]
) -> None:
    """Note at readers' comments that they are answered, or open again."""
    for wish, after in zip(changes, changed, strict=True):
        by = wish.by
        comment = replies.follow(connection, wish.delivery, after, by.actor, by.at)
        if comment:
            is_open = comment.state == CommentState.NEW
            event = Event.ANSWER_OPEN_AGAIN if is_open else Event.ANSWER_ANSWERED
            chain = chain_of(after.account, comment.post)
            detail = {"account": after.account, "id": after.answers, "file": file_of(after.post)}
            note_account(connection, chain, event, by.at, detail=detail)
            replies.call(connection, comment.id, chain)


def _made(wish: StateChange) -> tuple[dict[str, Any], dict[str, Any], Delivery]:
    """The values for a delivery's row, its step, and the delivery after the change."""
    delivery, state = wish.delivery, wish.target or wish.delivery.state
    role, actor, at = wish.by
    if state is not delivery.state and not may_move(role, delivery.state, state):
        raise AssertionError(f"{role} may not take {delivery.state} to {state}")
    columns = {
        "clear_at": _clearing(delivery, state, at, wish.columns),
        **_clock_of_now(delivery, state, at),
        **wish.columns,
    }
    if delivery.acknowledged_by is not None and state is not delivery.state:
        columns["acknowledged_by"] = None  # what comes of it now is another matter
    if "error_message" in columns:
        columns["error_message"] = kept(columns["error_message"])
    told = step(
        delivery.id, wish.event, at, actor, source=delivery.state, target=state, detail=wish.detail
    )
    told["digest"] = hash_chain.delivery_digest(
        {**rows.said(delivery), **hash_chain.shortened(columns)}
    )
    version = delivery.version + 1
    entry = chained(told, version, delivery.head)
    values = {"state": state, "version": version, "head": entry["hash"], **columns}
    seen = {
        "of_id": delivery.id,
        "of_state": delivery.state,
        "of_version": delivery.version,
        "of_head": delivery.head,
    }
    return {**seen, **values}, entry, rows.after(delivery, values)


def _alike(changes: Sequence[dict[str, Any]]) -> Collection[list[dict[str, Any]]]:
    """The rows grouped by the columns that change, one statement for each group."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in changes:
        groups.setdefault(tuple(row), []).append(row)
    return groups.values()


def _clock_of_now(delivery: Delivery, state: State, at: datetime) -> Mapping[str, Any]:
    """The times of a delivery whose draft says `now`, as it may go, or waits for a person again."""
    if delivery.expires_after is None:
        return {}
    waits = state in (State.AWAITING_APPROVAL, State.REJECTED)
    if waits or (state is State.HELD and delivery.expires_at is None):
        return {"expires_at": None}
    if state is State.SCHEDULED and delivery.expires_at is None:
        begun = delivery.begun(at)
        return {"due_at": begun.due_at, "expires_at": begun.expires_at, "next_check_at": at}
    return {}


def _clearing(
    delivery: Delivery, state: State, at: datetime, columns: Mapping[str, Any]
) -> datetime | None:
    """When to delete what is prepared at the platform; None while it may still be used."""
    if state not in GIVEN_UP:
        return None
    if state is delivery.state:
        return delivery.clear_at
    prepared, out = delivery.prepared, delivery.remote_ids
    if "prepared" in columns:
        prepared = Prepared.model_validate_json(columns["prepared"])
    if "remote_ids" in columns:
        out = json.loads(columns["remote_ids"])
    # The worker that had it may be making something at this moment.
    return max(at, delivery.lease_until or at) if prepared.given_up(out).stays else None


def claim_all(
    connection: Connection,
    waiting: Sequence[RowMapping],
    event: Event,
    *,
    at: datetime,
    source: State,
    target: State,
    **columns: Any,
) -> list[Claim]:
    """Claim many deliveries for workers, in as few statements as possible.

    `waiting` are deliveries in state `source` that this transaction has locked; the claims come in
    their order. `columns` are columns of the table, in their stored form.
    """
    if not waiting:
        return []
    entries = [
        chained(
            step(row["id"], event, at, ACTOR, source=source, target=target),
            row["version"] + 1,
            row["head"],
        )
        for row in waiting
    ]
    heads = _table_of(connection, {entry["delivery"]: entry["hash"] for entry in entries})
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == cast(heads.c.key, BigInteger))
        .values(state=target, version=deliveries.c.version + 1, head=heads.c.value, **columns)
    )
    note(connection, entries)
    return [Claim(delivery=entry["delivery"], version=entry["seq"]) for entry in entries]


def step(
    delivery: int | None,
    event: Event,
    at: datetime,
    actor: str,
    *,
    source: State | None = None,
    target: State | None = None,
    detail: Mapping[str, Any] | None = None,
    account: str | None = None,
    digest: str | None = None,
) -> dict[str, Any]:
    """A row of the history: about a delivery, or about an account when `delivery` is None.

    If a program acts for `actor`, the detail names it: every step comes from here.
    """
    if program := token_bounds.program():
        detail = {**(detail or {}), PROGRAM: program}
    return {
        "delivery": delivery,
        "account": account,
        "at": at,
        "event": event,
        "source": source,
        "target": target,
        "actor": actor,
        "detail": _JSON.encode({k: _as_kept(v) for k, v in detail.items()}) if detail else "{}",
        "digest": digest,
    }


def _as_kept(value: Any) -> Any:
    return kept(value) if isinstance(value, str) else value


def _table_of(connection: Connection, values: Mapping[int, str]) -> TableValuedAlias:
    """`values` as a table with the columns `key` and `value`, both text."""
    # A statement for each row would take twice as long.
    as_json = literal(json.dumps(values), String)
    if connection.dialect.name == "sqlite":
        return func.json_each(as_json).table_valued("key", "value")
    return func.json_each_text(cast(as_json, JSON)).table_valued("key", "value")


def note(connection: Connection, steps: Sequence[Mapping[str, Any]]) -> None:
    """Append steps to the history, in the transaction of the change.

    Steps of deliveries come `chained`; those about accounts are chained here. Raises NotPermitted
    for one that the token which acts may not make, and Behind if the ledger was set back.
    """
    token_bounds.require(connection, steps)
    if steps:
        marks.compare(connection, steps[0]["at"])
        of_accounts = [s for s in steps if "hash" not in s]
        entries = [dict(s) for s in steps if "hash" in s]
        if of_accounts:
            entries += chained_to_accounts(connection, of_accounts)
        connection.execute(_NOTE, entries)
        marks.appended(connection, entries[-1])


def note_account(
    connection: Connection,
    account: str,
    event: Event,
    at: datetime,
    actor: str = ACTOR,
    detail: Mapping[str, Any] | None = None,
    digest: str | None = None,
) -> None:
    """Append one step about an account, a draft or a person, in the transaction of the change."""
    note(connection, [step(None, event, at, actor, detail=detail, account=account, digest=digest)])


def lock_free(connection: Connection, wanted: Collection[int]) -> dict[int, int]:
    """Lock these deliveries for this transaction, except those locked by another one.

    Returns the version of each that it has locked. It waits for no lock, so two such transactions
    never wait for each other.
    """
    rows = connection.execute(_FREE, {"ids": sorted(wanted)}).all()
    return {row.id: row.version for row in rows}


def claimed_all(connection: Connection, claims: Sequence[Claim]) -> list[Delivery | None]:
    """The delivery of each claim; None when the claim is no longer valid."""
    wanted = {"ids": [claim.delivery for claim in claims]}
    found = {row["id"]: row for row in connection.execute(_CLAIMED, wanted).mappings()}
    return [
        rows.delivery_of(row)
        if (row := found.get(claim.delivery)) and row["version"] == claim.version
        else None
        for claim in claims
    ]


def reread(connection: Connection, delivery: Delivery) -> Delivery:
    """The delivery as it is now, locked for this transaction."""
    return rows.delivery_of(connection.execute(_CURRENT, {"id": delivery.id}).mappings().one())


def has_id(remote_id: str) -> ColumnElement[bool]:
    """Deliveries with a part of this `remote_id`, also a deleted part."""
    quoted = json.dumps(remote_id)
    return or_(
        deliveries.c.remote_ids.contains(quoted, autoescape=True),
        deliveries.c.withdrawn_ids.contains(quoted, autoescape=True),
    )
