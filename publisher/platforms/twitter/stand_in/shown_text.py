"""Text processing of X: links become t.co, `&`, `<` and `>` become HTML entities, characters are
composed, and the length is weighted. Positions are in code points, as in API v2.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from publisher.drafts import tags
from publisher.preview.mockups import ShownLink, links
from publisher.sandbox.store import StoredPost

_TAG = re.compile(r"(?<![\w&/])([#\uff03])(\w*[^\W\d]\w*)")
_MENTION = re.compile(r"(?<![\w@/])@(\w{1,15})", re.ASCII)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def shown(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text as the API returns it, and its `entities.urls`."""
    pieces: list[str] = []
    urls: list[dict[str, Any]] = []
    position = length = 0
    for link in links(text):
        before = _escape(text[position : link.start])
        start = length + len(before)
        pieces += [before, link.short]
        position, length = link.end, start + len(link.short)
        urls.append(
            {
                "start": start,
                "end": length,
                "url": link.short,
                "expanded_url": link.expanded,
                "display_url": link.display,
            }
        )
    pieces.append(_escape(text[position:]))
    return "".join(pieces), urls


def rendered(entry: StoredPost) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """The text of a post as the API returns it, with the pictures' link, and its `entities`."""
    text, urls = shown(unicodedata.normalize("NFC", entry.text))
    if entry.media:
        address = f"https://x.com/i/web/status/{entry.id}/photo/1"
        picture = ShownLink(address, 0, 0).short
        start = len(text) + 1 if text else 0
        text = f"{text} {picture}".strip()
        urls += [
            {
                "start": start,
                "end": len(text),
                "url": picture,
                "expanded_url": address,
                "display_url": f"pic.x.com/{picture[-10:]}",
                "media_key": upload.media_key,
            }
            for upload in entry.media
        ]
    found: dict[str, list[dict[str, Any]]] = {"urls": urls} if urls else {}
    if hashtags := _marked(_TAG, text, 2, "tag"):
        found["hashtags"] = hashtags
    if mentions := _marked(_MENTION, text, 1, "username"):
        found["mentions"] = mentions
    if cashtags := _marked(tags.CASHTAG, text, 1, "tag"):
        found["cashtags"] = cashtags
    return text, found


def answering(
    handle: str, text: str, entities: Mapping[str, list[dict[str, Any]]]
) -> tuple[str, dict[str, list[dict[str, Any]]], int]:
    """Prefix a reply with the answered account's name; returns also where its words begin."""
    prefix = f"@{handle} "
    by = len(prefix)
    moved = {
        kind: [{**one, "start": one["start"] + by, "end": one["end"] + by} for one in found]
        for kind, found in entities.items()
    }
    name = {"start": 0, "end": by - 1, "username": handle}
    return prefix + text, {**moved, "mentions": [name, *moved.get("mentions", [])]}, by


def _marked(pattern: re.Pattern[str], text: str, group: int, name: str) -> list[dict[str, Any]]:
    return [
        {"start": found.start(), "end": found.end(), name: found[group]}
        for found in pattern.finditer(text)
    ]


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)
