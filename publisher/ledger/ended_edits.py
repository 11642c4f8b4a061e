"""Edits of withdrawn posts: they are gone with them, also those whose outcome is known only later.

Whoever records that an edit is out locks the row of its post first, and whoever withdraws the post
changes that row before it locks those of the edits: so one of the two sees the other.
"""

import json

from sqlalchemy import Connection

from publisher.ledger import corrections
from publisher.ledger.transitions import By, change, reread
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State


def lock_original(connection: Connection, delivery: Delivery) -> Delivery | None:
    """The post that an edit changes, locked for this transaction; None if it is no edit."""
    if not delivery.content.edits:
        return None
    original = corrections.original_of(connection, delivery)
    return original and reread(connection, original)


def ended(
    connection: Connection, recorded: Delivery, original: Delivery | None, by: By
) -> Delivery:
    """The edit as it was recorded, or withdrawn if its post is; `original` is locked."""
    if original is None or original.state is not State.WITHDRAWN:
        return recorded
    return end(connection, recorded, by, original.reason or "")


def end_all(connection: Connection, original: Delivery, by: By, reason: str) -> None:
    """Record that the edits of a post are gone with it."""
    for edit in corrections.corrections_of(connection, original, lock=True):
        if edit.content.edits:
            end(connection, edit, by, reason)


def end(connection: Connection, edit: Delivery, by: By, reason: str) -> Delivery:
    if edit.state is not State.PUBLISHED:
        return edit
    return change(
        connection, edit, Event.WITHDRAWN, by, target=State.WITHDRAWN,
        detail={"ids": edit.remote_ids, "reason": reason}, remote_ids="[]",
        withdrawn_ids=json.dumps(edit.remote_ids), reason=reason,
    )  # fmt: skip
