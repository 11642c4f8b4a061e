"""Photos of a Page: separate objects, which stay at Facebook when their post is deleted."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from publisher.base.i18n import _
from publisher.channels.answers import identifier, mapping, parsed
from publisher.channels.base import MediaReader, NotPrepared
from publisher.model.content import Picture
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, Outcome, Step, Unknown
from publisher.platforms.facebook.answers import ANSWERS
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.posts import PagePosts


class PagePhotos:
    """Uploads and deletes the photos of one Page."""

    def __init__(self, page: PageGraph, posts: PagePosts) -> None:
        self._page = page
        self._posts = posts

    def upload(
        self, pictures: Sequence[Picture], prepared: Prepared, read_media: MediaReader
    ) -> Prepared:
        """Upload the missing photos into `prepared`; `NotPrepared` has those uploaded so far."""
        for picture in pictures:
            if picture.digest in prepared.media_ids:
                continue
            answer = self._page.upload(picture, read_media(picture.digest))
            outcome = ANSWERS.judge(answer, Step.PREPARE)
            if not isinstance(outcome, Accepted):
                raise NotPrepared(outcome, prepared)
            prepared = prepared.model_copy(
                update={
                    "media_ids": {**prepared.media_ids, picture.digest: outcome.remote_id},
                    "photos": (*prepared.photos, outcome.remote_id),
                }
            )
        return prepared

    def delete(self, photo_id: str) -> Outcome:
        """Delete a photo, and verify that; see `delete_object`."""
        return delete_object(self._page, self._posts, photo_id, _stays)


def delete_object(
    page: PageGraph, posts: PagePosts, object_id: str, stays: Callable[[str], str]
) -> Outcome:
    """Delete what is no post, and verify that; `Accepted` also when it was deleted already.

    If it cannot be verified, Facebook's confirmation counts. `stays` says that it may be there.
    """
    outcome = ANSWERS.judge(page.delete(object_id), Step.WITHDRAW)
    if not isinstance(outcome, Accepted | Unknown):
        return outcome
    answer = page.get(object_id, fields="id")
    if isinstance(outcome, Accepted):
        is_shown = identifier(mapping(parsed(answer.body)).get("id"))
        return Unknown(stays(object_id)) if is_shown else replace(outcome, remote_id=object_id)
    seen = ANSWERS.judge(answer, Step.READ)
    is_gone = isinstance(seen, Unknown) and not posts.no_access()
    return Accepted(object_id) if is_gone else Unknown(stays(object_id))


def photos_of(prepared: Prepared) -> list[str]:
    """All known photos of a delivery; ledgers from before `photos` have only `media_ids`."""
    known = (*prepared.photos, *prepared.shown, *prepared.media_ids.values())
    return list(dict.fromkeys(known))


def _stays(photo_id: str) -> str:
    return _(
        "The picture {photo_id} may still be on Facebook, as a separate photo.",
        photo_id=photo_id,
    )
