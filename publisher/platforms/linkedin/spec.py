"""LinkedIn's channel spec: limits, settings, credentials and names."""

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
    Server,
)
from publisher.model.accounts import Account
from publisher.model.capabilities import (
    Capabilities,
    DocumentLimits,
    GifLimits,
    VideoLimits,
)
from publisher.model.engagement import Metric

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader
    from publisher.channels.connect import Connector

PIXELS = 36_152_320
"""A picture must have fewer (Images API)."""

_GIFS = GifLimits(
    max_bytes=5_000_000,
    max_width=4_096,
    max_height=4_096,
    max_frames=250,
    max_pixels=PIXELS - 1,
)
"""Frames and pixels: Images API, which does not say whether the pixels are those of one frame. It
names no size of a file, nor of a side.
"""
_VIDEOS = VideoLimits(
    min_seconds=3,
    max_seconds=1_800,
    min_side=144,
    max_long_side=4_096,
    max_short_side=2_304,
    max_rate=60,
)
"""Seconds: Videos API; it takes MP4 files of 75 kB to 500 MB. Sides and rate: linkedin.com/help,
video specifications.
"""

_DOCUMENTS = DocumentLimits(max_bytes=100_000_000, max_pages=300)
"""Documents API."""

LINKEDIN = Capabilities(
    max_length=3_000,  # UGC Post API; the Posts API that followed it names no figure
    counting="characters",
    threads=False,
    edits=True,
    # A post shows an article or pictures, not both, so beside pictures the link is in the text.
    link="attached-alone",
    max_pictures=20,  # MultiImage API
    picture_types=frozenset({"image/jpeg", "image/png"}),
    picture_max_bytes=5_000_000,  # LinkedIn documents none
    alt_text_max=4_086,  # MultiImage API
    gifs=_GIFS,
    videos=_VIDEOS,
    videos_have_alt_texts=False,
    documents=_DOCUMENTS,
    may_be_empty_with_picture=True,  # the Posts API's own samples have posts with empty texts
)
"""learn.microsoft.com/linkedin/marketing/community-management/shares. Rate limits are not
published: they are shown by endpoint to whoever has an app (API guide, rate limiting).
"""

PERMISSIONS = "r_organization_social_feed, w_organization_social_feed"
"""What the app needs to read and delete comments (Comments API, permissions)."""

RENEWED_AHEAD = timedelta(days=20)
"""How long before its end a token is renewed: so long before a person hears that it cannot be."""
_KEPT = timedelta(hours=47)
"""What members write may be kept for 48 hours (Data Storage Requirements); what is older is deleted
twice in an hour.
"""

ADDRESS = "https://api.linkedin.com"
"""The address of the API."""
WEBSITE = "https://www.linkedin.com"
"""The address of OAuth, of uploads and of posts."""


def _open(account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher.platforms.linkedin.channel import LinkedIn  # noqa: PLC0415

    return LinkedIn(
        account.options.get("organization_id", ""),
        credentials,
        api_url=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard(SPEC),
    )


def _open_comments(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "CommentReader":
    from publisher.platforms.linkedin.reader_comments import OrganizationComments  # noqa: PLC0415

    return OrganizationComments.open(account, credentials, options)


def _connector(options: ChannelOptions) -> "Connector":
    from publisher.platforms.linkedin.connect import LinkedInConnector  # noqa: PLC0415

    return LinkedInConnector(options)


def _renew(credentials: Mapping[str, str], options: ChannelOptions) -> Mapping[str, str]:
    from publisher.platforms.linkedin.tokens import renew  # noqa: PLC0415

    return renew(credentials, options)


SPEC = ChannelSpec(
    name="linkedin",
    nicknames=("li",),
    title="LinkedIn",
    capabilities=LINKEDIN,
    open=_open,
    options=(
        Option(
            "organization_id",
            r"^\d{1,20}$",
            later("The number of the organisation's page on LinkedIn, such as 2414183."),
            required=later(
                "an account of linkedin needs organization_id, the number of the organisation's page"
            ),
            shape=later(
                "must be the number of an organisation's page on LinkedIn, with only digits"
            ),
            is_owner=True,
            example="2414183",
        ),
    ),
    credentials=(
        Credential("access_token"),
        Credential("client_id", required=False, of_app=True),
        Credential("client_secret", required=False),
        Credential("refresh_token", required=False),
        Credential(ENDS, required=False),
    ),
    replies=ReplySupport(
        later(
            "LinkedIn lets programs read too rarely to find out whether an answer is out. Answer "
            "on LinkedIn itself."
        ),
        can=False,
    ),
    comments=CommentSupport(
        _open_comments,
        hides=False,
        deletes=True,
        reads_each_post=True,
        permissions=PERMISSIONS,
        names=False,
        keep=_KEPT,
        leaves=False,
        is_rationed=True,
    ),
    connect=_connector,
    renewal=Renewal(
        by="refresh_token",
        replaces=("access_token", "refresh_token", ENDS),
        ahead=RENEWED_AHEAD,
        renew=_renew,
        new_each_time="access_token",
    ),
    server=Server(
        ADDRESS,
        "linkedin_api_url",
        frozenset({"api.linkedin.com", "www.linkedin.com"}),
        pictures=(".licdn.com",),
    ),
    post_id=r"urn:li:(?:share|ugcPost):[0-9]{1,20}",
    post_id_hint=later(
        "Give the end of the post's address, such as urn:li:share:6844785523593134080."
    ),
    hashtags=5,
    mockup="linkedin/mockup.html",
    css="as-card linkedin",
    package="publisher.platforms.linkedin",
    folds_after=210,  # before "…more"; observed
    # Of the 100 requests that a person has in a day, most are for posts (first tier).
    metrics=MetricSource(frozenset(Metric), at_once=50, pause=timedelta(hours=1)),
)
