"""The six promises, asserted over what the ledger says and what the public saw."""

import re
from collections import Counter
from datetime import datetime, timedelta

from publisher.models import Delivery
from publisher.states import State
from tests.support.simulation.platform import GONE, Platform, PublicPost, Publishing
from tests.support.simulation.stage import Stage

_ENDED = frozenset({State.PUBLISHED, State.FAILED, State.MISSED, State.CANCELLED, State.WITHDRAWN})
_FOR_A_PERSON = frozenset({State.HELD, State.AWAITING_APPROVAL})
_MAY_BE_SENDING = frozenset({State.PUBLISHING, State.UNCERTAIN})
_LATE = timedelta(seconds=5)
"""Between the look at the expiry and the request: docs/reliability.md."""
_TAG = re.compile(r"(\S+ §\d+)(?: v\d+)?")


class Watch:
    """Looks at every request as it leaves: what must not leave, whatever comes of it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.violations: list[str] = []
        stage.platform.on_request = self._on_request

    def _on_request(self, request: Publishing) -> None:
        for violation in self._wrong_with(request):
            self.violations.append(f"{request.at:.3f} s: {request.text!r} leaves {violation}")

    def _wrong_with(self, request: Publishing) -> list[str]:
        stage = self._stage
        carriers = [d for d in _deliveries(stage) if _carries(d, request)]
        if not carriers:
            return ["with a text that the ledger does not have (any more)"]
        wrong = min((_untimely(delivery, request.began) for delivery in carriers), key=len)
        if any(pause.resumed_at is None for pause in stage.persons.pauses):
            wrong.append("while paused")
        return wrong


def _carries(delivery: Delivery, request: Publishing) -> bool:
    texts = (part.text for part in delivery.content.parts)
    return delivery.account == request.account and request.text in texts


def _untimely(delivery: Delivery, now: datetime) -> list[str]:
    wrong = []
    if now < delivery.due_at:
        wrong.append("early")
    if delivery.embargo_until and now < delivery.embargo_until:
        wrong.append("under embargo")
    if delivery.expires_at and now > delivery.expires_at + _LATE:
        wrong.append("after its expiry")
    if delivery.state not in _MAY_BE_SENDING:
        wrong.append(f"although it is {delivery.state}")
    return wrong


def broken(stage: Stage, watch: Watch) -> list[str]:
    """Which promises do not hold, now that nothing happens any more; empty when all do."""
    found = _deliveries(stage)
    return [
        *watch.violations,
        *_lost(stage, found),
        *_doubled(stage.platform),
        *_untrue(stage.platform, found),
        *_out_of_order(stage.platform, found),
        *(f"lost: {post.id} was public, and was deleted" for post in stage.platform.taken_down),
    ]


def waits_for_a_person(stage: Stage) -> bool:
    """Whether anything would go on if somebody decided."""
    return any(delivery.state not in _ENDED for delivery in _deliveries(stage))


def _deliveries(stage: Stage) -> list[Delivery]:
    world, stage.database.world = stage.database.world, None
    try:
        return stage.app().queries.deliveries()
    finally:
        stage.database.world = world


def _lost(stage: Stage, deliveries: list[Delivery]) -> list[str]:
    """Promise 1: each ends in a final state, or says what it waits for."""
    held = {entry.account for entry in stage.app().queries.accounts() if _by_hand(entry)}
    lost = []
    for delivery in deliveries:
        rests = bool(held & {delivery.account, "*"})
        match delivery.state:
            case State.FAILED if delivery.error_message == GONE:
                lost.append(f"lost: what lay ready of {delivery.post} was deleted")
            case state if state in _ENDED | _FOR_A_PERSON:
                continue
            case State.SCHEDULED if rests:
                continue
            case State.UNCERTAIN if delivery.error_message and (
                rests or delivery.settled_at is None
            ):
                continue
            case state:
                lost.append(f"lost: {delivery.post} is {state} and waits for nobody")
    return lost


def _by_hand(entry: object) -> bool:
    paused, held = getattr(entry, "paused_at"), getattr(entry, "held_at")  # noqa: B009
    return paused is not None or (held is not None and getattr(entry, "held_until") is None)  # noqa: B009


def _doubled(platform: Platform) -> list[str]:
    """Promises 2 and 6: no part was ever public twice on an account, in whatever version."""
    seen = Counter((post.account, _tag(post.text)) for post in platform.public)
    return [f"doubled: {tag} on {account}" for (account, tag), n in seen.items() if n > 1]


def _tag(text: str) -> str:
    found = _TAG.match(text)
    assert found, text
    return found[1]


def _untrue(platform: Platform, deliveries: list[Delivery]) -> list[str]:
    """Promise 4, both ways."""
    untrue = []
    public = {post.id: post for post in platform.public}
    for delivery in deliveries:
        wanted = _texts(delivery)
        for number, remote_id in enumerate(delivery.remote_ids):
            post = public.get(remote_id)
            if post is None or post.account != delivery.account:
                untrue.append(f"untrue: {delivery.post} names {remote_id}, which is not out")
            elif post.text != wanted[number]:
                untrue.append(f"untrue: {remote_id} has another text than {delivery.post}")
        whole = len(delivery.remote_ids) == len(delivery.content.parts)
        if (delivery.state is State.PUBLISHED) is not whole:
            untrue.append(
                f"untrue: {delivery.post} is {delivery.state} with {len(delivery.remote_ids)} "
                f"of {len(delivery.content.parts)} parts"
            )
    known = Counter(remote_id for delivery in deliveries for remote_id in delivery.remote_ids)
    untrue += [f"untrue: {known[key]} deliveries name {key}" for key in known if known[key] > 1]
    unknown = (post for post in public.values() if post.id not in known)
    return untrue + [
        f"untrue: {post.id} ({post.text!r}) is out, and the log does not know it"
        for post in unknown
        if not _is_in_doubt(post, deliveries)
    ]


def _texts(delivery: Delivery) -> list[str]:
    texts = [part.text for part in delivery.content.parts]
    return texts if delivery.channel == "twitter" else ["\n\n".join(texts)]


def _is_in_doubt(post: PublicPost, deliveries: list[Delivery]) -> bool:
    return any(
        delivery.state is State.UNCERTAIN
        and delivery.account == post.account
        and _tag(post.text) in {_tag(text) for text in _texts(delivery)}
        for delivery in deliveries
    )


def _out_of_order(platform: Platform, deliveries: list[Delivery]) -> list[str]:
    """Promise 5: each part answers the one before it, and came after it."""
    wrong = []
    public = {post.id: post for post in platform.public}
    for delivery in deliveries:
        parent, before = None, 0.0
        for remote_id in delivery.remote_ids:
            post = public.get(remote_id)
            if post is None:
                continue
            if post.parent != parent or (post.public_at or 0.0) < before:
                wrong.append(f"out of order: {remote_id} of {delivery.post}")
            parent, before = remote_id, post.public_at or 0.0
    return wrong
