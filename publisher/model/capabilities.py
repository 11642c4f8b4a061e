"""Capabilities of a channel: what it takes, and its limits."""

from datetime import timedelta
from typing import Literal

from publisher.model.values import Frozen

Counting = Literal["weighted", "shortened", "characters", "graphemes"]
"""How a platform counts a text. `weighted`: X's rules (a link is 23, CJK and emoji are 2).
`shortened`: Mastodon's rules (a link is 23, a name on another server counts without the server).
`characters`: code points. `graphemes`: what a person sees as one character (Unicode, UAX 29).
"""


class GifLimits(Frozen):
    """A channel's limits for a GIF. Clean copies are scaled to fit all but `max_frames`."""

    max_bytes: int
    max_width: int
    max_height: int
    max_frames: int
    max_pixels: int
    """The pixels of all frames together."""


class VideoLimits(Frozen):
    """A channel's limits for a video. Videos are not encoded again, so they must fit already."""

    min_seconds: float
    max_seconds: float
    min_side: int
    max_long_side: int
    max_short_side: int
    """The three sides are in pixels, for both orientations."""
    max_rate: int
    """Frames per second."""


class DocumentLimits(Frozen):
    """A channel's limits for a document."""

    max_bytes: int
    max_pages: int | None = None
    """None: no limit."""


class Rate(Frozen):
    """How many posts, or uploads, a platform takes in any window of that length."""

    most: int
    window: timedelta
    counted: Literal["posts", "uploads"] = "posts"
    of_app: bool = False
    """Whether all accounts of an app share it."""


class Capabilities(Frozen):
    """What a channel can do, so that drafts can be checked without a network."""

    max_length: int
    """Of a part, as it is counted."""
    max_bytes: int | None = None
    """Of a part in UTF-8, besides; None: no limit."""
    counting: Counting
    threads: bool
    """Without threads, the parts are joined with a blank line."""
    link: Literal["appended", "attached", "attached-alone"]
    """`appended`: `link:` is added to the last part's text. `attached`: it is sent separately.
    `attached-alone`: separately, unless there are pictures.
    """
    link_in_comment: bool = False
    """Whether the link can be the first comment below the post instead."""
    max_pictures: int
    picture_types: frozenset[str]
    """Media types, such as `image/jpeg`."""
    picture_max_bytes: int
    alt_text_max: int
    motion_alt_text_max: int | None = None
    """The same for a GIF or video; None: as for pictures."""
    gifs: GifLimits | None = None
    """None: the channel takes no animated GIFs."""
    videos: VideoLimits | None = None
    """None: the channel takes no videos."""
    gifs_have_alt_texts: bool = True
    videos_have_alt_texts: bool = True
    captions_max_bytes: int | None = None
    """Of the captions of a video, in WebVTT; None: the channel takes none."""
    captions_need_language: bool = False
    """Whether it takes none whose language is not known."""
    motion_stands_alone: bool = True
    """Whether a GIF, video or document must be the only one in a post."""
    documents: DocumentLimits | None = None
    """None: the channel takes no documents. They have a title, and no alternative text."""
    may_be_empty_with_picture: bool = False
    content_warnings: bool = False
    """Whether a text of ours can stand before the post, which readers open behind it; it counts
    with the text.
    """
    max_cashtags: int | None = None
    """The most cashtags in a part; None: no limit."""
    discloses_ai: bool = False
    """Whether the platform can show that a post's pictures were made with AI."""
    rates: tuple[Rate, ...] = ()
    """Empty: none is documented."""
    prepares_posts: bool = False
    """Whether a post is created unpublished at the platform before it is made public."""
    can_create_at_once: bool = False
    """Whether a post can be created at its instant instead, on an account whose platform made a
    prepared one public before its time: `Prepared.at_once`.
    """
    shows_titles: bool = False
    """Whether readers see a post's title."""
    edits: bool = False
    """Whether the words of a post that is out can be replaced. Its pictures and link stay."""
    replaces_itself: bool = False
    """Whether sending a post again replaces the first one, so that there is no duplicate."""
    repeats_safely: bool = False
    """Whether the platform refuses or ignores the request that makes a post public when it comes
    again: after an absence it is repeated at once, and nothing waits for the platform to settle.
    """
