"""Resolving uncertain deliveries: a person gives the ids of the parts that are on the platform."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _, plural
from publisher.channels.registry import spec_of
from publisher.ledger import ended_edits
from publisher.ledger import remote_ids as ids
from publisher.ledger.comments import replies
from publisher.ledger.doubts.uncertainty import known_out
from publisher.model.content import edit_id
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted
from publisher.model.states import State


def resolved(
    connection: Connection, delivery: Delivery, remote_ids: Sequence[str]
) -> tuple[State, dict[str, Any]]:
    """The state and columns of a delivery when these further parts are on the platform.

    `remote_ids` are in the order of the parts, the first for the part after the last on record.
    Raises UsageError for malformed ids, and NotPossible when there are more of them than parts, or
    when the ledger has one of them already, or one is what a reader wrote.
    """
    _refuse_malformed(delivery, remote_ids)
    _refuse_too_many(delivery, remote_ids)
    _refuse_known(connection, delivery, remote_ids)
    _refuse_readers(connection, delivery, remote_ids)
    _refuse_other_posts(connection, delivery, remote_ids)
    *before, last = remote_ids
    if delivery.content.edits:
        last = edit_id(last, delivery.post, delivery.content)
    recorded = delivery.model_copy(update={"remote_ids": (*delivery.remote_ids, *before)})
    return known_out(recorded, Accepted(last))


def _refuse_other_posts(
    connection: Connection, delivery: Delivery, remote_ids: Sequence[str]
) -> None:
    """Raise NotPossible for an edit of a post other than the one that it corrects."""
    original = ended_edits.lock_original(connection, delivery)
    if original is None:
        return
    named = {"post": original.post, "account": delivery.account}
    if original.state is State.WITHDRAWN or not original.remote_ids:
        raise NotPossible(
            _("{post} is withdrawn from {account}, so no edit of it is out.", **named),
            hint=_("`publisher retry` records that the correction is not out; it is held then."),
        )
    if remote_ids[0] != original.remote_ids[0]:
        raise NotPossible(
            _("{remote_id} is not {post} on {account}.", remote_id=remote_ids[0], **named),
            hint=_(
                "A correction changes the words of that post, so give its id, {remote_id}.",
                remote_id=original.remote_ids[0],
            ),
        )


def _refuse_malformed(delivery: Delivery, remote_ids: Sequence[str]) -> None:
    spec = spec_of(delivery.channel)
    for remote_id in remote_ids:
        if not re.fullmatch(spec.post_id, remote_id):
            raise UsageError(
                _(
                    "{remote_id!r} is not an id of a post on {account}.",
                    remote_id=remote_id,
                    account=delivery.account,
                ),
                hint=_(spec.post_id_hint),
            )
        if remote_ids.count(remote_id) > 1:
            raise UsageError(
                _("{remote_id} is given more than once.", remote_id=remote_id),
                hint=_("Each part has its own id."),
            )


def _refuse_too_many(delivery: Delivery, remote_ids: Sequence[str]) -> None:
    parts, recorded = len(delivery.content.parts), len(delivery.remote_ids)
    left = parts - recorded
    if len(remote_ids) <= left:
        return
    named = {"post": delivery.post, "account": delivery.account, "named": len(remote_ids)}
    message = (
        plural(
            "{post} to {account} has {number} part, and {recorded} of them on record; you gave "
            "{named} ids.",
            "{post} to {account} has {number} parts, and {recorded} of them on record; you gave "
            "{named} ids.",
            parts,
            recorded=recorded,
            **named,
        )
        if recorded
        else plural(
            "{post} to {account} has {number} part; you gave {named} ids.",
            "{post} to {account} has {number} parts; you gave {named} ids.",
            parts,
            **named,
        )
    )
    hint = (
        _("Give one id.")
        if left == 1
        else plural(
            "Give at most {number} id, in the order of the parts.",
            "Give at most {number} ids, in the order of the parts.",
            left,
        )
    )
    behind = _("Begin with part {part}.", part=recorded + 1) if recorded else ""
    raise NotPossible(message, hint=f"{hint} {behind}".rstrip())


def _refuse_known(connection: Connection, delivery: Delivery, remote_ids: Sequence[str]) -> None:
    """Raise NotPossible for an id on record: a post of the account is one part of one delivery."""
    if delivery.content.edits:  # it is the id of what it changed
        return
    for remote_id in remote_ids:
        if place := ids.holder(connection, delivery.account, remote_id):
            raise NotPossible(
                _(
                    "{remote_id} is already on record, as part {part} of {post}.",
                    remote_id=remote_id,
                    part=place.part,
                    post=place.post,
                ),
                hint=_("Look at the account again: each part has its own id."),
            )


def _refuse_readers(connection: Connection, delivery: Delivery, remote_ids: Sequence[str]) -> None:
    """Raise NotPossible for what a reader wrote: a withdrawal would delete it."""
    for remote_id in remote_ids:
        if replies.is_its_comment(connection, delivery, remote_id):
            raise NotPossible(
                _(
                    "{remote_id} is the reader's comment, not an answer to it.",
                    remote_id=remote_id,
                ),
                hint=_("Look at the account again: the answer has its own id."),
            )
