"""Uploads of pictures, GIFs and videos to Bluesky, before the post is public.

A picture is a file on the account's own server. A video goes to Bluesky's video service, which
processes it; where that is away, it is a file like a picture, and is processed once the post is
public, which takes readers a moment. Only the service makes a video of an animated GIF. What no
post refers to, the servers delete by themselves.
"""

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.base import MediaReader, NotPrepared
from publisher.model.content import Content, Picture
from publisher.model.deliveries import Prepared, Upload
from publisher.model.outcomes import Accepted, Deferred, Kind, Step
from publisher.platforms.bluesky import video_service
from publisher.platforms.bluesky.answers import ANSWERS
from publisher.platforms.bluesky.keys import blob_cid
from publisher.platforms.bluesky.records import CAPTIONS_TYPE, UploadedFile
from publisher.platforms.bluesky.repo import Repo
from publisher.platforms.bluesky.video_service import VideoJob, VideoService

_LOOK_AGAIN = 5.0
"""Real seconds until the service is asked again whether a video is processed."""
_LOOKS_LATER = 60.0

Files = dict[str, UploadedFile]
"""The uploads of a post, by the digests of its pictures."""


class BlueskyUploads:
    """Uploads the media of one account's posts."""

    def __init__(self, repo: Repo, service: VideoService, clock: Clock) -> None:
        self._repo = repo
        self._service = service
        self._clock = clock

    def go_on(self, content: Content, known: Prepared, read_media: MediaReader) -> Files | Upload:
        """Upload everything; the unfinished upload while a video is processed.

        `known` has what an earlier call returned. Raises `NotPrepared`.
        """
        files: Files = {}
        for picture in content.pictures:
            if picture.digest in files:
                continue
            reached = (
                self._processed(picture, known, read_media)
                if picture.moves
                else self._file(picture.digest, picture.media_type, read_media(picture.digest))
            )
            if isinstance(reached, Upload):
                return reached
            files[picture.digest] = reached
            if told := picture.captions:
                files[told.digest] = self._file(told.digest, CAPTIONS_TYPE, told.data)
        return files

    def _processed(
        self, video: Picture, known: Prepared, read_media: MediaReader
    ) -> Upload | UploadedFile:
        begun = known.upload if known.upload and known.upload.digest == video.digest else None
        job = self._look(begun, known) if begun else self._begin(video, read_media)
        if isinstance(job, UploadedFile):
            return job
        if job.failure:
            raise NotPrepared(job.failure, _begun_again(known))
        return job.file or self._unfinished(video, job, begun)

    def _file(self, digest: str, media_type: str, data: bytes) -> UploadedFile:
        """Upload a file to the account's own server."""
        outcome = ANSWERS.judge(self._repo.upload(media_type, data), Step.PREPARE)
        cid = blob_cid(digest)
        if isinstance(outcome, Accepted) and outcome.remote_id != cid:
            outcome = ANSWERS.unreadable()
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome)
        return UploadedFile(cid, len(data), media_type)

    def _begin(self, video: Picture, read_media: MediaReader) -> VideoJob | UploadedFile:
        data, limits = read_media(video.digest), self._service.limits()
        match video_service.is_open(limits):
            case None if video.is_video:
                return self._file(video.digest, video.media_type, data)
            case None:
                raise NotPrepared(_no_gif())
            case False:
                raise NotPrepared(video_service.limit_reached(limits))
        if not video_service.has_room(limits, data):
            raise NotPrepared(video_service.limit_reached(limits))
        answer = self._service.upload(video, data)
        job = video_service.job_of(answer)
        if job is None:
            raise NotPrepared(video_service.not_taken(answer))
        return job

    def _look(self, begun: Upload, known: Prepared) -> VideoJob:
        answer = self._service.job(begun.media_id)
        job = video_service.job_of(answer)
        if job is None and answer.status in (400, 404):
            raise NotPrepared(_forgotten(), _begun_again(known))
        if job is None:
            raise NotPrepared(video_service.unavailable(answer))
        return job

    def _unfinished(self, video: Picture, job: VideoJob, begun: Upload | None) -> Upload:
        now = self._clock.now()
        since = begun.begun_at if begun else now
        lasted = (now - since).total_seconds() / self._clock.speed
        return Upload(
            digest=video.digest,
            media_id=job.id,
            begun_at=since,
            whole=True,
            look_at=self._clock.ahead(min(max(_LOOK_AGAIN, lasted / 2), _LOOKS_LATER)),
        )


def _begun_again(known: Prepared) -> Prepared:
    """What is known without the unfinished upload."""
    return known.model_copy(update={"upload": None})


def _no_gif() -> Deferred:
    return Deferred(
        Kind.UNAVAILABLE,
        _(
            "Bluesky's video service is not available, and an animated GIF needs it to become a "
            "video. Publisher tries again until the post expires."
        ),
    )


def _forgotten() -> Deferred:
    message = _("Bluesky no longer has the uploaded video. The upload begins again.")
    return Deferred(Kind.UNAVAILABLE, message)
