"""A person's word that parts of an uncertain delivery are on the platform, and under which ids."""

import json
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from publisher.errors import NotPossible, UsageError
from publisher.ledger.doubts import known_out
from publisher.ledger.tables import deliveries
from publisher.models import Delivery
from publisher.outcome import Accepted
from publisher.states import State

_OF_X = re.compile(r"[0-9]{1,19}")  # docs.x.com/fundamentals/x-ids
_OF_OTHERS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_EXAMPLES = {
    "twitter": "the number at the end of the post's address, such as 1811000000000000001",
    "facebook": "the post's number, such as 100200300_400500600",
    "site": "the name of the post's page, without .html",
}


def resolved(
    connection: Connection, delivery: Delivery, remote_ids: Sequence[str]
) -> tuple[State, dict[str, Any]]:
    """The state and columns of a delivery of which these further parts are on the platform.

    `remote_ids` are in the order of the parts, the first for the part after the last on record.
    Raises UsageError for ids that are none, and NotPossible when there are more of them than
    parts, or when the ledger has one of them already.
    """
    _refuse_malformed(delivery, remote_ids)
    _refuse_too_many(delivery, remote_ids)
    _refuse_known(connection, delivery, remote_ids)
    *before, last = remote_ids
    recorded = delivery.model_copy(update={"remote_ids": (*delivery.remote_ids, *before)})
    return known_out(recorded, Accepted(last))


def _refuse_malformed(delivery: Delivery, remote_ids: Sequence[str]) -> None:
    shape = _OF_X if delivery.channel == "twitter" else _OF_OTHERS
    example = _EXAMPLES.get(delivery.channel, "what the platform shows for the post")
    for remote_id in remote_ids:
        if not shape.fullmatch(remote_id):
            raise UsageError(
                f"{remote_id!r} is no id of a post on {delivery.account}.",
                hint=f"Give {example}.",
            )
        if remote_ids.count(remote_id) > 1:
            raise UsageError(
                f"{remote_id} is named more than once.", hint="Each part has an id of its own."
            )


def _refuse_too_many(delivery: Delivery, remote_ids: Sequence[str]) -> None:
    parts, recorded = len(delivery.content.parts), len(delivery.remote_ids)
    left = parts - recorded
    if len(remote_ids) <= left:
        return
    of_parts = "1 part" if parts == 1 else f"{parts} parts"
    on_record = f", and {recorded} of them on record" if recorded else ""
    behind = f" Begin with part {recorded + 1}." if recorded else ""
    raise NotPossible(
        f"{delivery.post} to {delivery.account} has {of_parts}{on_record}; "
        f"you named {len(remote_ids)} ids.",
        hint=f"Name {'one id' if left == 1 else f'at most {left} ids, in the order of the parts'}."
        f"{behind}",
    )


def _refuse_known(connection: Connection, delivery: Delivery, remote_ids: Sequence[str]) -> None:
    """One post of the account is one part of one delivery."""
    for remote_id in remote_ids:
        rows = connection.execute(
            select(deliveries.c.post, deliveries.c.remote_ids).where(
                deliveries.c.account == delivery.account,
                deliveries.c.remote_ids.contains(f'"{remote_id}"', autoescape=True),
            )
        )
        for row in rows:
            part = json.loads(row.remote_ids).index(remote_id) + 1
            raise NotPossible(
                f"{remote_id} is on record already, as part {part} of {row.post}.",
                hint="Look at the account again: each part has an id of its own.",
            )
