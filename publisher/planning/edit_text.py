"""Text of an edit's changes, the same in a terminal and on the web pages."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from publisher.base.i18n import _, later
from publisher.planning.change_details import Aspect, Detail, Value, details
from publisher.planning.plan import PlannedChange

_COMPARED = (
    Aspect.TEXT, Aspect.CONTENT_WARNING, Aspect.TITLE, Aspect.ALT, Aspect.CREDIT, Aspect.CAPTIONS,
    Aspect.REASON,
)  # fmt: skip
"""Fields that are shown old and new, word by word."""

_CHANGING = {
    Aspect.DUE_AT: later("was {old}"),
    Aspect.EMBARGO_UNTIL: later("embargo: {new}, was {old}"),
    Aspect.EXPIRES_AT: later("expires {new}, was {old}"),
    Aspect.CHANNEL: later("platform was {old}"),
    Aspect.AUTHOR: later("author was {old}"),
    Aspect.LANG: later("language was {old}"),
    Aspect.LINK: later("link was {old}"),
    Aspect.PICTURE: later("picture {number} is a different one"),
    Aspect.ORDER: later("pictures in another order"),
    Aspect.CORRECTS: later("corrected {old} before"),
    Aspect.ANSWERS: later("answered {old} before"),
    Aspect.CONSENT: later("consent of picture {number} was {old}"),
}
_FOLLOWING = {
    Aspect.DUE_AT: later("was {old}, moves with {item}"),
    Aspect.EMBARGO_UNTIL: later("embargo: {new}, was {old}, moves with {item}"),
}
"""The same, for a time that is relative to an agenda item."""
_BEGINNING = {
    Aspect.APPROVAL: later("from now on it waits for an approval"),
    Aspect.REPEAT: later("from now on the same text may go out again"),
    Aspect.MADE_WITH_AI: later("from now on it is marked as made with AI"),
    Aspect.PICTURE: later("picture {number} is new"),
}
_ENDING = {
    Aspect.APPROVAL: later("it no longer waits for an approval"),
    Aspect.REPEAT: later("the same text may no longer go out again"),
    Aspect.MADE_WITH_AI: later("it is no longer marked as made with AI"),
    Aspect.PICTURE: later("picture {number} is gone"),
}

_LABELS = {
    Aspect.CONTENT_WARNING: later("content warning:"),
    Aspect.TITLE: later("title:"),
    Aspect.CAPTIONS: later("captions:"),
    Aspect.REASON: later("reason:"),
}


class Compared(NamedTuple):
    """A text that changes."""

    label: str
    """The text's name; empty for the text of a post in one part."""
    old: str
    new: str


def of(change: PlannedChange) -> list[Detail]:
    """The differences that a change makes; empty for one that adds or cancels."""
    if change.wish is None or change.delivery is None:
        return []
    return details(change.delivery, change.wish)


def notes(
    change: PlannedChange,
    instant: Callable[[datetime], str],
    but: Collection[Aspect] = (),
) -> Iterator[str]:
    """Notes on the differences other than texts; `but` excludes aspects shown elsewhere.

    `instant` formats an instant for readers.
    """

    def shown(value: Value) -> str:
        if isinstance(value, datetime):
            return instant(value)
        return str(value) if value else "—"

    items = {Aspect.DUE_AT: change.anchor, Aspect.EMBARGO_UNTIL: change.embargo_anchor}
    for detail in of(change):
        if detail.aspect not in _COMPARED and detail.aspect not in but:
            item = items.get(detail.aspect)
            old, new = shown(detail.old), shown(detail.new)
            yield _(_message(detail, item), old=old, new=new, number=detail.number, item=item)


def _message(detail: Detail, item: str | None) -> str:
    aspect = detail.aspect
    if item:
        return _FOLLOWING[aspect]
    if not detail.old and aspect in _BEGINNING:
        return _BEGINNING[aspect]
    if not detail.new and aspect in _ENDING:
        return _ENDING[aspect]
    return _CHANGING[aspect]


def comparisons(change: PlannedChange) -> Iterator[Compared]:
    """The texts that change, old and new."""
    for detail in of(change):
        if detail.aspect in _COMPARED:
            yield Compared(_label(detail, change), str(detail.old or ""), str(detail.new or ""))


def _label(detail: Detail, change: PlannedChange) -> str:
    several = max(
        len(planned.content.parts) for planned in (change.wish, change.delivery) if planned
    )
    match detail.aspect:
        case Aspect.TEXT:
            return _("{number}:", number=detail.number) if several > 1 else ""
        case Aspect.ALT:
            return _("description of picture {number}:", number=detail.number)
        case Aspect.CREDIT:
            return _("credit of picture {number}:", number=detail.number)
        case aspect:
            return _(_LABELS[aspect])
