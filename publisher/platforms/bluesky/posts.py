"""Posts of an account, read from its own server: which of a delivery's keys are public."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Limit,
    Sighting,
    Step,
    Unknown,
)
from publisher.platforms.bluesky.answers import (
    ANSWERS,
    address,
    created_at,
    is_missing,
    key_of,
)
from publisher.platforms.bluesky.keys import thread_keys
from publisher.platforms.bluesky.records import Gist, Place, gist
from publisher.platforms.bluesky.repo import Repo

_PAGES = 10
"""The most lists that are read to find a post by its words."""
_SKEW = timedelta(minutes=5)
"""The largest difference between another program's clock and ours."""

Obstacle = Deferred | AccountSuspended | Unknown
"""Why it is not known what is there."""


@dataclass(frozen=True, slots=True)
class RepoPost:
    """A post that is public."""

    key: str
    uri: str
    cid: str
    record: dict[str, Any]
    limits: tuple[Limit, ...] = ()

    @property
    def place(self) -> Place:
        return Place(self.uri, self.cid)

    @property
    def made_at(self) -> datetime | None:
        return created_at(self.record)

    @property
    def parent(self) -> str | None:
        """The key of the post that it answers."""
        parent = mapping(mapping(self.record.get("reply")).get("parent"))
        return key_of(parent) or None


def out(found: Sequence[RepoPost]) -> Accepted:
    """The outcome when these posts, the parts of a thread in order, are public."""
    first, *rest = found
    return Accepted(
        first.key,
        address(first.uri),
        made_at=first.made_at,
        following=tuple(post.key for post in rest),
        limits=found[-1].limits,
    )


class RepoPosts:
    """Reads the posts of one account."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    def look(self, key: str) -> RepoPost | Absent | Obstacle:
        """The post with this key; `Absent` when the account's server has none."""
        answer = self._repo.record(key)
        outcome = ANSWERS.judge(answer, Step.READ)
        if is_missing(answer):
            return Absent(may_come=False, limits=outcome.limits)
        if not isinstance(outcome, Accepted):
            return outcome
        found = _post(mapping(parsed(answer.body)))
        return replace(found, limits=outcome.limits) if found else ANSWERS.unreadable()

    def thread(self, key: str, wanted: Sequence[Gist]) -> list[RepoPost] | Absent | Obstacle:
        """The posts whose first has this key, if they show exactly what is wanted.

        `Absent` when there is none: all are made public at once, or none of them. `Unknown` when
        something else is there, as after an edit, or only some of them.
        """
        keys = thread_keys(key, len(wanted) + 1)
        found: list[RepoPost] = []
        for number, one in enumerate(keys):
            seen = self.look(one)
            if isinstance(seen, Absent):
                if not found:
                    return seen
                break
            if not isinstance(seen, RepoPost):
                return seen
            if number == len(wanted) or gist(seen.record) != wanted[number]:
                return out_with_another_text(key)
            found.append(seen)
        return found if len(found) == len(wanted) else out_with_another_text(key)

    def with_words(
        self, wanted: Gist, since: datetime, parent: str | None, taken: Collection[str]
    ) -> Sighting:
        """The newest post that shows what is wanted, made at `since` or later.

        For a delivery whose key was lost with the ledger. `parent` is the key of the part before.
        """
        cursor: str | None = None
        for _page in range(_PAGES):
            answer = self._repo.records(cursor)
            page = _listed(answer)
            if page is None:
                outcome = ANSWERS.judge(answer, Step.READ)
                return outcome if isinstance(outcome, Obstacle) else ANSWERS.unreadable()
            posts, cursor = page
            for post in posts:
                is_late = post.made_at is not None and post.made_at >= since - _SKEW
                shows = gist(post.record).looks_like(wanted) and post.parent == parent
                if shows and is_late and post.key not in taken:
                    return out([post])
            if not posts or not cursor or _is_over(posts, since):
                return Absent()
        return Unknown(
            _(
                "Since this post, the account on Bluesky has had too many posts to read. Look at "
                "the account, then record what you saw with `publisher resolve` or `publisher "
                "retry`."
            )
        )


def _is_over(posts: Sequence[RepoPost], since: datetime) -> bool:
    """Whether the posts that follow were made earlier: keys sort by time."""
    oldest = posts[-1].made_at
    return oldest is not None and oldest < since - _SKEW


def _listed(answer: Answer) -> tuple[list[RepoPost], str | None] | None:
    told = mapping(parsed(answer.body))
    listed = told.get("records")
    if answer.status != 200 or not isinstance(listed, list):
        return None
    posts = [found for one in map(mapping, listed) if (found := _post(one))]
    cursor = told.get("cursor")
    return posts, cursor if isinstance(cursor, str) else None


def _post(told: dict[str, Any]) -> RepoPost | None:
    key, uri, cid = key_of(told), told.get("uri"), told.get("cid")
    record = told.get("value")
    if not key or not isinstance(cid, str) or not isinstance(record, dict):
        return None
    return RepoPost(key, str(uri), cid, record)


def out_with_another_text(key: str) -> Unknown:
    return Unknown(
        _(
            "This post is public on Bluesky with an earlier text or picture, as {key}. Look at "
            "the account; then record with `publisher resolve` that it is out, or delete it "
            "there.",
            key=key,
        )
    )
