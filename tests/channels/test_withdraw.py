"""What is withdrawn from Facebook is gone, with its photos, or is not called so."""

from dataclasses import dataclass

import pytest

from publisher.channels.base import Channel, NotPrepared
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Deferred,
    Outcome,
    StillOut,
    Unknown,
)
from publisher.platforms.facebook import posts
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import Stage, Stages
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.*.removal",
    "publisher.platforms.facebook.photos",
    "publisher.platforms.facebook.posts",
)

NOT_THERE = {"code": 100, "subcode": 33}


@dataclass
class Out:
    """A post with a photo that is out on a Page."""

    stage: Stage
    channel: Channel
    parcel: Parcel
    prepared: Prepared
    remote_id: str

    def withdraw(self, *faults: Fault) -> Outcome:
        self.stage.sandbox.faults.set(faults)
        return self.channel.withdraw(self.remote_id, self.prepared)

    @property
    def photos(self) -> int:
        """How many are at Facebook."""
        return len(self.stage.sandbox.state()["uploads"])


@pytest.fixture
def page(stages: Stages) -> Stage:
    return stages("facebook")


@pytest.fixture
def out(page: Stage) -> Out:
    parcel = page.parcel("Bonjour", pictures=(page.picture("Une carte"),))
    channel = page.open()
    prepared = page.prepare(parcel, channel)
    outcome = send(channel, parcel, prepared, ())
    assert isinstance(outcome, Accepted)
    return Out(page, channel, parcel, prepared, outcome.remote_id)


def denied(endpoint: str, **more: object) -> Fault:
    """Facebook says that something is not there, or not for this token."""
    return Fault.model_validate(
        {"what": FacebookFault.GRAPH_ERROR, "endpoint": endpoint, **NOT_THERE, **more}
    )


def test_a_post_and_its_photo_are_gone(out: Out) -> None:
    assert isinstance(out.withdraw(), Accepted)
    assert (out.stage.shown(), out.photos) == ([], 0)
    assert isinstance(out.withdraw(), Accepted), "it may be repeated"


@pytest.mark.parametrize("number", [1, 2], ids=["post", "photo"])
def test_what_is_said_to_be_deleted_and_still_shown_is_not_withdrawn(out: Out, number: int) -> None:
    """It may be tried again."""
    outcome = out.withdraw(Fault(what=What.IGNORED, endpoint="deletePost", nth=(number,)))
    assert isinstance(outcome, StillOut if number == 1 else Unknown), "a photo alone is no post"
    assert (len(out.stage.shown()), out.photos) == (2 - number, 1)
    assert isinstance(out.withdraw(), Accepted)
    assert (out.stage.shown(), out.photos) == ([], 0)


@pytest.mark.parametrize("what", [What.SERVER_ERROR, What.RATE_LIMIT, What.HTML])
def test_a_look_that_brings_nothing_undoes_no_confirmation(out: Out, what: What) -> None:
    assert isinstance(out.withdraw(Fault(what=what, endpoint="getObject")), Accepted)
    assert (out.stage.shown(), out.photos) == ([], 0)


def test_to_the_token_of_another_page_nothing_is_gone(out: Out) -> None:
    other = {"id": "1003", "name": "Another Page"}
    outcome = out.withdraw(
        denied("deletePost", nth=(1,)),
        denied("getObject", nth=(1,)),
        Fault(what=What.ANSWER, status=200, body=other, endpoint="getObject"),
        Fault(what=What.ANSWER, status=200, body={"data": []}, endpoint="getPublishedPosts"),
    )
    assert isinstance(outcome, Unknown)
    assert len(out.stage.shown()) == 1


def test_what_is_only_said_not_to_be_there_is_not_withdrawn(out: Out) -> None:
    """Seen for a live post, with the token that had made it."""
    outcome = out.withdraw(denied("deletePost"))
    assert isinstance(outcome, StillOut)
    assert (len(out.stage.shown()), out.photos) == (1, 1)


def test_what_cannot_be_seen_but_is_listed_is_not_withdrawn(out: Out) -> None:
    outcome = out.withdraw(denied("deletePost"), denied("getObject", nth=(1,)))
    assert isinstance(outcome, Unknown)
    assert "lists it on the Page" in outcome.message


def test_it_is_found_behind_a_hundred_newer_ones(out: Out) -> None:
    for number in range(101):
        out.stage.deliver(out.stage.parcel(f"Message {number}"))
    outcome = out.withdraw(denied("deletePost"), denied("getObject", nth=(1,)))
    assert isinstance(outcome, Unknown)


def test_behind_more_than_are_read_it_may_still_be_out(
    page: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts, "_AT_ONCE", 2)
    monkeypatch.setattr(posts, "_PAGES", 2)
    parcel, channel = page.parcel("Bonjour"), page.open()
    prepared = page.prepare(parcel, channel)
    sent = send(channel, parcel, prepared, ())
    assert isinstance(sent, Accepted)
    for number in range(4):
        page.deliver(page.parcel(f"Message {number}"))
    page.sandbox.faults.set([denied("deletePost"), denied("getObject", nth=(1,))])
    outcome = channel.withdraw(sent.remote_id, prepared)
    assert len(page.shown()) == 5
    assert not isinstance(outcome, Accepted)


@pytest.mark.parametrize("endpoint", ["getObject", "getPublishedPosts"])
@pytest.mark.parametrize("what", [What.TOKEN_DEAD, What.SERVER_ERROR, What.FORBIDDEN])
def test_where_nothing_can_be_seen_it_is_not_withdrawn(out: Out, endpoint: str, what: What) -> None:
    blind = Fault(what=what, endpoint=endpoint)
    faults = [denied("deletePost"), denied("getObject", nth=(1,)), blind]
    assert not isinstance(out.withdraw(*faults), Accepted)


def test_a_page_that_is_not_there_either_proves_nothing(out: Out) -> None:
    out.channel.withdraw(out.remote_id, Prepared())
    assert not isinstance(out.withdraw(denied("getObject")), Accepted)


def test_what_is_gone_without_an_answer_is_seen_to_be_gone(out: Out) -> None:
    lost = Fault(what=What.SERVER_ERROR, endpoint="deletePost", nth=(1,), commit=True)
    assert isinstance(out.withdraw(lost), Accepted)
    assert (out.stage.shown(), out.photos) == ([], 0)


@pytest.mark.parametrize(
    "fault",
    [
        denied("deletePost", nth=(2,)),
        Fault(what=What.SERVER_ERROR, endpoint="deletePost", nth=(2,)),
        Fault(what=What.FORBIDDEN, endpoint="deletePost", nth=(2,)),
    ],
    ids=["not there", "server error", "forbidden"],
)
def test_with_its_photo_at_facebook_it_is_not_withdrawn_and_may_be_tried_again(
    out: Out, fault: Fault
) -> None:
    outcome = out.withdraw(fault)
    assert isinstance(outcome, Unknown | Deferred | AccountSuspended)
    assert (out.stage.shown(), out.photos) == ([], 1)
    assert isinstance(out.withdraw(), Accepted)
    assert out.photos == 0


def test_the_photos_of_older_ledgers_are_deleted(out: Out) -> None:
    out.prepared = out.prepared.model_copy(update={"photos": ()})
    assert isinstance(out.withdraw(), Accepted)
    assert out.photos == 0


def test_photos_that_were_uploaded_twice_are_deleted_twice(page: Stage) -> None:
    """A post that was refused as it was made, and made with the next attempt."""
    parcel, channel = page.parcel("Bonjour", pictures=(page.picture("Une carte"),)), page.open()
    uploaded = channel.prepare(parcel, Prepared(), page.media.__getitem__)
    page.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="createFeedPost", times=1)])
    with pytest.raises(NotPrepared):
        channel.prepare(parcel, uploaded, page.media.__getitem__)
    begun = uploaded.begin(parcel.content, page.options.clock.now())
    prepared = page.prepare(parcel, channel, begun)
    assert len(page.sandbox.state()["uploads"]) == 2
    send(channel, parcel, prepared, ())
    channel.withdraw(str(prepared.draft_id), prepared)
    assert page.sandbox.state()["uploads"] == []


def test_photos_of_a_post_that_never_went_out_do_not_stay(page: Stage) -> None:
    parcel, channel = page.parcel("Bonjour", pictures=(page.picture("Une carte"),)), page.open()
    prepared = page.prepare(parcel, channel).given_up()
    assert prepared.stays
    assert channel.clear(parcel, prepared) == Prepared()
    assert (page.sandbox.state()["uploads"], page.shown()) == ([], [])


def test_photos_without_a_post_do_not_stay_either(page: Stage) -> None:
    """One could not be uploaded: what is up is on record."""
    pictures = (page.picture("Une carte"), page.picture("Deux", "olive"))
    parcel, channel = page.parcel("Bonjour", pictures=pictures), page.open()
    page.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="createPhoto", nth=(2,))])
    with pytest.raises(NotPrepared) as caught:
        channel.prepare(parcel, Prepared(), page.media.__getitem__)
    assert caught.value.prepared
    given_up = caught.value.prepared.given_up()
    assert given_up.stays
    assert channel.clear(parcel, given_up) == Prepared()
    assert page.sandbox.state()["uploads"] == []


def test_a_photo_that_cannot_be_deleted_now_stays_on_record(page: Stage) -> None:
    parcel, channel = page.parcel("Bonjour", pictures=(page.picture("Une carte"),)), page.open()
    prepared = page.prepare(parcel, channel).given_up()
    page.sandbox.faults.set([denied("deletePost", nth=(2,))])
    with pytest.raises(NotPrepared) as caught:
        channel.clear(parcel, prepared)
    assert caught.value.prepared == Prepared(photos=prepared.photos)
    assert channel.clear(parcel, caught.value.prepared) == Prepared()
    assert page.sandbox.state()["uploads"] == []


@pytest.mark.parametrize("faults", [(), (denied("deletePost"),)], ids=["gone", "kept"])
def test_a_picture_that_an_edit_takes_out_does_not_stay(
    page: Stage, faults: tuple[Fault, ...]
) -> None:
    channel = page.open()
    before = page.parcel("Bonjour", pictures=(page.picture("Une carte"),))
    prepared = page.prepare(before, channel)
    page.sandbox.faults.set(faults)
    after = page.prepare(page.parcel("Bonjour"), channel, prepared)
    assert (len(page.sandbox.state()["uploads"]), len(after.photos)) == (len(faults), len(faults))
