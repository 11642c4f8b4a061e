"""Cashtags and mentions, as X finds them in a text (twitter-text 3.1, `validCashtag` and
`validMentionOrList`).
"""

import re
from collections.abc import Iterator

_PUNCTUATION = re.escape("!'#%&()*+,\\-./:;<=>?@[]^_{|}~$")
CASHTAG = re.compile(
    rf"(?<!\S)\$([A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?)(?=\Z|[\s{_PUNCTUATION}])"
)
_MENTION = re.compile(
    r"(?<![A-Za-z0-9_!#$%&*@\uff20/])[@\uff20]([A-Za-z0-9_]{1,20})(?![A-Za-z0-9_@\uff20\u00c0-\u024f]|://)"
)


def cashtags(text: str) -> list[str]:
    """The cashtags of a text, without `$`, in its order."""
    return CASHTAG.findall(text) if "$" in text else []


def mentions(text: str) -> Iterator[tuple[str, int]]:
    """The names that a text mentions, without `@`, and at which character each stands."""
    for match in _MENTION.finditer(text):
        yield match[1], match.start()
