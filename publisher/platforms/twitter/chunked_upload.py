"""X's chunked upload of GIFs and videos: initialize, append, finalize, and wait for processing.

Source: docs.x.com, chunked media upload, and X's OpenAPI description 2.167. A chunk may be sent
again; a media id is valid for 24 hours.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Any

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import mapping, number, parsed, quote
from publisher.model.content import Picture
from publisher.model.deliveries import Upload
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Step,
    Wire,
)
from publisher.platforms.twitter.answers import ANSWERS, of_alt_text

PIECE = 1_048_576
"""Bytes of a chunk; X takes up to 5 MB, but a slow line must send each within the time-out."""
PIECES_AT_ONCE = 6
"""Chunks sent by one call: with initialize, finalize and a description, nine requests."""
_LIFE = timedelta(hours=23)
"""How long an upload is used: X keeps unused uploads for 24 hours."""
_CATEGORIES = {"image/gif": "tweet_gif", "video/mp4": "tweet_video"}
_DESCRIBED = frozenset({"image/gif"})
"""Types with an alternative text, besides pictures; for videos X documents none."""
_SOONEST, _LATEST = 5.0, 60.0
"""Real seconds until X is asked again; each time is a step of the history."""

Request = Callable[[str, str, Mapping[str, Any] | None], Answer]
"""A function of the method, the route, and the query of a GET or the JSON of a POST."""


def still_there(uploaded_at: datetime, now: datetime) -> bool:
    """Whether X still has an upload from that instant, and will for a while."""
    return now - uploaded_at < _LIFE


class Interrupted(Exception):
    """An upload was interrupted; `upload` is its state, None: it must begin again."""

    def __init__(self, outcome: Outcome, upload: Upload | None) -> None:
        super().__init__(outcome)
        self.outcome, self.upload = outcome, upload


class Pieces:
    """Uploads one account's GIFs and videos to X."""

    def __init__(
        self, request: Request, describe: Callable[[str, str], Answer], clock: Clock
    ) -> None:
        """`describe` sets the alternative text of a media id."""
        self._request = request
        self._describe = describe
        self._clock = clock
        self._in_hand: Upload | None = None

    def go_on(self, picture: Picture, content: bytes, upload: Upload | None) -> Upload | str:
        """Continue an upload as far as one call may; returns its state, or the media id.

        Raises `Interrupted`.
        """
        if upload is None or not self._may_go_on(picture, upload):
            upload = self._begin(picture, content)
        if upload.whole:
            return self._look(picture, upload)
        pieces = ceil(len(content) / PIECE)
        for index in range(upload.pieces, min(upload.pieces + PIECES_AT_ONCE, pieces)):
            upload = self._bring(content[index * PIECE : (index + 1) * PIECE], index, upload)
        if upload.pieces == pieces:
            return self._end(picture, upload)
        self._in_hand = upload
        return upload

    def _may_go_on(self, picture: Picture, upload: Upload) -> bool:
        """Whether the upload is of this file, X still has it, and its progress is known."""
        is_known = upload.whole or upload.at_rest or upload == self._in_hand
        is_there = still_there(upload.begun_at, self._clock.now())
        return upload.digest == picture.digest and is_known and is_there

    def _begin(self, picture: Picture, content: bytes) -> Upload:
        wish = {
            "media_type": picture.media_type,
            "media_category": _CATEGORIES[picture.media_type],
            "total_bytes": len(content),
        }
        outcome = ANSWERS.judge(
            self._request("POST", "/2/media/upload/initialize", wish), Step.PREPARE
        )
        if not isinstance(outcome, Accepted):
            raise Interrupted(outcome, None)
        return Upload(digest=picture.digest, media_id=outcome.remote_id, begun_at=self._clock.now())

    def _bring(self, piece: bytes, index: int, upload: Upload) -> Upload:
        wish = {"media": base64.b64encode(piece).decode(), "segment_index": index}
        answer = self._request("POST", f"/2/media/upload/{upload.media_id}/append", wish)
        if answer.status != HTTPStatus.NO_CONTENT and not is_taken(answer):
            raise _interrupted(answer, upload)  # X lets a chunk be sent again
        return upload.model_copy(update={"pieces": index + 1, "at_rest": False})

    def _end(self, picture: Picture, upload: Upload) -> Upload | str:
        answer = self._request("POST", f"/2/media/upload/{upload.media_id}/finalize", None)
        if not is_taken(answer):
            stop = _interrupted(answer, upload)
            is_open = answer.wire is Wire.NOT_SENT or isinstance(stop.outcome, AccountSuspended)
            # X may have joined the chunks already, and refuse to do so again.
            raise stop if is_open else Interrupted(stop.outcome, None)
        upload = upload.model_copy(update={"whole": True})
        # Captions take requests of their own: then another call looks whether it is processed.
        return upload if picture.captions else self._worked_on(picture, upload, answer)

    def _look(self, picture: Picture, upload: Upload) -> Upload | str:
        query = {"command": "STATUS", "media_id": upload.media_id}
        answer = self._request("GET", "/2/media/upload", query)
        if not is_taken(answer):
            raise _interrupted(answer, upload)
        return self._worked_on(picture, upload, answer)

    def _worked_on(self, picture: Picture, upload: Upload, answer: Answer) -> Upload | str:
        """The state of X's processing, from an answer; without `processing_info` it is done."""
        progress = mapping(_data(answer).get("processing_info"))
        state = progress.get("state", "succeeded")
        if state == "failed":
            raise Interrupted(_failed(progress), None)
        if state != "succeeded":
            wait = number(progress.get("check_after_secs"))
            look_at = self._clock.ahead(min(max(wait, _SOONEST), _LATEST))
            return upload.model_copy(update={"look_at": look_at})
        if picture.media_type in _DESCRIBED:
            described = self._describe(upload.media_id, picture.alt)
            if not is_taken(described):
                raise _interrupted(described, upload, of_alt_text)
        return upload.media_id


def _data(answer: Answer) -> dict[str, Any]:
    return mapping(mapping(parsed(answer.body)).get("data"))


def is_taken(answer: Answer) -> bool:
    """Whether it is a success in X's own form, not from an intermediary."""
    succeeded = answer.wire is Wire.ANSWERED and 200 <= (answer.status or 0) < 300
    return succeeded and bool(_data(answer))


def _interrupted(
    answer: Answer,
    upload: Upload,
    in_words: Callable[[Answer, Outcome], Outcome] = lambda _answer, outcome: outcome,
) -> Interrupted:
    """The interruption after an answer: the upload restarts if X refuses it or does not know it.

    `in_words` gives the outcome for a request of another kind.
    """
    if answer.status == HTTPStatus.NOT_FOUND:
        message = _("X no longer has the file that was being uploaded. The upload begins again.")
        return Interrupted(Deferred(Kind.UNAVAILABLE, message), None)
    outcome = ANSWERS.judge(answer, Step.PREPARE)
    if isinstance(outcome, Accepted):  # a success without data, whatever that is
        message = _(
            "X gave an answer that Publisher cannot use. Nothing is public; Publisher will try "
            "again."
        )
        outcome = Deferred(Kind.UNAVAILABLE, message)
    outcome = in_words(answer, outcome)
    kept = None if isinstance(outcome, Refused) else upload.model_copy(update={"at_rest": True})
    return Interrupted(outcome, kept)


def _failed(progress: Mapping[str, Any]) -> Refused:
    says = quote(mapping(progress.get("error")).get("message"))
    return Refused(
        Kind.CONTENT,
        _(
            "X could not process the GIF or video{says}. Save it again, and queue the draft again.",
            says=says,
        ),
        of_post=True,
    )
