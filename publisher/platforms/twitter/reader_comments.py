"""Mentions of an account on X: replies to its posts and posts that name it; replies can be hidden.

One request shows all of the account since the newest known one (`since_id`). X charges for each
post that it shows, twice as much for each author beside them, and shows the newest 800. Which of
our posts a reply is under, its conversation tells. Others' posts cannot be deleted.

Sources: docs.x.com, user mention timeline, and hide replies (PUT /2/tweets/:id/hidden; OpenAPI
2.167: scope tweet.moderate.write); posts that are deleted are named in `errors` of a lookup.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
from publisher.model.accounts import Owner
from publisher.model.outcomes import Answer
from publisher.model.reader_comments import JUDGED, ReaderComment, kept_name
from publisher.platforms.twitter import answers, timeline
from publisher.platforms.twitter.answers import ANSWERS
from publisher.platforms.twitter.session import SignedSession
from publisher.platforms.twitter.spec import PERMISSIONS

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


@dataclass(slots=True)
class _Place:
    """How far the mentions of an account are read: ids of posts."""

    since: int
    until: int | None
    """Those from here on are read, down to here: what is left is between `since` and this one."""
    newest: int

    @classmethod
    def of(cls, cursor: str) -> "_Place":
        said = [int(one) for one in cursor.split(".") if one.isdecimal()]
        if len(said) == 3:
            return cls(*said)
        since = said[0] if said else 0
        return cls(since, None, since)

    def __str__(self) -> str:
        if self.until is None:
            return str(self.newest or "")
        return f"{self.since}.{self.until}.{self.newest}"


@dataclass(slots=True)
class _Run:
    """What some requests showed."""

    found: dict[str, ReaderComment] = field(default_factory=dict)
    shown: int = 0
    authors: int = 0
    used: float = 0.0
    highest: int = 0
    lowest: int | None = None
    """The oldest one that was shown; None if nothing older is left."""
    error: CommentsUnavailable | None = None

    def page(self, place: _Place, billed: int, authors: int) -> CommentPage:
        # After an error the rest waits for the next reading.
        is_complete = place.until is None or self.error is not None
        return CommentPage(
            tuple(self.found.values()),
            str(place),
            is_complete=is_complete,
            billed=billed,
            authors=authors,
            used=self.used,
        )


class MentionTimeline:
    """Reads the mentions of one account, and hides replies to its posts."""

    def __init__(self, session: SignedSession) -> None:
        self._session = session
        self._user_id = session.user_id

    @classmethod
    def open(
        cls, _account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "MentionTimeline":
        from publisher.platforms.twitter.spec import SPEC  # noqa: PLC0415 - it imports this

        return cls(
            SignedSession(
                credentials,
                api_url=options.servers.get(SPEC.name),
                timeout=options.request_timeout,
                clock=options.clock,
                heard=options.heard(SPEC),
            )
        )

    def read(
        self,
        post_id: str,  # noqa: ARG002 - all in one
        cursor: str,
        most: int | None = None,
        since: datetime | None = None,  # noqa: ARG002 - the newest 800 at most
    ) -> CommentPage:
        """The mentions since the cursor, newest first; see `CommentReader.read`.

        What is left of a reading that ended early is read after the newest ones, and nothing twice:
        each is charged for.
        """
        place = _Place.of(cursor)
        new = self._down(place.newest, None, most)
        place.newest = max(place.newest, new.highest)
        if new.lowest is not None:
            place = _Place(place.since, new.lowest, place.newest)
        if new.lowest is not None or place.until is None:
            if new.error and not new.found:
                raise new.error
            place = place if place.until else _Place(place.newest, None, place.newest)
            return new.page(place, billed=new.shown, authors=new.authors)
        room = None if most is None else most - new.shown
        if room is not None and new.shown and room < _SMALLEST:
            room = 0
        left = self._down(place.since, place.until, room)
        if (error := new.error or left.error) and not (new.found or left.found):
            raise error
        ended = left.lowest is None and left.error is None
        place = (
            _Place(place.newest, None, place.newest)
            if ended
            else _Place(place.since, left.lowest or place.until, place.newest)
        )
        left.found = {**new.found, **left.found}
        return left.page(place, billed=new.shown + left.shown, authors=new.authors + left.authors)

    def _down(self, since: int, until: int | None, room: int | None) -> "_Run":
        """Read those between two ids from the newest on, as far as room and requests allow."""
        run = _Run()
        query = {
            **_FIELDS,
            **({"since_id": str(since)} if since else {}),
            **({"until_id": str(until)} if until else {}),
        }
        for _page in range(PAGES):
            left = _PER_PAGE if room is None else room - run.shown
            if left <= 0 or (run.shown and left < _SMALLEST):
                run.lowest = run.lowest or until
                return run
            try:
                answer = self._list(query, min(_PER_PAGE, max(left, _SMALLEST)))
                check(answer, ANSWERS, PERMISSIONS)
                body = mapping(parsed(answer.body))
                meta, listed = mapping(body.get("meta")), body.get("data", [])
                if not isinstance(listed, list) or "result_count" not in meta:
                    raise unreadable(ANSWERS)
            except CommentsUnavailable as error:
                run.error = error
                return run
            users = _users(body)
            names = _names(users)
            run.used, run.shown = used_share(ANSWERS, answer), run.shown + len(listed)
            run.authors += len(users)
            for node in map(mapping, listed):
                number = int(_id(node) or 0)
                run.highest = max(run.highest, number)
                run.lowest = min(run.lowest or number, number) or run.lowest
                if comment := self._comment(node, names):
                    run.found[comment.id] = comment
            token = meta.get("next_token")
            if not isinstance(token, str) or not token or not listed:
                run.lowest = None
                return run
            query["pagination_token"] = token
        return run

    def hide(self, comment_id: str) -> bool:
        """Hide a reply in a conversation that the account began; see `CommentReader.hide`."""
        answer = self._session.ask("PUT", f"/2/tweets/{comment_id}/hidden", json={"hidden": True})
        if answers.missing(answer):
            return False
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN):
            told = _(
                "X does not let the account hide this reply: it hides only replies in "
                "conversations that the account began, with {permissions}. Look at it on X, and "
                "block its author there if necessary.",
                permissions=PERMISSIONS,
            )
            raise CommentsUnavailable(told, needs_person=True)
        check(answer, ANSWERS, PERMISSIONS)
        if mapping(mapping(parsed(answer.body)).get("data")).get("hidden") is not True:
            raise unreadable(ANSWERS)
        return True

    def delete(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise CommentsUnavailable(_("On X, only the author can delete a post."), needs_person=True)

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

    def _list(self, query: Mapping[str, str], most: int) -> Answer:
        if not self._user_id:
            owner = answers.owner(self._session.ask("GET", "/2/users/me"))
            if not isinstance(owner, Owner):
                raise CommentsUnavailable(owner.message)
            self._user_id = owner.id
        route = f"/2/users/{self._user_id}/mentions"

        def ask(size: int) -> Answer:
            number = most if size > _SMALLEST else _SMALLEST
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
            text=timeline.unescaped(said)[:JUDGED] if isinstance(said, str) else "",
            written_at=written_at,
            url=timeline.address(post_id),
        )


def _users(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The authors that are shown beside the posts."""
    listed = mapping(body.get("includes")).get("users")
    return [mapping(one) for one in listed] if isinstance(listed, list) else []


def _names(users: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Their handles, by their ids."""
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
