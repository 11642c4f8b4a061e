"""Whether the log and the platforms' own stores tell the same, and nothing was lost."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from publisher.channels.registry import CAPABILITIES
from publisher.ledger.limits.spacing import APART
from publisher.ledger.reading.account_status import AccountStatus
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State
from tests.chaos import corrections

Post = Mapping[str, Any]

ENDED = frozenset({State.PUBLISHED, State.FAILED, State.MISSED})
_LONGEST_WAIT = timedelta(hours=1)
_SAME = timedelta(seconds=1)
_LATE_RECORD = timedelta(minutes=1)
"""How much later than the platform the log may date a post: its worker stood still meanwhile."""


class Harm(StrEnum):
    """What must never happen."""

    LOST = "lost"
    """Neither ended nor waiting for a named person or instant, or called published and not out."""
    DOUBLED = "doubled"
    """A part is public twice, or was sent again although it was."""
    EARLY = "early"
    """Public before its time or under embargo."""
    EXPIRED = "expired"
    """It arrived later than its expiry, by more than what a request may take."""
    UNTRUE = "untrue"
    """The log and the platform differ, or the history's chain is broken."""
    WAITED = "waited"
    """An absence did not count at once, although a repeat could do no harm."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One harm."""

    harm: Harm
    what: str
    post: str | None = None
    account: str | None = None

    def __str__(self) -> str:
        subject = " to ".join(filter(None, (self.post, self.account)))
        return ": ".join(filter(None, (self.harm, subject, self.what)))


@dataclass(frozen=True, slots=True)
class End:
    """All that is known when everything has come to rest."""

    deliveries: Sequence[Delivery]
    accounts: Sequence[AccountStatus]
    """Those that are paused or held."""
    posts: Sequence[Post]
    """What the platforms have, as in the sandbox's `state.json`."""
    violations: Sequence[Mapping[str, str]]
    """What the sandbox noted: among it, requests for what was out already."""
    begun: Mapping[int, datetime]
    """When the history says that a delivery was sent for the first time, by its id."""
    now: datetime
    """When the processes were asked to end: whatever was to wake after that waits for it."""
    grace: timedelta
    """How long after its expiry a post may still become public: see docs/reliability.md."""
    waited: Collection[int] = ()
    """The deliveries that waited until an absence counted, by their ids: see `waited`."""
    forgotten: Collection[int] = ()
    """The deliveries whose sending a ledger that was set back may have lost, by their ids."""
    held_in_vain: Collection[int] = ()
    """The corrections that were held although their posts were out, by their ids."""


def waited(steps: Iterable[HistoryStep]) -> frozenset[int]:
    """The deliveries that waited until an absence counted, though they were to go out.

    What was refused or stopped is not sent again, and may come until then; what a ledger that was
    set back has forgotten is left to a person. What fell due while nothing was at work, as kills
    on a slow machine come faster than processes start, is looked for: the ledger may be an old one.
    """
    looked_for = Event.DUE_IN_SILENCE, Event.LEDGER_SET_BACK
    stopped: set[int] = set()
    found = set()
    for step in steps:
        delivery = step.delivery or 0
        if step.event in (Event.REFUSED, Event.STOP_NOTED, *looked_for):
            stopped.add(delivery)
        elif step.event == Event.NOT_THERE_YET and delivery not in stopped:
            found.add(delivery)
    return frozenset(found)


def forgotten(steps: Iterable[HistoryStep]) -> frozenset[int]:
    """The deliveries that a set-back of the ledger concerned."""
    return frozenset(
        step.delivery
        for step in steps
        if step.event == Event.LEDGER_SET_BACK and step.delivery is not None
    )


def findings(end: End) -> list[Finding]:
    """Everything that must not be."""
    shown: defaultdict[tuple[str, str], list[Post]] = defaultdict(list)
    for post in corrections.as_made(filter(public, end.posts), end.deliveries):
        shown[post["account"], post["text"]].append(post)
    originals = {(one.post, one.account): one for one in end.deliveries}
    known = {(post["account"], post["id"]): post for post in end.posts}
    found: list[Finding] = []
    for delivery in end.deliveries:
        original = originals.get((delivery.content.corrects or "", delivery.account))
        posts = [shown.pop((delivery.account, part.text), []) for part in delivery.content.parts]
        found += [
            Finding(harm, what, delivery.post, delivery.account)
            for harm, what in _wrong_with(delivery, original, posts, end)
        ]
        found += [
            Finding(Harm.EARLY, what, delivery.post, delivery.account)
            for what in corrections.too_soon(delivery, original, posts[0], known)
        ]
    found += [
        Finding(Harm.UNTRUE, f"{account} shows {post['id']}, which no delivery says")
        for (account, _), posts in shown.items()
        for post in posts
    ]
    return [*found, *_resent(end)]


def waits_for(delivery: Delivery, end: End) -> str | None:
    """Whom or what a delivery that has not ended waits for; None when it waits for nobody.

    Nor does it wait for a person when Publisher itself failed: nothing is there to decide.
    """
    if (delivery.error_message or "").startswith("Publisher failed"):
        return None
    for status in end.accounts:
        if status.account in (delivery.account, "*"):
            until = (
                "a person"
                if status.paused_at or not status.suspended_until
                else status.suspended_until
            )
            return f"{until}: {status.pause_reason or status.suspension_message}"
    if delivery.state is State.HELD and delivery.content.corrects:
        return f"a person: {delivery.reason}"
    if delivery.state is State.UNCERTAIN and not delivery.settled_at and delivery.error_message:
        return f"a person: {delivery.error_message}"
    # What an outage left behind goes out one by one.
    before = sum(
        other.account == delivery.account and other.state is State.SCHEDULED
        for other in end.deliveries
    )
    soon = end.now < delivery.next_check_at < end.now + _LONGEST_WAIT + before * APART
    if soon and delivery.state in (State.SCHEDULED, State.UNCERTAIN):
        return f"{delivery.next_check_at:%H:%M:%S} UTC: {delivery.error_message or 'its new time'}"
    return None


def public(post: Post) -> bool:
    return bool(post["published"] and not post["deleted"])


def orphans(end: End) -> int:
    """How many posts lie unpublished on Facebook that no delivery knows."""
    known = {delivery.prepared.draft_id for delivery in end.deliveries}
    return sum(
        not post["published"] and not post["deleted"] and post["id"] not in known
        for post in end.posts
    )


def _resent(end: End) -> Iterator[Finding]:
    """Requests for what was out: the sandbox kept them from being public twice, X might not."""
    says = {post["id"]: post["text"] for post in end.posts}
    for violation in end.violations:
        if violation["kind"] == "duplicate-refused":
            words = {says.get(word) for word in violation["detail"].split()}
            culprits = [
                delivery.post
                for delivery in end.deliveries
                if delivery.account == violation["account"]
                and not words.isdisjoint(part.text for part in delivery.content.parts)
            ]
            post = next(iter(culprits), None)
            yield Finding(Harm.DOUBLED, violation["detail"], post, violation["account"])


def _wrong_with(
    delivery: Delivery, original: Delivery | None, shown: Sequence[Sequence[Post]], end: End
) -> Iterator[tuple[Harm, str]]:
    """`original`: what it corrects; `shown`: the public posts with each part's words."""
    above = corrections.above(delivery, original)
    state, ids = delivery.state, delivery.remote_ids
    for index, posts in enumerate(shown):
        part = f"part {index + 1}"
        if len(posts) > 1:
            yield Harm.DOUBLED, f"{part} is out as {[post['id'] for post in posts]}"
        if state is State.PUBLISHED and not posts:
            yield Harm.LOST, f"{part} is published and not there"
        for post in posts:
            yield from ((harm, f"{part} {what}") for harm, what in _untimely(delivery, post, end))
        yield from (
            (Harm.UNTRUE, f"{part} {what}") for what in _untrue(delivery, above, index, posts)
        )
    if (len(ids) == len(shown)) is not (state is State.PUBLISHED):
        yield Harm.UNTRUE, f"it is {state} with {len(ids)} of {len(shown)} ids"
    if shown[0] and delivery.published_at:
        yield from _misdated(delivery, delivery.published_at, shown[0], end)
    if CAPABILITIES[delivery.channel].repeats_safely and delivery.id in end.waited:
        yield Harm.WAITED, "it waited for its platform to settle, which nobody has to"
    yield from ((Harm.LOST, what) for what in _forgotten(delivery, end))


def _forgotten(delivery: Delivery, end: End) -> Iterator[str]:
    """How it is not out, and nobody has to do with that."""
    state = delivery.state
    if state not in ENDED and waits_for(delivery, end) is None:
        yield f"it is {state} and waits for nobody"
    if state in ENDED - {State.PUBLISHED} and not delivery.error_message:
        yield f"it is {state} for no reason"
    if delivery.id in end.held_in_vain:
        yield "it was held, and what it corrects was out"


def _untimely(delivery: Delivery, post: Post, end: End) -> Iterator[tuple[Harm, str]]:
    out_at = datetime.fromisoformat(post["published_at"])
    if out_at < max(delivery.due_at, delivery.embargo_until or delivery.due_at):
        yield Harm.EARLY, f"was public at {out_at}"
    if delivery.expires_at and out_at > delivery.expires_at + end.grace:
        yield Harm.EXPIRED, f"was public at {out_at}, its expiry was {delivery.expires_at}"


def _untrue(
    delivery: Delivery, above: str | None, index: int, posts: Sequence[Post]
) -> Iterator[str]:
    """How one part differs between log and platform; `above`: the post that the first answers."""
    if index >= len(delivery.remote_ids):
        # Of what is uncertain, one part may be out: that is what nobody knows.
        doubted = delivery.state is State.UNCERTAIN and index == len(delivery.remote_ids)
        if posts and not doubted:
            yield f"is out as {posts[0]['id']}, and the log ({delivery.state}) does not say so"
        return
    logged = delivery.remote_ids[index]
    post = next((post for post in posts if post["id"] == logged), None)
    if post is None:
        yield f"is logged as {logged}, the platform has {[post['id'] for post in posts]}"
        return
    parent = delivery.remote_ids[index - 1] if index else above
    if post["in_reply_to"] != parent:
        yield f"answers {post['in_reply_to']} and not {parent}"
    pictures = [(picture.digest, picture.alt) for picture in delivery.content.parts[index].pictures]
    if [(medium["sha256"], medium["alt"]) for medium in post["media"]] != pictures:
        yield f"shows {post['media']} and not {pictures}"


def _misdated(
    delivery: Delivery, logged: datetime, posts: Sequence[Post], end: End
) -> Iterator[tuple[Harm, str]]:
    begun = end.begun.get(delivery.id)
    is_lost = delivery.id in end.forgotten
    if not is_lost and (begun is None or logged < begun - _SAME):
        yield Harm.UNTRUE, f"it was out at {logged} says the log, and was first sent at {begun}"
    out_at = min(datetime.fromisoformat(post["published_at"]) for post in posts)
    if logged > out_at + _LATE_RECORD:
        yield Harm.UNTRUE, f"it was out at {logged} says the log, and at {out_at} the platform"
