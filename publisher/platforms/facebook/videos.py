"""Videos of a Page: a GIF or video is a post of its own, uploaded in chunks and kept unpublished.

Its id is known before its first byte is sent, so nothing of it is ever looked for: a lost answer is
found by that id. `published=false` keeps it unseen (as what is scheduled is kept), `published=true`
on the video itself makes it public, which may be repeated, and reading it tells. Facebook makes a
still picture of a GIF that is uploaded as a photo, and a video of one that is uploaded as a video.

Sources: Meta's own specs of Page (edge `videos`, `upload_phase`), AdVideo (`published`, `status`)
and VideoStatus, 2026. `/app/uploads`, which Meta's guide names first, wants the token of a person.
A feed post with a video in `attached_media` is documented nowhere. The offsets are Facebook's: it
names the next bytes with each answer.
"""

from typing import Any, cast

from publisher.base import formats
from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels import captions
from publisher.channels.answers import identifier, mapping, parsed, quote, whole
from publisher.channels.base import NotPrepared
from publisher.model.content import Content, Picture
from publisher.model.deliveries import Parcel, Prepared, Upload
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Step,
    Unknown,
    Wire,
)
from publisher.platforms.facebook.answers import ANSWERS, GO_ON_FROM, object_id
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.posts import PagePosts, fields_of, shown

CHUNKS_AT_ONCE = 6
"""Chunks that one call sends: with the first and the last request, eight in all."""
_LOOK_AGAIN = 10.0
"""Real seconds until Facebook is asked again whether it has processed a video."""
_FAILED = frozenset({"error", "expired", "upload_failed"})


class _Session:
    """The upload of a video that is not whole; only one instance of a channel has it.

    Where that instance is lost, the upload begins again.
    """

    def __init__(self, key: str, told: dict[str, Any]) -> None:
        self.key = key
        self.begin, self.end = _offsets(told)


class PageVideos:
    """Uploads the videos of one Page, until each can be made public."""

    def __init__(self, page: PageGraph, posts: PagePosts, clock: Clock) -> None:
        self._page = page
        self._posts = posts
        self._clock = clock
        self._open: dict[str, _Session] = {}
        """By the video's id."""

    def go_on(self, picture: Picture, parcel: Parcel, known: Prepared, file: bytes) -> Prepared:
        """Upload as much as one call may, and look whether Facebook has processed it.

        The result holds the content from its first step on, and has an `upload` until the video can
        be made public, with its captions. Raises `NotPrepared`.
        """
        content = parcel.content
        if known.at_once:
            raise NotPrepared(_seen_early())
        upload = known.upload
        if upload is None:
            known = self._begin(picture, content, known, file)
            return self._bring(content, known, file)
        if upload.whole:
            return self._look(picture, parcel, known, upload)
        if upload.media_id not in self._open:
            return _anew(known)
        return self._bring(content, known, file)

    def _begin(self, picture: Picture, content: Content, known: Prepared, file: bytes) -> Prepared:
        answer = self._page.begin_video(len(file))
        told = _told(answer)
        video_id, key = object_id(told.get("video_id")), identifier(told.get("upload_session_id"))
        if not video_id or not key:
            raise NotPrepared(_outcome(answer), known)
        self._open = {video_id: _Session(key, told)}
        upload = Upload(digest=picture.digest, media_id=video_id, begun_at=self._clock.now())
        return known.with_post(video_id, content).model_copy(update={"upload": upload})

    def _bring(self, content: Content, known: Prepared, file: bytes) -> Prepared:
        """Send the next chunks; after the last one, have Facebook make the video of them."""
        upload = cast("Upload", known.upload)
        session = self._open[upload.media_id]
        sent = 0
        while session.begin < session.end and sent < CHUNKS_AT_ONCE:
            chunk = file[session.begin : session.end]
            answer = self._page.bring_video(session.key, session.begin, chunk)
            begin, end = _offsets(_told(answer) or _asked_for(answer))
            if not session.begin < begin <= end <= len(file):
                # Without an answer the chunk is sent again: if Facebook has it, it says so.
                kept = _anew(known) if answer.wire is Wire.ANSWERED else known
                raise NotPrepared(_outcome(answer), kept)
            session.begin, session.end, sent = begin, end, sent + 1
        upload = upload.model_copy(update={"pieces": upload.pieces + sent})
        if session.begin < session.end:
            return known.model_copy(update={"upload": upload})
        del self._open[upload.media_id]
        answer = self._page.end_video(session.key, content.joined)
        if _told(answer).get("success") is not True:
            outcome = _outcome(answer)
            if not isinstance(outcome, Deferred) or answer.wire is Wire.NOT_SENT:
                raise NotPrepared(outcome, _anew(known))
            # It may be done all the same, which looking shows.
            whole_now = upload.model_copy(update={"whole": True})
            raise NotPrepared(outcome, known.model_copy(update={"upload": whole_now}))
        return self._later(known, upload.model_copy(update={"whole": True}))

    def _look(self, picture: Picture, parcel: Parcel, known: Prepared, upload: Upload) -> Prepared:
        """Read the video: it is processed, still worked on, or failed; or is public already."""
        answer = self._page.get(upload.media_id, fields=f"{fields_of(upload.media_id)},status")
        outcome = ANSWERS.judge(answer, Step.READ)
        if isinstance(outcome, Unknown):  # it is not there: nobody ever saw it
            return _anew(known)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(_before(outcome), known)
        video = shown(answer)
        if video and video.is_public:
            public = known.model_copy(update={"upload": None})
            raise NotPrepared(video.as_early(Accepted(video.id)), public)
        status = mapping(mapping(parsed(answer.body)).get("status"))
        state = status.get("video_status")
        if state == "uploading" and upload.look_at is None:
            return _anew(known)  # the request to end the upload got lost, and not its answer
        if state in _FAILED:
            raise NotPrepared(_failed(status), _anew(known))
        if not video or state != "ready":
            return self._later(known, upload)
        note = self._caption(picture, parcel, known) or known.note
        ready = {"upload": None, "prepared_at": self._clock.now(), "note": note}
        return known.model_copy(update=ready)

    def _caption(self, video: Picture, parcel: Parcel, known: Prepared) -> str | None:
        """Bring a video's captions; a note if it goes out without them. Raises `NotPrepared`."""
        if video.captions is None:
            return None
        locale = formats.with_territory(video.captions.lang)
        if locale is None:
            return captions.of_no_language("Facebook")
        answer = self._page.caption_video(str(known.draft_id), locale, video.captions)
        if _told(answer).get("success") is True:
            return None
        outcome = _outcome(answer)
        if captions.goes_without(parcel, outcome, self._clock.now()):
            error = mapping(mapping(parsed(answer.body)).get("error"))
            says = quote(error.get("error_user_msg") or error.get("message"))
            return captions.not_taken("Facebook", says)
        raise NotPrepared(outcome, known)

    def _later(self, known: Prepared, upload: Upload) -> Prepared:
        look_at = self._clock.ahead(_LOOK_AGAIN)
        return known.model_copy(update={"upload": upload.model_copy(update={"look_at": look_at})})


def _anew(known: Prepared) -> Prepared:
    """For an upload that begins again: its video is deleted first, looked at once more."""
    return known.given_up().model_copy(update={"at_once": known.at_once})


def _told(answer: Answer) -> dict[str, Any]:
    """What an answer says; nothing if it is none of a success, such as a redirect."""
    return mapping(parsed(answer.body)) if 200 <= (answer.status or 0) < 300 else {}


def _asked_for(answer: Answer) -> dict[str, Any]:
    """The next bytes, of an error that only says where to go on: Facebook has the chunk already.

    Source: Meta's Video API, error codes; `error_data` as its Python SDK reads it.
    """
    error = mapping(mapping(parsed(answer.body)).get("error"))
    return mapping(error.get("error_data")) if error.get("error_subcode") == GO_ON_FROM else {}


def _offsets(told: dict[str, Any]) -> tuple[int, int]:
    """The next bytes that Facebook asks for; it writes numbers as texts."""
    begin, end = (whole(told.get(name)) for name in ("start_offset", "end_offset"))
    return begin or 0, end or 0


def _outcome(answer: Answer) -> Outcome:
    """The outcome of an answer that is none that an upload can go on from."""
    outcome = ANSWERS.judge(answer, Step.PREPARE)
    return _again() if isinstance(outcome, Accepted) else outcome


def _before(outcome: Outcome) -> Outcome:
    """The outcome of a reading, for an upload: nothing of the post is public."""
    if isinstance(outcome, AccountSuspended):
        return outcome
    return Deferred(
        Kind.UNAVAILABLE,
        _("Facebook could not say whether it has processed the video. Publisher will ask again."),
    )


def _again() -> Deferred:
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "The upload of the video to Facebook broke off. Nothing is public; the upload begins "
            "again."
        ),
    )


def _seen_early() -> Refused:
    return Refused(
        Kind.CONTENT,
        _(
            "Facebook has made a prepared post of this Page public before its time, so a video "
            "cannot be kept unseen there until its own time. Publish it by hand, or make a draft "
            "without it."
        ),
    )


def _failed(status: dict[str, Any]) -> Refused:
    errors = mapping(status.get("processing_phase")).get("errors")
    first = mapping(errors[0]) if isinstance(errors, list) and errors else {}
    return Refused(
        Kind.CONTENT,
        _(
            "Facebook could not process the GIF or video{says}. Save it again, and queue the "
            "draft again.",
            says=quote(first.get("message")),
        ),
        of_post=True,
    )
