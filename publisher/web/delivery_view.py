"""Preview of a delivery: exactly the content that goes out, from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from publisher.app import Application
from publisher.channels.registry import spec_of
from publisher.model.models import Account, Delivery
from publisher.preview import contents, mockups
from publisher.preview.mockups import PostCard, ShownImage
from publisher.web import labels


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery with its preview."""

    delivery: Delivery
    channel: str
    """The channel's name for readers."""
    mockup: str
    """The template of the channel's preview."""
    css: str
    title: str
    """The account's name that readers see."""
    language: str | None
    when: str
    thread: Sequence[PostCard]
    """The cards, for a channel on which a post is a card or a thread of cards."""
    page: object | None
    """The page, for a channel on which a post is a page."""


def shown(
    delivery: Delivery, app: Application, zone: tzinfo, handles: Mapping[str, str]
) -> DeliveryView:
    """Preview a delivery as readers see it, or would. `handles`: see `draft_view.handles`."""
    account = app.settings.public_accounts().get(delivery.account)
    title = _title(account, delivery.account)
    language = account.language if account else None
    instant = delivery.published_at or delivery.not_before
    when = mockups.short_time(instant, zone)
    pictures = _pictures(delivery)
    spec = spec_of(delivery.channel)
    return DeliveryView(
        delivery=delivery,
        channel=labels.channel(delivery.channel),
        mockup=spec.mockup,
        css=spec.css,
        title=title,
        language=language,
        when=when,
        thread=()
        if spec.page
        else contents.thread(
            delivery.content,
            delivery.channel,
            by=mockups.author(
                title,
                mockups.handle(account, handles) if account else delivery.account,
                language,
            ),
            name=f"{delivery.id}",
            leaves=instant,
            when=when,
            pictures=pictures,
        ),
        page=spec.page(delivery.content, slug=delivery.post, published=instant, pictures=pictures)
        if spec.page
        else None,
    )


def _title(account: Account | None, name: str) -> str:
    return (account and (account.title or account.organisation)) or name


def _pictures(delivery: Delivery) -> list[ShownImage]:
    return [
        ShownImage(
            src=f"/media/{picture.digest}",
            alt=picture.alt,
            width=picture.width,
            height=picture.height,
            is_video=picture.media_type.startswith("video/"),
        )
        for part in delivery.content.parts
        for picture in part.pictures
    ]
