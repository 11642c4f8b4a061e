"""Contract of readers' comments; `tests/channels/test_comments.py` checks each channel with them.

A reader is an object of its own beside the channel: what it asks, and what it is refused, has no
effect on posts. Its platform's texts are foreign data.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from publisher.base.i18n import _
from publisher.channels.answers import Answers, parsed
from publisher.model.outcomes import AccountSuspended, Answer, Kind, Step, Wire
from publisher.model.reader_comments import ReaderComment

PAGES = 10
"""The most requests of one reading: what is left is read by the next one."""
_CUT = 200_000
"""Characters of an answer that may have been cut: see `http.connection`."""
SIZES = (25, 5, 1)
"""How many comments a request asks for; fewer after an answer that was too long to be read."""


class CommentsUnavailable(Exception):
    """Comments cannot be read, hidden or deleted now; the account's posts are not concerned."""

    def __init__(
        self,
        message: str,
        *,
        until: datetime | None = None,
        needs_person: bool = False,
        requests: int = 1,
    ) -> None:
        """`until`: when to try again, if the platform says so.

        `needs_person`: it fails until somebody acts, such as for a permission that is missing.
        `requests`: how many it took, as in `CommentPage`.
        """
        super().__init__(message)
        self.message = message
        self.until = until
        self.needs_person = needs_person
        self.requests = requests


@dataclass(frozen=True, slots=True)
class CommentPage:
    """What one reading found."""

    comments: tuple[ReaderComment, ...]
    cursor: str
    """Where the next reading goes on."""
    is_complete: bool = True
    """Whether nothing is left to read for now."""
    billed: int = 0
    """How many comments the platform charges for, of what it showed."""
    authors: int = 0
    """How many of their authors it charges for besides."""
    used: float = 0.0
    """The share of the nearest rate limit that is used up, from 0 to 1."""
    is_gone: bool = False
    """Whether the post itself is gone."""
    known_until: datetime | None = None
    """The time from before which all was returned by now, although more may be left to read; None:
    that of the reading if it is complete, and otherwise as before.
    """
    requests: int = 1
    """How many it took, where the platform rations them: see `CommentSupport`."""
    trouble: str | None = None
    """What is wrong although comments were read, for people."""


class CommentReader(Protocol):
    """Reads and moderates the comments of one account. Used by one thread at a time.

    All methods raise CommentsUnavailable.
    """

    def read(
        self,
        post_id: str,
        cursor: str,
        most: int | None = None,
        since: datetime | None = None,
    ) -> CommentPage:
        """The comments since the cursor of the reading before; empty: from the beginning.

        Of one of our posts; with an empty `post_id`, of all that the account has, where the channel
        reads those in one request. Each comment is returned at least once, in whatever order. Makes
        at most `PAGES` requests, and returns what it read before one that failed. `most`: how many
        may still be charged for; `since`: the time of the oldest post.
        """

    def hide(self, comment_id: str) -> bool:
        """Hide a comment as far as the platform can; False if it is not there any more.

        Safe to repeat.
        """

    def delete(self, comment_id: str) -> bool:
        """Delete a comment; False if it was not there any more. Safe to repeat."""

    def gone(self, comment_ids: Sequence[str]) -> frozenset[str]:
        """Those of these comments that the platform says are deleted, or not ours to see.

        Only what it says in so many words: a list that lacks one proves nothing. One that cannot
        be looked up is not among them.
        """


class CountingReader:
    """A reader of a platform that rations requests (see `CommentSupport`)."""

    requests: int = 0
    """How many the last call of `gone` took."""


def check(answer: Answer, answers: Answers, permissions: str) -> None:
    """Raise CommentsUnavailable for an answer that is no success, by what it means for reading.

    For one that names a missing permission, those that are needed are named.
    """
    if answer.wire is Wire.ANSWERED and 200 <= (answer.status or 0) < 300:
        return
    outcome = answers.judge(answer, Step.READ)
    name = answers.name
    if not isinstance(outcome, AccountSuspended):
        told = _(
            "{name} does not show or change comments at the moment. Publisher tries again.",
            name=name,
        )
        raise CommentsUnavailable(told)
    if outcome.kind in (Kind.RATE_LIMIT, Kind.APP_LIMIT):
        told = _(
            "{name} accepts no more requests about comments for now. Publisher continues by "
            "itself.",
            name=name,
        )
        raise CommentsUnavailable(told, until=outcome.until)
    if outcome.kind is Kind.PERMISSION:
        told = _(
            "{name} does not let the app read or change comments. Give it {permissions}; "
            "`publisher help comments` shows where.",
            name=name,
            permissions=permissions,
        )
        raise CommentsUnavailable(told, needs_person=True)
    raise CommentsUnavailable(outcome.message, until=outcome.until, needs_person=True)


def gone_among(comment_ids: Iterable[str], is_gone: Callable[[str], bool]) -> frozenset[str]:
    """Those of some comments that are gone; `is_gone` asks the platform for one alone.

    One that cannot be looked up is not among them. Ends when the platform takes no more requests.
    """
    gone = set()
    for comment_id in comment_ids:
        try:
            if is_gone(comment_id):
                gone.add(comment_id)
        except CommentsUnavailable as error:
            if error.until:
                break
    return frozenset(gone)


def whole_answer(ask: Callable[[int], Answer], sizes: Sequence[int] = SIZES) -> Answer:
    """The answer to a request for some comments; for fewer, where it was too long to be read.

    Nobody can blind us with a text of many thousand characters.
    """
    for size in sizes:
        answer = ask(size)
        if len(answer.body) < _CUT or parsed(answer.body) is not None:
            break
    return answer


def unreadable(answers: Answers) -> CommentsUnavailable:
    """The error for a success whose body cannot be used."""
    return CommentsUnavailable(
        _(
            "{name} gave an answer about comments that Publisher cannot use. Publisher tries "
            "again.",
            name=answers.name,
        )
    )


def used_share(answers: Answers, answer: Answer) -> float:
    """The share of the nearest rate limit that is used up."""
    limits = answers.limits(answer, Step.READ)
    return max((1 - one.remaining / one.total for one in limits if one.total), default=0.0)
