"""Uploads of pictures, GIFs, videos and documents to LinkedIn, until it has processed them.

A post that shows what is not processed yet may never be seen (Assets API), so each upload is read
until it is `AVAILABLE`. LinkedIn names no time after which it forgets an upload, and has no way to
delete one. Sources: learn.microsoft.com/linkedin/marketing/community-management/shares: Images API,
Videos API, Documents API.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, quote
from publisher.channels.base import MediaReader, NotPrepared
from publisher.model.content import Picture
from publisher.model.deliveries import Prepared, Upload
from publisher.model.outcomes import (
    Accepted,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Step,
    Wire,
)
from publisher.platforms.linkedin.answers import ANSWERS, missing
from publisher.platforms.linkedin.rest import Rest

PICTURES_AT_ONCE = 3
"""Pictures that one call begins to upload; each takes three requests, and another call goes on."""
PARTS_AT_ONCE = 6
"""Parts of a video that one call sends: with the first and the last request, nine in all."""
_LOOK_AGAIN = 5.0
"""Real seconds until LinkedIn is asked again whether it has processed an upload."""
_ETAG = re.compile(r"[!#-~]{1,500}")
"""RFC 9110, section 8.8.3; without a space: of two, nobody knows which is meant."""
_LOST_AFTER = timedelta(minutes=2)
"""Real time after which a file that LinkedIn still waits for is uploaded again: its bytes never
came, whatever the answer to them said. Five times that for a video, whose parts take long.
"""


@dataclass(frozen=True, slots=True)
class VideoPart:
    """A part of a video: its bytes from `first` to `last`, and the address that takes them."""

    address: str
    first: int
    last: int


@dataclass(slots=True)
class OpenVideo:
    """The upload of a video whose parts are not all there; only one instance of a channel has it.

    Where that instance is lost, the upload begins again.
    """

    pieces: tuple[VideoPart, ...]
    token: str
    etags: list[str] = field(default_factory=list)


class LinkedInUploads:
    """Uploads the media of one organisation's posts."""

    def __init__(self, rest: Rest, clock: Clock) -> None:
        self._rest = rest
        self._clock = clock
        self._open: dict[str, OpenVideo] = {}
        """By the video's URN."""

    def go_on(
        self, pictures: Sequence[Picture], known: Prepared, read_media: MediaReader
    ) -> Prepared:
        """Upload as much as one call may.

        The result has an `upload` until all is there; it is what the next call gets as `known`.
        Raises `NotPrepared`, with what is kept.
        """
        begun, upload, reached = 0, known.upload, known.model_copy(update={"upload": None})
        for picture in pictures:
            if picture.digest in reached.media_ids:
                continue
            if upload is None or not self._may_go_on(picture, upload):
                upload = self._begin(picture, read_media(picture.digest), reached)
                begun += 1
                if begun == PICTURES_AT_ONCE or not upload.whole:
                    return reached.model_copy(update={"upload": upload})
            elif not upload.whole:
                upload = self._bring(upload, read_media(picture.digest), reached)
                return reached.model_copy(update={"upload": upload})
            if look_again := self._look(upload, reached):
                return reached.model_copy(update={"upload": look_again})
            found = {**reached.media_ids, picture.digest: upload.media_id}
            upload, reached = None, reached.model_copy(update={"media_ids": found})
        return reached.model_copy(update={"prepared_at": self._clock.now()})

    def _may_go_on(self, picture: Picture, upload: Upload) -> bool:
        return upload.digest == picture.digest and (upload.whole or upload.media_id in self._open)

    def _begin(self, picture: Picture, content: bytes, reached: Prepared) -> Upload:
        """Begin an upload; that of a picture or document is whole after that."""
        if picture.is_video:
            return self._begin_video(picture, content, reached)
        kind = "documents" if picture.is_document else "images"
        urn, told = self._begun(self._rest.begin_file(kind), reached)
        address = told.get("uploadUrl")
        if not isinstance(address, str) or not self._rest.takes(address):
            raise NotPrepared(_unusable(), reached)
        _require(self._rest.put(address, content, signed=True), reached)
        return self._upload(picture, urn, whole=True)

    def _begin_video(self, picture: Picture, content: bytes, reached: Prepared) -> Upload:
        urn, told = self._begun(self._rest.begin_video(len(content)), reached)
        pieces = self._pieces(told.get("uploadInstructions"), len(content))
        token = told.get("uploadToken", "")
        if pieces is None or not isinstance(token, str):
            raise NotPrepared(_unusable(), reached)
        self._open = {urn: OpenVideo(pieces, token)}
        return self._bring(self._upload(picture, urn, whole=False), content, reached)

    def _bring(self, upload: Upload, content: bytes, reached: Prepared) -> Upload:
        """Send the next parts of a video; after the last one, have them joined."""
        video = self._open[upload.media_id]
        done = len(video.etags)
        for piece in video.pieces[done : done + PARTS_AT_ONCE]:
            part = content[piece.first : piece.last + 1]
            answer = self._rest.put(piece.address, part, signed=False)
            _require(answer, reached.model_copy(update={"upload": upload}))
            etag = answer.headers.get("etag", "").strip('"')
            if not _ETAG.fullmatch(etag):
                raise NotPrepared(_unusable(), reached)
            video.etags.append(etag)
        upload = upload.model_copy(update={"pieces": len(video.etags)})
        if len(video.etags) < len(video.pieces):
            return upload
        answer = self._rest.end_video(upload.media_id, video.token, video.etags)
        _require(answer, reached)  # it may have been joined all the same, so the upload begins anew
        del self._open[upload.media_id]
        return upload.model_copy(update={"whole": True, "look_at": self._clock.ahead(_LOOK_AGAIN)})

    def _look(self, upload: Upload, reached: Prepared) -> Upload | None:
        """Read an upload's state; returns when to read it again, None when it is processed."""
        answer = self._rest.media(upload.media_id)
        outcome = ANSWERS.judge(answer, Step.READ)
        kept = reached.model_copy(update={"upload": upload.model_copy(update={"at_rest": True})})
        if missing(answer):
            raise NotPrepared(_unusable(), reached)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(_before(outcome), kept)
        told = mapping(parsed(answer.body))
        if told.get("status") == "AVAILABLE":
            return None
        if told.get("status") == "PROCESSING_FAILED":
            raise NotPrepared(_failed(told), reached)
        if told.get("status") == "WAITING_UPLOAD" and self._is_lost(upload):
            raise NotPrepared(_unusable(), reached)
        return upload.model_copy(update={"look_at": self._clock.ahead(_LOOK_AGAIN)})

    def _is_lost(self, upload: Upload) -> bool:
        longest = _LOST_AFTER * (5 if upload.pieces else 1) * self._clock.speed
        return self._clock.now() - upload.begun_at > longest

    def _upload(self, picture: Picture, urn: str, *, whole: bool) -> Upload:
        return Upload(digest=picture.digest, media_id=urn, begun_at=self._clock.now(), whole=whole)

    def _begun(self, answer: Answer, reached: Prepared) -> tuple[str, Mapping[str, Any]]:
        """The URN in the answer to `initializeUpload`, and all that it says besides."""
        outcome = ANSWERS.judge(answer, Step.PREPARE)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome, reached)
        return outcome.remote_id, mapping(mapping(parsed(answer.body)).get("value"))

    def _pieces(self, instructions: object, size: int) -> tuple[VideoPart, ...] | None:
        """The parts that LinkedIn asks for; None unless together they are the whole file."""
        pieces: list[VideoPart] = []
        place = 0
        for told in map(mapping, instructions if isinstance(instructions, list) else []):
            address, first, last = (
                told.get(name) for name in ("uploadUrl", "firstByte", "lastByte")
            )
            if not isinstance(address, str) or not self._rest.takes(address):
                return None
            if first != place or not isinstance(last, int) or not place <= last < size:
                return None
            pieces.append(VideoPart(address, place, last))
            place = last + 1
        return tuple(pieces) if place == size else None


def _require(answer: Answer, reached: Prepared) -> None:
    """Raise `NotPrepared` with `reached` unless the answer is a success; it has no body."""
    if answer.wire is Wire.ANSWERED and 200 <= (answer.status or 0) < 300:
        return
    outcome = ANSWERS.judge(answer, Step.PREPARE)
    raise NotPrepared(_unusable() if isinstance(outcome, Accepted) else outcome, reached)


def _before(outcome: Outcome) -> Outcome:
    """The outcome of a reading, for an upload: nothing of the post is public."""
    if isinstance(outcome, Deferred):
        return Deferred(
            outcome.kind,
            _(
                "LinkedIn could not say whether it has processed an upload. Publisher will ask "
                "again."
            ),
        )
    return outcome


def _unusable() -> Deferred:
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "LinkedIn gave an answer about an upload that Publisher cannot use. Nothing is "
            "public; Publisher tries again."
        ),
    )


def _failed(told: Mapping[str, Any]) -> Refused:
    return Refused(
        Kind.CONTENT,
        _(
            "LinkedIn could not process a file of the post{says}. Save it again, and queue the "
            "draft again.",
            says=quote(told.get("processingFailureReason")),
        ),
        of_post=True,
    )
