"""Mentions of an account on Mastodon, by its notifications: replies, and posts that name it.

They are read from the oldest on (`min_id`), so a flood is read piece by piece. A message to the
account alone (`direct`), or to its author's followers (`private`), is told, and its text not taken:
it is a private message. Nobody can hide or delete another's post on Mastodon; to mute, block or
report is for a person in the account.

Sources: docs.joinmastodon.org, notifications (scope read:notifications, at most 80 at once) and
statuses.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from publisher.base.i18n import _
from publisher.channels.answers import address, credible, identifier, mapping, parsed
from publisher.channels.comments import (
    PAGES,
    CommentPage,
    CommentsUnavailable,
    check,
    gone_among,
    unreadable,
    used_share,
    whole_answer,
)
from publisher.model.reader_comments import JUDGED, ReaderComment, kept_address, kept_name
from publisher.platforms.mastodon import status_html
from publisher.platforms.mastodon.answers import ANSWERS, is_missing
from publisher.platforms.mastodon.server import AccountServer, address_of
from publisher.platforms.mastodon.spec import SPEC

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_SCOPE = "read:notifications"
_PRIVATE = frozenset({"direct", "private"})


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

    def read(
        self,
        post_id: str,  # noqa: ARG002 - all in one
        cursor: str,
        most: int | None = None,  # noqa: ARG002 - nothing is charged
        since: datetime | None = None,
    ) -> CommentPage:
        """The mentions since the cursor; see `CommentReader.read`.

        The first reading goes back from the newest to `since`.
        """
        newest, _space, older_than = cursor.partition(" ")
        if not newest or older_than:
            return self._back(newest, older_than, since)
        found: dict[str, ReaderComment] = {}
        is_complete, used = False, 0.0
        for _page in range(PAGES):
            try:
                listed, used = self._listed(newest, "")
            except CommentsUnavailable:
                if not found:
                    raise
                is_complete = True  # the rest waits for the next reading
                break
            ids = _ids(listed)
            for comment in filter(None, map(_comment, listed)):
                found[comment.id] = comment
            is_complete = not ids or newest in ids
            newest = max((newest, *ids), key=_order)  # the newest of a page comes first
            if is_complete:
                break
        return CommentPage(tuple(found.values()), newest, is_complete=is_complete, used=used)

    def _back(self, newest: str, older_than: str, since: datetime | None) -> CommentPage:
        """From the newest on back to the time of the oldest post."""
        found: dict[str, ReaderComment] = {}
        used = 0.0
        for _page in range(PAGES):
            try:
                listed, used = self._listed("", older_than)
            except CommentsUnavailable:
                if not found:
                    raise
                return CommentPage(tuple(found.values()), f"{newest} {older_than}", used=used)
            ids = _ids(listed)
            its = list(filter(None, map(_comment, listed)))
            found |= {comment.id: comment for comment in its}
            newest = max((newest, *ids), key=_order)
            is_before = since is None or any(comment.written_at < since for comment in its)
            if not ids or is_before or older_than in ids:
                # Before the first mention, all that come are new.
                return CommentPage(tuple(found.values()), newest or "0", used=used)
            older_than = min(ids, key=_order)
        kept = f"{newest} {older_than}"
        return CommentPage(tuple(found.values()), kept, is_complete=False, used=used)

    def _listed(self, newer_than: str, older_than: str) -> tuple[list[Any], float]:
        """A page of mentions, and the used share of the nearest limit."""
        answer = whole_answer(partial(self._server.mentions, newer_than, older_than))
        check(answer, ANSWERS, _SCOPE)
        listed = parsed(answer.body)
        if not isinstance(listed, list):
            raise unreadable(ANSWERS)
        return listed, used_share(ANSWERS, answer)

    def hide(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise _not_ours()

    def delete(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise _not_ours()

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that the server does not find; see `CommentReader.gone`."""
        return gone_among(comment_ids, self._is_gone)

    def _is_gone(self, comment_id: str) -> bool:
        answer = self._server.status(comment_id)
        if is_missing(answer):
            return True
        check(answer, ANSWERS, _SCOPE)
        return False


def _not_ours() -> CommentsUnavailable:
    return CommentsUnavailable(
        _(
            "On Mastodon, nobody can hide or delete what others wrote. Block or report the "
            "author from the account."
        ),
        needs_person=True,
    )


def _comment(notification: Any) -> ReaderComment | None:
    """The status of a mention; None for what is none."""
    status = mapping(mapping(notification).get("status"))
    comment_id, written_at = identifier(status.get("id")), _written_at(status)
    if not (comment_id and written_at):
        return None
    is_private = status.get("visibility") in _PRIVATE
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
        text="" if is_private else said[:JUDGED],
        written_at=written_at,
        url=kept_address(address(status.get("url")) or ""),
        is_private=is_private,
    )


def _ids(listed: Sequence[Any]) -> list[str]:
    return [one for node in map(mapping, listed) if (one := identifier(node.get("id")))]


def _order(mention_id: str) -> tuple[int, str]:
    """Numbers by their size; ids of another make by their letters."""
    return len(mention_id), mention_id


def _written_at(status: Mapping[str, Any]) -> datetime | None:
    try:
        told = datetime.fromisoformat(str(status.get("created_at")))
    except ValueError:
        return None
    return credible(told) if told.tzinfo else None
