"""X's channel spec: limits, settings, credentials and names."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from publisher.base.i18n import later
from publisher.channels.engagement import MetricSource
from publisher.channels.renewal import ENDS, Renewal
from publisher.channels.spec import (
    ChannelOptions,
    ChannelSpec,
    CommentSupport,
    Credential,
    Option,
    ReplySupport,
    Sample,
    Server,
)
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities, GifLimits, Rate, VideoLimits
from publisher.model.engagement import Metric

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader
    from publisher.channels.connect import Connector

GIFS = GifLimits(
    max_bytes=15_000_000, max_width=1280, max_height=1080, max_frames=350, max_pixels=300_000_000
)
"""docs.x.com, media best practices."""

_VIDEOS = VideoLimits(
    min_seconds=0.5,
    max_seconds=140,
    min_side=32,
    max_long_side=1920,
    max_short_side=1200,
    max_rate=60,
)
"""docs.x.com, media best practices. Newer editions of it allow up to 20 minutes, and name both 1280
x 1024 and 1080p; 140 seconds are allowed for every account everywhere.
"""

TWITTER = Capabilities(
    max_length=280,
    counting="weighted",
    threads=True,
    link="appended",
    max_pictures=4,
    picture_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    picture_max_bytes=5_000_000,
    alt_text_max=1_000,
    gifs=GIFS,
    videos=_VIDEOS,
    videos_have_alt_texts=False,
    captions_need_language=True,
    captions_max_bytes=170_000,  # X documents no limit; what Facebook takes
    may_be_empty_with_picture=True,
    max_cashtags=1,
    discloses_ai=True,  # OpenAPI 2.167, CreatePostsRequest: made_with_ai
    rates=(
        Rate(most=100, window=timedelta(minutes=15)),
        Rate(most=10_000, window=timedelta(hours=24), of_app=True),
        Rate(most=500, window=timedelta(minutes=15), counted="uploads"),
    ),
)
"""docs.x.com: media best practices, media metadata; manage posts, integrate (cashtags); rate limits
(creating posts, uploading, metadata)."""

_LONG = TWITTER.model_copy(update={"max_length": 25_000})
"""Of an account with X Premium (docs.x.com, manage posts; help.x.com, about X Premium)."""

PERMISSIONS = "tweet.read, tweet.moderate.write"
"""What the app needs to read and hide replies (OpenAPI 2.167); with OAuth 1.0a, Read and write."""

ADDRESS = "https://api.x.com"
"""X's address (docs.x.com, 2026), which requests are signed for."""


def _capabilities_of(account: Account) -> Capabilities:
    return _LONG if account.options.get("long_posts") == "yes" else TWITTER


def _open(account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher.platforms.twitter.channel import Twitter  # noqa: PLC0415

    return Twitter(
        credentials,
        replies=account.options.get("replies"),
        api_url=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard(SPEC),
    )


def _open_comments(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "CommentReader":
    from publisher.platforms.twitter.reader_comments import MentionTimeline  # noqa: PLC0415

    return MentionTimeline.open(account, credentials, options)


def _connector(options: ChannelOptions) -> "Connector":
    from publisher.platforms.twitter.connect import TwitterConnector  # noqa: PLC0415

    return TwitterConnector(options)


def _oauth2_connector(options: ChannelOptions) -> "Connector":
    from publisher.platforms.twitter.oauth2 import TwitterOAuth2Connector  # noqa: PLC0415

    return TwitterOAuth2Connector(options)


def _renew(credentials: Mapping[str, str], options: ChannelOptions) -> Mapping[str, str]:
    from publisher.platforms.twitter.oauth2 import renew  # noqa: PLC0415

    return renew(credentials, options)


SPEC = ChannelSpec(
    name="twitter",
    aliases=("x",),
    nicknames=("tweet", "tweets"),
    title="X",
    capabilities=TWITTER,
    open=_open,
    sample=Sample("our-x"),
    options=(
        Option(
            "handle",
            r"^@?[A-Za-z0-9_]{1,15}$",  # that of X's OpenAPI description 2.167
            later(
                "The X account these keys must belong to, such as BICE_ONG. Nothing goes out "
                "with the keys of another account."
            ),
            shape=later(
                "must be a name on X such as BICE_ONG: at most 15 letters without accents, digits and "
                "underscores"
            ),
            example="our_name",
        ),
        Option(
            "replies",
            r"^(following|mentionedUsers|subscribers|verified)$",  # OpenAPI 2.167, reply_settings
            later(
                "Who may reply to its posts on X: following (the people it follows), "
                "mentionedUsers (those whom the post mentions), subscribers or verified. If it "
                "is not set, everyone."
            ),
            shape=later("must be following, mentionedUsers, subscribers or verified"),
        ),
        Option(
            "long_posts",
            r"^(yes|no)$",
            later(
                "Whether the account has X Premium, so that a post may have 25,000 characters "
                "instead of 280: yes or no. `publisher connect` finds out."
            ),
            shape=later("must be yes or no"),
            default="no",
        ),
    ),
    credentials=(
        Credential("api_key", of_app=True),
        Credential("api_secret"),
        Credential("access_token"),
        Credential("access_token_secret"),
        Credential("client_id", required=False, of_app=True),
        Credential("client_secret", required=False),
        Credential("refresh_token", required=False),
        Credential(ENDS, required=False),
        Credential("user_id", required=False),
    ),
    other_kits=(("client_id", "access_token", "refresh_token"),),
    comments=CommentSupport(
        _open_comments,
        hides=True,
        deletes=False,
        reads_each_post=False,
        permissions=PERMISSIONS,
        hidden=later("It moves to the hidden replies, which anyone can open."),
    ),
    replies=ReplySupport(
        later(
            "It goes out as a reply. X lets programs answer only those who mention the account or "
            "write below its posts."
        )
    ),
    connect=_connector,
    other_connectors={"oauth2": _oauth2_connector},
    renewal=Renewal(
        by="refresh_token",
        replaces=("access_token", "refresh_token", ENDS),
        ahead=timedelta(hours=1),  # of two
        renew=_renew,
    ),
    server=Server(
        ADDRESS,
        "twitter_api_url",
        frozenset({"api.x.com", "api.twitter.com"}),
        pictures=("pbs.twimg.com",),
    ),
    post_id=r"[0-9]{1,19}",  # docs.x.com/fundamentals/x-ids
    post_id_hint=later(
        "Give the number at the end of the post's address, such as 1811000000000000001."
    ),
    hashtags=3,
    capabilities_of=_capabilities_of,
    folds_after=280,  # before "Show more", of a long post
    mockup="twitter/mockup.html",
    css="as-thread x",
    package="publisher.platforms.twitter",
    has_fees=True,
    warns_of_mentions=True,
    takes_copies_for_spam=True,
    has_handles=True,
    metrics=MetricSource(
        frozenset({Metric.VIEWS, Metric.REACTIONS, Metric.SHARES, Metric.REPLIES}), at_once=100
    ),
)
