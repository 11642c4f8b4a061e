"""Corrections in the ledger: what they correct as it is out, and whether they may go now.

A correction changes what is on record as out, whole, and not to be withdrawn. It waits for a post
that was due before it and is still on its way. Corrections of one post on one account never pass
each other: the one that is due later waits for those before it, and once it is out none of those
may follow it. And each replaces only what it was planned for: words that another correction brought
meanwhile are not lost without a person. Looked at when a worker takes a correction, and again in
the transaction of its intent, which holds the row of the post: a withdrawal, which changes that
row, and the intent of another correction come before it or after it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from publisher.base.i18n import _
from publisher.channels.registry import SPECS
from publisher.ledger.rows import deliveries_in
from publisher.ledger.tables import deliveries
from publisher.model.content import Original
from publisher.model.deliveries import Delivery, TargetStanding
from publisher.model.states import State

_ON_ITS_WAY = frozenset({State.SCHEDULED, State.PUBLISHING, State.UNCERTAIN})

_ANSWERS_BY_COMMENTS = sorted(
    name for name, spec in SPECS.items() if spec.replies.longest is not None
)
IS_POST = and_(
    or_(deliveries.c.corrects.is_(None), deliveries.c.content.not_like('%"way":"edit"%')),
    or_(deliveries.c.answers.is_(None), deliveries.c.channel.not_in(_ANSWERS_BY_COMMENTS)),
)
"""Deliveries that make posts: no edits, whose ids no platform knows, and no answers that are
comments, which have other figures. In JSON a quotation mark within a text is escaped.
"""


def standing(connection: Connection, delivery: Delivery) -> TargetStanding:
    """The standing of a correction at this moment."""
    alike = _related(connection, delivery)
    original = next((one for one in alike if one.post == delivery.corrects), None)
    if original is None:
        obstacle = _("{post} was never queued for {account}.", **_named(delivery))
        return TargetStanding(obstacle=obstacle)
    if _comes_first(original, delivery):
        return TargetStanding(original=original, waits_for=original.post)
    if stopped := _not_out(original, delivery):
        return TargetStanding(original=original, obstacle=stopped)
    return _among_corrections(original, alike, delivery)


def _among_corrections(
    original: Delivery, alike: Sequence[Delivery], delivery: Delivery
) -> TargetStanding:
    """The standing of a correction whose post is out, to the other ones among `alike`."""
    others = [one for one in alike if one.corrects == delivery.corrects and one.id != delivery.id]
    after = [one for one in others if _place(one) > _place(delivery)]
    if passed := next((one for one in after if _is_or_may_be_out(one)), None):
        obstacle = _(
            "{later} corrects {post} too, is due later and went out first: this would bring older "
            "words back. Cancel it, or give it a later time and queue it again.",
            later=passed.post,
            post=delivery.corrects,
        )
        return TargetStanding(original=original, obstacle=obstacle)
    before = [one for one in others if _place(one) < _place(delivery)]
    if first := next((one for one in before if one.state in _ON_ITS_WAY), None):
        return TargetStanding(original=original, waits_for=first.post)
    target = target_of(original, before)
    if not _is_planned_for(delivery, target):
        obstacle = _(
            "The words of {post} that are now out on {account} are not those that this "
            "correction began with. Look at them, copy what should stay into its draft, and "
            "queue it again. If its words are right as they are, change its `reason`.",
            **_named(delivery),
        )
        return TargetStanding(original=original, obstacle=obstacle)
    return TargetStanding(target, original=original)


def target_of(original: Delivery, corrections: Sequence[Delivery]) -> Original:
    """A post as it is, or was, out: with the words of the newest of these corrections of it."""
    edits = [one for one in corrections if one.content.edits and one.state is State.PUBLISHED]
    newest = max(edits, key=_place, default=original)
    # Parts that are deleted meanwhile too: an edit of them is looked for all the same.
    ids = (*original.remote_ids, *(original.withdrawn_ids or ()))
    return Original(remote_ids=ids, url=original.url, content=newest.content)


def aimed(connection: Connection, delivery: Delivery) -> Delivery:
    """A delivery with what it corrects, for whoever looks for it; unchanged if that is not out."""
    if delivery.corrects is None:
        return delivery
    alike = _related(connection, delivery)
    original = next((one for one in alike if one.post == delivery.corrects), None)
    if original is None or not (original.remote_ids or original.withdrawn_ids):
        return delivery
    before = [one for one in alike if _place(one) < _place(delivery) and one.id != original.id]
    return delivery.model_copy(update={"target": target_of(original, before)})


def may_come_out(connection: Connection, delivery: Delivery) -> bool:
    """Whether what it corrects is on its way, or has just come out: the correction may be too."""
    original = original_of(connection, delivery)
    return original is not None and original.state in {*_ON_ITS_WAY, State.PUBLISHED}


def compared(connection: Connection, delivery: Delivery) -> Delivery:
    """A correction with what it corrects, for people: as it is queued, if it is not out yet."""
    alike = _related(connection, delivery)
    original = next((one for one in alike if one.post == delivery.corrects), None)
    if original is None:
        return delivery
    before = [one for one in alike if _place(one) < _place(delivery) and one.id != original.id]
    return delivery.model_copy(update={"target": target_of(original, before)})


def original_of(connection: Connection, delivery: Delivery) -> Delivery | None:
    """What a correction corrects on its account; None if the ledger does not have it."""
    query = select(deliveries).where(
        deliveries.c.post == delivery.corrects, deliveries.c.account == delivery.account
    )
    return next(iter(deliveries_in(connection, query)), None)


def corrections_of(
    connection: Connection, original: Delivery, *, lock: bool = False
) -> list[Delivery]:
    """All corrections of a post on its account, in their order; `lock`: for this transaction."""
    query = select(deliveries).where(
        deliveries.c.corrects == original.post, deliveries.c.account == original.account
    )
    if lock:
        query = query.with_for_update()
    return sorted(deliveries_in(connection, query), key=_place)


def _related(connection: Connection, delivery: Delivery) -> list[Delivery]:
    """What a correction corrects, and all corrections of that, on its account."""
    query = select(deliveries).where(
        or_(deliveries.c.corrects == delivery.corrects, deliveries.c.post == delivery.corrects),
        deliveries.c.account == delivery.account,
    )
    return deliveries_in(connection, query)


def _comes_first(original: Delivery, delivery: Delivery) -> bool:
    """Whether a post was due before its correction, is on its way, and nobody stopped it."""
    on_its_way = original.state in _ON_ITS_WAY and original.pending_stop is None
    return on_its_way and _place(original) < _place(delivery)


def _not_out(original: Delivery, delivery: Delivery) -> str | None:
    """Why a post cannot be corrected; None if it is out, and stays so."""
    named = _named(delivery)
    if original.withdrawn_ids is not None or original.state is State.WITHDRAWN:
        return _(
            "{post} is withdrawn from {account}, or someone has begun to withdraw it: there is "
            "nothing to correct. Cancel the correction, and publish the right words as a new "
            "post.",
            **named,
        )
    if original.state is not State.PUBLISHED or original.channel != delivery.channel:
        return _(
            "{post} is not out on {account}, so there is nothing to correct. Once it is out, "
            "queue the correction again; until then, change the words of {post} itself.",
            **named,
        )
    return None


def _is_planned_for(delivery: Delivery, target: Original) -> bool:
    """Whether what it corrects is what it was planned, and approved, to correct."""
    told = delivery.content.correction
    return told is not None and told.replaces == target.content.digest


def _place(delivery: Delivery) -> tuple[datetime, int]:
    """The place among the corrections of one post."""
    return delivery.due_at, delivery.id


def _is_or_may_be_out(delivery: Delivery) -> bool:
    return bool(delivery.remote_ids) or delivery.may_be_out


def _named(delivery: Delivery) -> dict[str, str]:
    return {"post": delivery.corrects or "", "account": delivery.account}
