"""Posts of a Page as Facebook shows them: whether one is public, and whether one is gone.

What Facebook says of a request is not believed unseen: one report has it that unpublished posts with
photos or links are public at once, and “does not exist” (error 100, subcode 33) is also said of what
the token may not see.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import credible, identifier, mapping, parsed
from publisher.channels.facebook import health
from publisher.channels.facebook.answers import ANSWERS
from publisher.channels.facebook.graph import PageGraph
from publisher.model.models import Content
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountHeld,
    Answer,
    Deferred,
    Kind,
    Limit,
    Outcome,
    Step,
    Unknown,
)

FIELDS = "id,is_published,permalink_url,created_time"
"""Asked for with every request that makes a post or makes it public (Graph API guide,
read-after-write), so that no second request is needed where Facebook answers them."""
_AT_ONCE = 100
"""Posts in one list; Meta gives no more (reference of Page feed)."""
_PAGES = 10
"""Lists that are read to find a post among those that are public."""


@dataclass(frozen=True, slots=True)
class PagePost:
    """A post that is there."""

    id: str
    is_public: bool
    url: str
    made_at: datetime
    """`created_time`, or when the answer came that lacks it."""
    message: str | None
    """None where it was not asked for, or there is none."""
    limits: tuple[Limit, ...] = ()
    """What the answer told of the account's limits."""

    def says(self, content: Content) -> bool:
        """Whether it has these words."""
        return (self.message or "").strip() == content.joined.strip()

    def as_early(self, outcome: Accepted) -> Accepted:
        """`outcome`, as the public has this post already, which Publisher did not ask for."""
        return replace(self.as_out(outcome), public_since=self.made_at)

    def as_out(self, outcome: Accepted) -> Accepted:
        limits = outcome.limits or self.limits
        return replace(outcome, remote_id=self.id, url=self.url, limits=limits)


def shown(answer: Answer) -> PagePost | None:
    """The post that an answer shows; None when it does not tell whether it is public."""
    node = mapping(parsed(answer.body))
    post_id, is_public = identifier(node.get("id")), node.get("is_published")
    if not post_id or not isinstance(is_public, bool):
        return None
    message = node.get("message")
    return PagePost(
        post_id, is_public, address(node, post_id), made_at(node) or answer.received_at,
        message if isinstance(message, str) else None,
    )  # fmt: skip


def address(node: dict[str, Any], post_id: str) -> str:
    """Where people see the post: as Facebook says, if that is an address of its own."""
    told = node.get("permalink_url")
    if isinstance(told, str) and told.startswith("https://www.facebook.com/") and len(told) < 500:
        return told
    return f"https://www.facebook.com/{post_id}"


def made_at(node: dict[str, Any]) -> datetime | None:
    """`created_time`; None when it cannot be read."""
    try:
        instant = datetime.fromisoformat(str(node.get("created_time")))
    except ValueError:
        return None
    return credible(instant) if instant.tzinfo else None


class PagePosts:
    """Looks at the posts of one Page."""

    def __init__(self, page: PageGraph) -> None:
        self._page = page

    def look(self, post_id: str) -> PagePost | Deferred | AccountHeld | Unknown:
        """The post; `Unknown` when Facebook says that it is not there, or not for this token."""
        answer = self._page.get(post_id, fields=f"{FIELDS},message")
        outcome = ANSWERS.judge(answer, Step.READ)
        if isinstance(outcome, Accepted):
            post = shown(answer)
            return replace(post, limits=outcome.limits) if post else ANSWERS.unreadable()
        return outcome

    def fate(
        self, post_id: str, *, lately: bool = False
    ) -> PagePost | Absent | Deferred | AccountHeld | Unknown:
        """The same; `Absent` when it is gone for certain, `Unknown` when that cannot be told.

        Gone is what Facebook does not show, while the token is the Page's own and Facebook does not
        list the post among the public ones. `lately`: it was made not long ago, so that it would be
        among the newest of these.
        """
        seen = self.look(post_id)
        if not isinstance(seen, Unknown):
            return seen
        if obstacle := self.no_access():
            return obstacle
        listed = self._is_listed(post_id, lately=lately)
        if isinstance(listed, bool):
            return Unknown(_listed(post_id)) if listed else Absent(limits=seen.limits)
        return listed

    def no_access(self) -> Deferred | AccountHeld | None:
        """Why the token may not see what is on the Page: it is not the Page's own, or Facebook does
        not tell whose it is; None where it is.
        """
        answer = self._page.me()
        owner_id = identifier(mapping(parsed(answer.body)).get("id"))
        if not owner_id:
            return _unread(answer)
        flaw = health.flaw_of_owner(owner_id, self._page.page_id)
        return Deferred(Kind.AUTH, flaw) if flaw else None

    def _is_listed(self, post_id: str, *, lately: bool) -> bool | Deferred | AccountHeld:
        """Whether the post is among the public ones; not known where it may be behind the newest."""
        after = None
        for _page in range(_PAGES):
            answer = self._page.published(fields="id", limit=_AT_ONCE, after=after)
            body = mapping(parsed(answer.body))
            posts, paging = body.get("data"), mapping(body.get("paging"))
            if not isinstance(posts, list):
                return _unread(answer)
            if any(mapping(post).get("id") == post_id for post in posts):
                return True
            after = mapping(paging.get("cursors")).get("after")
            if not paging.get("next") or not isinstance(after, str):
                return False
        if lately:
            return False
        return replace(ANSWERS.unreadable(), kind=Kind.UNAVAILABLE)  # it may be behind these


def _unread(answer: Answer) -> Deferred | AccountHeld:
    """Why an answer shows nothing."""
    outcome: Outcome | Absent = ANSWERS.judge(answer, Step.READ)
    if isinstance(outcome, AccountHeld | Deferred):
        return outcome
    return replace(ANSWERS.unreadable(), kind=Kind.UNAVAILABLE)


def _listed(post_id: str) -> str:
    return _(
        "Facebook says that {post_id} is not there, and lists it on the Page all the same: it is "
        "out. Look at the Page.",
        post_id=post_id,
    )
