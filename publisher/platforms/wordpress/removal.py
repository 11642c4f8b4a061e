"""Removal of posts and pictures from a site: withdrawn ones, and unused ones."""

from collections.abc import Callable
from dataclasses import replace

from publisher.base.i18n import _
from publisher.channels.answers import still_out
from publisher.channels.base import NotPrepared
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Step,
    Unknown,
    Wire,
)
from publisher.platforms.wordpress.answers import ANSWERS, is_missing
from publisher.platforms.wordpress.article import slug_of
from publisher.platforms.wordpress.media import SiteMedia, of_publisher
from publisher.platforms.wordpress.posts import SitePost, fate
from publisher.platforms.wordpress.site import SiteApi


class SiteRemoval:
    """Deletes posts and pictures from one site."""

    def __init__(self, site: SiteApi, media: SiteMedia) -> None:
        self._site = site
        self._media = media

    def withdraw(self, post_id: str, prepared: Prepared) -> Outcome:
        """Make a draft of a post, then delete its pictures, then itself.

        So nobody sees any of it from the first step on, and whichever step fails, the pictures are
        found again by their post: not all are on record after a restore, or when a person said
        that it is out.
        """
        hidden = self._hide(post_id)
        if not isinstance(hidden, Accepted):
            return hidden
        try:
            attached = self._media.attached(post_id)
        except NotPrepared as problem:
            return problem.outcome
        for media_id in dict.fromkeys((*prepared.photos, *of_publisher(attached))):
            deleted = self._media.delete(media_id)
            if not isinstance(deleted, Accepted):
                return deleted
        return self._delete(post_id)

    def _hide(self, post_id: str) -> Outcome:
        """Make a draft of a post, and verify that."""
        answer = self._site.hide(post_id)
        return self._verified(answer, post_id, lambda seen: not seen.is_public)

    def _delete(self, post_id: str) -> Outcome:
        """Delete a post, and verify that."""
        answer = self._site.delete("posts", post_id)
        return self._verified(answer, post_id, lambda _seen: False)

    def _verified(
        self, answer: Answer, post_id: str, is_done: Callable[[SitePost], bool]
    ) -> Outcome:
        """The outcome of taking a post away: the post is gone, or as `is_done` says it must be."""
        if is_missing(answer):
            return Accepted(post_id)
        outcome = ANSWERS.judge(answer, Step.WITHDRAW)
        if answer.wire is not Wire.ANSWERED or not isinstance(outcome, Accepted | Unknown):
            return outcome
        seen = fate(self._site, post_id)
        if isinstance(seen, Absent) or (isinstance(seen, SitePost) and is_done(seen)):
            return Accepted(post_id)
        if isinstance(seen, SitePost) and seen.is_public:
            return still_out(ANSWERS.name)
        if isinstance(outcome, Accepted):
            is_there = isinstance(seen, SitePost)
            return (
                Unknown(_still_there(post_id)) if is_there else replace(outcome, remote_id=post_id)
            )
        return outcome

    def clear(self, parcel: Parcel, prepared: Prepared) -> None:
        """Delete pictures, then unpublished posts. Raises `NotPrepared` with what is left.

        The pictures are first, for WordPress lists those of a deleted post publicly. Those of a
        post that is public after all are kept.
        """
        for post_id in prepared.leftovers:
            seen = fate(self._site, post_id)
            rest = tuple(other for other in prepared.leftovers if other != post_id)
            if isinstance(seen, SitePost) and seen.is_public:
                if seen.slug.startswith(slug_of(parcel.post, parcel.account, parcel.content)):
                    early = seen.as_early(parcel.due_at)
                    raise NotPrepared(early, public_as(post_id, parcel, prepared))
                # It is not known which pictures it uses: they stay.
                raise NotPrepared(_public_after_all(post_id), Prepared(leftovers=rest))
            if not isinstance(seen, SitePost | Absent):
                raise NotPrepared(seen, prepared)
            attached = self._media.attached(post_id) if isinstance(seen, SitePost) else {}
            both = dict.fromkeys((*prepared.photos, *of_publisher(attached)))
            prepared = self._media.delete_all(list(both), prepared)
            if isinstance(seen, SitePost):
                _require(self._delete(post_id), prepared)
            prepared = prepared.model_copy(update={"leftovers": rest})
        self._media.delete_all(prepared.photos, prepared)


def public_as(post_id: str, parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` when its post is public after all."""
    update = {"leftovers": (), "begun": (), "draft_id": post_id, "digest": parcel.content.digest}
    return prepared.model_copy(update=update)


def out_with_another_text(post_id: str) -> Unknown:
    return Unknown(
        _(
            "This post is public on the website with an earlier text, as number {post_id}. Look "
            "at the website; then record with `publisher resolve` that it is out, or delete it "
            "there.",
            post_id=post_id,
        )
    )


def _require(outcome: Outcome, still: Prepared) -> None:
    """Raise `NotPrepared` unless it is deleted; it is not public, so it may be deleted again."""
    if isinstance(outcome, Unknown):
        outcome = Deferred(Kind.UNAVAILABLE, outcome.message)
    if not isinstance(outcome, Accepted):
        raise NotPrepared(outcome, still)


def _still_there(post_id: str) -> str:
    return _(
        "The website reported that it is deleted, but still has it, as number {post_id}.",
        post_id=post_id,
    )


def _public_after_all(post_id: str) -> Unknown:
    return Unknown(
        _(
            "This post is public on the website, as number {post_id}, although Publisher never "
            "learned that it is. Publisher left it alone. Look at the website, and delete it "
            "there if it must not be out.",
            post_id=post_id,
        )
    )
