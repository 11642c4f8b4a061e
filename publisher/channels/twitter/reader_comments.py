"""Mentions of an account on X: replies to its posts and posts that name it; replies can be hidden.

One request shows all of the account since the newest known one (`since_id`). X charges for each
post that it shows, and shows the newest 800. Which of our posts a reply is under, its conversation
tells. Others' posts cannot be deleted.

Sources: docs.x.com, user mention timeline, and hide replies (PUT /2/tweets/:id/hidden; OpenAPI
2.167: scope tweet.moderate.write); posts that are deleted are named in `errors` of a lookup.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
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
from publisher.channels.twitter import answers, timeline
from publisher.channels.twitter.answers import ANSWERS
from publisher.channels.twitter.session import SignedSession
from publisher.channels.twitter.spec import PERMISSIONS
from publisher.model.accounts import Owner
from publisher.model.outcomes import Answer
from publisher.model.reader_comments import ReaderComment, kept_name, kept_text

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_SMALLEST, _PER_PAGE = 5, 100
"""What X takes as `max_results`."""
_FIELDS = {
    "tweet.fields": "author_id,conversation_id,created_at,note_tweet,text",
    "expansions": "author_id",
    "user.fields": "username",
}


class MentionTimeline:
    """Reads the mentions of one account, and hides replies to its posts."""

    def __init__(self, session: SignedSession) -> None:
        self._session = session
        self._user_id = session.user_id

    @classmethod
    def open(
        cls, _account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "MentionTimeline":
        from publisher.channels.twitter.spec import SPEC  # noqa: PLC0415 - it imports this

        return cls(
            SignedSession(
                credentials,
                api_url=options.servers.get(SPEC.name),
                timeout=options.request_timeout,
                clock=options.clock,
                heard=options.heard(SPEC),
            )
        )

    def read(self, post_id: str, cursor: str) -> CommentPage:
        """The mentions since the cursor, newest first; see `CommentReader.read`.

        If there are more than `PAGES` pages, which X does not show, the older ones are lost.
        """
        query = {**_FIELDS, **({"since_id": cursor} if cursor else {})}
        found: dict[str, ReaderComment] = {}
        newest, shown, used = int(cursor or 0), 0, 0.0
        for _page in range(PAGES):
            answer = self._list(query)
            check(answer, ANSWERS, PERMISSIONS)
            body = mapping(parsed(answer.body))
            meta, listed = mapping(body.get("meta")), body.get("data", [])
            if not isinstance(listed, list) or "result_count" not in meta:
                raise unreadable(ANSWERS)
            names = _names(body)
            used, shown = used_share(ANSWERS, answer), shown + len(listed)
            for node in map(mapping, listed):
                post_id = _id(node)
                newest = max(newest, int(post_id or 0))
                if comment := self._comment(node, names):
                    found[comment.id] = comment
            token = meta.get("next_token")
            if not isinstance(token, str) or not token or not listed:
                break
            query["pagination_token"] = token
        return CommentPage(tuple(found.values()), str(newest or ""), billed=shown, used=used)

    def hide(self, comment_id: str) -> bool:
        """Hide a reply in a conversation that the account began; see `CommentReader.hide`."""
        answer = self._session.ask("PUT", f"/2/tweets/{comment_id}/hidden", json={"hidden": True})
        if answers.missing(answer):
            return False
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN):
            told = _(
                "X does not let the account hide this reply: only replies in conversations that it "
                "began, with {permissions}. Look at it on X, and block its author there if need be.",
                permissions=PERMISSIONS,
            )
            raise CommentsUnavailable(told, needs_person=True)
        check(answer, ANSWERS, PERMISSIONS)
        if mapping(mapping(parsed(answer.body)).get("data")).get("hidden") is not True:
            raise unreadable(ANSWERS)
        return True

    def delete(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise CommentsUnavailable(_("On X only its author can delete a post."), needs_person=True)

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that X names as not found; see `CommentReader.gone`."""
        asked = [one for one in comment_ids if identifier(one).isdigit()][:_PER_PAGE]
        if not asked:
            return frozenset()
        answer = self._session.ask("GET", "/2/tweets", params={"ids": ",".join(asked)})
        check(answer, ANSWERS, PERMISSIONS)
        errors = mapping(parsed(answer.body)).get("errors")
        named = map(mapping, errors if isinstance(errors, list) else ())
        return frozenset(
            str(one.get("resource_id"))
            for one in named
            if str(one.get("type")).endswith("/resource-not-found")
        ) & frozenset(asked)

    def _list(self, query: Mapping[str, str]) -> Answer:
        if not self._user_id:
            owner = answers.owner(self._session.ask("GET", "/2/users/me"))
            if not isinstance(owner, Owner):
                raise CommentsUnavailable(owner.message)
            self._user_id = owner.id
        route = f"/2/users/{self._user_id}/mentions"

        def ask(size: int) -> Answer:
            number = _PER_PAGE if size > _SMALLEST else _SMALLEST
            return self._session.ask("GET", route, params={**query, "max_results": str(number)})

        return whole_answer(ask)

    def _comment(self, node: dict[str, Any], names: Mapping[str, str]) -> ReaderComment | None:
        """A post of somebody else; None for the account's own, and for what is none."""
        post_id, author = _id(node), str(node.get("author_id"))
        written_at = _written_at(node) or timeline.made_at(post_id)
        if not (post_id and written_at) or author == self._user_id:
            return None
        said = mapping(node.get("note_tweet")).get("text", node.get("text"))
        return ReaderComment(
            id=post_id,
            under=identifier(node.get("conversation_id")),
            author=kept_name(names.get(author, "")),
            text=kept_text(timeline.unescaped(said) if isinstance(said, str) else ""),
            written_at=written_at,
            url=timeline.address(post_id),
        )


def _names(body: Mapping[str, Any]) -> dict[str, str]:
    """The handles of the authors, by their ids."""
    listed = mapping(body.get("includes")).get("users")
    users = map(mapping, listed if isinstance(listed, list) else ())
    return {
        str(one.get("id")): f"@{name}" for one in users if (name := identifier(one.get("username")))
    }


def _id(node: Mapping[str, Any]) -> str:
    told = identifier(node.get("id"))
    return told if told.isascii() and told.isdigit() and len(told) <= 19 else ""


def _written_at(node: Mapping[str, Any]) -> datetime | None:
    try:
        told = datetime.fromisoformat(str(node.get("created_at")))
    except ValueError:
        return None
    return credible(told) if told.tzinfo else None
