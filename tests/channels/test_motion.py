"""GIFs and videos on their way to X: in pieces, and wherever that is interrupted."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from publisher.channels.base import Channel, NotPrepared
from publisher.model.content import Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, AccountSuspended, Deferred, Kind, Outcome, Refused
from publisher.platforms.twitter import chunked_upload
from publisher.platforms.twitter.stand_in import limits
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Stage, Stages
from tests.support.clock import ManualClock
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.twitter.chunked_upload", "publisher.model.deliveries"
)

Exchanges = list[requests.PreparedRequest]
INITIALIZE, APPEND, FINALIZE = "initializeMediaUpload", "appendMediaUpload", "finalizeMediaUpload"
STATUS, DESCRIBE = "getMediaUploadStatus", "createMediaMetadata"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a few kilobytes take more than one call; X works on them for a moment."""
    monkeypatch.setattr(chunked_upload, "PIECE", 1_000)
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.0)


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("twitter")


@pytest.fixture
def gif(stage: Stage) -> Picture:
    """Of twelve pieces or so."""
    picture = stage.gif("Une carte qui tourne")
    assert 8_000 < len(stage.media[picture.digest]) < 18_000
    return picture


@pytest.fixture
def parcel(stage: Stage, gif: Picture) -> Parcel:
    return stage.parcel("Une carte", pictures=(gif,))


def working(monkeypatch: pytest.MonkeyPatch, *, still: bool) -> None:
    """Whether X is still at work on what it was given."""
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 1e6 if still else 0.0)


def asked(exchanges: Exchanges) -> list[str]:
    """The last words of the paths that were asked for."""
    return [urlsplit(str(request.url)).path.rpartition("/")[2] for request in exchanges]


def bodies(exchanges: Exchanges, word: str) -> list[dict[str, Any]]:
    return [
        json.loads(request.body or b"{}")
        for request, path in zip(exchanges, asked(exchanges), strict=True)
        if path == word
    ]


def attempt(
    stage: Stage, parcel: Parcel, channel: Channel, known: Prepared
) -> tuple[Prepared, Outcome | None]:
    """Make ready as far as it goes: what is written down then, and what stopped it."""
    prepared = known
    try:
        while True:
            prepared = channel.prepare(parcel, prepared, stage.media.__getitem__)
            if not prepared.upload or prepared.upload.look_at:
                return prepared, None
    except NotPrepared as problem:
        return problem.prepared or prepared, problem.outcome


def test_a_file_is_brought_in_order_and_whole(
    stage: Stage, parcel: Parcel, gif: Picture, exchanges: Exchanges
) -> None:
    """One call makes no more requests than a worker's lease allows for."""
    channel, prepared = stage.open(), Prepared()
    counts = []
    while prepared == Prepared() or prepared.upload:
        before = len(exchanges)
        prepared = channel.prepare(parcel, prepared, stage.media.__getitem__)
        counts.append(len(exchanges) - before)
    assert max(counts) <= 10
    assert len(counts) > 1
    (started,) = bodies(exchanges, "initialize")
    assert started == {
        "media_type": "image/gif",
        "media_category": "tweet_gif",
        "total_bytes": len(stage.media[gif.digest]),
    }
    indexes = [piece["segment_index"] for piece in bodies(exchanges, "append")]
    assert indexes == list(range(len(indexes)))
    assert len(bodies(exchanges, "finalize")) == 1
    (described,) = bodies(exchanges, "metadata")
    assert described["metadata"] == {"alt_text": {"text": "Une carte qui tourne"}}
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)
    assert stage.shown()[0].pictures == ((gif.digest, "Une carte qui tourne"),)


def test_a_video_is_brought_as_one_and_not_described(stage: Stage, exchanges: Exchanges) -> None:
    """X documents no alternative text for videos, and is not asked for what it does not know."""
    video = stage.video("La salle se remplit", seconds=4, qp="4")
    parcel = stage.parcel("Une salle", pictures=(video,))
    assert len(stage.media[video.digest]) > 10_000
    sending = stage.ready(parcel)
    (started,) = bodies(exchanges, "initialize")
    assert started == {
        "media_type": "video/mp4",
        "media_category": "tweet_video",
        "total_bytes": len(stage.media[video.digest]),
    }
    assert bodies(exchanges, "metadata") == []
    assert isinstance(sending.send(), Accepted)
    assert stage.shown()[0].pictures == ((video.digest, None),)
    assert stage.sandbox.state()["violations"] == []


def test_while_x_is_at_work_it_is_asked_when_it_wishes(
    stage: Stage,
    parcel: Parcel,
    exchanges: Exchanges,
    monkeypatch: pytest.MonkeyPatch,
    clock: ManualClock,
) -> None:
    working(monkeypatch, still=True)
    channel = stage.open()
    prepared, stopped = attempt(stage, parcel, channel, Prepared())
    assert stopped is None
    for _ in range(2):
        assert prepared.upload
        assert prepared.upload.look_at
        assert 4 < (prepared.upload.look_at - clock.now()).total_seconds() < 61
        assert prepared.media_ids == {}, "it cannot be shown yet"
        clock.advance(60)
        exchanges.clear()
        prepared = stage.open().prepare(parcel, prepared, stage.media.__getitem__)
        assert asked(exchanges) == ["upload"], "one question, by whichever worker"
    working(monkeypatch, still=False)
    prepared = stage.open().prepare(parcel, prepared, stage.media.__getitem__)
    assert prepared.upload is None
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)


def test_what_x_cannot_process_fails_for_good(
    stage: Stage, parcel: Parcel, monkeypatch: pytest.MonkeyPatch, exchanges: Exchanges
) -> None:
    stage.sandbox.faults.set([Fault(what=What.PROCESSING_FAILED)])
    working(monkeypatch, still=True)
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    assert stopped is None
    working(monkeypatch, still=False)
    prepared, stopped = attempt(stage, parcel, stage.open(), prepared)
    assert isinstance(stopped, Refused)
    assert stopped.kind is Kind.CONTENT
    assert "process" in stopped.message
    assert prepared.upload is None, "a retry begins anew"
    assert asked(exchanges).count("initialize") == 1
    assert stage.shown() == []


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("what", [what for what in LOST if what is not What.HANG])
@pytest.mark.parametrize("endpoint", [INITIALIZE, APPEND, FINALIZE, STATUS, DESCRIBE])
def test_a_fault_at_any_step_only_defers(
    stage: Stage,
    parcel: Parcel,
    gif: Picture,
    endpoint: str,
    what: What,
    commit: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another worker goes on, or begins anew; one post comes of it, with the whole file."""
    nth = (3,) if endpoint == APPEND else ()
    stage.sandbox.faults.set([Fault(what=what, endpoint=endpoint, commit=commit, nth=nth, times=1)])
    working(monkeypatch, still=True)
    prepared, first = attempt(stage, parcel, stage.open(), Prepared())
    working(monkeypatch, still=False)
    if first is None:
        prepared, first = attempt(stage, parcel, stage.open(), prepared)
    assert isinstance(first, Deferred)
    assert first.kind is Kind.UNAVAILABLE
    assert stage.shown() == []
    prepared, second = attempt(stage, parcel, stage.open(), prepared)
    assert second is None
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    (shown,) = stage.shown()
    assert shown.pictures[0][0] == gif.digest


def test_a_piece_that_did_not_arrive_is_brought_again_and_not_the_others(
    stage: Stage, parcel: Parcel, exchanges: Exchanges
) -> None:
    stage.sandbox.faults.set([Fault(what=What.HANG_UP, endpoint=APPEND, nth=(8,), times=1)])
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    assert isinstance(stopped, Deferred)
    assert prepared.upload
    assert prepared.upload.pieces == 7
    exchanges.clear()
    attempt(stage, parcel, stage.open(), prepared)
    assert "initialize" not in asked(exchanges)
    assert bodies(exchanges, "append")[0]["segment_index"] == 7


def test_after_the_death_of_the_worker_that_was_at_it_the_upload_begins_anew(
    stage: Stage, parcel: Parcel, exchanges: Exchanges
) -> None:
    """Nobody knows what the dead one still asked for after it last wrote down how far it was."""
    prepared = stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    assert prepared.upload
    exchanges.clear()
    ready, stopped = attempt(stage, parcel, stage.open(), prepared)
    assert stopped is None
    assert asked(exchanges)[0] == "initialize"
    assert isinstance(send(stage.open(), parcel, ready, ()), Accepted)
    assert len(stage.shown()) == 1


def test_an_end_that_x_may_have_made_is_not_asked_for_twice(
    stage: Stage, parcel: Parcel, exchanges: Exchanges
) -> None:
    """X refuses to put the pieces together a second time, which must not fail the post."""
    stage.sandbox.faults.set(
        [Fault(what=What.SERVER_ERROR, endpoint=FINALIZE, commit=True, times=1)]
    )
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    assert isinstance(stopped, Deferred)
    exchanges.clear()
    ready, stopped = attempt(stage, parcel, stage.open(), prepared)
    assert stopped is None
    assert asked(exchanges)[0] == "initialize"
    assert ready.media_ids


@pytest.mark.parametrize("endpoint", [INITIALIZE, APPEND, FINALIZE])
def test_what_x_refuses_is_the_posts_fault(stage: Stage, parcel: Parcel, endpoint: str) -> None:
    stage.sandbox.faults.set([Fault(what=What.BAD_REQUEST, endpoint=endpoint)])
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    assert isinstance(stopped, Refused)
    assert prepared.upload is None


@pytest.mark.parametrize("endpoint", [INITIALIZE, APPEND, FINALIZE, STATUS])
def test_a_rate_limit_holds_the_account_and_loses_nothing(
    stage: Stage,
    parcel: Parcel,
    endpoint: str,
    exchanges: Exchanges,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    working(monkeypatch, still=True)
    stage.sandbox.faults.set([Fault(what=What.RATE_LIMIT, endpoint=endpoint, times=1)])
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    if stopped is None:
        prepared, stopped = attempt(stage, parcel, stage.open(), prepared)
    assert isinstance(stopped, AccountSuspended)
    assert stopped.kind is Kind.RATE_LIMIT
    working(monkeypatch, still=False)
    exchanges.clear()
    ready, stopped = attempt(stage, parcel, stage.open(), prepared)
    assert stopped is None
    assert ready.media_ids
    assert ("initialize" in asked(exchanges)) == (endpoint == INITIALIZE)


def _forget(stage: Stage, _: ManualClock) -> None:
    stage.sandbox.store.uploads.clear()


def _a_day_passes(_: Stage, clock: ManualClock) -> None:
    clock.advance(24 * 3600)


@pytest.mark.parametrize("lose", [_forget, _a_day_passes])
@pytest.mark.parametrize("endpoint", [APPEND, STATUS])
def test_an_upload_that_x_has_forgotten_begins_anew(
    stage: Stage,
    parcel: Parcel,
    endpoint: str,
    lose: Any,
    monkeypatch: pytest.MonkeyPatch,
    clock: ManualClock,
) -> None:
    """That holds no account, and fails no post."""
    working(monkeypatch, still=True)
    stage.sandbox.faults.set([Fault(what=What.HANG_UP, endpoint=endpoint, times=1)])
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    lose(stage, clock)
    working(monkeypatch, still=False)
    for _ in range(3):
        prepared, stopped = attempt(stage, parcel, stage.open(), prepared)
        assert stopped is None or isinstance(stopped, Deferred)
    assert stopped is None
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)


def test_a_ready_file_that_x_has_forgotten_is_brought_again(
    stage: Stage, parcel: Parcel, clock: ManualClock
) -> None:
    channel = stage.open()
    prepared = stage.prepare(parcel, channel)
    clock.advance(24 * 3600)
    again = stage.prepare(parcel, channel, prepared)
    assert again.media_ids != prepared.media_ids
    assert isinstance(send(channel, parcel, again, ()), Accepted)


def test_a_post_with_what_moves_is_found_on_the_timeline(stage: Stage, parcel: Parcel) -> None:
    sending = stage.ready(parcel)
    sent = sending.send()
    assert isinstance(sent, Accepted)
    found = sending.find(sent=())
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id


def test_no_secret_is_in_what_stops_an_upload(stage: Stage, parcel: Parcel) -> None:
    said = ""
    for endpoint in (INITIALIZE, APPEND, FINALIZE, DESCRIBE):
        stage.sandbox.faults.set([Fault(what=What.UNAUTHORISED, endpoint=endpoint)])
        said += repr(attempt(stage, parcel, stage.open(), Prepared()))
    assert said.count("AccountSuspended") == 4
    for name, secret in stage.credentials.items():
        assert secret not in said, name
