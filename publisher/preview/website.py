"""A post as the website shows it, through the website's own templates."""

from collections.abc import Sequence
from datetime import datetime

from publisher.channels.site.pages import Image, Page
from publisher.model.models import Content, Picture
from publisher.preview import mockups


def page(
    content: Content, *, slug: str, published: datetime, pictures: Sequence[mockups.Image]
) -> Page:
    """The page of `content`, whose pictures are `pictures`, in the same order."""
    sent: list[Picture] = [picture for part in content.parts for picture in part.pictures]
    return Page(
        slug=slug,
        text=content.joined,
        images=tuple(
            Image(
                file=shown.src,
                media_type=picture.media_type,
                width=shown.width,
                height=shown.height,
                alt=picture.alt,
                credit=picture.credit,
            )
            for picture, shown in zip(sent, pictures, strict=True)
        ),
        link=content.link,
        title=content.title,
        lang=content.lang,
        published=published,
    )
