"""Pictures, videos and documents of a site: objects of their own, each attached to its post.

WordPress lists pictures publicly, except those of a post that is not public; and those of a deleted
post as well. So a picture is uploaded after its draft was made, and deleted before it.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence

from publisher.base.i18n import _
from publisher.channels.answers import numeral
from publisher.channels.base import MediaReader, NotPrepared
from publisher.model.content import Picture
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import (
    Accepted,
    Deferred,
    Kind,
    Outcome,
    Step,
    Unknown,
    Wire,
)
from publisher.platforms.wordpress.answers import ANSWERS, is_missing
from publisher.platforms.wordpress.posts import items_of
from publisher.platforms.wordpress.site import SiteApi

_AT_ONCE = 5
"""Pictures that are uploaded in one call, which makes at most ten requests."""
_ATTEMPTS = 4
"""How often pictures that are not found at their post are uploaded again."""
_OURS = re.compile(r"/[0-9a-f]{64}[^/]*$")
"""The name of a file that Publisher uploaded, in its address."""


class SiteMedia:
    """Uploads and deletes the pictures of one site."""

    def __init__(self, site: SiteApi) -> None:
        self._site = site

    def upload(
        self,
        pictures: Sequence[Picture],
        prepared: Prepared,
        read_media: MediaReader,
        language: Mapping[str, str],
    ) -> Prepared:
        """Upload up to five missing pictures; `NotPrepared` has those that were uploaded."""
        missing = [one for one in pictures if key_of(one) not in prepared.media_ids]
        for picture in missing[:_AT_ONCE]:
            content = read_media(picture.digest)
            answer = self._site.upload(picture, content, str(prepared.draft_id), language)
            outcome = ANSWERS.judge(answer, Step.PREPARE)
            if not isinstance(outcome, Accepted):
                raise NotPrepared(outcome, prepared)
            prepared = prepared.model_copy(
                update={
                    "media_ids": {**prepared.media_ids, key_of(picture): outcome.remote_id},
                    "photos": (*prepared.photos, outcome.remote_id),
                }
            )
        return prepared

    def attached(self, post_id: str) -> Mapping[str, str]:
        """The addresses of the pictures that are attached to a post, by their ids.

        Raises `NotPrepared` when they cannot be read.
        """
        items = items_of(self._site.attached(post_id))
        if not isinstance(items, list):
            raise NotPrepared(items)
        found = {numeral(one.get("id")): str(one.get("source_url")) for one in items}
        return {key: url for key, url in found.items() if key}

    def delete(self, media_id: str) -> Outcome:
        """Delete a picture, and verify that; `Accepted` also when it was deleted already."""
        answer = self._site.delete("media", media_id)
        if is_missing(answer):
            return Accepted(media_id)
        outcome = ANSWERS.judge(answer, Step.WITHDRAW)
        if answer.wire is Wire.ANSWERED and isinstance(outcome, Accepted | Unknown):
            is_gone = is_missing(self._site.get("media", media_id))
            return Accepted(media_id) if is_gone else Unknown(_stays(media_id))
        return outcome

    def delete_all(self, media_ids: Sequence[str], prepared: Prepared) -> Prepared:
        """Delete pictures of what is not public; `prepared` without them.

        Raises `NotPrepared` with those that are left.
        """
        for media_id in media_ids:
            outcome = self.delete(media_id)
            if isinstance(outcome, Unknown):
                outcome = Deferred(Kind.UNAVAILABLE, outcome.message)
            if not isinstance(outcome, Accepted):
                raise NotPrepared(outcome, prepared)
            kept = {key: one for key, one in prepared.media_ids.items() if one != media_id}
            photos = tuple(one for one in prepared.photos if one != media_id)
            prepared = prepared.model_copy(update={"media_ids": kept, "photos": photos})
        return prepared


def key_of(picture: Picture) -> str:
    """A picture with its texts: with other texts it is uploaded anew."""
    texts = f"{picture.digest}\n{picture.alt}\n{picture.credit or ''}"
    return hashlib.sha256(texts.encode()).hexdigest()


def of_publisher(attached: Mapping[str, str]) -> list[str]:
    """The ids of those pictures that Publisher uploaded, by the names of their files."""
    return [key for key, url in attached.items() if _OURS.search(url)]


def not_attached() -> Deferred:
    """The outcome for a picture that is not where it was uploaded to."""
    message = _(
        "The website does not keep a picture with its post: a plugin moves it elsewhere, or "
        "someone deleted it. Look at the website's media library; then retry it."
    )
    return Deferred(Kind.CONTENT, message, most=_ATTEMPTS)


def _stays(media_id: str) -> str:
    return _(
        "The picture {media_id} may still be in the website's media library.", media_id=media_id
    )
