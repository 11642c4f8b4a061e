"""LinkedIn's "little text": the format of a post's text, in which some characters are markup.

An unescaped one is no error: LinkedIn answers with success, and drops the rest of the text
(observed by many: n8n 10179, activepieces 3058, brightbean-studio 121). So each is escaped. Source:
learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format.
"""

import re

_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_HASHTAG = re.compile(r"(?<![\w&/#\uff03])([#\uff03])(?=\w*[^\W\d_])(\w+)(?!://)")
_UNREAD = re.compile(
    r"\\(?P<escaped>.)"
    r"|\{hashtag\|\\?(?P<sign>[#\uff03])\|(?P<tag>(?:\\.|[^\\|{}])*+)\}"
    r"|@\[(?P<name>(?:\\.|[^\\\[\]])*+)\]\s?\(urn:li:[A-Za-z]+:[^()\s]*\)",
    re.DOTALL,
)


def written(text: str) -> str:
    """A plain text in the format: its hashtags as templates, all else as it is read.

    LinkedIn itself returns hashtags as templates. They say where the tag ends.
    """
    pieces, end = [], 0
    for found in _HASHTAG.finditer(text):
        pieces += [
            _escaped(text[end : found.start()]),
            f"{{hashtag|\\{found[1]}|{_escaped(found[2])}}}",
        ]
        end = found.end()
    return "".join([*pieces, _escaped(text[end:])])


def read(commentary: str) -> str:
    """The text as people see it. What is no markup that LinkedIn documents stays as it is."""
    return _UNREAD.sub(_seen, commentary)


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text)


def _seen(found: re.Match[str]) -> str:
    if found["escaped"] is not None:
        # A backslash before anything else is one that LinkedIn gave back unescaped.
        return found["escaped"] if _RESERVED.match(found["escaped"]) else found[0]
    if found["sign"] is not None:
        return found["sign"] + read(found["tag"])
    return read(found["name"])
