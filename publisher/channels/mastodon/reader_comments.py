"""Mentions of an account on Mastodon, by its notifications: replies, and posts that name it.

They are read from the oldest on (`min_id`), so a flood is read piece by piece. A message to the
account alone (`direct`) is told, and its text not taken: it is a private message. Nobody can hide
or delete another's post on Mastodon; to mute, block or report is for a person in the account.

Sources: docs.joinmastodon.org, notifications (scope read:notifications, at most 80 at once) and
statuses.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from publisher.base.i18n import _
from publisher.channels.answers import credible, identifier, mapping, parsed
from publisher.channels.comments import (
    PAGES,
    CommentPage,
    CommentsUnavailable,
    check,
    unreadable,
    used_share,
    whole_answer,
)
from publisher.channels.mastodon import status_html
from publisher.channels.mastodon.answers import ANSWERS, address, is_missing
from publisher.channels.mastodon.server import AccountServer, address_of
from publisher.channels.mastodon.spec import SPEC
from publisher.model.reader_comments import ReaderComment, kept_address, kept_name, kept_text

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_SCOPE = "read:notifications"
_PRIVATE = "direct"


class MentionNotifications:
    """Reads the mentions of one account."""

    def __init__(self, server: AccountServer) -> None:
        self._server = server

    @classmethod
    def open(
        cls, _account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "MentionNotifications":
        server = credentials["server"]
        return cls(
            AccountServer(
                server,
                credentials["access_token"],
                instead=options.servers.get(SPEC.name),
                timeout=options.request_timeout,
                clock=options.clock,
                heard=options.heard(SPEC),
                public_only=options.public_only(SPEC.name, address_of(server)),
            )
        )

    def read(self, post_id: str, cursor: str) -> CommentPage:  # noqa: ARG002 - all in one
        """The mentions since the cursor; see `CommentReader.read`."""
        found: dict[str, ReaderComment] = {}
        is_complete, used = False, 0.0
        for _page in range(PAGES):
            answer = whole_answer(partial(self._server.mentions, cursor))
            check(answer, ANSWERS, _SCOPE)
            listed = parsed(answer.body)
            if not isinstance(listed, list):
                raise unreadable(ANSWERS)
            used = used_share(ANSWERS, answer)
            ids = [one for node in map(mapping, listed) if (one := identifier(node.get("id")))]
            for comment in filter(None, map(_comment, listed)):
                found[comment.id] = comment
            # The newest of a page comes first. Without a cursor it is the newest page of all.
            is_complete = not (cursor and ids) or cursor in ids
            cursor = max((cursor, *ids), key=_order)
            if is_complete:
                break
        # Before the first mention, all that come are new.
        return CommentPage(tuple(found.values()), cursor or "0", is_complete=is_complete, used=used)

    def hide(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise _not_ours()

    def delete(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise _not_ours()

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that the server does not find; see `CommentReader.gone`."""
        found = set()
        for comment_id in comment_ids:
            answer = self._server.status(comment_id)
            if is_missing(answer):
                found.add(comment_id)
            else:
                check(answer, ANSWERS, _SCOPE)
        return frozenset(found)


def _not_ours() -> CommentsUnavailable:
    return CommentsUnavailable(
        _(
            "On Mastodon nobody can hide or delete what others wrote. Block or report its author in "
            "the account."
        ),
        needs_person=True,
    )


def _comment(notification: Any) -> ReaderComment | None:
    """The status of a mention; None for what is none."""
    status = mapping(mapping(notification).get("status"))
    comment_id, written_at = identifier(status.get("id")), _written_at(status)
    if not (comment_id and written_at):
        return None
    is_private = status.get("visibility") == _PRIVATE
    html, name = status.get("content"), mapping(status.get("account")).get("acct")
    warning = status.get("spoiler_text")
    said = "\n".join(
        part.strip()
        for part in (
            warning if isinstance(warning, str) else "",
            status_html.texts(html)[0] if isinstance(html, str) else "",
        )
        if part.strip()
    )
    return ReaderComment(
        id=comment_id,
        under=identifier(status.get("in_reply_to_id")),
        author=kept_name(f"@{name}" if isinstance(name, str) and name else ""),
        text="" if is_private else kept_text(said),
        written_at=written_at,
        url=kept_address(address(status) or ""),
        is_private=is_private,
    )


def _order(mention_id: str) -> tuple[int, str]:
    """Numbers by their size; ids of another make by their letters."""
    return len(mention_id), mention_id


def _written_at(status: Mapping[str, Any]) -> datetime | None:
    try:
        told = datetime.fromisoformat(str(status.get("created_at")))
    except ValueError:
        return None
    return credible(told) if told.tzinfo else None
