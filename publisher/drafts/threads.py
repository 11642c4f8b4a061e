"""Thread splitting: a long text as several messages, cut where a person would cut it.

A cut is best after a paragraph or a sentence, then after a clause, then after a word. It is never
within a link, a hashtag, a mention, an emoji or a number; only a word that is longer than a whole
message is cut between letters.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from publisher.drafts.links import links
from publisher.drafts.text_length import length
from publisher.drafts.text_limits import TextLimits, size_in_bytes

SHORTEST_LIMIT = 25
"""X counts a link as 23, and it may have a mark on either side."""

# Spaces between words: not no-break spaces (as in 10 h), not before a mark that French puts a
# space before (! ? : ; »), and not after an opening mark.
_GAP = re.compile(r"(?<![\s«„¿¡(\[])[^\S\u00a0\u2007\u202f]++(?![?!:;%»…)\]]+(?:\s|\Z))")
_CLOSING = " \u00a0\u202f\"'»”\u2019)]"
_OPENING = " \u00a0\u202f\"'«“„\u2018([¿¡-\u2013—"
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "\uff01", "\uff1f")
_CLAUSE_ENDS = (",", ";", ":", "!", "?", "…", "\u2013", "—", ")", "»", "”")
_CLAUSE_BEGINNINGS = ("\u2013", "—", "(", "«", "„")
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+")
_NUMBER_IN_A_LIST = re.compile(r"\d{1,3}\.")
# English, French, Spanish and Polish. Those that often end a sentence (etc., itd.) are left out.
_SHORT_WORDS = """
approx capt dept fr gen gov hon jr mr mrs ms mt para paras prof rep rev sen st vs
al apr art av bd cf chap dr env ex éd fig févr janv juil mgr mlle mm mme no nos nov oct p pp pr réf
sept ste tél vol
aprox d da dña dra dras dres ej excmo gral lic núm núms pág págs sr sra sras sres srta ud uds
abp bp dn doc godz hab im inż ks min m.in np nr ok os pl pn por pt red rys str św tel tj tys tzn
tzw ul ust ww zob
"""
_ABBREVIATIONS = frozenset(_SHORT_WORDS.split())
_HASHTAG = re.compile(r"[#\uff03]\w++\s*+")
_TAG = re.compile(r"[#@\uff03\uff20]\w+")
# A letter with what modifies or continues it: skin tones, tags of flags, what is joined to it.
_CLUSTER = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|.(?:\u200d.|[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f])*",
    re.DOTALL,
)


class _Cut(IntEnum):
    """Quality of a cut after a word; the first is the best."""

    PARAGRAPH = 0
    SENTENCE = 1
    CLAUSE = 2
    WORD = 3
    TOGETHER = 4
    """After an abbreviation, or within a number such as 10 000."""


class _Weight(NamedTuple):
    """How long a text is: as its channel counts, and in bytes."""

    characters: int
    bytes: int

    def plus(self, other: "_Weight") -> "_Weight":
        return _Weight(self.characters + other.characters, self.bytes + other.bytes)

    def exceeds(self, limit: "_Weight") -> bool:
        return self.characters > limit.characters or self.bytes > limit.bytes


class _Word(NamedTuple):
    start: int
    end: int
    weight: _Weight
    space: _Weight
    """The weight of the space after it."""
    cut: _Cut


_NOTHING = _Weight(0, 0)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Weighs texts for one channel."""

    limits: TextLimits

    def weigh(self, text: str) -> _Weight:
        """Bytes count only where they are limited."""
        in_bytes = 0 if self.limits.bytes is None else size_in_bytes(text)
        return _Weight(length(text, self.limits.counting), in_bytes)

    @property
    def limit(self) -> _Weight:
        return _Weight(self.limits.room, self.limits.bytes or 0)

    def is_over(self, text: str) -> bool:
        return self.weigh(text).exceeds(self.limit)


def split(text: str, limits: TextLimits) -> tuple[str, ...]:
    """Split the text into parts that fit; one part if it fits as it is.

    Only the spaces at the cuts are left out. Sentences that fit are kept whole, and beyond that
    there are as few parts as possible. Raises ValueError if a part has room for less than
    `SHORTEST_LIMIT` characters.
    """
    if limits.room < SHORTEST_LIMIT:
        raise ValueError(f"no text can be split for a limit of {limits.room}")
    text, scale = text.strip(), _Scale(limits)
    if not scale.is_over(text):
        return (text,)
    words = [*_words(text, scale)]
    parts = (text[words[first].start : words[last].end] for first, last in _best(words, scale))
    return tuple(part.strip() for part in parts if not part.isspace())


def suggestion(text: str, limits: TextLimits) -> tuple[str, ...]:
    """The parts of `split`; none if the text fits, or a word would have to be cut."""
    parts = split(text, limits) if limits.room >= SHORTEST_LIMIT else ()
    whole = " ".join(parts).split() == text.split()
    return parts if whole and len(parts) > 1 else ()


def _best(words: Sequence[_Word], scale: _Scale) -> Iterator[tuple[int, int]]:
    """The first and last word of each part, for the cheapest way to cut.

    One cut of a worse kind costs more than any number of better ones.
    """
    many = len(words) + 1
    prices = {_Cut.PARAGRAPH: many, _Cut.SENTENCE: many + 1}
    prices |= {_Cut.CLAUSE: many**2, _Cut.WORD: many**3, _Cut.TOGETHER: many**4}
    cheapest, limit = [0] * many, scale.limit
    last_words = [0] * len(words)
    for first in reversed(range(len(words))):
        weight, best = _NOTHING, None
        for last in range(first, len(words)):
            weight = weight.plus(words[last].weight)
            if weight.exceeds(limit):
                break
            price = cheapest[last + 1] + (prices[words[last].cut] if last + 1 < len(words) else 0)
            if best is None or price <= best:
                best, last_words[first] = price, last
            weight = weight.plus(words[last].space)
        cheapest[first] = best or 0
    first = 0
    while first < len(words):
        yield first, last_words[first]
        first = last_words[first] + 1


def _last_hashtags(text: str) -> int | None:
    """Where the hashtags begin with which a text ends; None where it ends with none."""
    begin = end = -1
    for match in _HASHTAG.finditer(text):
        begin = begin if match.start() == end else match.start()
        end = match.end()
    return begin if end == len(text) else None


def _words(text: str, scale: _Scale) -> Iterator[_Word]:
    """The words with their punctuation; one that is longer than the limit comes in pieces."""
    weigh = scale.weigh
    tail = _last_hashtags(text)
    gaps = [match.span() for match in _GAP.finditer(text)]
    starts, ends = [0, *(after for _, after in gaps)], [*(begin for begin, _ in gaps), len(text)]
    for start, end, following in zip(starts, ends, [*starts[1:], len(text)], strict=True):
        *pieces, rest = _pieces(text[start:end], scale)
        begin = start
        for piece in pieces:
            # A space as heavy as a message: joined again, the pieces might make a link.
            yield _Word(begin, begin + len(piece), weigh(piece), scale.limit, _Cut.WORD)
            begin += len(piece)
        cut = _cut(text, start, end, following)
        # Hashtags at the end make no message of their own.
        if tail is not None and following >= tail:
            cut = max(cut, _Cut.WORD)
        space = weigh(text[end:following])
        yield _Word(begin, end, weigh(rest), space, cut)


def _cut(text: str, start: int, end: int, following: int) -> _Cut:
    """How good it is to cut after the word from `start` to `end`; the next is at `following`."""
    space, word, rest = text[end:following], text[start:end], text[following : following + 10]
    if "\n" in space:
        return _Cut.PARAGRAPH if space.count("\n") > 1 else _Cut.SENTENCE
    core = word.rstrip(_CLOSING)
    last = core.split()[-1].lstrip(_OPENING) if core else ""
    listed = text[start - 1 : start] in ("", "\n") and _NUMBER_IN_A_LIST.fullmatch(last)
    if _is_short(last) or listed or (word[-1].isdigit() and re.match(r"\d{3}\b", rest)):
        return _Cut.TOGETHER
    if core.endswith(_SENTENCE_ENDS) and not rest.lstrip(_OPENING)[:1].islower():
        return _Cut.SENTENCE
    if word.endswith(_CLAUSE_ENDS) or rest.startswith(_CLAUSE_BEGINNINGS):
        return _Cut.CLAUSE
    return _Cut.WORD


def _is_short(word: str) -> bool:
    """Whether the word is an abbreviation or initials."""
    ends = word.endswith(".") and not word.endswith("..")
    return ends and (word[:-1].casefold() in _ABBREVIATIONS or bool(_INITIALS.fullmatch(word)))


def _pieces(word: str, scale: _Scale) -> list[str]:
    """The word, or parts of it that fit."""
    if not scale.is_over(word):
        return [word]
    pieces: list[str] = []
    atoms: list[str] = []
    weight = _NOTHING
    for atom in _atoms(word, scale):
        weight = weight.plus(scale.weigh(atom))
        if atoms and (weight.exceeds(scale.limit) or scale.is_over("".join([*atoms, atom]))):
            pieces.append("".join(atoms))
            atoms, weight = [], scale.weigh(atom)
        atoms.append(atom)
    return [*pieces, "".join(atoms)]


def _atoms(word: str, scale: _Scale) -> Iterator[str]:
    """What a word consists of: links, hashtags and mentions, and letters with their marks."""
    end = 0
    places = [(link.start, link.end) for link in links(word)]
    for start, after in [*places, (len(word), len(word))]:
        while end < start:
            tag = _TAG.match(word, end, start)
            if tag is None or scale.is_over(tag.group()):
                tag = _CLUSTER.match(word, end, start)
            found = tag.group() if tag else word[end]
            if scale.is_over(found):
                found = word[end]
            yield found
            end += len(found)
        if after > start:
            yield word[start:after]
        end = after
