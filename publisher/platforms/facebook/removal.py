"""Removal of posts and photos from a Page: withdrawn ones, and unused ones."""

from dataclasses import replace

from publisher.base.i18n import _
from publisher.channels.answers import still_out
from publisher.channels.base import NotPrepared
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, Deferred, Kind, Outcome, Step, Unknown
from publisher.platforms.facebook.answers import ANSWERS
from publisher.platforms.facebook.comments import is_comment
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.photos import PagePhotos, delete_object, photos_of
from publisher.platforms.facebook.posts import PagePost, PagePosts


class Removal:
    """Deletes posts and photos from one Page."""

    def __init__(self, page: PageGraph, posts: PagePosts, photos: PagePhotos) -> None:
        self._page = page
        self._posts = posts
        self._photos = photos

    def withdraw(self, post_id: str, prepared: Prepared) -> Outcome:
        """Delete a post, then its photos, without which it is not withdrawn; or a comment alone."""
        if is_comment(post_id, self._page.page_id):
            return delete_object(self._page, self._posts, post_id, _comment_stays)
        outcome = self._delete(post_id)
        for photo_id in photos_of(prepared):
            if not isinstance(outcome, Accepted):
                break
            deleted = self._photos.delete(photo_id)
            outcome = outcome if isinstance(deleted, Accepted) else deleted
        return outcome

    def _delete(self, post_id: str) -> Outcome:
        """Delete a post, and verify that.

        If it cannot be verified, Facebook's confirmation counts.
        """
        outcome = ANSWERS.judge(self._page.delete(post_id), Step.WITHDRAW)
        if not isinstance(outcome, Accepted | Unknown):
            return outcome
        is_confirmed = isinstance(outcome, Accepted)
        seen = self._posts.look(post_id) if is_confirmed else self._posts.fate(post_id)
        if isinstance(seen, PagePost) and seen.is_public:
            return still_out(ANSWERS.name, outcome.limits)
        if isinstance(outcome, Accepted):
            if isinstance(seen, PagePost):
                return Unknown(_still_there(post_id), limits=outcome.limits)
            return replace(outcome, remote_id=post_id)
        if isinstance(seen, Absent):
            return Accepted(post_id, limits=outcome.limits)
        return replace(seen, limits=outcome.limits) if isinstance(seen, Unknown) else outcome

    def clear(self, parcel: Parcel, prepared: Prepared) -> None:
        """Delete unpublished posts, then all photos. Raises `NotPrepared` with what is left.

        Photos are last: those of a post that is public after all are kept.
        """
        left, public = list(prepared.leftovers), None
        for post_id in prepared.leftovers:
            still = prepared.model_copy(update={"leftovers": tuple(left)})
            public = self._take_away(post_id, parcel, still) or public
            left.remove(post_id)
        if public:
            raise NotPrepared(public.as_early(Accepted("")), public_as(public.id, parcel, prepared))
        photos = list(prepared.photos)
        for photo_id in prepared.photos:
            update = {"leftovers": (), "photos": tuple(photos)}
            still = prepared.model_copy(update=update)
            _require(self._photos.delete(photo_id), still)
            photos.remove(photo_id)

    def _take_away(self, post_id: str, parcel: Parcel, still: Prepared) -> PagePost | None:
        """Delete an unpublished post, or return it if it is public, with the parcel's text.

        Raises `NotPrepared` with `still` if it is not deleted.
        """
        seen = self._posts.fate(post_id, lately=True)
        if isinstance(seen, PagePost) and seen.is_public:
            if seen.says(parcel.content):
                return seen
            rest = tuple(other for other in still.leftovers if other != post_id)
            # It is not known which photos it uses: they stay.
            raise NotPrepared(_public_after_all(post_id), Prepared(leftovers=rest))
        if isinstance(seen, Absent):
            return None
        outcome = self._delete(post_id) if isinstance(seen, PagePost) else seen
        _require(outcome, still)
        return None

    def discard(self, post_id: str, parcel: Parcel, prepared: Prepared) -> None:
        """Delete a post that will not be used.

        It does not matter whether that succeeds: no one sees the post. Raises `NotPrepared` when it
        is public after all, or that is not known: the new one would be a duplicate.
        """
        seen = self._posts.fate(post_id, lately=True)
        if isinstance(seen, Absent):
            return
        if not isinstance(seen, PagePost):
            raise NotPrepared(seen)
        if not seen.is_public:
            self._page.delete(post_id)
        elif seen.says(parcel.content):
            raise NotPrepared(seen.as_early(Accepted("")), public_as(post_id, parcel, prepared))
        else:
            raise NotPrepared(out_with_another_text(post_id))

    def without_photos(self, prepared: Prepared) -> Prepared:
        """`prepared` without its discarded post, and without photos for other content.

        Their alternative texts may have changed.

        A photo that cannot be deleted now stays on record, to be deleted later; so do all photos
        while an unresolved attempt may have a post that shows them.
        """
        photos = photos_of(prepared)
        if not prepared.begun:
            photos = [one for one in photos if not isinstance(self._photos.delete(one), Accepted)]
        return Prepared(
            begun=prepared.begun,
            note=prepared.note,
            photos=tuple(photos),
            at_once=prepared.at_once,
        )


def public_as(post_id: str, parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` when its post is public after all."""
    update = {"leftovers": (), "begun": (), "draft_id": post_id, "digest": parcel.content.digest}
    return prepared.model_copy(update=update)


def out_with_another_text(post_id: str) -> Unknown:
    return Unknown(
        _(
            "This post is public on the Page with an earlier text, as {post_id}. Look at the "
            "Page; then record with `publisher resolve` that it is out, or delete it there.",
            post_id=post_id,
        )
    )


def _require(outcome: Outcome, still: Prepared) -> None:
    """Raise `NotPrepared` unless it is deleted; it is not public, so it may be deleted again."""
    if isinstance(outcome, Unknown):
        outcome = Deferred(Kind.UNAVAILABLE, outcome.message)
    if not isinstance(outcome, Accepted):
        raise NotPrepared(outcome, still)


def _comment_stays(comment_id: str) -> str:
    return _("The comment {comment_id} may still be on Facebook.", comment_id=comment_id)


def _still_there(post_id: str) -> str:
    return _(
        "Facebook reported that it is deleted, but still shows it, as {post_id}.",
        post_id=post_id,
    )


def _public_after_all(post_id: str) -> Unknown:
    return Unknown(
        _(
            "This post is public on the Page, as {post_id}, although Publisher never learned "
            "that it is. Publisher left it alone. Look at the Page, and delete it there if it "
            "must not be out.",
            post_id=post_id,
        )
    )
