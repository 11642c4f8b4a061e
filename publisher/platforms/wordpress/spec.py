"""WordPress' channel spec: limits, settings, credentials and names."""

from collections.abc import Mapping, Sequence
from datetime import datetime
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
    ShownPicture,
)
from publisher.model.accounts import Account
from publisher.model.capabilities import (
    Capabilities,
    DocumentLimits,
    GifLimits,
    VideoLimits,
)
from publisher.model.content import Content
from publisher.model.engagement import Metric

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader
    from publisher.channels.connect import Connector

_GIFS = GifLimits(
    max_bytes=2_000_000,
    # WordPress scales bigger ones, which do not move then (`big_image_size_threshold`).
    max_width=2_560,
    max_height=2_560,
    max_frames=500,
    max_pixels=300_000_000,
)
_VIDEOS = VideoLimits(
    min_seconds=0.1,
    max_seconds=600,
    min_side=16,
    max_long_side=3_840,
    max_short_side=2_160,
    max_rate=60,
)
"""Our own: WordPress looks at no video. Its host says how big a file may be."""

WORDPRESS = Capabilities(
    # WordPress has none. ModSecurity, which many hosts have, takes 128 KB without a file
    # (SecRequestBodyNoFilesLimit), and JSON needs up to six bytes for a letter.
    max_length=20_000,
    counting="characters",
    threads=False,
    shows_titles=True,
    edits=True,
    link="attached",
    max_pictures=10,  # our own
    picture_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    gifs=_GIFS,
    videos=_VIDEOS,
    documents=DocumentLimits(max_bytes=50_000_000),  # our own, as for videos
    motion_stands_alone=False,
    # PHP's own limit for a file, unless a host raises it (php.net, upload_max_filesize: 2M).
    picture_max_bytes=2_000_000,
    alt_text_max=2_000,  # our own
    may_be_empty_with_picture=True,
    prepares_posts=True,
)

PERMISSIONS = "moderate_comments"
"""What a user needs for comments on others' posts (WordPress handbook, roles and capabilities).

Comments on its own posts each author may read and hold back.
"""


def _open(account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher.platforms.wordpress.channel import WordPress  # noqa: PLC0415
    from publisher.platforms.wordpress.site import address_of  # noqa: PLC0415

    return WordPress(
        account,
        credentials,
        instead=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        heard=options.heard(SPEC),
        public_only=options.public_only(SPEC.name, address_of(credentials["server"])[0]),
    )


def _open_comments(
    account: Account, credentials: Mapping[str, str], options: ChannelOptions
) -> "CommentReader":
    from publisher.platforms.wordpress.reader_comments import SiteComments  # noqa: PLC0415

    return SiteComments.open(account, credentials, options)


def _page(
    content: Content, *, slug: str, published: datetime, pictures: Sequence[ShownPicture]
) -> object:
    from publisher.platforms.wordpress.article import Article, Figure  # noqa: PLC0415

    del slug, published
    sent = content.pictures
    figures = [
        Figure(shown.src, shown.width, shown.height, picture)
        for picture, shown in zip(sent, pictures, strict=True)
    ]
    return Article.of(content, figures)


def _connector(options: ChannelOptions) -> "Connector":
    from publisher.platforms.wordpress.connect import WordPressConnector  # noqa: PLC0415

    return WordPressConnector(options)


SPEC = ChannelSpec(
    name="wordpress",
    aliases=("wp",),
    nicknames=("blog",),
    title="WordPress",
    capabilities=WORDPRESS,
    open=_open,
    options=(
        Option(
            "categories",
            r"^[^,]*[^\s,?][^,]*(,[^,]*[^\s,?][^,]*)*$",
            later(
                "The categories of its posts on the WordPress site, by name or number, separated "
                "by commas, such as News, Actualités."
            ),
            shape=later("must be names or numbers of categories, separated by commas"),
        ),
        Option(
            "site_language",
            r"^[A-Za-z0-9_-]{2,20}$",
            later(
                "What Polylang or WPML on the site calls the language of the account's posts, if "
                "it differs from publisher.toml, such as pt-br."
            ),
            shape=later("must be the code of a language on the site, such as fr or pt-br"),
        ),
    ),
    credentials=(
        Credential("user"),
        Credential("application_password"),
        Credential("server", is_address=True),
    ),
    comments=CommentSupport(
        _open_comments,
        hides=True,
        deletes=True,
        reads_each_post=True,
        permissions=PERMISSIONS,
        hidden=later("It waits for approval again: only its author and the site's staff see it."),
    ),
    replies=ReplySupport(
        later(
            "A site may hold a comment for approval or drop it, and Publisher cannot follow "
            "that. Answer in the site's own comments."
        ),
        can=False,
    ),
    connect=_connector,
    server=Server(None, "wordpress_api_url", frozenset(), pictures=("secure.gravatar.com",)),
    post_id=r"[0-9]{1,20}",
    post_id_hint=later(
        "Give the number after `post=` in the address where WordPress edits the post, such as 1234."
    ),
    hashtags=5,
    mockup="wordpress/mockup.html",
    css="as-page wordpress",
    package="publisher.platforms.wordpress",
    shares_owner=True,
    page=_page,
    metrics=MetricSource(frozenset({Metric.REPLIES}), at_once=50),
)
