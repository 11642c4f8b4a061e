"""What each channel can do, so that drafts are checked without a network or a platform's library."""

from datetime import timedelta

from publisher.base.i18n import _, later
from publisher.model.models import Capabilities, GifLimits, Rate, VideoLimits

_GIFS = GifLimits(
    max_bytes=15_000_000, max_width=1280, max_height=1080, max_frames=350, max_pixels=300_000_000
)
"""docs.x.com, media best practices. What is good for X is small enough for a website."""

_X_VIDEOS = VideoLimits(
    min_seconds=0.5,
    max_seconds=140,
    min_side=32,
    max_long_side=1920,
    max_short_side=1200,
    max_rate=60,
)
"""docs.x.com, media best practices. Newer editions of it let accounts post up to 20 minutes, and
name both 1280 x 1024 and 1080p; 140 seconds are what every account may post everywhere."""

_WEB_VIDEOS = VideoLimits(
    min_seconds=0.1,
    max_seconds=1_200,
    min_side=16,
    max_long_side=3840,
    max_short_side=2160,
    max_rate=120,
)
"""Ours: what a phone still plays."""

TWITTER = Capabilities(
    max_length=280,
    counting="weighted",
    threads=True,
    link="appended",
    max_pictures=4,
    picture_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    picture_max_bytes=5_000_000,
    alt_text_max=1_000,
    gifs=_GIFS,
    videos=_X_VIDEOS,
    may_be_empty_with_picture=True,
    max_cashtags=1,
    rates=(
        Rate(posts=100, window=timedelta(minutes=15)),
        Rate(posts=10_000, window=timedelta(hours=24), of_app=True),
    ),
)
"""docs.x.com: media best practices, media metadata; manage posts, integrate (cashtags); rate limits
(creating posts)."""

FACEBOOK = Capabilities(
    max_length=63_206,  # a third party's figure; Meta documents none
    counting="characters",
    threads=False,
    # Meta does not say what becomes of a link beside attached pictures, so it stands in the text.
    link="attached-alone",
    max_pictures=10,  # beyond that a Page's post shows them as an album
    picture_types=frozenset({"image/jpeg", "image/png"}),
    # Meta's reference names 10 MB, and what is refused in practice begins with 4 (error 100, subcode
    # 1366046: facebookarchive/php-graph-sdk 711).
    picture_max_bytes=3_900_000,
    alt_text_max=1_000,  # Meta documents none; what a screen reader's user will listen to
    may_be_empty_with_picture=True,
    lays_posts_ready=True,
)

SITE = Capabilities(
    max_length=100_000,
    counting="characters",
    threads=False,
    link="attached",
    max_pictures=20,
    picture_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    picture_max_bytes=20_000_000,
    alt_text_max=2_000,
    gifs=_GIFS,
    videos=_WEB_VIDEOS,
    motion_stands_alone=False,
    may_be_empty_with_picture=True,
    replaces_itself=True,
)

CAPABILITIES: dict[str, Capabilities] = {"twitter": TWITTER, "facebook": FACEBOOK, "site": SITE}

_TITLES = {"twitter": "X", "facebook": "Facebook", "site": later("Website")}


def title(channel: str) -> str:
    """The channel's name as readers know it; its own name where it has no other."""
    return _(_TITLES.get(channel, channel))
