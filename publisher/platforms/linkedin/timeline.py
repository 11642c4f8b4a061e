"""The page's own posts on LinkedIn, and the search for a given one among them.

LinkedIn returns a text in its own format, with hashtags as templates. Links may come back as its
short addresses. A picture's URN belongs to one upload, so a post that shows it is certainly ours;
but an edit keeps the uploads, so with other words it may be an earlier version.
Source: learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import credible, mapping, parsed
from publisher.channels.timelines import SKEW, words
from publisher.model.content import Content
from publisher.model.outcomes import Absent, Accepted, Sighting, Unknown
from publisher.platforms.linkedin import little_text
from publisher.platforms.linkedin.answers import POST_URN
from publisher.platforms.linkedin.spec import WEBSITE

_SHORT_LINK = re.compile(r"https?://lnkd\.in/[A-Za-z0-9_-]+")
_LINK = re.compile(r"(?:https?://|www\.)\S|\S\.[a-z]{2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """One post of the page."""

    urn: str
    text: str
    """The text as people see it."""
    created_at: datetime
    media: tuple[str, ...]
    """The URNs of its pictures, or of its video."""
    link: str | None = None
    """The address of the article that it shows."""


class PostLikeness(IntEnum):
    """How similar a post is to a content."""

    DIFFERENT = 0
    PERHAPS = 1
    """The same words, but another link, as far as LinkedIn says; as many pictures, and no text; or
    the same uploads, with other words.
    """
    SAME = 2


def parse(body: str) -> tuple[PublishedPost, ...] | None:
    """The posts in an answer, in its order; None when it has no list, or a post cannot be read."""
    elements = mapping(parsed(body)).get("elements")
    if not isinstance(elements, list):
        return None
    posts = [_post(mapping(element)) for element in elements]
    return tuple(post for post in posts if post) if all(posts) else None


def parse_one(body: str) -> PublishedPost | None:
    """The post in an answer that shows one; None when it cannot be read."""
    return _post(mapping(parsed(body)))


def has_words(text: str, post: PublishedPost) -> bool:
    """Whether the post may say what the text does: its links may be shortened."""
    ours, theirs = words(text), words(post.text)
    return len(ours) == len(theirs) and all(
        map(_word_likeness, ours, theirs)  # of which DIFFERENT is false
    )


def look_for(
    content: Content, media: Collection[str], posts: Sequence[PublishedPost], since: datetime
) -> Sighting:
    """Find the content among the posts, not older than `since`; `media`: its uploads' URNs.

    Of several matches, the earliest: the others are duplicates, and stay visible on the page.
    """
    likenesses = [(likeness(content, media, post), post) for post in posts]
    alike = [(how, post) for how, post in likenesses if how]
    recent = [(how, post) for how, post in alike if post.created_at >= since - SKEW]
    if certain := [post for how, post in recent if how is PostLikeness.SAME]:
        first = min(certain, key=lambda post: (post.created_at, post.urn))
        return Accepted(first.urn, url=address(first.urn), made_at=first.created_at)
    if recent:
        return Unknown(
            _(
                "The post {id} on LinkedIn is similar, but Publisher cannot tell whether it is "
                "this one: its words, links or pictures differ. Look at the page, then record "
                "what you saw with `publisher resolve` or `publisher retry`.",
                id=recent[-1][1].urn,
            )
        )
    if alike:
        return Unknown(
            _(
                "The post {id} on LinkedIn is similar, but by its date it was there before. "
                "Either someone else posted it, or this machine's clock was wrong. Look at the "
                "page, then record what you saw with `publisher resolve` or `publisher retry`.",
                id=alike[0][1].urn,
            )
        )
    return Absent()


def likeness(content: Content, media: Collection[str], post: PublishedPost) -> PostLikeness:
    """How similar the post is to the content."""
    ours, theirs = words(content.joined), words(post.text)
    if media and set(post.media) == set(media):
        return PostLikeness.SAME if ours == theirs else PostLikeness.PERHAPS
    pictures = sum(len(part.pictures) for part in content.parts)
    if len(ours) != len(theirs) or (not ours and len(post.media) != pictures):
        return PostLikeness.DIFFERENT
    pairs = zip(ours, theirs, strict=True)
    alike = min((_word_likeness(our, their) for our, their in pairs), default=PostLikeness.PERHAPS)
    # Beside pictures there is no article, and the link is among the words.
    is_same_link = bool(pictures) or post.link == content.link
    if not ours and content.link and is_same_link:
        return PostLikeness.SAME
    return alike if is_same_link else min(alike, PostLikeness.PERHAPS)


def address(urn: str) -> str:
    """A post's URL."""
    return f"{WEBSITE}/feed/update/{urn}/"


def instant(milliseconds: object) -> datetime | None:
    """An instant, as LinkedIn tells it since 1970; None when it is not plausible."""
    if not isinstance(milliseconds, int):
        return None
    try:
        return credible(datetime.fromtimestamp(milliseconds / 1000, UTC))
    except (OSError, OverflowError, ValueError):  # it has too many digits
        return None


def _word_likeness(ours: str, theirs: str) -> PostLikeness:
    if ours == theirs:
        return PostLikeness.SAME
    is_shortened = _SHORT_LINK.search(theirs) and _LINK.search(ours)
    return PostLikeness.PERHAPS if is_shortened else PostLikeness.DIFFERENT


def _post(element: dict[str, Any]) -> PublishedPost | None:
    urn, commentary = element.get("id"), element.get("commentary", "")
    created_at = instant(element.get("publishedAt") or element.get("createdAt"))
    if not isinstance(urn, str) or not POST_URN.fullmatch(urn):
        return None
    if not isinstance(commentary, str) or created_at is None:
        return None
    content = mapping(element.get("content"))
    link = mapping(content.get("article")).get("source")
    return PublishedPost(
        urn,
        little_text.read(commentary),
        created_at,
        _media(content),
        link if isinstance(link, str) else None,
    )


def _media(content: dict[str, Any]) -> tuple[str, ...]:
    images = mapping(content.get("multiImage")).get("images")
    found = images if isinstance(images, list) else [content.get("media")]
    urns = (mapping(one).get("id") for one in found)
    return tuple(urn for urn in urns if isinstance(urn, str))
