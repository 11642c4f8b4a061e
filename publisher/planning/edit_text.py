"""Text of an edit's changes, the same in a terminal and on the web pages."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from publisher.base.i18n import _, later
from publisher.model.draft_keys import BY_NAME, KEYS
from publisher.planning.change_details import Aspect, Detail, Value, details
from publisher.planning.plan import PlannedChange

_COMPARED = (
    Aspect.TEXT, Aspect.ALT, Aspect.CREDIT, Aspect.CAPTIONS,
    *(key.name for key in KEYS if key.is_worded),
)  # fmt: skip
"""Fields that are shown old and new, word by word."""

_CHANGING: Mapping[str, str] = {
    **{key.name: key.changed for key in KEYS if key.changed},
    Aspect.DUE_AT: later("was {old}"),
    Aspect.EMBARGO_UNTIL: later("embargo: {new}, was {old}"),
    Aspect.EXPIRES_AT: later("expires {new}, was {old}"),
    Aspect.CHANNEL: later("platform was {old}"),
    Aspect.PICTURE: later("picture {number} is a different one"),
    Aspect.ORDER: later("pictures in another order"),
    Aspect.CONSENT: later("consent of picture {number} was {old}"),
}
_FOLLOWING: Mapping[str, str] = {
    Aspect.DUE_AT: later("was {old}, moves with {item}"),
    Aspect.EMBARGO_UNTIL: later("embargo: {new}, was {old}, moves with {item}"),
}
"""The same, for a time that is relative to an agenda item."""
_BEGINNING: Mapping[str, str] = {
    **{key.name: key.begun for key in KEYS if key.begun},
    Aspect.APPROVAL: later("from now on it waits for an approval"),
    Aspect.PICTURE: later("picture {number} is new"),
}
_ENDING: Mapping[str, str] = {
    **{key.name: key.ended for key in KEYS if key.ended},
    Aspect.APPROVAL: later("it no longer waits for an approval"),
    Aspect.PICTURE: later("picture {number} is gone"),
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

    items: Mapping[str, str | None] = {
        Aspect.DUE_AT: change.anchor,
        Aspect.EMBARGO_UNTIL: change.embargo_anchor,
    }
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
        case Aspect.CAPTIONS:
            return _("captions:")
        case name:
            return _("{heading}:", heading=_(BY_NAME[name].noun))
