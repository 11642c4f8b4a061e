"""Mock-up of the exact content that goes out to one account."""

from collections.abc import Sequence
from datetime import datetime

from publisher.channels.registry import spec_of
from publisher.model.models import Content
from publisher.preview import mockups
from publisher.preview.mockups import Author, PostCard, ShownImage


def thread(
    content: Content,
    channel: str,
    *,
    by: Author,
    name: str,
    leaves: datetime | None,
    when: str,
    pictures: Sequence[ShownImage],
) -> list[PostCard]:
    """The content's parts as cards on `channel`; `name` identifies the thread on the page.

    `pictures` are those of the content, and belong to its first part that has any.
    """
    can = spec_of(channel).capabilities
    parts = content.parts if can.threads else content.parts[:1]
    return [
        mockups.look(
            channel,
            part.text,
            post_id=f"{name}-{number}",
            by=by,
            instant=leaves,
            when=when,
            link=mockups.last_link(part.text) if can.link == "appended" else content.link,
            lang=content.lang,
            pictures=pictures if part.pictures else (),
        )
        for number, part in enumerate(parts, 1)
    ]
