"""Change details: the fields in which a draft differs from its delivery."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest

from publisher.model.content import Content, Picture
from publisher.model.deliveries import Delivery, Wish
from publisher.model.draft_keys import KEYS
from publisher.model.states import State

Value = str | datetime | bool | None


class Aspect(StrEnum):
    """A field that can differ, besides the keys of drafts. Scripts read the values."""

    DUE_AT = "due_at"
    EMBARGO_UNTIL = "embargo_until"
    EXPIRES_AT = "expires_at"
    CHANNEL = "channel"
    APPROVAL = "approval"
    """Whether it waits for an approval."""
    TEXT = "text"
    PICTURE = "picture"
    """The file's name as it goes out."""
    ORDER = "order"
    """The order of the pictures."""
    ALT = "alt"
    CREDIT = "credit"
    CAPTIONS = "captions"
    """Of a video; the values are their times and words."""
    CONSENT = "consent"


_OF_CONTENT = tuple(key.name for key in KEYS if key.goes_out)
"""Fields of a content that concern all of its parts."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One difference."""

    aspect: str
    """An `Aspect`, or a key of drafts."""
    old: Value
    new: Value
    number: int | None = None
    """The number of the text's part, or of the picture, from 1."""


def details(delivery: Delivery, wish: Wish) -> list[Detail]:
    """The differences between a delivery and `wish`; empty if there are none."""
    return [
        *_times(delivery, wish),
        *_differences(delivery, wish, (Aspect.CHANNEL, "repeat")),
        *_author(delivery, wish),
        *_approval(delivery, wish),
        *_words(delivery.content, wish.content),
        *_differences(delivery.content, wish.content, _OF_CONTENT),
        *_pictures(delivery.content.pictures, wish.content.pictures),
    ]


def _times(delivery: Delivery, wish: Wish) -> Iterator[Detail]:
    yield from _differences(delivery, wish, (Aspect.DUE_AT, Aspect.EMBARGO_UNTIL))
    # A new due time changes the expiry without an edit of `expires`.
    if wish.expires_at != delivery.expires_at and _span(delivery) != _span(wish):
        yield Detail(Aspect.EXPIRES_AT, delivery.expires_at, wish.expires_at)


def _span(planned: Delivery | Wish) -> object:
    return planned.expires_at and planned.expires_at - planned.due_at


def _author(delivery: Delivery, wish: Wish) -> Iterator[Detail]:
    if wish.author not in (None, delivery.written_by):
        yield Detail("author", delivery.written_by, wish.author)


def _approval(delivery: Delivery, wish: Wish) -> Iterator[Detail]:
    waited, waits = (one.state is State.AWAITING_APPROVAL for one in (delivery, wish))
    if waited and wish.state is State.SCHEDULED:
        yield Detail(Aspect.APPROVAL, old=True, new=False)
    under_way = delivery.state in (State.SCHEDULED, State.PUBLISHING)
    if waits and under_way and delivery.approved_by is None:
        yield Detail(Aspect.APPROVAL, old=False, new=True)


def _words(old: Content, new: Content) -> Iterator[Detail]:
    for number, (before, after) in enumerate(zip_longest(old.parts, new.parts), 1):
        texts = before.text if before else "", after.text if after else ""
        if texts[0] != texts[1]:
            yield Detail(Aspect.TEXT, *texts, number)


def _pictures(old: Sequence[Picture], new: Sequence[Picture]) -> Iterator[Detail]:
    """Compare pictures: one that stays with itself, a new one with the one that it replaces."""
    before = {picture.digest: picture for picture in old}
    after = {picture.digest: picture for picture in new}
    if [d for d in before if d in after] != [d for d in after if d in before]:
        yield Detail(Aspect.ORDER, None, None)
    out = [(n, picture) for n, picture in enumerate(old, 1) if picture.digest not in after]
    for number, picture in enumerate(new, 1):
        same = before.get(picture.digest)
        if same is None and not out:
            yield Detail(Aspect.PICTURE, None, picture.name, number)
            continue
        if same is None:
            __, same = out.pop(0)
            yield Detail(Aspect.PICTURE, same.name, picture.name, number)
        yield from _differences(same, picture, (Aspect.ALT, Aspect.CREDIT, Aspect.CONSENT), number)
        if same.captions != picture.captions:
            yield Detail(Aspect.CAPTIONS, _cues(same), _cues(picture), number)
    for number, picture in out:
        yield Detail(Aspect.PICTURE, picture.name, None, number)


def _cues(video: Picture) -> str | None:
    return video.captions.cues if video.captions else None


def _differences(
    old: object, new: object, aspects: Sequence[str], number: int | None = None
) -> Iterator[Detail]:
    for aspect in aspects:
        before, after = getattr(old, aspect), getattr(new, aspect)
        if before != after:
            yield Detail(aspect, before, after, number)
