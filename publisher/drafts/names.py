"""Name matching: channels and accounts as people write them."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from publisher.base.text import nearest
from publisher.channels.registry import ALIASES, SPECS

_NICKNAMES = {nickname: spec.name for spec in SPECS.values() for nickname in spec.nicknames}
"""Informal names of channels, too vague to be accepted as names."""
_WORDS = re.compile(r"\w[\w-]*")
_MOST_WORDS = 4
"""A heading with more words belongs to a text."""


def meant(word: str, names: Collection[str]) -> str | None:
    """The name that `word` equals, ignoring case, or is an alias of: `X` is `twitter`."""
    return word if word in names else _by_folded(tuple(names)).get(word.casefold())


def resembled(text: str, names: Collection[str]) -> str | None:
    """The name that `text` resembles: `Twitter/X`, `FB`, `site web`, `twiter`."""
    words = _WORDS.findall(text)
    if not words or len(words) > _MOST_WORDS:
        return None
    for word in words:
        if found := meant(_NICKNAMES.get(word.casefold(), word), names):
            return found
    return nearest(words[0], names) if len(words) == 1 else None


@lru_cache(maxsize=16)
def _by_folded(names: tuple[str, ...]) -> Mapping[str, str]:
    """Names by their case-folded spelling; not those that differ only by case."""
    folded = [name.casefold() for name in names]
    found = {alias: channel for alias, channel in ALIASES.items() if channel in names}
    return found | {
        key: name for key, name in zip(folded, names, strict=True) if folded.count(key) == 1
    }
