"""GIFs and videos on their way to a Page: in chunks, unseen, and wherever that is interrupted."""

from urllib.parse import parse_qs

import pytest
import requests

from publisher.channels.base import Channel, NotPrepared
from publisher.model.content import Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Absent, Accepted, Deferred, Kind, Outcome, Refused
from publisher.platforms.facebook import videos as page_videos
from publisher.platforms.facebook.stand_in import video_status
from publisher.platforms.facebook.stand_in import videos as sandbox_videos
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import LOST, Stage, Stages
from tests.support.clock import ManualClock
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.facebook.posts", "publisher.platforms.facebook.videos"
)

Exchanges = list[requests.PreparedRequest]
UPLOAD, LOOK, REVEAL = "createVideo", "getObject", "updatePost"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a few kilobytes take more than one call; Facebook is done at once."""
    monkeypatch.setattr(sandbox_videos, "CHUNK", 1_000)
    monkeypatch.setattr(video_status, "REAL_PROCESSING_SECONDS", 0.0)


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("facebook")


@pytest.fixture
def gif(stage: Stage) -> Picture:
    """Of twelve chunks or so."""
    picture = stage.gif("Une carte qui tourne")
    assert 8_000 < len(stage.media[picture.digest]) < 18_000
    return picture


@pytest.fixture
def parcel(stage: Stage, gif: Picture) -> Parcel:
    return stage.parcel("Une carte", pictures=(gif,))


def working(monkeypatch: pytest.MonkeyPatch, *, still: bool) -> None:
    """Whether Facebook is still at work on what it was given."""
    monkeypatch.setattr(video_status, "REAL_PROCESSING_SECONDS", 1e6 if still else 0.0)


def fail(stage: Stage, *faults: Fault) -> None:
    stage.sandbox.faults.set(faults)


def phases(exchanges: Exchanges) -> list[str]:
    return [
        parse_qs(request.body)["upload_phase"][0] if isinstance(request.body, str) else "transfer"
        for request in exchanges
        if str(request.url).partition("?")[0].endswith("/videos")
    ]


def there(stage: Stage) -> list[str]:
    """The videos at Facebook, and what is left of their uploads."""
    return [one["id"] for one in stage.sandbox.state()["uploads"]]


def attempt(
    stage: Stage, parcel: Parcel, channel: Channel, known: Prepared
) -> tuple[Prepared, Outcome | None]:
    """Make ready as far as it goes: what is written down then, and what stopped it."""
    prepared = known
    try:
        while True:
            before, prepared = prepared, channel.prepare(parcel, prepared, stage.media.__getitem__)
            if (prepared.upload and prepared.upload.look_at) or prepared == before:
                return prepared, None
    except NotPrepared as problem:
        return problem.prepared or prepared, problem.outcome


def test_a_file_is_brought_in_order_and_whole(
    stage: Stage, parcel: Parcel, gif: Picture, exchanges: Exchanges
) -> None:
    """One call makes no more requests than a worker's lease allows for."""
    channel, prepared, counts = stage.open(), Prepared(), list[int]()
    while not counts or prepared.upload:
        before = len(exchanges)
        prepared = channel.prepare(parcel, prepared, stage.media.__getitem__)
        counts.append(len(exchanges) - before)
    assert max(counts) <= 10
    assert len(counts) > 2
    found = phases(exchanges)
    assert (found[0], found[-1]) == ("start", "finish")
    assert set(found[1:-1]) == {"transfer"}
    outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, Accepted)
    assert outcome.url == f"https://www.facebook.com/1002/videos/{outcome.remote_id}/"
    assert stage.shown()[0].pictures == ((gif.digest, None),)
    assert stage.sandbox.state()["violations"] == []


def test_a_video_is_seen_by_its_page_alone_until_its_instant(stage: Stage) -> None:
    video = stage.video("La salle se remplit", seconds=2)
    sending = stage.ready(stage.parcel("Une salle", pictures=(video,)))
    assert stage.shown() == []
    assert isinstance(sending.find(), Absent)
    assert isinstance(sending.send(), Accepted)
    assert [one.text for one in stage.shown()] == ["Une salle"]
    assert isinstance(sending.find(()), Accepted)


def test_nothing_is_sent_before_facebook_has_processed_it(
    stage: Stage, parcel: Parcel, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    working(monkeypatch, still=True)
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    assert stopped is None
    assert prepared.upload
    assert prepared.upload.look_at
    assert 5 < (prepared.upload.look_at - clock.now()).total_seconds() < 61
    with pytest.raises(ValueError, match="prepared"):
        stage.open().ready(parcel, prepared, ())
    working(monkeypatch, still=False)
    prepared, _stopped = attempt(stage, parcel, stage.open(), prepared)
    assert prepared.upload is None
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    assert stage.sandbox.state()["violations"] == []


def test_what_facebook_cannot_process_fails_for_good_and_does_not_stay(
    stage: Stage, parcel: Parcel
) -> None:
    fail(stage, Fault(what=What.PROCESSING_FAILED))
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    if stopped is None:
        prepared, stopped = attempt(stage, parcel, stage.open(), prepared)
    assert isinstance(stopped, Refused)
    assert stopped.kind is Kind.CONTENT
    assert "not supported" in stopped.message
    assert prepared.stays
    assert not stage.open().clear(parcel, prepared.given_up()).stays
    assert there(stage) == []


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("what", [what for what in LOST if what is not What.HANG])
@pytest.mark.parametrize(("endpoint", "nth"), [(UPLOAD, 1), (UPLOAD, 3), (UPLOAD, -1), (LOOK, 1)])
def test_a_fault_at_any_step_only_defers(
    stage: Stage, parcel: Parcel, gif: Picture, endpoint: str, nth: int, what: What, commit: bool
) -> None:
    """Another worker goes on, or begins anew; one video comes of it, and no other stays."""
    number = -(-len(stage.media[gif.digest]) // 1_000) + 2 if nth < 0 else nth
    fault = Fault(what=what, endpoint=endpoint, commit=commit, nth=(number,))
    fail(stage, fault)
    prepared, first = attempt(stage, parcel, stage.open(), Prepared())
    if first is None:
        prepared, first = attempt(stage, parcel, stage.open(), prepared)
    assert isinstance(first, Deferred)
    assert first.kind is Kind.UNAVAILABLE
    assert stage.shown() == []
    fail(stage)
    prepared = stage.prepare(parcel, stage.open(), prepared)
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    (shown,) = stage.shown()
    assert shown.pictures[0][0] == gif.digest
    begun_and_lost = endpoint == UPLOAD and nth == 1 and commit
    assert len(there(stage)) == 1 + begun_and_lost, "an upload without a byte is nothing"


@pytest.mark.parametrize("commit", [True, False])
def test_a_lost_answer_to_a_chunk_costs_no_other_chunk(
    stage: Stage, parcel: Parcel, gif: Picture, exchanges: Exchanges, commit: bool
) -> None:
    """If Facebook has it already, its error names the offset from which to go on."""
    channel = stage.open()
    fail(stage, Fault(what=What.HANG_UP, endpoint=UPLOAD, commit=commit, nth=(4,)))
    prepared, stopped = attempt(stage, parcel, channel, Prepared())
    assert isinstance(stopped, Deferred)
    prepared = stage.prepare(parcel, channel, prepared)
    chunks = -(-len(stage.media[gif.digest]) // 1_000)
    assert phases(exchanges) == ["start", *["transfer"] * (chunks + 1), "finish"]
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)
    assert len(there(stage)) == len(stage.shown()) == 1


def test_an_upload_goes_on_from_the_offset_that_facebook_names(
    stage: Stage, parcel: Parcel, gif: Picture, exchanges: Exchanges
) -> None:
    """Half of a chunk is not sent twice, and the file is whole."""
    fail(stage, Fault(what=FacebookFault.HALF_CHUNK, endpoint=UPLOAD, nth=(3,)))
    sending = stage.ready(parcel)
    assert isinstance(sending.send(), Accepted)
    chunks = -(-(len(stage.media[gif.digest]) + 500) // 1_000)
    assert phases(exchanges) == ["start", *["transfer"] * chunks, "finish"]
    assert stage.shown()[0].pictures == ((gif.digest, None),)


def test_a_worker_that_does_not_know_the_upload_begins_anew(
    stage: Stage, parcel: Parcel, exchanges: Exchanges
) -> None:
    begun = stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    assert begun.upload
    prepared = stage.prepare(parcel, stage.open(), begun)
    assert phases(exchanges).count("start") == 2
    assert isinstance(send(stage.open(), parcel, prepared, ()), Accepted)
    assert len(there(stage)) == len(stage.shown()) == 1


@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_to_the_public_step_is_found_by_reading(
    stage: Stage, parcel: Parcel, what: What
) -> None:
    """It may be repeated, and there is one video."""
    sending = stage.ready(parcel)
    fail(stage, Fault(what=what, endpoint=REVEAL, commit=True))
    sending.send()
    fail(stage)
    found = sending.find(())
    assert isinstance(found, Accepted)
    assert found.remote_id == stage.shown()[0].id
    assert isinstance(send(stage.open(), parcel, sending.prepared, ()), Accepted)
    assert len(stage.shown()) == 1


def test_a_success_that_facebook_only_says_is_none(stage: Stage, parcel: Parcel) -> None:
    """As for upright videos, of which Facebook was seen to make drafts."""
    sending = stage.ready(parcel)
    fail(stage, Fault(what=What.IGNORED, endpoint=REVEAL))
    assert not isinstance(sending.send(), Accepted)
    assert stage.shown() == []


def test_what_facebook_makes_public_early_is_known_to_be(stage: Stage, parcel: Parcel) -> None:
    fail(stage, Fault(what=FacebookFault.AUTO_PUBLISH, shows="video"))
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared())
    if stopped is None:
        prepared, stopped = attempt(stage, parcel, stage.open(), prepared)
    assert isinstance(stopped, Accepted)
    assert stopped.public_since
    assert stopped.remote_id == prepared.draft_id == stage.shown()[0].id


def test_where_facebook_publishes_early_no_video_is_prepared(stage: Stage, parcel: Parcel) -> None:
    prepared, stopped = attempt(stage, parcel, stage.open(), Prepared(at_once=True))
    assert isinstance(stopped, Refused)
    assert (there(stage), prepared.upload) == ([], None)


def test_withdrawing_deletes_the_video(stage: Stage, parcel: Parcel) -> None:
    sending = stage.ready(parcel)
    outcome = sending.send()
    assert isinstance(outcome, Accepted)
    for _ in range(2):
        gone = stage.open().withdraw(outcome.remote_id, sending.prepared)
        assert isinstance(gone, Accepted)
        assert (stage.shown(), there(stage)) == ([], [])


def test_a_video_that_facebook_hides_and_lists_is_not_gone(stage: Stage, parcel: Parcel) -> None:
    sending = stage.ready(parcel)
    outcome = sending.send()
    assert isinstance(outcome, Accepted)
    hidden = {"what": FacebookFault.GRAPH_ERROR, "code": 100, "subcode": 33}
    fail(
        stage,
        Fault.model_validate({**hidden, "endpoint": "deletePost"}),
        Fault.model_validate({**hidden, "endpoint": LOOK, "nth": (1,)}),
    )
    gone = stage.open().withdraw(outcome.remote_id, sending.prepared)
    assert not isinstance(gone, Accepted)
    assert len(stage.shown()) == 1


@pytest.mark.parametrize("still", [True, False], ids=["worked on", "ready"])
def test_what_is_cancelled_or_edited_does_not_stay(
    stage: Stage, parcel: Parcel, still: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    working(monkeypatch, still=still)
    prepared, _stopped = attempt(stage, parcel, stage.open(), Prepared())
    assert len(there(stage)) == 1
    edited = stage.parcel("Sans image")
    stage.prepare(edited, stage.open(), prepared)
    assert there(stage) == []
    prepared, _stopped = attempt(stage, parcel, stage.open(), Prepared())
    assert not stage.open().clear(parcel, prepared.given_up()).stays
    assert there(stage) == []


def test_attempts_without_an_id_are_not_looked_for(
    stage: Stage, parcel: Parcel, clock: ManualClock, exchanges: Exchanges
) -> None:
    """An upload whose beginning got lost holds not a byte: no one can see it."""
    known = Prepared().begin(parcel.content, clock.now())
    prepared = stage.prepare(parcel, stage.open(), known)
    assert not any("/feed" in str(request.url) for request in exchanges)
    assert prepared.begun == ()
    assert page_videos.CHUNKS_AT_ONCE < 10
