"""What each channel can do, so that drafts are checked without a network or a platform's library."""

from publisher.models import Capabilities, GifLimits

_GIFS = GifLimits(
    max_bytes=15_000_000, max_width=1280, max_height=1080, max_frames=350, max_pixels=300_000_000
)
"""docs.x.com, media best practices. What is good for X is small enough for a website."""

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
    may_be_empty_with_picture=True,
)
"""docs.x.com: media best practices, media metadata."""

FACEBOOK = Capabilities(
    max_length=63_206,  # a third party's figure; Meta documents none
    counting="characters",
    threads=False,
    # Meta does not say what becomes of a link beside attached pictures, so it stands in the text.
    link="attached-alone",
    max_pictures=10,  # beyond that a Page's post shows them as an album
    picture_types=frozenset({"image/jpeg", "image/png"}),
    picture_max_bytes=10_000_000,  # Meta's reference of Page photos
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
    motion_stands_alone=False,
    may_be_empty_with_picture=True,
)

CAPABILITIES: dict[str, Capabilities] = {"twitter": TWITTER, "facebook": FACEBOOK, "site": SITE}
