"""LinkedIn's comments as its API shows them, one element of a list each.

Source: Comments API (learn.microsoft.com/linkedin/marketing/community-management/shares).
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from publisher.channels.answers import mapping, whole
from publisher.model.reader_comments import JUDGED, ReaderComment, kept_address
from publisher.platforms.linkedin import timeline

_COMMENT = re.compile(
    r"urn:li:comment:\((?P<object>urn:li:[A-Za-z]{1,30}:[0-9]{1,20}),(?P<number>[0-9]{1,20})\)"
)


def parts_of(urn: object) -> tuple[str, str] | None:
    """What a comment's URN names: the URN of what it is on, and its number; None: it is none.

    Of a comment below another one, the first is still the post's: LinkedIn has an activity for it.
    """
    found = _COMMENT.fullmatch(urn) if isinstance(urn, str) else None
    return (found["object"], found["number"]) if found else None


def urn_of(element: Mapping[str, Any]) -> str:
    """A comment's URN; empty for what is none."""
    urn = element.get("commentUrn") or element.get("$URN")
    if not isinstance(urn, str):
        urn = f"urn:li:comment:({element.get('object')},{element.get('id')})"
    return urn if parts_of(urn) else ""


def number_below(element: Mapping[str, Any]) -> int | None:
    """How many comments are below one on a post; None if LinkedIn does not say it."""
    summary = mapping(element.get("commentsSummary"))
    counts = (summary.get("totalFirstLevelComments"), summary.get("aggregatedTotalComments"))
    return max((told for one in counts if (told := whole(one)) is not None), default=None)


def comment_of(element: Mapping[str, Any], post_id: str) -> ReaderComment | None:
    """A comment, without its author, as `reader_comments.py` says; None for what is none."""
    urn, written_at = urn_of(element), timeline.instant(mapping(element.get("created")).get("time"))
    if not (urn and written_at):
        return None
    text = mapping(element.get("message")).get("text")
    return ReaderComment(
        id=urn,
        under=post_id,
        author="",
        text=text[:JUDGED] if isinstance(text, str) else "",
        written_at=written_at,
        url=_address(post_id, urn, element.get("parentComment")),
    )


def _address(post_id: str, urn: str, parent: object) -> str:
    """A comment's URL, as LinkedIn's pages link to it (observed)."""
    first = str(parent) if parts_of(parent) else urn
    named = {"commentUrn": first} if first == urn else {"commentUrn": first, "replyUrn": urn}
    query = "&".join(
        f"{name}={quote(one.replace('(urn:li:', '('), safe='')}" for name, one in named.items()
    )
    return kept_address(f"{timeline.address(post_id)}?{query}")
