"""Videos and GIFs on their way to Bluesky, through its video service or without it."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from publisher.channels.base import NotPrepared
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, Deferred, Kind, Outcome, Refused
from publisher.platforms.bluesky.keys import blob_cid
from publisher.platforms.bluesky.sessions import claims
from publisher.platforms.bluesky.stand_in import video_service
from publisher.platforms.bluesky.stand_in.errors import BlueskyFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stage, Stages
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.bluesky.keys",
    "publisher.platforms.bluesky.posts",
    "publisher.platforms.bluesky.records",
    "publisher.platforms.bluesky.repo",
    "publisher.platforms.bluesky.sessions",
    "publisher.platforms.bluesky.uploads",
    "publisher.platforms.bluesky.video_service",
    "publisher.platforms.bluesky.xrpc",
)

Exchanges = list[requests.PreparedRequest]
LIMITS, UPLOAD, JOB = "getUploadLimits", "uploadVideo", "getJobStatus"
ALT = "La salle se lève"


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_service, "REAL_PROCESSING_SECONDS", 0.0)


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("bluesky")


def faults(stage: Stage, *what: dict[str, Any]) -> None:
    stage.sandbox.faults.set([Fault(**one) for one in what])


def asked(exchanges: Exchanges) -> list[str]:
    return [urlsplit(str(one.url)).path.rpartition(".")[2] for one in exchanges]


def embed(stage: Stage) -> dict[str, Any]:
    """What the only post shows."""
    (entry,) = [one for one in stage.sandbox.store.entries if one.channel == "bluesky"]
    assert entry.record
    found: dict[str, Any] = entry.record["embed"]
    return found


def refused(stage: Stage, **options: Any) -> Outcome:
    """Why a video is not prepared."""
    parcel = stage.parcel("Vidéo", pictures=(stage.video(ALT, **options),))
    with pytest.raises(NotPrepared) as raised:
        stage.prepare(parcel, stage.open())
    return raised.value.outcome


def test_a_video_is_processed_before_the_post_is_public(stage: Stage, exchanges: Exchanges) -> None:
    """The post shows what the service made of it, with alternative text and aspect ratio."""
    video = stage.video(ALT, size=(64, 48))
    parcel = stage.parcel("Vidéo", pictures=(video,))
    prepared = stage.prepare(parcel, stage.open())
    assert stage.shown() == []
    assert prepared.media_ids[video.digest] != blob_cid(video.digest)
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    shown = embed(stage)
    assert shown["$type"] == "app.bsky.embed.video"
    assert shown["alt"] == ALT
    assert {"width": 64, "height": 48}.items() <= shown["aspectRatio"].items()
    assert shown["video"]["ref"]["$link"] == prepared.media_ids[video.digest]
    assert "presentation" not in shown
    assert asked(exchanges)[-1] == "applyWrites"
    assert stage.sandbox.store.violations == []


def test_a_gif_becomes_a_video_that_is_shown_as_a_gif(stage: Stage) -> None:
    (outcome,) = stage.deliver(stage.parcel("Carte", pictures=(stage.gif("Une carte"),)))
    assert isinstance(outcome, Accepted)
    assert embed(stage)["presentation"] == "gif"
    assert embed(stage)["video"]["mimeType"] == "video/mp4"


def test_each_token_is_for_one_method_and_lasts_until_the_video_is_processed(
    stage: Stage, exchanges: Exchanges
) -> None:
    stage.prepare(stage.parcel("Vidéo", pictures=(stage.video(ALT),)), stage.open())
    tokens = {
        name: claims(str(one.headers["Authorization"]).partition(" ")[2])
        for name, one in zip(asked(exchanges), exchanges, strict=True)
        if name in (LIMITS, UPLOAD)
    }
    assert tokens[LIMITS]["aud"] == "did:web:video.bsky.app"
    assert tokens[LIMITS]["lxm"] == "app.bsky.video.getUploadLimits"
    assert tokens[UPLOAD]["aud"] == "did:web:bsky.social"
    assert tokens[UPLOAD]["lxm"] == "com.atproto.repo.uploadBlob"
    assert tokens[UPLOAD]["exp"] - tokens[UPLOAD]["iat"] >= 29 * 60
    sent = next(one for one in exchanges if asked([one]) == [UPLOAD])
    assert set(parse_qs(urlsplit(str(sent.url)).query)) == {"did", "name"}


def test_while_it_is_processed_the_delivery_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on record suffices for another worker."""
    monkeypatch.setattr(video_service, "REAL_PROCESSING_SECONDS", 1e6)
    parcel = stage.parcel("Vidéo", pictures=(stage.video(ALT),))
    known = stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    for _time in range(2):
        assert known.upload
        assert known.upload.look_at
        assert not known.holds(parcel.content)
        known = Prepared.model_validate_json(known.model_dump_json())
        known = stage.open().prepare(parcel, known, stage.media.__getitem__)
    monkeypatch.setattr(video_service, "REAL_PROCESSING_SECONDS", 0.0)
    known = stage.open().prepare(parcel, known, stage.media.__getitem__)
    assert known.upload is None
    assert isinstance(send(stage.open(), parcel, known, ()), Accepted)


def test_a_video_that_takes_long_is_asked_for_less_often(stage: Stage) -> None:
    faults(stage, {"what": BlueskyFault.PROCESSING_SLOW, "endpoint": UPLOAD, "seconds": 1e6})
    parcel, clock = stage.parcel("Vidéo", pictures=(stage.video(ALT),)), stage.options.clock
    known = stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    waits = []
    for _time in range(4):
        assert known.upload
        assert known.upload.look_at
        waits.append((known.upload.look_at - clock.now()).total_seconds())
        clock.sleep_until(known.upload.look_at)
        known = stage.open().prepare(parcel, known, stage.media.__getitem__)
    assert waits[0] < waits[-1] <= 60


@pytest.mark.parametrize(
    "fault",
    [
        {"what": What.SERVER_ERROR, "status": 503},
        {"what": What.HANG_UP},
        {"what": What.ANSWER, "status": 501, "body": {"error": "MethodNotImplemented"}},
        {"what": What.HTML, "status": 404},
    ],
)
def test_without_the_service_a_video_is_a_file_of_the_account(
    fault: dict[str, Any], stage: Stage
) -> None:
    """It goes out at its time, and is processed afterwards."""
    faults(stage, {**fault, "endpoint": LIMITS})
    video = stage.video(ALT)
    (outcome,) = stage.deliver(stage.parcel("Vidéo", pictures=(video,)))
    assert isinstance(outcome, Accepted)
    assert embed(stage)["video"]["ref"]["$link"] == blob_cid(video.digest)


def test_without_the_service_a_gif_waits(stage: Stage) -> None:
    """As a file it would be shown as a still picture, or not at all."""
    faults(stage, {"what": What.SERVER_ERROR, "status": 503, "endpoint": LIMITS})
    with pytest.raises(NotPrepared) as raised:
        stage.prepare(stage.parcel("Carte", pictures=(stage.gif("Une carte"),)), stage.open())
    assert isinstance(raised.value.outcome, Deferred)
    assert "GIF" in raised.value.outcome.message


def test_a_reached_limit_is_said_and_stops_no_other_post(stage: Stage) -> None:
    faults(stage, {"what": BlueskyFault.VIDEO_LIMIT, "endpoint": LIMITS})
    outcome = refused(stage)
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.RATE_LIMIT
    assert "limit of videos for today" in outcome.message
    assert isinstance(stage.deliver(stage.parcel("Sans vidéo"))[0], Accepted)


def test_what_cannot_be_processed_fails_for_good(stage: Stage) -> None:
    faults(stage, {"what": What.PROCESSING_FAILED, "endpoint": UPLOAD})
    outcome = refused(stage)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Kind.CONTENT
    assert "Failed to process video" in outcome.message


def test_a_job_that_fails_for_no_fault_of_the_video_begins_again(stage: Stage) -> None:
    body = {"jobStatus": {"jobId": "j1", "did": "did:plc:a", "state": "JOB_STATE_FAILED",
                          "failureCode": "pds_upload_failure"}}  # fmt: skip
    faults(
        stage, {"what": What.ANSWER, "status": 200, "body": body, "endpoint": UPLOAD, "nth": [1]}
    )
    parcel = stage.parcel("Vidéo", pictures=(stage.video(ALT),))
    with pytest.raises(NotPrepared) as raised:
        stage.prepare(parcel, stage.open())
    assert isinstance(raised.value.outcome, Deferred)
    assert raised.value.outcome.most
    assert raised.value.prepared is not None
    assert raised.value.prepared.upload is None
    assert isinstance(stage.deliver(parcel)[0], Accepted)


def test_a_video_that_the_service_has_already_is_not_processed_again(stage: Stage) -> None:
    """Its error names the file of before."""
    video = stage.video(ALT)
    first = stage.prepare(stage.parcel("Un", pictures=(video,)), stage.open())
    second = stage.prepare(stage.parcel("Deux", pictures=(video,)), stage.open())
    assert first.media_ids == second.media_ids


def test_a_job_that_the_service_forgot_begins_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_service, "REAL_PROCESSING_SECONDS", 1e6)
    parcel = stage.parcel("Vidéo", pictures=(stage.video(ALT),))
    known = stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    stage.sandbox.store.uploads.clear()
    with pytest.raises(NotPrepared) as raised:
        stage.open().prepare(parcel, known, stage.media.__getitem__)
    assert isinstance(raised.value.outcome, Deferred)
    assert raised.value.prepared is not None
    assert raised.value.prepared.upload is None


def test_a_fault_while_the_job_is_asked_for_loses_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_service, "REAL_PROCESSING_SECONDS", 1e6)
    parcel = stage.parcel("Vidéo", pictures=(stage.video(ALT),))
    known = stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    faults(stage, {"what": What.SERVER_ERROR, "status": 502, "endpoint": JOB})
    with pytest.raises(NotPrepared) as raised:
        stage.open().prepare(parcel, known, stage.media.__getitem__)
    assert isinstance(raised.value.outcome, Deferred)
    assert raised.value.prepared is None  # the upload on record goes on


def test_a_post_with_a_video_is_found_by_its_key_and_by_its_words(stage: Stage) -> None:
    """Also where the ledger, and with it the processed file's id, is lost."""
    parcel = stage.parcel("Vidéo", pictures=(stage.video(ALT),))
    since = stage.options.clock.now()
    prepared = stage.prepare(parcel, stage.open())
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    found = stage.open().find(parcel, prepared, (), since)
    assert isinstance(found, Accepted)
    forgotten = parcel.model_copy(update={"is_forgotten": True})
    assert stage.open().find(forgotten, Prepared(), (), since) == found


def test_before_a_video_is_uploaded_again_it_is_looked_whether_the_post_is_out(
    stage: Stage,
) -> None:
    """The file may be another one then, and the post would not be known again."""
    parcel = stage.parcel("Vidéo", pictures=(stage.video(ALT),))
    prepared = stage.prepare(parcel, stage.open())
    sent = send(stage.open(), parcel, prepared, ())
    assert isinstance(sent, Accepted)
    clock = stage.options.clock
    clock.sleep_until(clock.now() + timedelta(minutes=31))
    faults(stage, {"what": What.SERVER_ERROR, "status": 503, "endpoint": LIMITS})
    with pytest.raises(NotPrepared) as raised:
        stage.prepare(parcel, stage.open(), prepared)
    assert isinstance(raised.value.outcome, Accepted)
    assert raised.value.outcome.remote_id == sent.remote_id


def test_no_token_is_in_a_message(stage: Stage, exchanges: Exchanges) -> None:
    faults(stage, {"what": What.SERVER_ERROR, "status": 500, "endpoint": UPLOAD})
    outcome = refused(stage)
    assert isinstance(outcome, Deferred)
    for one in exchanges:
        token = str(one.headers.get("Authorization", "")).partition(" ")[2]
        assert not token or token not in outcome.message
