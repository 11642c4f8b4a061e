"""The website's channel spec: limits, settings and names."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.base.i18n import later
from publisher.channels.spec import (
    ChannelOptions,
    ChannelSpec,
    Option,
    ReplySupport,
    Sample,
    ShownPicture,
)
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities, GifLimits, VideoLimits
from publisher.model.content import Content

if TYPE_CHECKING:
    from publisher.channels.base import Channel

_GIFS = GifLimits(
    max_bytes=15_000_000, max_width=1280, max_height=1080, max_frames=350, max_pixels=300_000_000
)
"""X's limits (docs.x.com, media best practices), which are small enough for a website."""

_VIDEOS = VideoLimits(
    min_seconds=0.1,
    max_seconds=1_200,
    min_side=16,
    max_long_side=3840,
    max_short_side=2160,
    max_rate=120,
)
"""Our own limits: what a phone can play."""

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
    videos=_VIDEOS,
    captions_max_bytes=200_000,
    motion_stands_alone=False,
    shows_titles=True,
    edits=True,
    may_be_empty_with_picture=True,
    replaces_itself=True,
)


def _open(account: Account, _credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher.platforms.site.channel import Site  # noqa: PLC0415

    return Site(
        account,
        options.folder / SPEC.name,
        patience=options.request_timeout,
        clock=options.clock,
    )


def _page(
    content: Content, *, slug: str, published: datetime, pictures: Sequence[ShownPicture]
) -> object:
    from publisher.platforms.site.pages import page_of  # noqa: PLC0415 - its templates load slowly

    return page_of(content, slug=slug, published=published, pictures=pictures)


SPEC = ChannelSpec(
    name="site",
    replies=ReplySupport(later("The website has no readers' comments."), can=False),
    nicknames=("web", "website", "sitio", "strona"),
    title=later("Website"),
    in_sentence=later("the website"),
    capabilities=SITE,
    open=_open,
    sample=Sample("our-site", later("pages and feeds in var/site/, ready for any web server")),
    options=(
        Option(
            "url",
            r"^https?://[^\s/?#]+(/[^\s?#]*)?$",
            shape=later("must be a web address such as https://www.example.org"),
        ),
    ),
    post_id=r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}",
    post_id_hint=later("Give the name of the post's page, without .html."),
    hashtags=10,
    mockup="site/mockup.html",
    css="as-page site",
    package="publisher.platforms.site",
    page=_page,
)
