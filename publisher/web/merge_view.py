"""Merge view: what two people changed in one draft, in words, for the top of the composer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from publisher.base import formats
from publisher.base.clock import duration_text
from publisher.base.i18n import _
from publisher.drafts import when
from publisher.drafts.composition import MediaEntry
from publisher.drafts.draft_merge import BREAK, DraftMerge, MergePlace
from publisher.drafts.when import When
from publisher.model.draft_keys import BY_NAME, DraftKey
from publisher.planning import word_diff
from publisher.web import draft_view, labels
from publisher.web.authentication import Visitor
from publisher.web.composed_draft import ComposedDraft
from publisher.web.dependencies import Parts
from publisher.web.faces import Faces

_KEYS = {"when": "at"}
"""The keys of fields that are not called as their key is."""


@dataclass(frozen=True, slots=True)
class ClashRow:
    """A place that both changed, as the page asks about it."""

    key: str
    label: str
    mine: Sequence[word_diff.Piece]
    theirs: Sequence[word_diff.Piece]
    takes_both: bool


@dataclass(frozen=True, slots=True)
class MergeView:
    """What the page says of a merge."""

    by: str
    """Who saved the newer version; empty if it is not known."""
    clashes: Sequence[ClashRow]
    """Those that are undecided."""
    taken: Sequence[str]
    """The places in which the other version was taken."""

    @classmethod
    def of(
        cls, parts: Parts, visitor: Visitor, newest: ComposedDraft, merge: DraftMerge
    ) -> "MergeView":
        named = Faces(parts.app).named
        step = draft_view.saved_by(parts.app, newest.id, newest.draft)
        clashes = [
            ClashRow(
                clash.key,
                _label(clash.place, named),
                *_compared(
                    *(_words(newest, clash.place, values) for values in (clash.mine, clash.theirs))
                ),
                clash.takes_both,
            )
            for clash in merge.clashes
        ]
        taken = [_label(place, named) for place in merge.taken]
        by = step.actor if step and step.actor != visitor.name else ""
        return cls(by, clashes if merge.undecided else (), taken)

    @property
    def said(self) -> str:
        if self.by:
            return _("{name} saved a newer version in the meantime.", name=self.by)
        return _("Someone saved a newer version in the meantime.")


def _label(place: MergePlace, named: Any) -> str:
    if place.field == "texts":
        return _("Text for {name}", name=named(place.name)) if place.name else _("The text")
    label = _(_key(place).label)
    if place.field == "to":
        return _("{name}: {value}", name=label, value=named(place.name))
    return label


def _compared(
    mine: str, theirs: str
) -> tuple[Sequence[word_diff.Piece], Sequence[word_diff.Piece]]:
    """Both texts, each with the words marked that the other has not."""
    pieces = word_diff.compare(mine, theirs)
    return (
        [one for one in pieces if one.mark is not word_diff.Mark.ADDED],
        [one for one in pieces if one.mark is not word_diff.Mark.REMOVED],
    )


def _key(place: MergePlace) -> DraftKey:
    return BY_NAME[_KEYS.get(place.field, place.field)]


def _words(newest: ComposedDraft, place: MergePlace, values: Sequence[Any]) -> str:
    """Values in words, as the form shows them."""
    said = [
        _time(newest, value) if isinstance(value, When) else _said(place, value)
        for value in values
        if value != BREAK
    ]
    return "\n\n".join(filter(None, said)) or _("none")


def _said(place: MergePlace, value: object) -> str:
    match value:
        case timedelta():
            return duration_text(value)
        case MediaEntry():
            return value.alt or value.file
        case str() if place.field == "lang":
            return formats.own_name(value) or value
    return str(value or "") if place.field == "texts" else _key(place).in_words(value)


def _time(newest: ComposedDraft, value: When) -> str:
    session = newest.composing.session
    if value.kind == "time" and value.local:
        return formats.written(value.local, "EEE d MMM y, HH:mm")
    if value.kind == "now":
        return _("As soon as possible")
    written = value.kind != "none" and str(when.written(value, session))
    return (labels.anchor(written, session.agenda) or written) if written else ""
