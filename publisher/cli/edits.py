"""What an edit changes, in the words of a plan."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from publisher.cli import output
from publisher.language import _, later
from publisher.planning import PlannedChange, wording
from publisher.planning.details import Aspect, Detail, Value, details

if TYPE_CHECKING:
    from rich.text import Text

_CONTEXT = 5
"""Words that are shown on each side of a change."""
_COMPARED = (Aspect.TEXT, Aspect.TITLE, Aspect.ALT, Aspect.CREDIT)
"""What is shown old and new in one line, word by word."""

_CHANGING = {
    Aspect.DUE_AT: later("was {old}"),
    Aspect.EMBARGO_UNTIL: later("embargo: {new}, was {old}"),
    Aspect.EXPIRES_AT: later("expires {new}, was {old}"),
    Aspect.CHANNEL: later("channel was {old}"),
    Aspect.AUTHOR: later("author was {old}"),
    Aspect.LANG: later("language was {old}"),
    Aspect.LINK: later("link was {old}"),
    Aspect.PICTURE: later("picture {number} is another one"),
    Aspect.ORDER: later("pictures in another order"),
    Aspect.CONSENT: later("consent of picture {number} was {old}"),
}
_FOLLOWING = {
    Aspect.DUE_AT: later("was {old}, moves with {item}"),
    Aspect.EMBARGO_UNTIL: later("embargo: {new}, was {old}, moves with {item}"),
}
"""The same, where an item of the agenda gives the time."""
_BEGINNING = {
    Aspect.APPROVAL: later("from now on it waits for an approval"),
    Aspect.REPEAT: later("`repeat` is set: the same text may go out again"),
    Aspect.PICTURE: later("picture {number} is new"),
}
_ENDING = {
    Aspect.APPROVAL: later("it does not wait for an approval any more"),
    Aspect.REPEAT: later("`repeat` is not set any more"),
    Aspect.PICTURE: later("picture {number} is gone"),
}


def of(change: PlannedChange) -> list[Detail]:
    """What a change makes different; empty for one that adds or cancels."""
    if change.wish is None or change.delivery is None:
        return []
    return details(change.delivery, change.wish)


def notes(change: PlannedChange, zone: tzinfo) -> Iterator[str]:
    """What is different, in a few words each."""
    items = {Aspect.DUE_AT: change.anchor, Aspect.EMBARGO_UNTIL: change.embargo_anchor}
    for detail in of(change):
        if detail.aspect not in _COMPARED:
            item = items.get(detail.aspect)
            old, new = _shown(detail.old, zone), _shown(detail.new, zone)
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


def _shown(value: Value, zone: tzinfo) -> str:
    if isinstance(value, datetime):
        return output.minute(value, zone)
    return str(value) if value else "—"


def comparisons(change: PlannedChange) -> "Iterator[Text]":
    """Words that change, old and new in one line each; long stretches that stay are cut."""
    compared = [detail for detail in of(change) if detail.aspect in _COMPARED]
    for detail in compared:
        yield _compared(str(detail.old or ""), str(detail.new or ""), _label(detail, change))


def _label(detail: Detail, change: PlannedChange) -> str:
    """What the words are; nothing for the text, if it is in one part."""
    several = max(
        len(planned.content.parts) for planned in (change.wish, change.delivery) if planned
    )
    match detail.aspect:
        case Aspect.TEXT:
            return f"{detail.number}: " if several > 1 else ""
        case Aspect.TITLE:
            label = _("title:")
        case Aspect.ALT:
            label = _("alternative text of picture {number}:", number=detail.number)
        case _:
            label = _("credit of picture {number}:", number=detail.number)
    return f"{label} "


def _compared(before: str, after: str, label: str) -> "Text":
    from rich.text import Text

    pieces = _visible(wording.compare(before, after))
    line = Text(label)
    if all(mark is wording.Mark.SAME for mark, __ in pieces):
        return line.append(_("only the spaces differ"), style="dim")
    for mark, words in pieces:
        match mark:
            case wording.Mark.SAME:
                line.append(f"{_middle_cut(words)} ", style="dim")
            case wording.Mark.REMOVED:
                line.append(f"[-{words}-]", style="red").append(" ")
            case wording.Mark.ADDED:
                line.append(f"{{+{words}+}}", style="green").append(" ")
    line.rstrip()
    return line


def _visible(pieces: Sequence[wording.Piece]) -> list[wording.Piece]:
    """As they are shown in one line: a changed line break as ¶, and no changes of mere spaces."""
    shown: list[wording.Piece] = []
    for mark, text in pieces:
        said = text if mark is wording.Mark.SAME else text.replace("\n", " ¶ ")
        words = output.printable(" ".join(said.split()))
        if mark is wording.Mark.ADDED and shown and shown[-1] == (wording.Mark.REMOVED, words):
            shown[-1] = wording.Piece(wording.Mark.SAME, words)
        elif words:
            shown.append(wording.Piece(mark, words))
    return shown


def _middle_cut(text: str) -> str:
    words = text.split(" ")
    if len(words) <= 2 * _CONTEXT:
        return text
    return " ".join([*words[:_CONTEXT], "…", *words[-_CONTEXT:]])
