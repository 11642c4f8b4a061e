"""Pictures, videos and documents of a page on LinkedIn: uploaded in parts, and waited for."""

import pytest
import requests

from publisher.channels.base import NotPrepared
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, Deferred, Kind, Refused, Unknown
from publisher.platforms.linkedin import uploads
from publisher.platforms.linkedin.stand_in import media
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stage, Stages
from tests.platforms.linkedin.test_channel import bodies
from tests.support.sending import send


@pytest.fixture
def page(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(media, "REAL_PROCESSING_SECONDS", 0.0)
    return stages("linkedin")


def test_many_pictures_take_several_calls_of_ten_requests(
    page: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    colours = ("teal", "olive", "navy", "gray", "red", "green", "blue", "black", "white", "pink")
    pictures = tuple(page.picture(colour, colour) for colour in colours)
    parcel, channel, prepared, calls = (
        page.parcel("Dix", pictures=pictures),
        page.open(),
        Prepared(),
        0,
    )
    while calls == 0 or prepared.upload:
        exchanges.clear()
        kept = Prepared.model_validate_json(prepared.model_dump_json())
        prepared = channel.prepare(parcel, kept, page.media.__getitem__)
        assert len(exchanges) <= 10
        calls += 1
        channel = page.open()  # another worker goes on
    assert calls == 4
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)
    (shown,) = page.shown()
    assert [alt for _, alt in shown.pictures] == list(colours)


def test_pictures_stay_uploaded_when_the_text_changes(page: Stage) -> None:
    picture, channel = page.picture("Une carte"), page.open()
    prepared = page.prepare(page.parcel("Avant", pictures=(picture,)), channel)
    after = page.parcel("Après", pictures=(picture,))
    assert isinstance(send(channel, after, page.prepare(after, channel, prepared), ()), Accepted)
    assert page.sandbox.state()["requests"]["uploadImage"] == 1


@pytest.mark.parametrize(
    ("endpoint", "what"),
    [
        (endpoint, what)
        for endpoint in ("initializeImageUpload", "uploadImage", "getImage")
        for what in (What.SERVER_ERROR, What.HANG_UP, What.NOT_JSON, What.HTML)
        if (endpoint, what) != ("uploadImage", What.NOT_JSON)  # its success has no body
    ],
)
def test_a_fault_in_an_upload_only_defers(endpoint: str, what: What, page: Stage) -> None:
    """Nothing is public, and a second try succeeds."""
    page.sandbox.faults.set([Fault(what=what, endpoint=endpoint, times=1, commit=True)])
    parcel = page.parcel("Bonjour", pictures=(page.picture("Une carte"),))
    (outcome,) = page.deliver(parcel)
    assert isinstance(outcome, Deferred)
    assert outcome.kind is Kind.UNAVAILABLE
    assert page.shown() == []
    assert isinstance(page.deliver(parcel)[0], Accepted)


def test_what_linkedin_cannot_process_is_the_posts_fault(page: Stage) -> None:
    page.sandbox.faults.set([Fault(what=What.PROCESSING_FAILED)])
    for shown in (page.picture("Une carte"), page.video("Une carte")):
        (outcome,) = page.deliver(page.parcel("Bonjour", pictures=(shown,)))
        assert isinstance(outcome, Refused)
        assert outcome.kind is Kind.CONTENT
    assert "createOrganizationPost" not in page.sandbox.state()["requests"]


def test_a_video_goes_in_parts_without_the_token_and_is_waited_for(
    page: Stage, exchanges: list[requests.PreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "REAL_PROCESSING_SECONDS", 0.05)
    monkeypatch.setattr(media, "PART_BYTES", 500)
    shown = page.video("Une carte")
    size = len(page.media[shown.digest])
    assert size > 500 * (uploads.PARTS_AT_ONCE + 1), "or one call would do"
    parcel = page.parcel("Une vidéo", pictures=(shown,))
    attempt = page.ready(parcel)
    parts = [one for one in exchanges if "/part/" in str(one.url)]
    assert len(parts) == -(-size // 500)
    assert all("Authorization" not in one.headers for one in parts)
    assert isinstance(attempt.send(), Accepted)
    assert attempt.sent[0].startswith("urn:li:ugcPost:")
    assert [len(post.pictures) for post in page.shown()] == [1]


def test_a_video_begins_again_where_its_worker_is_lost(
    page: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "PART_BYTES", 500)
    parcel = page.parcel("Une vidéo", pictures=(page.video("Une carte"),))
    first = page.open().prepare(parcel, Prepared(), page.media.__getitem__)
    assert first.upload
    assert not first.upload.whole
    prepared = page.prepare(parcel, page.open(), first)
    assert isinstance(send(page.open(), parcel, prepared, ()), Accepted)


@pytest.mark.parametrize(
    "ranges",
    [[], [(0, 9)], [(1, -1)], [(0, 10**9)], [(0, 99), (99, -1)], [(0, None)]],
    ids=str,
)
def test_parts_that_are_not_the_whole_video_are_not_sent(
    ranges: list[tuple[int, int | None]],
    page: Stage,
    exchanges: list[requests.PreparedRequest],
) -> None:
    """-1 is the last byte of the file."""
    shown = page.video("Une carte")
    end = len(page.media[shown.digest]) - 1
    told = [
        {
            "uploadUrl": "https://www.linkedin.com/a",
            "firstByte": first,
            "lastByte": end if last == -1 else last,
        }
        for first, last in ranges
    ]
    body = {"value": {"video": "urn:li:video:1", "uploadInstructions": told, "uploadToken": ""}}
    page.sandbox.faults.set([Fault(what=What.ANSWER, endpoint="actOnVideo", status=200, body=body)])
    parcel = page.parcel("Une vidéo", pictures=(shown,))
    with pytest.raises(NotPrepared) as problem:
        page.prepare(parcel, page.open())
    assert isinstance(problem.value.outcome, Deferred)
    assert "PUT" not in {request.method for request in exchanges}


def test_a_document_goes_out_with_its_title_and_is_waited_for(
    page: Stage, exchanges: list[requests.PreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "REAL_PROCESSING_SECONDS", 0.05)
    shown = page.document("Le rapport annuel, en trois pages", pages=3)
    attempt = page.ready(page.parcel("Le rapport est là", pictures=(shown,), title="Rapport 2016"))
    assert isinstance(attempt.send(), Accepted)
    (content,) = [body["content"] for body in bodies(exchanges)]
    (stored,) = page.sandbox.store.uploads.values()
    assert content == {"media": {"id": stored.id, "title": "Rapport 2016"}}
    assert (stored.sha256, stored.pages, stored.failed) == (shown.digest, 3, False)
    assert stored.id.startswith("urn:li:document:")
    asked = [one for one in exchanges if "/rest/documents/" in str(one.url)]
    assert len(asked) >= 1, "its state is read before it is shown"
    assert not page.sandbox.state()["violations"]


def test_a_document_without_a_title_has_its_description(
    page: Stage, exchanges: list[requests.PreparedRequest]
) -> None:
    """LinkedIn refuses one without a title."""
    shown = page.document("Le rapport annuel")
    assert isinstance(page.deliver(page.parcel("Voilà", pictures=(shown,)))[0], Accepted)
    assert [body["content"]["media"]["title"] for body in bodies(exchanges)] == [
        "Le rapport annuel"
    ]


def test_a_document_that_linkedin_cannot_process_is_the_posts_fault(page: Stage) -> None:
    page.sandbox.faults.set([Fault(what=What.PROCESSING_FAILED)])
    shown = page.document("Le rapport annuel")
    (outcome,) = page.deliver(page.parcel("Voilà", pictures=(shown,)))
    assert isinstance(outcome, Refused)
    assert "createOrganizationPost" not in page.sandbox.state()["requests"]


def test_a_lost_post_is_found_by_its_document(page: Stage) -> None:
    attempt = page.ready(page.parcel("Voilà", pictures=(page.document("Le rapport annuel"),)))
    fault = Fault(what=What.HANG_UP, endpoint="createOrganizationPost", commit=True, times=1)
    page.sandbox.faults.set([fault])
    assert isinstance(attempt.send(), Unknown)
    seen, (shown,) = attempt.find(), page.shown()
    assert isinstance(seen, Accepted)
    assert seen.remote_id == shown.id


def test_a_picture_that_linkedin_lost_is_uploaded_again(page: Stage) -> None:
    attempt = page.ready(page.parcel("Bonjour", pictures=(page.picture("Une carte"),)))
    page.sandbox.store.uploads.clear()
    lost = attempt.send()
    assert isinstance(lost, Deferred)
    assert lost.uploads_gone
    again = page.prepare(attempt.parcel, page.open(), attempt.prepared.without_uploads())
    assert isinstance(send(page.open(), attempt.parcel, again, ()), Accepted)
    assert page.sandbox.state()["requests"]["uploadImage"] == 2
