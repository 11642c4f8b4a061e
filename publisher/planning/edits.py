"""Comparison of one wish with one delivery: the kind of edit, and pending stops."""

from publisher.base.i18n import _, later
from publisher.ledger.doubts.pending_stops import BY_QUEUE
from publisher.model.deliveries import Brief, Delivery, PendingStop, Wish
from publisher.model.states import State
from publisher.planning.plan import Change

EDITED = later("its draft was edited while it might have been out; queue it again")

_PLAIN = frozenset({State.SCHEDULED, State.AWAITING_APPROVAL})


def cancelled_by_a_person(delivery: Delivery) -> bool:
    return delivery.state is State.CANCELLED and delivery.reason not in BY_QUEUE


def may_come_back(delivery: Delivery) -> bool:
    """Whether its draft may restore it: no person cancelled or withdrew it."""
    return not cancelled_by_a_person(delivery) and delivery.withdrawn_ids is None


def stop_of(wish: Wish, delivery: Delivery) -> PendingStop | None:
    """The pending stop of a delivery that may be out, applied if it is not; None: it may go out."""
    if wish.state is State.HELD:
        reason = wish.reason or ""
        return PendingStop(state=State.HELD, reason=reason, draft_hold=reason)
    is_edited = wish.channel != delivery.channel or not same_plan(wish, delivery)
    if delivery.manual_hold:  # released before it is queued again, it must not go out as it was
        draft_hold = EDITED if is_edited else None
        return PendingStop(state=State.HELD, reason=delivery.manual_hold, draft_hold=draft_hold)
    return PendingStop(state=State.HELD, reason=EDITED) if is_edited else None


def changes_stop(wanted: PendingStop | None, delivery: Delivery) -> bool:
    """Whether the draft wants another pending stop than the delivery has, and may change it.

    A draft cannot undo a person's cancellation, nor a missing approval.
    """
    if delivery.pending_stop is State.CANCELLED and delivery.reason not in BY_QUEUE:
        return False
    if wanted is None:
        return delivery.pending_stop in (State.HELD, State.CANCELLED)
    if delivery.pending_stop is not wanted.state:
        return True
    is_held_by_draft = delivery.draft_hold is not None
    return wanted.state is State.HELD and is_held_by_draft != (wanted.draft_hold is not None)


def kind_of_edit(wish: Wish, delivery: Delivery) -> Change | None:
    """The kind of change between a waiting delivery and its wish; None if they are the same."""
    is_held = (
        delivery.draft_hold is not None if delivery.manual_hold else delivery.state is State.HELD
    )
    if wish.state is State.HELD and not is_held:
        return Change.HOLD
    if wish.state is not State.HELD and is_held:
        return Change.RELEASE
    if wish.content != delivery.content or wish.channel != delivery.channel:
        return Change.EDIT
    if not same_times(wish, delivery):
        return Change.MOVE
    approved = delivery.approved_by is not None and wish.state is State.AWAITING_APPROVAL
    rejected = delivery.state is State.REJECTED
    in_hand_or_held = delivery.state is State.PUBLISHING or delivery.manual_hold is not None
    as_wanted = delivery.state is wish.state or in_hand_or_held or approved or rejected
    same_author = wish.author in (None, delivery.written_by)
    is_same = as_wanted and same_author and wish.repeat == delivery.repeat
    return None if is_same else Change.EDIT


def is_plainly_same(wish: Wish, brief: Brief) -> bool:
    """Whether a delivery that waits for its time or approval, and no person holds, is as wanted.

    Then `kind_of_edit` finds no change; where it is False, `kind_of_edit` has to decide.
    """
    return (
        brief.state in _PLAIN
        and brief.manual_hold is None
        and (
            brief.state is wish.state
            or (wish.state is State.AWAITING_APPROVAL and brief.approved_by is not None)
        )
        and same_times(wish, brief)
        and brief.channel == wish.channel
        and brief.repeat == wish.repeat
        and wish.author in (None, brief.written_by)
        and brief.content == wish.content.model_dump_json()
    )


def same_plan(wish: Wish, delivery: Delivery) -> bool:
    return same_times(wish, delivery) and wish.content == delivery.content


def same_times(wish: Wish, delivery: Delivery | Brief) -> bool:
    times = ("due_at", "expires_at", "embargo_until")
    # What follows from them while its clock runs differs in nothing else.
    compared = (*times, "expires_after") if delivery.expires_at is None else times
    return all(getattr(wish, name) == getattr(delivery, name) for name in compared)


def keeps_what_is_out(wish: Wish, delivery: Delivery) -> bool:
    out = len(delivery.remote_ids)
    return wish.content.parts[:out] == delivery.content.parts[:out]


def differs_in_words(wish: Wish, delivery: Delivery) -> bool:
    return (
        wish.content.fingerprint != delivery.content.fingerprint
        or wish.content.link != delivery.content.link
    )


def stop_in_words(stop: PendingStop | None) -> str:
    """A plan's note on a pending stop."""
    if stop is None:
        return _("it may be out; if it is not, it goes out after all")
    reason = _(stop.reason)
    if stop.state is State.CANCELLED:
        return _("it may be out; if it is not, it is cancelled: {reason}", reason=reason)
    return _("it may be out; if it is not, it is held: {reason}", reason=reason)
