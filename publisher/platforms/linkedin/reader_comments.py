"""Readers' comments on a page's posts, and those below comments: read and deleted.

LinkedIn documents no order of a list, and lists nothing from a time on. So each reading goes
through all comments on a post first, and returns the new ones; then those below some comments are
listed, if their number changed (see `comment_place.py`). A reading is small, as LinkedIn may take
thirty requests in a day: what is new on the post is seen by the next one.

Who wrote a comment it tells by a member's URN alone, which is not kept. A name would be profile
data, which may be kept for 24 hours; what members write may be kept for 48, may be shown only to
who manages the page, and not be handed on (see `SPEC.comments`). No app can hide a comment.

Sources: learn.microsoft.com/linkedin/marketing, Comments API (methods, permissions), Social
Metadata API, Data Storage Requirements, Restricted Uses. Paths, paging, `commentsSummary` and
`actor` are as public clients use them. That an administrator deletes what members wrote: PyPI
linkedin-automator, with the URN of a person; with that of the organisation it was not tried on
LinkedIn itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import DEFAULT_SUSPENSION, mapping, parsed, whole
from publisher.channels.comments import (
    CommentPage,
    CommentsUnavailable,
    CountingReader,
    check,
    gone_among,
    unreadable,
    whole_answer,
)
from publisher.model.outcomes import Answer
from publisher.model.reader_comments import ReaderComment
from publisher.platforms.linkedin import timeline
from publisher.platforms.linkedin.answers import ANSWERS, is_about_its_target, missing
from publisher.platforms.linkedin.comment_elements import (
    comment_of,
    number_below,
    parts_of,
    urn_of,
)
from publisher.platforms.linkedin.comment_place import CommentPlace
from publisher.platforms.linkedin.rest import Rest
from publisher.platforms.linkedin.spec import PERMISSIONS

if TYPE_CHECKING:
    from publisher.channels.spec import ChannelOptions
    from publisher.model.accounts import Account

_SIZES = (100, 25, 5, 1)
"""How many comments a request asks for: few requests, where LinkedIn takes a hundred in a day."""
_LISTED = 3
"""The most requests of a reading for what is on the post."""
_BELOW = 2
"""The most requests of a reading for what is below comments."""
_ALONE = 5
"""How many are asked for alone, of those that an answer about several does not name."""


class OrganizationComments(CountingReader):
    """Reads and deletes the comments on one page's posts."""

    def __init__(self, rest: Rest, clock: Clock) -> None:
        self._rest = rest
        self._clock = clock

    @classmethod
    def open(
        cls, account: "Account", credentials: Mapping[str, str], options: "ChannelOptions"
    ) -> "OrganizationComments":
        from publisher.platforms.linkedin.spec import SPEC  # noqa: PLC0415 - it imports this

        rest = Rest(
            account.options.get("organization_id", ""),
            credentials,
            api_url=options.servers.get(SPEC.name),
            timeout=options.request_timeout,
            clock=options.clock,
            heard=options.heard(SPEC),
        )
        return cls(rest, options.clock)

    def read(
        self,
        post_id: str,
        cursor: str,
        most: int | None = None,  # noqa: ARG002 - nothing is charged
        since: datetime | None = None,  # noqa: ARG002 - each post is read from its beginning
    ) -> CommentPage:
        """The comments on one post, and those below them; see `CommentReader.read`."""
        place = CommentPlace.of(cursor, self._clock.now())
        found: dict[str, ReaderComment] = {}
        requests = 0
        try:
            while not place.is_listed and requests < _LISTED:
                answer, size, made = self._page(post_id, place.start)
                requests += made
                if missing(answer):
                    requests += 1
                    self._check_gone(post_id)
                    return CommentPage((), str(place), is_gone=True, requests=requests)
                found |= self._listed(place, answer, size, post_id)
            enough = requests + _BELOW
            while requests < enough and (place.open or place.has_question):
                if not place.open:
                    requests += 1
                    place.answer_question(self._number_below(post_id))
                    continue
                parent = next(iter(place.open))
                answer, size, made = self._page(parent, place.starts.get(parent, 0))
                requests += made
                found |= self._below(place, parent, answer, size, post_id)
        except CommentsUnavailable as error:
            error.requests = requests
            if not (found or place.is_listed):
                raise
        place.wait_for_answer()
        return CommentPage(
            tuple(found.values()),
            str(place),
            is_complete=place.is_through,
            known_until=place.known_until,
            requests=requests,
            trouble=_late(post_id) if place.is_late(self._clock.now()) else None,
        )

    def _page(self, target: str, start: int) -> tuple[Answer, int, int]:
        """A page of comments, how many it was asked for, and the number of requests."""
        asked: list[int] = []

        def ask(size: int) -> Answer:
            asked.append(size)
            return self._rest.comments(target, start, size)

        return whole_answer(ask, _SIZES), asked[-1], len(asked)

    def _listed(
        self, place: CommentPlace, answer: Answer, size: int, post_id: str
    ) -> dict[str, ReaderComment]:
        """The new comments of a page on the post, behind which the place goes on."""
        elements, step, is_last = _elements(answer, size, place.start)
        found = {}
        for element in elements:
            comment = comment_of(element, post_id)
            if comment is None:
                continue
            place.note(comment.id, number_below(element))
            if self._is_ours(element):
                continue
            time = int(comment.written_at.timestamp() * 1000)
            place.newest = max(place.newest, time)
            if time > place.floor:
                found[comment.id] = comment
        place.listed(step, is_last=is_last)
        return found

    def _below(
        self, place: CommentPlace, parent: str, answer: Answer, size: int, post_id: str
    ) -> dict[str, ReaderComment]:
        """The comments of a page below another one, behind which the place goes on."""
        if missing(answer):  # the comment is gone, with those below it
            place.looked_below(parent, 0, is_last=True)
            return {}
        try:
            elements, step, is_last = _elements(answer, size, place.starts.get(parent, 0))
        except CommentsUnavailable:
            place.not_looked_below(parent, is_refused=is_about_its_target(answer))
            raise
        place.looked_below(parent, step, is_last=is_last)
        found = [comment_of(element, post_id) for element in elements if not self._is_ours(element)]
        return {one.id: one for one in found if one}

    def _is_ours(self, element: Mapping[str, Any]) -> bool:
        return element.get("actor") == self._rest.author

    def _number_below(self, post_id: str) -> int | None:
        """How many comments on a post are below others; None if LinkedIn does not say it."""
        answer = self._rest.social_metadata(post_id)
        _check(answer)
        summary = mapping(mapping(parsed(answer.body)).get("commentSummary"))
        every, on_post = whole(summary.get("count")), whole(summary.get("topLevelCount"))
        return None if every is None or on_post is None else every - on_post

    def _check_gone(self, post_id: str) -> None:
        """Raise CommentsUnavailable unless LinkedIn says that it does not find the post."""
        post = self._rest.post(post_id)
        if not missing(post):
            _check(post)
            raise unreadable(ANSWERS)

    def hide(self, comment_id: str) -> bool:  # noqa: ARG002 - of the contract
        raise CommentsUnavailable(
            _("On LinkedIn, apps cannot hide a comment. Delete it, or report it there."),
            needs_person=True,
        )

    def delete(self, comment_id: str) -> bool:
        """Delete a comment, with those below it; see `CommentReader.delete`.

        Then it is read: LinkedIn's answer says nothing of it.
        """
        parts = parts_of(comment_id)
        if parts is None:
            raise unreadable(ANSWERS)
        answer = self._rest.delete_comment(*parts)
        if answer.status == HTTPStatus.FORBIDDEN and mapping(parsed(answer.body)):
            told = _(
                "LinkedIn does not let the app delete this comment. Give the app {permissions}, as "
                "`publisher help comments` shows, or delete it on LinkedIn.",
                permissions=PERMISSIONS,
            )
            raise CommentsUnavailable(told, needs_person=True)
        was_there = not missing(answer)
        if was_there:
            _check(answer)
        if not self._is_gone(*parts):
            raise unreadable(ANSWERS)
        return was_there

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those that LinkedIn names as not found; see `CommentReader.gone`.

        Those of a post are asked for together; of what the answer does not name, a few alone.
        """
        self.requests = 0
        asked: dict[str, dict[str, str]] = {}
        for comment_id in comment_ids:
            if parts := parts_of(comment_id):
                asked.setdefault(parts[0], {})[parts[1]] = comment_id
        gone: set[str] = set()
        lacking: dict[str, tuple[str, str]] = {}
        for target, its in asked.items():
            try:
                there, not_there = self._known(target, list(its))
            except CommentsUnavailable as error:
                if error.until:  # it takes no more requests
                    return frozenset(gone)
                continue
            gone |= {its[number] for number in not_there}
            unnamed = sorted(its.keys() - there - not_there)
            lacking |= {its[number]: (target, number) for number in unnamed}
        return gone_among(list(lacking)[:_ALONE], lambda one: self._is_gone(*lacking[one])) | gone

    def _known(self, target: str, numbers: Sequence[str]) -> tuple[set[str], set[str]]:
        """Which of some comments on a post LinkedIn shows, and which it names as not found."""
        self.requests += 1
        answer = self._rest.some_comments(target, numbers)
        if missing(answer):
            return set(), set()
        _check(answer)
        body = mapping(parsed(answer.body))
        shown, errors = mapping(body.get("results")), mapping(body.get("errors"))
        return (
            {one for one in numbers if _is_shown(shown.get(one), one)},
            {
                one
                for one in numbers
                if mapping(errors.get(one)).get("status") == HTTPStatus.NOT_FOUND
            },
        )

    def _is_gone(self, target: str, number: str) -> bool:
        """Whether LinkedIn says that it does not find a comment."""
        self.requests += 1
        answer = self._rest.comment(target, number)
        if missing(answer):
            return True
        _check(answer)
        if not _is_shown(parsed(answer.body), number):
            raise unreadable(ANSWERS)
        return False


def _check(answer: Answer) -> None:
    """As `check`. After a 429, whose end LinkedIn does not tell, with a time to try again."""
    try:
        check(answer, ANSWERS, PERMISSIONS)
    except CommentsUnavailable as error:
        if answer.status != HTTPStatus.TOO_MANY_REQUESTS or error.until:
            raise
        until = answer.received_at + DEFAULT_SUSPENSION
        raise CommentsUnavailable(error.message, until=until) from None


def _elements(answer: Answer, size: int, start: int) -> tuple[list[dict[str, Any]], int, bool]:
    """What a page has, by how many the list goes on behind it, and whether it is the last one."""
    _check(answer)
    body = mapping(parsed(answer.body))
    elements, paging = body.get("elements"), mapping(body.get("paging"))
    if not isinstance(elements, list):
        raise unreadable(ANSWERS)
    step = min(whole(paging.get("count")) or size, size)
    return [*map(mapping, elements)], step, _is_last(paging, start + step, is_empty=not elements)


def _late(post_id: str) -> str:
    return _(
        "Comments below {address} are read hours late: there are too many for the requests that "
        "Publisher makes in a day, or LinkedIn does not show all of them. Read them there. To "
        "allow more requests a day: `publisher help comments`.",
        address=timeline.address(post_id),
    )


def _is_shown(element: Any, number: str) -> bool:
    parts = parts_of(urn_of(mapping(element)))
    return parts is not None and parts[1] == number


def _is_last(paging: Mapping[str, Any], following: int, *, is_empty: bool) -> bool:
    """Whether a page is the last one. That it has fewer comments than it might proves nothing."""
    total, links = whole(paging.get("total")), paging.get("links")
    if total is not None:
        return following >= total
    has_next = isinstance(links, list) and any(mapping(one).get("rel") == "next" for one in links)
    return is_empty or not has_next
