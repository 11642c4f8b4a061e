"""LinkedIn's text format: what of a post's text is shown, and how it is returned.

An unescaped reserved character outside an element ends the text without an error, as it does on
LinkedIn (observed). Source: learn.microsoft.com, "little text format".
"""

import re

RESERVED = "\\|{}@[]()<>#*_~"
_ELEMENT = re.compile(
    r"\\(?P<escaped>[\\|{}@\[\]()<>#*_~])"
    r"|\{hashtag\|\\?(?P<sign>[#\uff03])\|(?P<tag>(?:\\[\\|{}@\[\]()<>#*_~]|[^\\|{}@\[\]()<>#*_~])+)\}"
    r"|#(?P<word>\w(?:\w|\\_)*)"
    r"|@\[(?P<name>(?:\\.|[^\\\]])+)\]\(urn:li:(?:person|organization):\w+\)"
    r"|(?P<plain>[^\\|{}@\[\]()<>#*_~]+)"
)
_TAG = re.compile(r"(?<![\w&/])#(\w*[^\W\d_]\w*)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def shown(commentary: str) -> tuple[str, bool]:
    """The text that people see, and whether it is all of it."""
    pieces: list[str] = []
    place = 0
    while place < len(commentary):
        found = _ELEMENT.match(commentary, place)
        if not found:
            return "".join(pieces), False
        pieces.append(_text(found))
        place = found.end()
    return "".join(pieces), True


def returned(text: str) -> str:
    """A shown text as the API returns it: escaped, with hashtags as templates."""
    pieces, end = [], 0
    for found in _TAG.finditer(text):
        pieces += [_escaped(text[end : found.start()]), f"{{hashtag|\\#|{_escaped(found[1])}}}"]
        end = found.end()
    return "".join([*pieces, _escaped(text[end:])])


def _text(found: re.Match[str]) -> str:
    if found["sign"]:
        return found["sign"] + _ESCAPED.sub(r"\1", found["tag"])
    if found["word"]:
        return "#" + _ESCAPED.sub(r"\1", found["word"])
    if found["name"]:
        return _ESCAPED.sub(r"\1", found["name"])
    return found["escaped"] or found["plain"]


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in RESERVED else c for c in text)
