"""Uploads of pictures, GIFs and videos to a Mastodon server.

Source: docs.joinmastodon.org, media. An upload is processed at once (200), or on the side (202):
then it is asked for until it is ready (206 until it is). Mastodon deletes what no status shows
after a day (app/lib/vacuum/media_attachments_vacuum.rb).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, quote
from publisher.channels.base import MediaReader, NotPrepared
from publisher.model.content import Content, Picture
from publisher.model.deliveries import Prepared, Upload
from publisher.model.outcomes import Accepted, Answer, Deferred, Kind, Outcome, Refused, Step
from publisher.platforms.mastodon.answers import ANSWERS, is_missing
from publisher.platforms.mastodon.server import AccountServer

_LIFE = timedelta(hours=20)
"""How long uploads are used: Mastodon keeps those that no status shows for a day."""
_LOOK_AGAIN = 5.0
"""Real seconds until the server is asked again whether an upload is processed."""
_LOOKS_LATER = 60.0


class MastodonUploads:
    """Uploads the pictures of one account's posts, each with its alternative text."""

    def __init__(self, server: AccountServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    def go_on(self, content: Content, known: Prepared, read_media: MediaReader) -> Prepared:
        """Upload what is missing; ends early while the server processes a file.

        `known` itself when nothing is missing. Raises `NotPrepared`.
        """
        pictures = _pictures(content)
        if known.digest != content.digest or self._is_old(known):
            known = Prepared(digest=content.digest)
        elif known.upload is None and set(pictures) <= set(known.media_ids):
            return known
        begun_at = known.prepared_at or self._clock.now()
        known = known.model_copy(update={"prepared_at": begun_at})
        if known.upload:
            known = self._look(known, known.upload)
        for digest, picture in pictures.items():
            if known.upload:
                break
            if digest not in known.media_ids:
                known = self._upload(known, picture, read_media(digest))
        return known

    def _is_old(self, known: Prepared) -> bool:
        """Whether the server may have deleted the uploads, or soon will."""
        since = known.prepared_at
        return since is not None and self._clock.now() - since >= _LIFE

    def _upload(self, known: Prepared, picture: Picture, content: bytes) -> Prepared:
        answer = self._server.upload(picture, content)
        outcome = ANSWERS.judge(answer, Step.PREPARE)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome, known)
        if answer.status != HTTPStatus.ACCEPTED:
            return _with(known, picture.digest, outcome.remote_id)
        upload = Upload(
            digest=picture.digest,
            media_id=outcome.remote_id,
            begun_at=self._clock.now(),
            whole=True,
            look_at=self._clock.ahead(_LOOK_AGAIN),
        )
        return known.model_copy(update={"upload": upload})

    def _look(self, known: Prepared, upload: Upload) -> Prepared:
        answer = self._server.media(upload.media_id)
        without = known.model_copy(update={"upload": None})
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise NotPrepared(_not_processed(answer), without)
        if is_missing(answer):
            raise NotPrepared(_forgotten(), without)
        outcome: Outcome = ANSWERS.judge(answer, Step.PREPARE)
        if not isinstance(outcome, Accepted):
            # The limit in this answer is not that of uploads.
            raise NotPrepared(replace(outcome, limits=()), known)
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            return _with(without, upload.digest, upload.media_id)
        lasted = (self._clock.now() - upload.begun_at).total_seconds() / self._clock.speed
        wait = min(max(_LOOK_AGAIN, lasted / 2), _LOOKS_LATER)
        later = upload.model_copy(update={"look_at": self._clock.ahead(wait)})
        return known.model_copy(update={"upload": later})


def _pictures(content: Content) -> Mapping[str, Picture]:
    return {picture.digest: picture for picture in content.pictures}


def _with(known: Prepared, digest: str, media_id: str) -> Prepared:
    return known.model_copy(
        update={"media_ids": {**known.media_ids, digest: media_id}, "upload": None}
    )


def _not_processed(answer: Answer) -> Refused:
    says = quote(mapping(parsed(answer.body)).get("error"))
    return Refused(
        Kind.CONTENT,
        _(
            "Mastodon could not process the GIF or video{says}. Save it again, and queue the draft "
            "again.",
            says=says,
        ),
        of_post=True,
    )


def _forgotten() -> Deferred:
    message = _("Mastodon no longer has the uploaded file. The upload begins again.")
    return Deferred(Kind.UNAVAILABLE, message)
