"""Bluesky's channel spec: limits, settings, credentials and names."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from publisher.base.i18n import later
from publisher.channels.engagement import MetricSource
from publisher.channels.spec import (
    ChannelOptions,
    ChannelSpec,
    CommentSupport,
    Credential,
    Option,
    ReplySupport,
    Server,
)
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities, GifLimits, Rate, VideoLimits
from publisher.model.engagement import Metric

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader
    from publisher.channels.connect import Connector

BLUESKY = Capabilities(
    max_length=300,
    max_bytes=3_000,
    counting="graphemes",
    threads=True,
    link="attached-alone",  # a post has either pictures or the card of a link
    max_pictures=4,
    picture_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    picture_max_bytes=1_000_000,
    alt_text_max=2_000,  # the app's own limit; the lexicon names none
    motion_alt_text_max=1_000,
    # The video service makes a video of an animated GIF. It names no limits for one; these are
    # Mastodon's, so that both get the same copy.
    gifs=GifLimits(
        max_bytes=16_000_000, max_width=1280, max_height=1080, max_frames=350,
        max_pixels=300_000_000,
    ),
    # The app takes ten minutes since 2026, older servers three; the service encodes it again. A
    # server takes 100 MB, more than Publisher takes of any file.
    videos=VideoLimits(
        min_seconds=0.1,
        max_seconds=180,
        min_side=32,
        max_long_side=3840,
        max_short_side=2160,
        max_rate=120,
    ),
    captions_max_bytes=20_000,
    may_be_empty_with_picture=True,
    rates=(
        Rate(most=1_666, window=timedelta(hours=1)),
        Rate(most=11_666, window=timedelta(hours=24)),
    ),
    prepares_posts=True,
    repeats_safely=True,
)  # fmt: skip
"""Lexicons app.bsky.feed.post, app.bsky.embed.images and app.bsky.embed.video; Bluesky's app,
src/lib/constants.ts. Rates: docs.bsky.app, rate limits: 5,000
points in an hour and 35,000 in a day, of which creating a post takes 3.
"""

KEY = r"[234567a-j][234567a-z]{12}"
"""The pattern of a record key that is a TID (atproto.com/specs/tid)."""
ADDRESS = "https://bsky.social"
"""Where accounts log in unless they have a server of their own."""
PERMISSIONS = "app password"
"""What it takes to read and hide answers: nothing beyond what posts take."""
VIDEO_SERVICE = "https://video.bsky.app"
"""It processes the videos of all accounts, whatever server they are on."""


def _open(_account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher.platforms.bluesky.channel import Bluesky  # noqa: PLC0415
    from publisher.platforms.bluesky.sessions import login_server  # noqa: PLC0415

    server = login_server(credentials.get("server") or ADDRESS)
    return Bluesky(
        credentials,
        base_url=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard(SPEC),
        # The account's posts may be on another server, which the first one names.
        public_only=options.public_only(SPEC.name, server),
    )


def _open_comments(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "CommentReader":
    from publisher.platforms.bluesky.reader_comments import AccountNotifications  # noqa: PLC0415

    return AccountNotifications.open(account, credentials, options)


def _connector(options: ChannelOptions) -> "Connector":
    from publisher.platforms.bluesky.connect import BlueskyConnector  # noqa: PLC0415

    return BlueskyConnector(options)


SPEC = ChannelSpec(
    name="bluesky",
    nicknames=("bsky", "blue sky"),
    title="Bluesky",
    capabilities=BLUESKY,
    open=_open,
    options=(
        Option(
            "handle",
            # atproto.com/specs/handle
            r"^@?([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$",
            later(
                "The Bluesky account these keys must belong to, such as bice.bsky.social. "
                "Nothing goes out with the keys of another account."
            ),
            shape=later("must be a handle on Bluesky, such as bice.bsky.social"),
            example="our-name.bsky.social",
        ),
    ),
    credentials=(
        Credential("identifier"),
        Credential("app_password"),
        Credential("server", required=False, is_address=True),
    ),
    comments=CommentSupport(
        _open_comments,
        hides=True,
        deletes=False,
        reads_each_post=False,
        permissions=PERMISSIONS,
        hidden=later("It moves to the hidden replies, which anyone can open."),
    ),
    replies=ReplySupport(later("It goes out as a reply in the same thread.")),
    connect=_connector,
    server=Server(
        ADDRESS,
        "bluesky_url",
        frozenset({"bsky.social"}),
        pictures=("cdn.bsky.app",),
    ),
    post_id=KEY,
    post_id_hint=later("Give the end of the post's address, such as 3lz5fcijpj2z2."),
    hashtags=5,
    mockup="bluesky/mockup.html",
    css="as-thread bluesky",
    package="publisher.platforms.bluesky",
    has_handles=True,
    metrics=MetricSource(frozenset({Metric.REACTIONS, Metric.SHARES, Metric.REPLIES}), at_once=25),
)
