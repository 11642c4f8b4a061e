"""Facebook's channel spec: limits, settings, credentials and names."""

from collections.abc import Mapping
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
    Sample,
    Server,
)
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities, GifLimits, VideoLimits
from publisher.model.engagement import Metric

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader
    from publisher.channels.connect import Connector

FACEBOOK = Capabilities(
    max_length=63_206,  # a third party's figure; Meta documents none
    counting="characters",
    threads=False,
    # Meta does not say what happens to a link beside attached pictures, so it is put into the text.
    link="attached-alone",
    max_pictures=10,  # beyond that a Page's post shows them as an album
    picture_types=frozenset({"image/jpeg", "image/png"}),
    # Meta's reference names 10 MB, but in practice pictures from 4 MB are refused (error 100,
    # subcode 1366046: facebookarchive/php-graph-sdk 711).
    picture_max_bytes=3_900_000,
    link_in_comment=True,
    edits=True,
    # Facebook makes a video of a GIF that is uploaded as one. Third parties' figures for both are 1
    # second to 4 hours, and 10 GB; the limits here are what was taken for long everywhere.
    gifs=GifLimits(
        max_bytes=16_000_000, max_width=1280, max_height=1080, max_frames=350,
        max_pixels=300_000_000,
    ),
    videos=VideoLimits(
        min_seconds=1,
        max_seconds=1_200,
        min_side=120,
        max_long_side=3840,
        max_short_side=2160,
        max_rate=60,
    ),
    gifs_have_alt_texts=False,
    videos_have_alt_texts=False,
    captions_need_language=True,
    # 200 kB as SubRip (Graph API reference, video captions), which numbers each of them.
    captions_max_bytes=170_000,
    alt_text_max=1_000,  # Meta documents none; enough to listen to in a screen reader
    may_be_empty_with_picture=True,
    prepares_posts=True,
    can_create_at_once=True,
)  # fmt: skip

PERMISSIONS = "pages_read_user_content, pages_manage_engagement"
"""What the app needs to read, hide and delete comments (Meta's reference of permissions)."""

ADDRESS = "https://graph.facebook.com"
"""The address in facebook-sdk's code."""


def _open(account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher.platforms.facebook.channel import Facebook  # noqa: PLC0415

    return Facebook(
        account.page_id or "",
        credentials,
        comments=account.options.get("link_in") == "comment",
        graph_url=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard(SPEC),
    )


def _open_comments(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "CommentReader":
    from publisher.platforms.facebook.reader_comments import PageComments  # noqa: PLC0415

    return PageComments.open(account, credentials, options)


def _connector(options: ChannelOptions) -> "Connector":
    from publisher.platforms.facebook.connect import FacebookConnector  # noqa: PLC0415

    return FacebookConnector(options)


SPEC = ChannelSpec(
    name="facebook",
    nicknames=("fb",),
    title="Facebook",
    capabilities=FACEBOOK,
    open=_open,
    sample=Sample("our-page"),
    options=(
        Option(
            "page_id",
            r"^\d+$",
            later("The number of the Facebook Page, such as 100200300."),
            required=later("an account of facebook needs page_id, the number of its Page"),
            shape=later("must be the number of a Page, with only digits"),
            is_owner=True,
            example="100200300",
        ),
        Option(
            "link_in",
            r"^(post|comment)$",
            later(
                "Where the link of its posts goes: in the post, or in the first comment below it "
                "(comment). A draft can choose too."
            ),
            shape=later("must be post or comment"),
        ),
    ),
    credentials=(
        Credential("page_token"),
        Credential("app_secret", required=False, of_app=True),
    ),
    comments=CommentSupport(
        _open_comments,
        hides=True,
        deletes=True,
        reads_each_post=True,
        permissions=PERMISSIONS,
        hidden=later("The author and their friends still see it; others do not."),
    ),
    replies=ReplySupport(
        later(
            "It goes out as a comment below the reader's, in words only. A reply to another "
            "comment must be answered on Facebook by hand."
        ),
        longest=8_000,  # a third party's figure
    ),
    connect=_connector,
    server=Server(
        ADDRESS,
        "facebook_graph_url",
        frozenset({"graph.facebook.com"}),
        pictures=(".fbcdn.net", ".fbsbx.com"),
    ),
    post_id=r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}",
    post_id_hint=later("Give the post's number, such as 100200300_400500600."),
    hashtags=5,
    mockup="facebook/mockup.html",
    css="as-card facebook",
    package="publisher.platforms.facebook",
    large_below=85,
    folds_after=480,  # before "See more"; Facebook folds at about this length
    metrics=MetricSource(frozenset(Metric), at_once=10),
)
