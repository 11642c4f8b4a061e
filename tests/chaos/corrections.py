"""Corrections: what a verdict compares of edits, and of replies that correct.

An edit makes no post. To the verdict a post that was edited is two: one with the words that it went
out with, and one with those of its correction, since the edit. So an edit has to be out once, in
its time and on the right post, or not at all, like any other delivery.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.content import edit_id
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.states import State

Post = Mapping[str, Any]


def as_made(posts: Iterable[Post], deliveries: Sequence[Delivery]) -> Iterator[Post]:
    """The posts, an edited one as what it was and as its edit."""
    named = {(one.post, one.account): one for one in deliveries}
    edits = {
        (one.account, one.content.parts[0].text): (
            one,
            named.get((one.corrects or "", one.account)),
        )
        for one in deliveries
        if one.content.edits
    }
    for post in posts:
        edit, original = edits.get((post["account"], post["text"]), (None, None))
        if edit is None or original is None or not post.get("edits"):
            yield post
            continue
        yield {**post, "text": original.content.parts[0].text}
        mark = edit_id(post["id"], edit.post, edit.content)
        yield {**post, "id": mark, "published_at": post["edits"][0]}


def above(delivery: Delivery, original: Delivery | None) -> str | None:
    """The id of the post that the first part of a delivery answers."""
    if original is None or delivery.content.edits:
        return None
    return next(reversed(original.remote_ids), None)


def too_soon(
    delivery: Delivery,
    original: Delivery | None,
    shown: Sequence[Post],
    known: Mapping[tuple[str, str], Post],
) -> Iterator[str]:
    """How a correction went out before its post, or without it.

    `shown`: the posts with its words; `known`: all posts, by account and id.
    """
    name = delivery.content.corrects
    if name is None or not shown:
        return
    if original is None or original.state is not State.PUBLISHED:
        yield f"is out, and {name}, which it corrects, is not"
        return
    last = known.get((original.account, original.remote_ids[-1]))
    for post in shown:
        if last and _out_at(post) < _out_at(last):
            yield f"was out before {name}, which it corrects"


def held_in_vain(steps: Sequence[HistoryStep], deliveries: Sequence[Delivery]) -> frozenset[int]:
    """The corrections that were held although the log already said that their posts are out."""
    corrects = {one.id: (one.corrects, one.account) for one in deliveries if one.corrects}
    out: set[tuple[str | None, str | None]] = set()
    held = set()
    for step in steps:
        if step.target is State.PUBLISHED:
            out.add((step.post, step.account))
        elif step.event == Event.HELD and corrects.get(step.delivery or 0) in out:
            held.add(step.delivery or 0)
    return frozenset(held)


def _out_at(post: Post) -> datetime:
    return datetime.fromisoformat(post["published_at"])
