"""Markdown detection: every channel publishes Markdown signs unchanged."""

import re
from collections.abc import Iterator

from publisher.base.i18n import _
from publisher.model.problems import Flaw

# Possessive, and no bracket within brackets: a text may be made to be slow to search.
_LINK = re.compile(r"(?P<picture>!)?\[[^\[\]\n]*+\]\((?P<address>(?:[^()\n]|\([^()\n]*+\))*+)\)")
_ADDRESS = re.compile(r"(?=\S++\Z)(?:https?:|mailto:|#|\S*[/.]\w)", re.IGNORECASE)
_SIGN = re.compile(
    r"\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*|(?<![\w@/])__[^\s_](?:[^_\n]*[^\s_])?__(?!\w)|```|\[\^\w+\]"
    r"|^[ \t]*+\|?(?:[ \t]*+:?-{3,}+:?[ \t]*+\|)++[ \t]*+(?::?-{3,}+:?)?[ \t]*+$",
    re.MULTILINE,
)
"""Bold, code, a footnote, and the line below the head of a table."""
_MAY_BE_SIGN = re.compile(r"\*\*|__|```|\[\^|\|")


def find(text: str) -> Iterator[tuple[Flaw, int]]:
    """Markdown links, pictures and signs, each with its index."""
    if "](" in text:
        yield from _links(text)
    if _MAY_BE_SIGN.search(text):
        yield from _signs(text)


def _links(text: str) -> Iterator[tuple[Flaw, int]]:
    for match in _LINK.finditer(text):
        if not match["picture"] and not _ADDRESS.match(match["address"]):
            continue
        hint = (
            _("List the picture under `media:`, with its `alt:`.")
            if match["picture"]
            else _("Write the words, and the address after them.")
        )
        message = _("“{text}” is published exactly as it is here.", text=match.group())
        yield Flaw("markdown-link", message, hint), match.start()


def _signs(text: str) -> Iterator[tuple[Flaw, int]]:
    for match in _SIGN.finditer(text):
        message = _("“{text}” is published exactly as it is here.", text=match.group().strip())
        hint = _(
            "Platforms do not show Markdown, so take it out. If it is intended, add `ignore: "
            "markdown-as-text` to the draft."
        )
        yield Flaw("markdown-as-text", message, hint), match.start()
