"""Bluesky's video service: requests to it, and what its answers mean.

It processes a video before the post is public, and puts its own version of it on the account's
server. For that it needs tokens that the account's server signs: one for each method, with which it
may act for the account. Sources: docs.bsky.app/docs/tutorials/video, the lexicons of app.bsky.video
and com.atproto.server.getServiceAuth, and Bluesky's app (src/lib/media/video).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from atproto_client import models
from atproto_client.models.dot_dict import DotDict

from publisher.base.i18n import _
from publisher.channels.answers import identifier, mapping, named_status, parsed, quote, whole
from publisher.model.content import Picture
from publisher.model.outcomes import Answer, Deferred, Kind, Refused, Wire
from publisher.platforms.bluesky.records import UploadedFile
from publisher.platforms.bluesky.repo import Repo
from publisher.platforms.bluesky.sessions import claims
from publisher.platforms.bluesky.spec import VIDEO_SERVICE
from publisher.platforms.bluesky.xrpc import Way

_HOST = urlsplit(VIDEO_SERVICE).netloc
_LIMITS = "app.bsky.video.getUploadLimits"
_LASTS = 29 * 60
"""Seconds that the token for an upload lasts longer than one by default: until the service has
processed the video, and puts it on the account's server.
"""
_LONG_UPLOAD = 5
"""How many times the usual time an upload may take: it goes in one request."""
_NO_FAULT_OF_THE_VIDEO = frozenset({"pds_upload_failure", "generic_failure"})
_MOST_JOBS = 3
"""How often a video is tried whose processing failed for no fault of its own."""


@dataclass(frozen=True, slots=True)
class VideoJob:
    """What the service says of a video that it processes, or has processed."""

    id: str
    file: UploadedFile | None
    """The file that the post is to show; None: it is not done."""
    failure: Refused | Deferred | None = None


class VideoService:
    """Requests for one account. Used by one thread at a time."""

    def __init__(self, repo: Repo, way: Way) -> None:
        self._repo = repo
        self._way = way
        self._expires = 0

    def limits(self) -> Answer:
        """Ask whether the account may upload a video now."""
        answer = self._repo.service_auth(f"did:web:{_HOST}", _LIMITS)
        token = _token(answer)
        if not token:
            return answer
        self._expires = whole(claims(token).get("exp")) or 0
        client = self._way.client(VIDEO_SERVICE, (token,), token)
        return client.call(lambda client: client.app.bsky.video.get_upload_limits())

    def upload(self, video: Picture, content: bytes) -> Answer:
        """Upload a video or GIF, which the service begins to process; `limits` was asked before."""
        # By the clock of the account's server: the first token's end says what it is.
        until = self._expires + _LASTS if self._expires else None
        session = self._repo.known_session
        server = f"did:web:{urlsplit(session.server).netloc.replace(':', '%3A')}"
        answer = self._repo.service_auth(server, "com.atproto.repo.uploadBlob", until)
        token = _token(answer)
        if not token:
            return answer
        client = self._way.lasting(_LONG_UPLOAD).client(VIDEO_SERVICE, (token,), token)
        suffix = video.media_type.partition("/")[2]
        params = DotDict({"did": session.did, "name": f"{video.digest[:16]}.{suffix}"})
        headers = {"Content-Type": video.media_type}
        # Not by the library's own method: the lexicon names no parameters.
        return client.call(
            lambda client: client.invoke_procedure(
                "app.bsky.video.uploadVideo", params=params, content=content, headers=headers
            )
        )

    def job(self, job_id: str) -> Answer:
        """Ask how far the processing is."""
        client = self._way.client(VIDEO_SERVICE, ())
        query = models.AppBskyVideoGetJobStatus.Params(job_id=job_id)
        return client.call(lambda client: client.app.bsky.video.get_job_status(query))


def _token(answer: Answer) -> str:
    token = mapping(parsed(answer.body)).get("token")
    is_given = answer.wire is Wire.ANSWERED and answer.status == 200
    return token if is_given and isinstance(token, str) else ""


def is_open(answer: Answer) -> bool | None:
    """Whether the service takes another video of the account; None: it does not say, or is away."""
    told = mapping(parsed(answer.body)).get("canUpload")
    return told if answer.status == 200 and isinstance(told, bool) else None


def has_room(answer: Answer, content: bytes) -> bool:
    """Whether a video fits into what the account may still upload today."""
    told = mapping(parsed(answer.body))
    videos, size = whole(told.get("remainingDailyVideos")), whole(told.get("remainingDailyBytes"))
    return videos != 0 and (size is None or size >= len(content))


def limit_reached(answer: Answer) -> Deferred:
    body = mapping(parsed(answer.body))
    says = quote(body.get("message") or body.get("error"))
    return Deferred(
        Kind.RATE_LIMIT,
        _(
            "Bluesky accepts no more videos from this account for now{says}. Publisher tries "
            "again until the post expires. If it cannot wait, show a picture or a link instead "
            "of the video.",
            says=says,
        ),
    )


def job_of(answer: Answer) -> VideoJob | None:
    """The job that an answer tells of, also as an error; None: it tells of none."""
    body = mapping(parsed(answer.body))
    told = mapping(body.get("jobStatus")) or body
    job_id, file = identifier(told.get("jobId")), _file(told.get("blob"))
    # A video that the service has already is an error, with the job or the file of before.
    if not job_id and not file:
        return None
    has_failed = told.get("state") == "JOB_STATE_FAILED" and not file
    return VideoJob(job_id, file, _failure(told) if has_failed else None)


def _file(told: Any) -> UploadedFile | None:
    found = mapping(told)
    cid, size = identifier(mapping(found.get("ref")).get("$link")), whole(found.get("size"))
    if not cid or not size or found.get("mimeType") != "video/mp4":
        return None
    return UploadedFile(cid, size, "video/mp4")


def _failure(told: dict[str, Any]) -> Refused | Deferred:
    says = quote(told.get("message") or told.get("error"))
    if told.get("failureCode") in _NO_FAULT_OF_THE_VIDEO:
        message = _(
            "Bluesky could not process the video{says}. Publisher uploads it again.", says=says
        )
        at_last = _("Bluesky could not process the video{says}. Retry the post later.", says=says)
        return Deferred(Kind.UNAVAILABLE, message, most=_MOST_JOBS, at_last=at_last)
    return Refused(
        Kind.CONTENT,
        _(
            "Bluesky could not process the GIF or video{says}. Save it again, and queue the draft "
            "again.",
            says=says,
        ),
        of_post=True,
    )


def not_taken(answer: Answer) -> Refused | Deferred:
    """The outcome of an upload after which there is no job."""
    if answer.wire is not Wire.ANSWERED:
        return unavailable(answer)
    body = mapping(parsed(answer.body))
    says = quote(body.get("message") or body.get("error"))
    if answer.status in (401, 403):
        return Deferred(
            Kind.PERMISSION,
            _(
                "Bluesky accepts no videos from this account{says}. Log in to the app and "
                "confirm the account's e-mail address. Publisher tries again until the post "
                "expires.",
                says=says,
            ),
        )
    if answer.status in (400, 413, 415, 422):
        return Refused(
            Kind.CONTENT,
            _(
                "Bluesky does not accept the GIF or video of this post{says}. Change it or leave "
                "it out, and queue the draft again.",
                says=says,
            ),
        )
    return unavailable(answer)


def unavailable(answer: Answer) -> Deferred:
    body = mapping(parsed(answer.body))
    reason = answer.reason or named_status(answer.status or 0)
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "Bluesky's video service does not work at the moment ({reason}){says}. Nothing is "
            "public; Publisher tries again.",
            reason=reason,
            says=quote(body.get("message") or body.get("error")),
        ),
    )
