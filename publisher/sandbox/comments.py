"""Comments of readers on the simulated platforms: planted by a person or a test, then moderated."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publisher.sandbox.store import Store

_MOST = 20_000
"""The most that are planted at once: a flood."""


@dataclass(slots=True)
class StoredComment:
    """What somebody else wrote under a post, or a mention elsewhere."""

    channel: str
    account: str
    """The account whose post it is under, or that it mentions."""
    id: str
    under: str
    """The id of the post; empty for a mention elsewhere."""
    author: str
    text: str
    written_at: datetime
    visibility: str = "public"
    """Who sees it, on platforms where that can be chosen."""
    parent: str = ""
    """The id of the comment that it answers; empty: it is on the post itself."""
    is_private: bool = False
    is_quote: bool = False
    """Whether it is a post elsewhere that quotes ours."""
    is_closed: bool = False
    """Whether the account may not answer it: its author blocks it, or limits who replies."""
    is_hidden: bool = False
    is_deleted: bool = False
    """By us, or by its author."""

    def as_state(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "account": self.account,
            "id": self.id,
            "under": self.under,
            "author": self.author,
            "text": self.text,
            "hidden": self.is_hidden,
            "deleted": self.is_deleted,
        }


def plant(
    store: "Store",
    account: str,
    text: str,
    *,
    under: str | None = None,
    parent: str | None = None,
    author: str = "reader",
    private: bool = False,
    quote: bool = False,
    closed: bool = False,
    visibility: str = "public",
    times: int = 1,
) -> list[StoredComment]:
    """Write a comment under a post: the account's newest one, unless `under` says which.

    `parent`: the id of the comment that it answers. Raises ValueError for an account that is not
    here, or a post or comment that it does not have.
    """
    known = next((one for one in store.accounts if one.name == account), None)
    if known is None or not isinstance(text, str) or not 1 <= int(times) <= _MOST:
        raise ValueError(f"there is no account {account} here, or nothing to write")
    if parent is not None:
        answered = store.comment(known.channel, parent)
        if answered is None or answered.account != account:
            raise ValueError(f"{account} has no comment {parent}")
        under = answered.under
    post = next(iter(store.timeline(account)), None) if under is None else None
    if under is None and post is None:
        raise ValueError(f"{account} has no post to comment on")
    post_id = post.id if post else str(under)
    if post_id and store.find(known.channel, post_id) is None:
        raise ValueError(f"{account} has no post {post_id}")
    from publisher.sandbox.platforms import PLATFORMS  # noqa: PLC0415 - they import the store

    named = PLATFORMS[known.channel].comment_id
    planted = []
    for _number in range(int(times)):
        comment = StoredComment(
            channel=known.channel,
            account=account,
            id=named(post_id, str(author), store.new_id()),
            under=post_id,
            author=str(author),
            text=text,
            written_at=store.clock.now(),
            parent=str(parent or ""),
            visibility="direct" if private else str(visibility),
            is_private=bool(private),
            is_quote=bool(quote),
            is_closed=bool(closed),
        )
        store.comments[known.channel, comment.id] = comment
        planted.append(comment)
    return planted
