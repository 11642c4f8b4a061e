"""The six promises, asserted over what the ledger says and what the public saw."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from publisher.ledger.worker.intents import INTENT_LIFE
from publisher.model.content import post_of
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.reader_comments import CommentState
from publisher.model.states import State
from tests.support.simulation.committing import keys_of
from tests.support.simulation.persons import CONSENT
from tests.support.simulation.platform import GONE, Platform, PublicPost, Publishing
from tests.support.simulation.profiles import PROFILES, Making
from tests.support.simulation.said import Agreed, Said, tag
from tests.support.simulation.stage import Stage
from tests.support.simulation.world import START

_ENDED = frozenset({State.PUBLISHED, State.FAILED, State.MISSED, State.CANCELLED, State.WITHDRAWN})
_FOR_A_PERSON = frozenset({State.HELD, State.AWAITING_APPROVAL, State.REJECTED})
_MAY_BE_SENDING = frozenset({State.PUBLISHING, State.UNCERTAIN})


_KNOWN_AFTER = 25.0
"""Seconds after an answer within which a request may leave whose intent was written before it."""


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
        delivery = next((d for d in stage.app().peek() if _carries(d, request)), None)
        has_gone_back = self._has_just_gone_back(request)
        if delivery is None:
            lost = ["with a text that the ledger does not have (any more)"]
            return [] if has_gone_back else lost
        said = stage.persons.said
        return [
            *_untimely(delivery, request.began, knows=not has_gone_back),
            *(["while paused"] if said.is_paused(delivery.account) and not has_gone_back else []),
            *_among_many(stage, delivery.account),
            # When a stop came after its intent, nobody could call it back, and people are told so.
            *([] if delivery.pending_stop else _unapproved(stage, delivery)),
            *([] if delivery.pending_stop else _forbidden(said, delivery, request)),
            *(["after it was stopped"] if self._is_stopped(delivery) else []),
            *(["after what it corrects was withdrawn"] if self._is_pointless(delivery) else []),
            *(["after what it answers was hidden"] if self._is_unasked(delivery) else []),
        ]

    def _has_just_gone_back(self, request: Publishing) -> bool:
        """Whether the ledger may have lost its intent."""
        at = self._stage.database.went_back_at
        return at is not None and request.at <= at + INTENT_LIFE

    def _is_pointless(self, delivery: Delivery) -> bool:
        """Whether its intent is younger than the withdrawal of what it corrects."""
        if delivery.corrects is None:
            return False
        named: dict[str, int | str] = {
            "id": delivery.id,
            "post": delivery.corrects,
            "account": delivery.account,
        }
        (found,) = self._stage.database.peek(_INTENDED_AFTER_A_WITHDRAWAL, named)
        return bool(found)

    def _is_unasked(self, delivery: Delivery) -> bool:
        """Whether its intent is younger than the wish to hide what it answers.

        A thread that has begun goes on.
        """
        if delivery.answers is None or _ids(delivery):
            return False
        (found,) = self._stage.database.peek(_INTENDED_AFTER_A_WISH, {"id": delivery.id})
        return bool(found)

    def _is_stopped(self, delivery: Delivery) -> bool:
        """Whether its intent is younger than its stop."""
        if delivery.pending_stop is None:
            return False
        (found,) = self._stage.database.peek(_INTENDED_AFTER_A_STOP, {"delivery": delivery.id})
        return bool(found)


_INTENDED_AFTER_A_WITHDRAWAL = """
    SELECT (SELECT max(id) FROM history WHERE event = 'sending' AND delivery = :id)
        > (SELECT min(history.id) FROM history JOIN deliveries ON deliveries.id = delivery
            WHERE event = 'withdrawing' AND post = :post AND deliveries.account = :account)
"""
_INTENDED_AFTER_A_WISH = """
    SELECT (SELECT max(id) FROM history WHERE event = 'sending' AND delivery = :id)
        > (SELECT min(id) FROM history WHERE event = 'hiding an answer')
"""
_INTENDED_AFTER_A_STOP = """
    SELECT max(CASE WHEN event = 'sending' THEN seq END)
        > max(CASE WHEN event = 'stop noted' THEN seq END)
    FROM history WHERE delivery = :delivery
"""


def _among_many(stage: Stage, account: str) -> list[str]:
    """Where a suspension names no end, one request asks whether it is over, and no other leaves
    before its answer.
    """
    platform = stage.platform
    since = platform.refused_since.get(account)
    is_known = since is not None and stage.world.elapsed > since + _KNOWN_AFTER
    return ["while another one asks whether its account goes on"] * bool(
        is_known and platform.asking.get(account, 0.0) > stage.world.elapsed
    )


def _carries(delivery: Delivery, request: Publishing) -> bool:
    texts = (part.text for part in delivery.content.parts)
    parcel = request.parcel
    key = (delivery.post, delivery.account)
    return key == (parcel.post, parcel.account) and request.text in texts


def _unapproved(stage: Stage, delivery: Delivery) -> list[str]:
    """Somebody must have approved it exactly as it stands, and nothing have changed it since."""
    if not stage.settings.approval_rule(delivery.account).required:
        return []
    agreed = stage.persons.said.agreed().get((delivery.post, delivery.account))
    if not agreed:
        return ["unapproved, or after its approval was voided"]
    return [] if Agreed.of(delivery) in agreed else ["otherwise than it was approved"]


def _forbidden(said: Said, delivery: Delivery, request: Publishing) -> list[str]:
    key = (delivery.post, delivery.account)
    # There is one picture, and one consent to it, whether the post names it or not.
    shown = {CONSENT} if request.parcel.content.pictures else set()
    return [
        *([f"although somebody had it {said.stops[key]}"] if key in said.stops else []),
        *(["although somebody holds it"] if key in said.held_by_hand else []),
        *(f"although {one} was withdrawn" for one in shown if not said.may_show(one, key)),
    ]


def _untimely(delivery: Delivery, now: datetime, *, knows: bool) -> list[str]:
    """`knows`: whether the ledger knows that it is sent, if it is."""
    wrong = []
    if now < delivery.due_at:
        wrong.append("early")
    if delivery.embargo_until and now < delivery.embargo_until:
        wrong.append("under embargo")
    if delivery.state is State.PUBLISHING and now < delivery.next_check_at:
        wrong.append("before the instant to which it was put off")
    if delivery.expires_at and now > delivery.expires_at:
        wrong.append("after its expiry")
    if knows and delivery.state not in _MAY_BE_SENDING:
        wrong.append(f"although it is {delivery.state}")
    return wrong


def broken_already(stage: Stage, watch: Watch) -> list[str]:
    """Which promises do not hold at this instant, in the middle of everything."""
    found = stage.app().peek()
    return [
        *watch.violations,
        *doubled(stage),
        *untrue(stage, found),
        *_out_of_order(stage.platform, found),
        *_in_pieces(stage.platform, found),
        *_wrongly_corrected(stage.platform, found),
        *_outlived(found),
        *_wrongly_answered(stage, found),
        *_waited(stage),
        *(f"lost: {post.id} was public, and was deleted" for post in stage.platform.taken_down),
        *_stopped(stage),
    ]


def _wrongly_corrected(platform: Platform, deliveries: list[Delivery]) -> Iterator[str]:
    """Promises 2 and 4 for edits: a post says what the newest edit on record says."""
    for original in deliveries:
        its = [d for d in deliveries if d.corrects == original.post]
        edits = [d for d in its if d.account == original.account and d.content.edits]
        post = platform.posts.get(original.remote_ids[0]) if original.remote_ids else None
        if not edits or post is None or post.is_deleted:
            continue
        if any(d.state in _MAY_BE_SENDING for d in edits):
            continue
        made = sorted((d.due_at, d.id, d.content.joined) for d in edits if d.remote_ids)
        wanted = made[-1][2] if made else original.content.joined
        if post.text != wanted:
            yield f"untrue: {post.id} says {post.text!r}, and on record is {wanted!r}"


def _wrongly_answered(stage: Stage, deliveries: list[Delivery]) -> Iterator[str]:
    """Promise 4 for answers: a reader is answered on record if, and only if, an answer is out."""
    given = [one for one in deliveries if one.answers]
    is_out = {one.answers for one in given if one.state is State.PUBLISHED and _ids(one)}
    for comment in sorted({str(one.answers) for one in given}):
        (state,) = stage.database.peek(_STATE_OF_A_COMMENT, {"id": comment})
        if comment in is_out and state == CommentState.NEW:
            yield f"untrue: an answer to {comment} is out, and its reader is not answered on record"
        if comment not in is_out and state == CommentState.ANSWERED:
            yield f"untrue: the reader of {comment} is answered on record, and no answer is out"


_STATE_OF_A_COMMENT = "SELECT state FROM reader_comments WHERE remote_id = :id"


def _outlived(deliveries: list[Delivery]) -> Iterator[str]:
    """Promise 2 for edits: none is on record as out after its post."""
    gone = {(d.post, d.account) for d in deliveries if d.state is State.WITHDRAWN}
    for edit in deliveries:
        is_out = edit.content.edits and edit.state is State.PUBLISHED
        if is_out and (edit.corrects, edit.account) in gone:
            yield f"untrue: {edit.post} is on record as out, and what it changed is withdrawn"


def _in_pieces(platform: Platform, deliveries: list[Delivery]) -> Iterator[str]:
    """Promise 5: where a thread is one commit, all of its parts were made public, or none."""
    for delivery in deliveries:
        if PROFILES[delivery.channel].making is Making.COMMITS:
            ever = {post.id for post in platform.ever_public}
            for first in filter(None, (delivery.prepared.draft_id, *delivery.prepared.leftovers)):
                made = [key in ever for key in keys_of(first, len(delivery.content.parts))]
                if any(made) and not all(made):
                    yield f"in pieces: of {delivery.post} not all parts were made public"


def _waited(stage: Stage) -> list[str]:
    """Where a repeat is harmless, no absence waits until the platform has settled.

    But for what must not be repeated: it is to be stopped, was refused, its account is not to
    send, it has expired, or a restored ledger has forgotten it.
    """
    if stage.persons.said.pauses or stage.platform.names_accounts:
        return []
    repeating = [name for name, one in PROFILES.items() if one.capabilities.repeats_safely]
    (number,) = stage.database.peek(_WAITS, {"channels": json.dumps(repeating)})
    return ["waited: an absence did not count at once"] * bool(number)


_WAITS = """
    SELECT count(*) FROM history JOIN deliveries ON deliveries.id = history.delivery
    WHERE history.event = 'not there yet'
        AND deliveries.channel IN (SELECT value FROM json_each(:channels))
        AND history.at < deliveries.expires_at
        AND NOT EXISTS (
            SELECT 1 FROM history AS earlier WHERE earlier.id < history.id AND
                (earlier.delivery = history.delivery AND earlier.event IN
                    ('stop noted', 'refused', 'not approved', 'held', 'missed')
                OR earlier.event IN
                    ('restored from a backup', 'ledger set back', 'due while nothing was at work'))
        )
"""


def _stopped(stage: Stage) -> list[str]:
    """Promise 6: one post's refusal stops no other, and a suspension has an end."""
    suspended, endless = stage.database.peek(_SUSPENSIONS, {})
    platform, wrong = stage.platform, []
    if suspended and not platform.names_accounts:
        wrong.append("stopped: an account is suspended, and no answer was about an account")
    if endless and not platform.names_persons:
        wrong.append("stopped: an account is suspended, and no time ends that")
    return wrong


_SUSPENSIONS = """
    SELECT (SELECT count(*) FROM history WHERE event = 'account held'),
        (SELECT count(*) FROM accounts WHERE suspended_at IS NOT NULL AND suspended_until IS NULL)
"""


def broken(stage: Stage, watch: Watch) -> list[str]:
    """Which promises do not hold, now that nothing happens any more; empty when all do."""
    return [*_lost(stage, stage.app().peek()), *broken_already(stage, watch)]


def waits_for_a_person(stage: Stage) -> bool:
    """Whether anything would go on if somebody decided."""
    return any(delivery.state not in _ENDED for delivery in stage.app().peek())


def _lost(stage: Stage, deliveries: list[Delivery]) -> list[str]:
    """Promise 1: each ends in a final state, or says what it waits for."""
    held = {entry.account for entry in stage.app().queries.accounts() if _by_hand(entry)}
    lost = []
    for delivery in deliveries:
        if (delivery.error_message or "").startswith("Publisher failed"):
            lost.append(f"lost: {delivery.post} waits, and what for is a fault of ours")
        if delivery.withdrawn_ids is not None and delivery.remote_ids:
            lost.append(
                f"lost: the withdrawal of {delivery.post} began, and nobody goes on with it"
            )
        rests = bool(held & {delivery.account, "*"})
        match delivery.state:
            case State.FAILED if delivery.error_message == GONE:
                lost.append(f"lost: what was prepared of {delivery.post} was deleted")
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
    paused, held = getattr(entry, "paused_at"), getattr(entry, "suspended_at")  # noqa: B009
    return paused is not None or (held is not None and getattr(entry, "suspended_until") is None)  # noqa: B009


def doubled(stage: Stage) -> list[str]:
    """Promises 2 and 6: no part was ever public twice on an account, in whatever version.

    Where people want the same words there more often, no more often than that.
    """
    seen = Counter((post.account, tag(post.text)) for post in stage.platform.ever_public)
    meant = stage.persons.said.meant
    return [f"doubled: {key[1]} on {key[0]}" for key, n in seen.items() if n > max(1, meant[key])]


def untrue(stage: Stage, deliveries: list[Delivery]) -> list[str]:
    """Promise 4, both ways."""
    platform = stage.platform
    if stage.persons.said.is_rewritten:
        return [*_untrue_after_a_set_back(stage, deliveries)]
    untrue = [wrong for delivery in deliveries for wrong in _untrue_of(platform, delivery)]
    known = Counter(remote_id for delivery in deliveries for remote_id in _ids(delivery))
    untrue += [f"untrue: {known[key]} deliveries name {key}" for key in known if known[key] > 1]
    called_out = {remote_id for delivery in deliveries for remote_id in delivery.remote_ids}
    return untrue + [
        f"untrue: {post.id} ({post.text!r}) is out, and the log does not know it"
        for post in platform.public
        if post.id not in called_out and not _is_in_doubt(post, deliveries)
    ]


def _untrue_after_a_set_back(stage: Stage, deliveries: list[Delivery]) -> Iterator[str]:
    """Promise 4 of a ledger that lost what people did: what it does say is true.

    What it names is out, unless somebody withdrew it in the lost time; and what has failed since is
    not. What had failed before may have been retried in the lost time: people are told.
    """
    ever = {post.id: post for post in stage.platform.ever_public}
    named = Counter(remote_id for delivery in deliveries for remote_id in _ids(delivery))
    yield from (f"untrue: {n} deliveries name {one}" for one, n in named.items() if n > 1)
    for delivery in deliveries:
        for remote_id in _ids(delivery):
            post = ever.get(post_of(remote_id))
            if post is None or post.account != delivery.account:
                yield f"untrue: {delivery.post} names {remote_id}, which never was out"
            elif post.is_deleted and not post.withdrawal_asked:
                yield f"untrue: {delivery.post} names {remote_id}, which is not out any more"
        if delivery.state is State.FAILED and _has_ended_since(stage, delivery):
            rest = [part.text for part in delivery.content.parts[len(_ids(delivery)) :]]
            yield from (
                f"untrue: {delivery.post} has failed, and {post.id} is out with its words"
                for post in stage.platform.public
                if post.account == delivery.account and post.made_as in rest
                if post.id not in named
            )


def _has_ended_since(stage: Stage, delivery: Delivery) -> bool:
    """Whether it got its state after the newest set-back."""
    values: dict[str, int | str] = {"delivery": delivery.id, "event": Event.LEDGER_SET_BACK}
    (has_ended,) = stage.database.peek(_ENDED_SINCE, values)
    return bool(has_ended)


_ENDED_SINCE = """
SELECT COALESCE((SELECT MAX(id) FROM history WHERE delivery = :delivery AND source <> target), 0)
     > COALESCE((SELECT MAX(id) FROM history WHERE account = '*' AND event = :event), 0)
"""


def _knows_since(platform: Platform, post: PublicPost, delivery: Delivery) -> bool:
    """Whether the log has the platform's time, or an earlier one: that of a clock set back."""
    published_at, instant = delivery.published_at, _instant(post)
    was_future = platform.world.times_set and published_at and published_at < instant
    return bool(was_future) or published_at == instant


def _untrue_of(platform: Platform, delivery: Delivery) -> Iterator[str]:
    ever = {post.id: post for post in platform.ever_public}
    if delivery.content.edits:
        yield from _untrue_of_an_edit(ever, delivery)
        return
    for remote_id, text in zip(_ids(delivery), _texts(delivery), strict=False):
        post = ever.get(remote_id)
        if post is None or post.account != delivery.account:
            yield f"untrue: {delivery.post} names {remote_id}, which never was out"
        elif post.is_early and delivery.pending_stop and not _knows_since(platform, post, delivery):
            yield f"untrue: {remote_id} was public early, and {delivery.post} has another time"
        elif post.made_as != text:
            yield f"untrue: {remote_id} has another text than {delivery.post}"
        elif remote_id in (delivery.withdrawn_ids or ()) and not post.is_deleted:
            yield f"untrue: {delivery.post} calls {remote_id} withdrawn, which is out"
        elif remote_id in delivery.remote_ids and post.is_deleted and not _goes(post, delivery):
            yield f"untrue: {delivery.post} names {remote_id}, which is not out any more"
    parts, out = len(delivery.content.parts), len(_ids(delivery))
    called_whole = delivery.state in (State.PUBLISHED, State.WITHDRAWN)
    # What is public on its own lacks its first comment: a person is told, by the stop.
    posts = [ever[one] for one in _ids(delivery) if one in ever]
    is_told = delivery.pending_stop and any(post.is_early for post in posts)
    lacks_some = out < parts and delivery.state is State.PUBLISHED and not is_told
    if (out == parts and not called_whole) or lacks_some:
        yield f"untrue: {delivery.post} is {delivery.state} with {out} of {parts} parts"


def _untrue_of_an_edit(ever: Mapping[str, PublicPost], delivery: Delivery) -> Iterator[str]:
    """Its post must have said it once; what it says now, `_wrongly_corrected` looks at."""
    for remote_id in _ids(delivery):
        post = ever.get(post_of(remote_id))
        said = [post.text, *(edit.before for edit in post.edits)] if post else []
        if delivery.content.joined not in said:
            yield f"untrue: {delivery.post} names {remote_id}, which never said that"
    if (delivery.state in (State.PUBLISHED, State.WITHDRAWN)) != bool(_ids(delivery)):
        yield f"untrue: {delivery.post} is {delivery.state} with {len(_ids(delivery))} edits"


def _instant(post: PublicPost) -> datetime:
    """When it became public."""
    assert post.public_at is not None
    return START + timedelta(seconds=post.public_at)


def _ids(delivery: Delivery) -> tuple[str, ...]:
    """All that were ever out of it, in the order of its parts."""
    return (*delivery.remote_ids, *(delivery.withdrawn_ids or ()))


def _goes(post: PublicPost, delivery: Delivery) -> bool:
    """Whether it is being deleted at this moment, or was, unseen: then the ledger knows that
    much.
    """
    begun = delivery.withdrawn_ids is not None and post.withdrawal_asked
    return begun and post.id == delivery.remote_ids[-1]


def _texts(delivery: Delivery) -> list[str]:
    return [part.text for part in delivery.content.parts]


def _is_in_doubt(post: PublicPost, deliveries: list[Delivery]) -> bool:
    return _is_not_seen_yet(post, deliveries) or any(
        delivery.state in _MAY_BE_SENDING
        and (delivery.state is State.UNCERTAIN or delivery.intent_at is not None)
        and delivery.account == post.account
        and tag(post.text) in {tag(text) for text in _texts(delivery)}
        for delivery in deliveries
    )


def _is_not_seen_yet(post: PublicPost, deliveries: list[Delivery]) -> bool:
    """Whether the platform made it public on its own, and somebody is still to look at it."""
    return post.is_early and any(
        post.id in (delivery.prepared.draft_id, *delivery.prepared.leftovers)
        or post.text in {preparation.content.joined for preparation in delivery.prepared.begun}
        for delivery in deliveries
        if delivery.account == post.account
        and (delivery.state not in _ENDED or delivery.clear_at is not None)
    )


def _out_of_order(platform: Platform, deliveries: list[Delivery]) -> list[str]:
    """Promise 5: each part answers the one before it, and came after it."""
    wrong = []
    public = {post.id: post for post in platform.ever_public}
    last = {(d.post, d.account): _ids(d)[-1] for d in deliveries if _ids(d)}
    for delivery in deliveries:
        corrected = last.get((delivery.corrects or "", delivery.account))
        parent, before = delivery.answers or corrected, 0.0
        for remote_id in _ids(delivery):
            post = public.get(remote_id)
            if post is None:
                continue
            if post.parent != parent or (post.public_at or 0.0) < before:
                wrong.append(f"out of order: {remote_id} of {delivery.post}")
            parent, before = remote_id, post.public_at or 0.0
    return wrong
