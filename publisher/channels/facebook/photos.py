"""Photos of a Page: separate objects, which stay at Facebook when their post is deleted."""

from collections.abc import Sequence

from publisher.base.i18n import _
from publisher.channels.answers import identifier, mapping, parsed
from publisher.channels.base import MediaReader, NotPrepared
from publisher.channels.facebook.answers import ANSWERS
from publisher.channels.facebook.graph import PageGraph
from publisher.channels.facebook.posts import PagePosts
from publisher.model.content import Picture
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, Outcome, Step, Unknown


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
        """Delete a photo, and verify that; `Accepted` also when it was deleted already.

        If it cannot be verified, Facebook's confirmation counts.
        """
        outcome = ANSWERS.judge(self._page.delete(photo_id), Step.WITHDRAW)
        if not isinstance(outcome, Accepted | Unknown):
            return outcome
        answer = self._page.get(photo_id, fields="id")
        if isinstance(outcome, Accepted):
            is_shown = identifier(mapping(parsed(answer.body)).get("id"))
            return Unknown(_stays(photo_id)) if is_shown else outcome
        seen = ANSWERS.judge(answer, Step.READ)
        is_gone = isinstance(seen, Unknown) and not self._posts.no_access()
        return Accepted(photo_id) if is_gone else Unknown(_stays(photo_id))


def photos_of(prepared: Prepared) -> list[str]:
    """All known photos of a delivery; ledgers from before `photos` have only `media_ids`."""
    return list(dict.fromkeys((*prepared.photos, *prepared.media_ids.values())))


def _stays(photo_id: str) -> str:
    return _(
        "The picture {photo_id} may still be at Facebook, where it is a photo of its own.",
        photo_id=photo_id,
    )
