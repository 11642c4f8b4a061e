"""Timeline of an account on X: its own posts, and the search for a given part among them.

X returns a changed text: links as t.co addresses, one more of these for pictures, `&`, `<` and `>`
as HTML entities, Unicode composed, and before a reply perhaps the names of the people it answers,
which the author did not write. Sources: docs.x.com and its OpenAPI description 2.167.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import takewhile
from typing import Any
from urllib.parse import unquote, urlsplit

from publisher.base.i18n import _
from publisher.channels.answers import credible, parsed
from publisher.channels.timelines import SKEW, words
from publisher.model.content import Part
from publisher.model.outcomes import Absent, Accepted, Limit, Unknown

FIELDS: tuple[dict[str, str], ...] = (
    {
        "post.fields": (
            "attachments,conversation_id,created_at,display_text_range,entities,id,note_post,text"
        ),
        "expansions": "referenced_posts",
    },
    {
        "tweet.fields": (
            "attachments,conversation_id,created_at,display_text_range,entities,id,note_tweet,"
            "text,referenced_tweets"
        ),
    },
)
"""The fields to request. The OpenAPI description has the first spelling, the guides on docs.x.com
the second: if X refuses or ignores one, the other one is tried.
"""

_ID = re.compile(r"[0-9]{1,19}")
_FIRST_ID = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
_SHORT_LINK = re.compile(r"https?://t\.co/[A-Za-z0-9]+")
_LINK = re.compile(r"https?://", re.IGNORECASE)
_CUT = "…"
"""What X ends a text with whose rest it does not show."""
_SHORTEST_BEGINNING = 100  # characters; X shows some 280 that weigh 1, or 140 that weigh 2
_OF_MEDIA = re.compile(r"https?://(?:www\.)?(?:x|twitter)\.com/\S+/(?:photo|video)/\d+")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


@dataclass(frozen=True, slots=True)
class ExpandedLink:
    """The target of a t.co address."""

    targets: frozenset[str]
    """The address as it was written and as it resolves, both normalised."""
    is_media: bool
    """It leads to the post's own pictures, and the author did not write it."""


@dataclass(frozen=True, slots=True)
class TimelinePost:
    """One post of a timeline."""

    id: str
    text: str
    """The text as the API returns it."""
    created_at: datetime
    parent: str | None
    """The post that it replies to; None when it is not a reply, empty when X does not say which."""
    pictures: int
    links: dict[str, ExpandedLink] = field(default_factory=dict)
    """By t.co address."""
    names: int = 0
    """How many words at its beginning are names that X may have added to a reply."""


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page of a timeline, the newest post first."""

    posts: tuple[TimelinePost, ...]
    next_token: str | None
    limits: tuple[Limit, ...] = ()


class Likeness(IntEnum):
    """How similar a post is to a part."""

    DIFFERENT = 0
    SAME_WORDS = 1
    """The same words, but another link, as far as X says; or the beginning, and no more of it."""
    SAME = 2


def parse(body: str) -> TimelinePage | None:
    """The page in an answer; None when it is not one, or lacks what `FIELDS` requested."""
    try:
        content = parsed(body)
        meta = content["meta"]
        posts = tuple(_post(item) for item in content.get("data", []))
        token = meta.get("next_token")
        return TimelinePage(posts, None if token is None else _text(token))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def look_for(
    part: Part, posts: Sequence[TimelinePost], sent: Sequence[str], since: datetime
) -> Accepted | Absent | Unknown:
    """Find `part` among the posts: a reply to the last of `sent`, and not older than `since`.

    Of several matches, the earliest: the others are duplicates, and stay visible on the account.
    """
    parent = sent[-1] if sent else None
    certain, perhaps, older = [], [], []
    for post in posts:
        likeness = Likeness.DIFFERENT if post.id in sent else _likeness(part, post)
        if not likeness or (post.parent != parent and not (sent and post.parent == "")):
            continue
        if post.created_at < since - SKEW:
            older.append(post)
        elif likeness is Likeness.SAME and post.parent == parent:
            certain.append(post)
        else:
            perhaps.append(post)
    if certain:
        first = min(certain, key=lambda post: (post.created_at, int(post.id)))
        return Accepted(first.id, url=address(first.id), made_at=first.created_at)
    if perhaps:
        return Unknown(
            _(
                "The post {id} on X has the same words, but Publisher cannot tell whether it is "
                "this one: its links differ, or X does not show all of its text or say what it "
                "answers. Look at the account, then record what you saw with `publisher resolve` "
                "or `publisher retry`.",
                id=perhaps[-1].id,
            )
        )
    if older:
        return Unknown(
            _(
                "The post {id} on X has the same words, but by its date it was there before. "
                "Either someone else posted them, or this machine's clock was wrong. Look at the "
                "account, then record what you saw with `publisher resolve` or `publisher retry`.",
                id=older[0].id,
            )
        )
    return Absent()


def made_at(post_id: str) -> datetime | None:
    """When X created a post, which its id contains (a "snowflake"); None when it is not X's id."""
    if not _ID.fullmatch(post_id):
        return None
    return _FIRST_ID + timedelta(milliseconds=int(post_id) >> 22)


def address(post_id: str) -> str:
    """A post's URL. X redirects from it to the account's own, whose name is not needed."""
    return f"https://x.com/i/web/status/{post_id}"


def _likeness(part: Part, post: TimelinePost) -> Likeness:
    theirs = words(unescaped(post.text))
    shown = [theirs[left:] for left in range(post.names + 1)]
    found = max(_likeness_of_words(part, post, each) for each in shown)
    if not found and any(_is_beginning(part, post, each) for each in shown):
        return Likeness.SAME_WORDS
    return found


def _likeness_of_words(part: Part, post: TimelinePost, theirs: list[str]) -> Likeness:
    ours = words(part.text)
    theirs = [word for word in theirs if not (word in post.links and post.links[word].is_media)]
    if part.pictures and len(theirs) == len(ours) + 1 and _is_unexplained(theirs[-1], post):
        theirs.pop()
    if len(ours) != len(theirs) or (not ours and post.pictures != len(part.pictures)):
        return Likeness.DIFFERENT
    pairs = zip(ours, theirs, strict=True)
    return min((_word_likeness(our, their, post) for our, their in pairs), default=Likeness.SAME)


def _is_beginning(part: Part, post: TimelinePost, theirs: Sequence[str]) -> bool:
    """Whether a post shows the beginning of a long text, and X left out the rest."""
    last = next((place for place, word in enumerate(theirs) if word.endswith(_CUT)), None)
    ours = words(part.text)
    if last is None or last >= len(ours) or len(post.text) < _SHORTEST_BEGINNING:
        return False
    rest = theirs[last].removesuffix(_CUT)
    return (
        all(map(_SHORT_LINK.fullmatch, theirs[last + 1 :]))
        and (ours[last].startswith(rest) or bool(_LINK.match(rest)))
        and all(
            _word_likeness(our, their, post)
            for our, their in zip(ours[:last], theirs[:last], strict=True)
        )
    )


def _is_unexplained(word: str, post: TimelinePost) -> bool:
    """Whether it is a t.co address without an entity: as the last word, that of the pictures."""
    return bool(_SHORT_LINK.fullmatch(word)) and word not in post.links


def _word_likeness(ours: str, theirs: str, post: TimelinePost) -> Likeness:
    """The likeness of two words, of which one may contain t.co addresses instead of links."""
    if ours == theirs:
        return Likeness.SAME
    short_links = _SHORT_LINK.findall(theirs)
    written = _in_place_of_links(ours, _SHORT_LINK.split(theirs)) if short_links else []
    if not written or not all("." in link for link in written):
        return Likeness.DIFFERENT
    is_same = all(
        short in post.links and _normal(link) in post.links[short].targets
        for link, short in zip(written, short_links, strict=True)
    )
    return Likeness.SAME if is_same else Likeness.SAME_WORDS


def _in_place_of_links(word: str, around: list[str]) -> list[str]:
    """The text in `word` between the pieces of another word; empty if it does not contain them."""
    first, *between, last = around
    rest = word.removeprefix(first)
    if not word.startswith(first) or not rest.endswith(last):
        return []
    rest, found = rest.removesuffix(last), []
    for piece in between:
        link, _found, rest = rest.partition(piece or " ")
        found.append(link)
    return [*found, rest]


def unescaped(text: str) -> str:
    """A text of X without its HTML entities."""
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def _normal(url: str) -> str:
    """A link without what X may change in it: scheme, case of the host, slash at the end."""
    address = unicodedata.normalize("NFC", unquote(unescaped(url)))
    address = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    host = parts.netloc.lower()
    query, fragment = (f"?{parts.query}" if parts.query else ""), f"#{parts.fragment}"
    return f"{_readable(host)}{parts.path.rstrip('/')}{query}{fragment.rstrip('#')}"


def _readable(host: str) -> str:
    """A host's name in Unicode, decoded from `xn--…`."""
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def _post(item: Any) -> TimelinePost:
    """A post from its JSON, in either spelling; else ValueError, TypeError or KeyError."""
    post_id = _text(item["id"])
    if not _ID.fullmatch(post_id):
        raise ValueError("no id of a post")
    # X cuts the text of a long post, and has all of it elsewhere.
    whole = item.get("note_post") or item.get("note_tweet") or item
    references = item.get("referenced_posts") or item.get("referenced_tweets") or []
    parents = [_text(each["id"]) for each in references if each["type"] == "replied_to"]
    is_reply = item.get("conversation_id", post_id) != post_id
    told = datetime.fromisoformat(_text(item["created_at"]))
    created_at = credible(told) if told.tzinfo else None
    if created_at is None:
        raise ValueError("no instant of a post")
    return TimelinePost(
        id=post_id,
        text=_text(whole["text"]),
        created_at=created_at,
        parent=parents[0] if parents else "" if is_reply else None,
        pictures=len((item.get("attachments") or {}).get("media_keys") or []),
        links=_links([*_urls(item), *_urls(whole)]),
        names=_names_before(item) if is_reply else 0,
    )


def _urls(item: dict[str, Any]) -> list[dict[str, Any]]:
    return (item.get("entities") or {}).get("urls") or []


def _names_before(item: dict[str, Any]) -> int:
    """How many words at the beginning are names, by the range that X shows or by its `entities`."""
    text, (begin, *_end) = _text(item["text"]), item.get("display_text_range") or [0]
    mentions = (item.get("entities") or {}).get("mentions") or []
    known = {f"@{_text(each['username'])}".lower() for each in mentions if each.get("username")}
    known |= {word.lower() for word in text[:begin].split() if word.startswith("@")}
    return len([*takewhile(lambda word: word.lower() in known, text.split())])


def _links(urls: Collection[dict[str, Any]]) -> dict[str, ExpandedLink]:
    links = {}
    for entity in urls:
        written = [
            value
            for name in ("expanded_url", "unwound_url")
            if isinstance(value := entity.get(name), str)
        ]
        links[_text(entity["url"])] = ExpandedLink(
            targets=frozenset(map(_normal, written)),
            is_media="media_key" in entity or any(map(_OF_MEDIA.fullmatch, written)),
        )
    return links


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
