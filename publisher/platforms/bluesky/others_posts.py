"""Others' posts: reading them, and what an answer means that does not show or hide them.

Sources: lexicons app.bsky.feed.getPosts, which leaves out what it does not show, and
app.bsky.feed.getPostThread (`NotFound`).
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.channels.comments import CommentsUnavailable, check, unreadable
from publisher.model.outcomes import Answer
from publisher.platforms.bluesky.answers import ANSWERS, is_not_found
from publisher.platforms.bluesky.repo import Repo
from publisher.platforms.bluesky.spec import PERMISSIONS

AT_ONCE = 25
"""The most posts of one list."""


def shown_records(repo: Repo, uris: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The records of those posts that are shown, by their `at://` addresses.

    At most `AT_ONCE`. Raises CommentsUnavailable.
    """
    answer = repo.posts(uris)
    checked(answer)
    listed = mapping(parsed(answer.body)).get("posts")
    if not isinstance(listed, list):
        raise unreadable(ANSWERS)
    posts = {str(one.get("uri")): mapping(one.get("record")) for one in map(mapping, listed)}
    return {uri: record for uri, record in posts.items() if uri in uris}


def is_gone(repo: Repo, uri: str) -> bool:
    """Whether Bluesky says that there is no such post. Raises CommentsUnavailable."""
    answer = repo.thread(uri)
    if is_not_found(answer):
        return True
    checked(answer)
    return False


def checked(answer: Answer) -> None:
    """As `check`: raise CommentsUnavailable for an answer that is no success.

    An app password may do all of it: a server that refuses has given the log-in fewer rights.
    """
    if answer.status == HTTPStatus.FORBIDDEN and "error" in mapping(parsed(answer.body)):
        told = _(
            "Bluesky does not let this login read or hide comments. Make a new {permissions} for "
            "the account and put it into secrets.toml, as `publisher help credentials` shows.",
            permissions=PERMISSIONS,
        )
        raise CommentsUnavailable(told, needs_person=True)
    check(answer, ANSWERS, PERMISSIONS)
