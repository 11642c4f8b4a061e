"""Posts of a site, read from WordPress: what their status is, and whether one is deleted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import address, identifier, mapping, numeral
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Refused,
    Step,
    Unknown,
)
from publisher.platforms.wordpress.answers import (
    ANSWERS,
    PUBLIC,
    UNPUBLISHED,
    instant,
    is_missing,
    said,
)
from publisher.platforms.wordpress.site import SiteApi


@dataclass(frozen=True, slots=True)
class SitePost:
    """An existing post of a site."""

    id: str
    status: str
    slug: str
    url: str | None
    made_at: datetime | None
    """When it became public; for a draft, when it was last saved."""
    lang: str = ""
    """The side of the site that it stands on; empty: the site does not say."""

    @property
    def is_public(self) -> bool:
        return self.status == PUBLIC

    @property
    def is_unpublished(self) -> bool:
        """Whether it is as it was prepared, and nobody put it elsewhere."""
        return self.status in UNPUBLISHED

    def as_out(self) -> Accepted:
        return Accepted(self.id, url=self.url, made_at=self.made_at)

    def as_early(self, at: datetime) -> Accepted:
        """The outcome for a post that somebody made public on the website; `at` if undated."""
        return replace(self.as_out(), public_since=self.made_at or at)


def shown(told: Mapping[str, Any]) -> SitePost | None:
    """The post in an answer; None when the answer does not say what its status is."""
    post_id, status = numeral(told.get("id")), told.get("status")
    if not post_id or not isinstance(status, str):
        return None
    return SitePost(
        post_id, status, str(told.get("slug") or ""), address(told.get("link")),
        instant(told.get("date_gmt")), identifier(told.get("lang")),
    )  # fmt: skip


def look(site: SiteApi, post_id: str) -> SitePost | Deferred | AccountSuspended | Unknown:
    """Read a post; `Unknown` when it is deleted."""
    return _seen(site.get("posts", post_id))


def fate(site: SiteApi, post_id: str) -> SitePost | Absent | Deferred | AccountSuspended | Unknown:
    """As `look`, but `Absent` when it is deleted: WordPress refuses otherwise what is hidden."""
    answer = site.get("posts", post_id)
    return Absent() if is_missing(answer) else _seen(answer)


def _seen(answer: Answer) -> SitePost | Deferred | AccountSuspended | Unknown:
    outcome = ANSWERS.judge(answer, Step.READ)
    if not isinstance(outcome, Accepted):
        return outcome
    return shown(mapping(said(answer))) or ANSWERS.unreadable()


def items_of(answer: Answer) -> list[dict[str, Any]] | Deferred | AccountSuspended:
    """The items of a list, such as of posts."""
    outcome, items = ANSWERS.judge(answer, Step.READ), said(answer)
    if isinstance(outcome, Deferred | AccountSuspended):
        return outcome
    if not isinstance(items, list):
        return ANSWERS.unreadable()
    return [mapping(item) for item in items]


def moved(post: SitePost) -> Refused:
    """The outcome for a prepared post that a person put elsewhere, such as into the trash."""
    return Refused(
        Kind.CONTENT,
        _(
            "Someone changed the post that was prepared on the website: its status there is "
            "“{status}”. If it must still go out, retry it: Publisher prepares it again.",
            status=identifier(post.status) or "?",
        ),
        of_post=True,
    )
