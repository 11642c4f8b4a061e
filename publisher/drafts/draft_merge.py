"""Three-way merge of a draft: two people's changes of one version, by fields and paragraphs.

What only one of them changed is taken. Where both changed the same place, a person decides: mine,
theirs, or both. If the version that both began with is not known, all that differs is decided.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from publisher.drafts.composition import Composition
from publisher.model.draft_keys import PLAIN_KEYS

BREAK = "\0"
"""Stands between the parts of a thread; no text holds it."""
_MOST = 500
"""Paragraphs that are compared one by one: the time that takes grows with their square."""
_SHOWN = tuple(key.name for key in PLAIN_KEYS if key.label)
"""Keys that a form shows; it leaves others as the file has them."""
_LISTS = ("to", "texts", "media", "plain")

_Values = Sequence[Any]


class Resolution(StrEnum):
    """Whose version stays where both changed the same place."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class MergePlace:
    """A place of a draft: a field, an account, a picture, or the text for a channel."""

    field: str
    name: str = ""
    """The account, the file of a picture, or what a text is for; empty: for all."""


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """What both changed, or what differs and nobody knows who changed it."""

    key: str
    """Names it among those of one merge."""
    place: MergePlace
    mine: _Values
    """Of a text its paragraphs, else a value or none."""
    theirs: _Values

    @property
    def takes_both(self) -> bool:
        return self.place.field == "texts" and bool(self.mine and self.theirs)


@dataclass(frozen=True, slots=True)
class DraftMerge:
    """The merged values, and what a person decides of them."""

    composition: Composition
    """What is undecided is as in mine."""
    clashes: Sequence[MergeConflict]
    undecided: Sequence[MergeConflict]
    taken: Sequence[MergePlace]
    """Where something was taken that only the other person changed."""


def merged(
    base: Composition | None,
    mine: Composition,
    theirs: Composition,
    choices: Mapping[str, Resolution],
) -> DraftMerge:
    """Merge two compositions that were both made from `base`; None: that is not known."""
    old, own, other = _places(base) if base else {}, _places(mine), _places(theirs)
    first, second = (own, other) if [*old] == [*other] else (other, own)
    values: dict[MergePlace, list[Any]] = {}
    clashes: list[MergeConflict] = []
    taken: list[MergePlace] = []
    for place in dict.fromkeys([*first, *second]):
        here = values[place] = []
        three = old.get(place, ()) if base else None, own.get(place, ()), other.get(place, ())
        for number, (before, ours, others) in enumerate(_regions(*three)):
            if others in (ours, before):
                here += ours
            elif ours == before:
                here += others
                taken.append(place)
            else:
                # A choice is for what was shown, not for what has its number once more was typed.
                said = zlib.crc32(repr((ours, others)).encode())
                key = f"{place.field}:{place.name}:{number}:{said:08x}"
                clash = MergeConflict(key, place, ours, others)
                clashes.append(clash)
                here += _chosen(clash, choices.get(clash.key))
    undecided = [clash for clash in clashes if clash.key not in choices]
    return DraftMerge(_composition(values, mine), clashes, undecided, [*dict.fromkeys(taken)])


def _chosen(clash: MergeConflict, choice: Resolution | None) -> list[Any]:
    if choice is Resolution.THEIRS:
        return [*clash.theirs]
    return [*clash.mine, *(clash.theirs if choice is Resolution.BOTH else ())]


def _places(composition: Composition) -> dict[MergePlace, _Values]:
    """What stands in each place; a place that is not there is empty."""
    found: dict[MergePlace, _Values] = {
        MergePlace(name): (getattr(composition, name),)
        for name in Composition.model_fields
        if name not in _LISTS
    }
    found |= {MergePlace(name): (composition.plain.get(name, ""),) for name in _SHOWN}
    found |= {MergePlace("to", name): (name,) for name in composition.to}
    found |= {
        MergePlace("texts", name): _paragraphs(parts) for name, parts in composition.texts.items()
    }
    for entry in composition.media:  # a file that is there twice has one place
        place = MergePlace("media", entry.file)
        found[place] = (*found.get(place, ()), entry)
    return found


def _composition(values: Mapping[MergePlace, Sequence[Any]], mine: Composition) -> Composition:
    lists: dict[str, list[Any]] = defaultdict(list)
    single: dict[str, Any] = {}
    plain = dict(mine.plain)
    texts: dict[str, tuple[str, ...]] = {}
    for place, here in values.items():
        if place.field == "texts":
            texts |= {place.name: _parts(here)} if here else {}
        elif place.field in _SHOWN:
            plain[place.field] = here[0]
        elif place.field in _LISTS:
            lists[place.field] += here
        else:
            single[place.field] = here[0]
    single |= {name: tuple(lists[name]) for name in ("to", "media")}
    return Composition(**single, texts=texts, plain=plain)


def _paragraphs(parts: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for number, part in enumerate(parts):
        found += [BREAK] if number else []
        found += part.split("\n\n")
    return tuple(found)


def _parts(paragraphs: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip("\n") for part in "\n\n".join(paragraphs).split(BREAK))


def _regions(
    base: _Values | None, mine: _Values, theirs: _Values
) -> Iterator[tuple[_Values | None, _Values, _Values]]:
    """The sequences cut where all of them are the same; without a base, where both are."""
    if max(map(len, (base or (), mine, theirs))) > _MOST:
        yield from _coarse_regions(base, mine, theirs)
        return
    if base is None:
        for _kind, *ends in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
            yield None, mine[ends[0] : ends[1]], theirs[ends[2] : ends[3]]
        return
    at = own = other = 0
    for start, end, mine_at, theirs_at in _common(base, mine, theirs):
        three = base[at:start], mine[own:mine_at], theirs[other:theirs_at]
        if len({*map(len, three)}) == 1:  # each paragraph has its counterpart
            yield from (((a,), (b,), (c,)) for a, b, c in zip(*three, strict=True))
        else:
            yield three
        same = base[start:end]
        yield same, same, same
        at, own, other = end, mine_at + end - start, theirs_at + end - start


def _coarse_regions(
    base: _Values | None, mine: _Values, theirs: _Values
) -> Iterator[tuple[_Values | None, _Values, _Values]]:
    """As `_regions`, cut only behind what all of them begin with, and before what they end with."""
    versions = [one for one in (base, mine, theirs) if one is not None]
    rest = min(map(len, versions))
    begin = next((n for n in range(rest) if any(one[n] != mine[n] for one in versions)), rest)
    rest -= begin
    end = next(
        (n for n in range(rest) if any(one[-n - 1] != mine[-n - 1] for one in versions)), rest
    )

    def middle(one: _Values) -> _Values:
        return one[begin : len(one) - end]

    head, tail = mine[:begin], mine[len(mine) - end :]
    yield head, head, head
    yield None if base is None else middle(base), middle(mine), middle(theirs)
    yield tail, tail, tail


def _common(base: _Values, mine: _Values, theirs: _Values) -> Iterator[tuple[int, int, int, int]]:
    """Where all three are the same: from and to in the base, from in the others; and their ends."""
    blocks = [
        SequenceMatcher(None, base, one, autojunk=False).get_matching_blocks()
        for one in (mine, theirs)
    ]
    for a in blocks[0]:
        for b in blocks[1]:
            start, end = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
            if start < end:
                yield start, end, a.b + start - a.a, b.b + start - b.a
    yield len(base), len(base), len(mine), len(theirs)
