"""Mastodon's channel spec: limits, settings, credentials and names.

Sources: Mastodon's own code, version 4.6 (app/models/status.rb and media_attachment.rb,
app/validators/status_length_validator.rb, app/lib/rate_limiter.rb). A server may have other limits:
`health.py` reads them, and the account's options say them to whatever asks no server.
"""

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

MAX_CHARACTERS = "max_characters"
MAX_PICTURES = "max_pictures"
MAX_PICTURE_BYTES = "max_picture_bytes"
MAX_ALT_TEXT = "max_alt_text"
"""The account's options with limits of its own server."""
_LIMITS = {
    MAX_CHARACTERS: "max_length",
    MAX_PICTURES: "max_pictures",
    MAX_PICTURE_BYTES: "picture_max_bytes",
    MAX_ALT_TEXT: "alt_text_max",
}
"""The limit of `Capabilities` that each of them is."""

MASTODON = Capabilities(
    max_length=500,
    counting="shortened",
    threads=True,
    link="appended",
    max_pictures=4,
    picture_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    picture_max_bytes=16_777_216,
    alt_text_max=1_500,
    content_warnings=True,
    # Mastodon makes a video of an animated GIF, with the limits of videos.
    gifs=GifLimits(
        max_bytes=16_000_000, max_width=1280, max_height=1080, max_frames=350,
        max_pixels=300_000_000,
    ),
    videos=VideoLimits(
        min_seconds=0.1,
        max_seconds=300,  # 36,000 frames, at 120 a second
        min_side=32,
        max_long_side=3840,
        max_short_side=2160,
        max_rate=120,
    ),
    may_be_empty_with_picture=True,
    edits=True,
    rates=(
        Rate(most=300, window=timedelta(hours=3)),
        Rate(most=30, window=timedelta(minutes=30), counted="uploads"),
    ),
)  # fmt: skip


def _capabilities_of(account: Account) -> Capabilities:
    own = {
        limit: int(account.options[name])
        for name, limit in _LIMITS.items()
        if name in account.options
    }
    return MASTODON.model_copy(update=own) if own else MASTODON


def _open(account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher.platforms.mastodon.channel import Mastodon  # noqa: PLC0415
    from publisher.platforms.mastodon.server import address_of  # noqa: PLC0415

    return Mastodon(
        credentials["server"],
        credentials["access_token"],
        visibility=account.options.get("visibility", "public"),
        instead=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard(SPEC),
        public_only=options.public_only(SPEC.name, address_of(credentials["server"])),
    )


def _open_comments(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "CommentReader":
    from publisher.platforms.mastodon.reader_comments import MentionNotifications  # noqa: PLC0415

    return MentionNotifications.open(account, credentials, options)


def _connector(options: ChannelOptions) -> "Connector":
    from publisher.platforms.mastodon.connect import MastodonConnector  # noqa: PLC0415

    return MastodonConnector(options)


SPEC = ChannelSpec(
    name="mastodon",
    nicknames=("toot", "toots", "fediverse"),
    title="Mastodon",
    capabilities=MASTODON,
    open=_open,
    options=(
        Option(
            "handle",
            r"^@?[A-Za-z0-9_]+([A-Za-z0-9_.-]+[A-Za-z0-9_]+)?@[A-Za-z0-9.-]+(:[0-9]{1,5})?$",
            later(
                "The Mastodon account these keys must belong to, such as @bice@mastodon.example. "
                "Nothing goes out with the keys of another account."
            ),
            shape=later("must be a name with its server, such as @bice@mastodon.example"),
            example="@our_name@mastodon.example",
        ),
        Option(
            "visibility",
            r"^(public|unlisted)$",
            later("Who sees its posts: public, or unlisted, which keeps them out of all lists."),
            shape=later("must be public or unlisted"),
        ),
        Option(
            MAX_CHARACTERS,
            about=later("How many characters its server accepts; `connect` writes it."),
            default=MASTODON.max_length,
        ),
        Option(
            MAX_PICTURES,
            about=later("How many pictures its server accepts in a post; `connect` writes it."),
            default=MASTODON.max_pictures,
        ),
        Option(
            MAX_PICTURE_BYTES,
            about=later("How big a picture its server accepts, in bytes; `connect` writes it."),
            default=MASTODON.picture_max_bytes,
        ),
        Option(
            MAX_ALT_TEXT,
            about=later(
                "How many characters of a picture description its server accepts; `connect` "
                "writes it."
            ),
            default=MASTODON.alt_text_max,
        ),
    ),
    credentials=(
        Credential("access_token"),
        Credential("server", is_address=True),
        Credential("client_id", required=False),
        Credential("client_secret", required=False),
    ),
    comments=CommentSupport(
        _open_comments,
        hides=False,
        deletes=False,
        reads_each_post=False,
        permissions="read:notifications",
    ),
    replies=ReplySupport(
        later(
            "It goes out as a reply that names the reader. No more people see it than see the "
            "comment that it answers."
        ),
        mentions=True,
    ),
    connect=_connector,
    server=Server(None, "mastodon_api_url", frozenset()),
    post_id=r"[A-Za-z0-9_-]{1,100}",  # numbers; letters too on servers of other makes
    post_id_hint=later("Give the end of the post's address, such as 113560000000000001."),
    hashtags=5,
    capabilities_of=_capabilities_of,
    mockup="mastodon/mockup.html",
    css="mastodon",
    package="publisher.platforms.mastodon",
    has_handles=True,
    metrics=MetricSource(frozenset({Metric.REACTIONS, Metric.SHARES, Metric.REPLIES}), at_once=20),
)
