"""Mock-up of the exact content that goes out to one account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.channels import registry
from publisher.model.accounts import Account
from publisher.model.content import Content
from publisher.preview import mockups
from publisher.preview.mockups import PostCard, ShownImage


@dataclass(frozen=True, slots=True)
class Look:
    """A post as the readers of one account see it, for the template of its channel's mock-up."""

    channel: str
    """The channel's name for readers."""
    mockup: str
    """The template."""
    css: str
    title: str
    """The account's name that readers see."""
    language: str | None
    when: str
    thread: Sequence[PostCard]
    """The cards, for a channel on which a post is a card or a thread of cards."""
    page: object | None
    """The page, for a channel on which a post is a page."""


def look_of(
    content: Content,
    account: Account,
    *,
    post: str,
    name: str,
    leaves: datetime | None,
    now: datetime,
    when: str,
    pictures: Sequence[ShownImage],
    handles: Mapping[str, str],
) -> Look:
    """Show a post's content on an account.

    `name` identifies it on the page. `leaves`: when it goes out or went out; a page without such a
    time has the time `now`. `pictures` belong to the content's first part that has any.
    """
    spec = registry.spec_of(account.channel)
    title = account.title or account.organisation or account.name
    by = mockups.author(title, mockups.handle(account, handles), account.language)
    parts = content.parts if spec.capabilities.threads else content.parts[:1]
    appended = spec.capabilities.link == "appended"
    return Look(
        channel=registry.title(account.channel),
        mockup=spec.mockup,
        css=spec.css,
        title=title,
        language=account.language,
        when=when,
        thread=[]
        if spec.page
        else [
            mockups.look(
                account.channel,
                part.text,
                post_id=f"{name}-{number}",
                by=by,
                instant=leaves,
                when=when,
                link=mockups.last_link(part.text) if appended else content.link,
                lang=content.lang,
                pictures=pictures if part.pictures else (),
            )
            for number, part in enumerate(parts, 1)
        ],
        page=spec.page(content, slug=post, published=leaves or now, pictures=pictures)
        if spec.page
        else None,
    )
