"""What ended deliveries left: cleared away from a Page and from our own files, unless it is
public.
"""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from publisher.channels.base import NotPrepared
from publisher.delivery.cleanup import Clearing
from publisher.ledger.database import Database
from publisher.ledger.doubts.orphans import Orphans
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.ledger.manager.operations import Control
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted, AccountSuspended, Kind, Unknown
from publisher.model.states import State
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import DUE, Stage, Stages
from tests.channels.desk import TEXT, Desk
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, Strangers, lanes
from tests.support.sending import send

pytestmark = pytest.mark.guards(
    "publisher.platforms.facebook.removal",
    "publisher.delivery.cleanup",
    "publisher.model.deliveries",
)


@pytest.fixture
def clear(desk: Desk, database: Database, clock: ManualClock) -> Callable[[], None]:
    """Let a worker clear away what is to be cleared away now."""
    leftovers = Orphans(database, clock)

    def run() -> None:
        clock.advance(60)
        channel = desk.stage.open()
        clearing = Clearing(leftovers, lambda _account: nullcontext(channel), AnyKeys(), lanes())
        for claim in leftovers.claim(clock.ahead(30), 10):
            clearing.clear(claim)

    return run


def refuse(desk: Desk, *, commit: bool = False) -> None:
    """Let the Page refuse to make a post public, once; `commit`: and do it all the same."""
    refusal = Fault(
        what=FacebookFault.GRAPH_ERROR, endpoint="updatePost", code=100, times=1, commit=commit
    )
    desk.stage.sandbox.faults.set([refusal])


def test_a_cancelled_posts_draft_does_not_stay_on_the_page(
    desk: Desk, control: Control, clear: Callable[[], None]
) -> None:
    desk.lay_ready()
    control.cancel("post.fr", None, "manager", "trop tard")
    clear()
    assert desk.there == []
    assert (desk.state(), desk.delivery.prepared) == (State.CANCELLED, Prepared())


def test_a_draft_whose_id_got_lost_is_found_and_does_not_stay(
    desk: Desk, control: Control, clear: Callable[[], None]
) -> None:
    desk.queue()
    desk.lose()
    desk.work()
    desk.mend()
    assert desk.there == [(TEXT, False)]
    control.cancel("post.fr", None, "manager", "trop tard")
    clear()
    assert desk.there == []
    assert desk.delivery.prepared == Prepared()


def test_with_somebody_elses_keys_nothing_is_called_cleared_away(
    desk: Desk, control: Control, database: Database
) -> None:
    desk.lay_ready()
    control.cancel("post.fr", None, "manager", "trop tard")
    desk.clock.advance(60)
    leftovers, channel = Orphans(database, desk.clock), desk.stage.open()
    stranger = AccountSuspended(Kind.AUTH, "The page token belongs to another Page.")
    clearing = Clearing(
        leftovers, lambda _account: nullcontext(channel), Strangers(stranger), lanes()
    )
    (claim,) = leftovers.claim(desk.clock.ahead(30), 10)
    clearing.clear(claim)
    assert (desk.there, desk.delivery.prepared.stays) == ([(TEXT, False)], True)
    step = desk.queries.history("post.fr")[-1]
    assert (step.event, step.detail["message"]) == ("not cleared away", stranger.message)


def test_what_cannot_be_read_or_deleted_now_is_deleted_later(
    desk: Desk, control: Control, clear: Callable[[], None]
) -> None:
    desk.lay_ready()
    control.cancel("post.fr", None, "manager", "trop tard")
    for endpoint in ("getObject", "deletePost"):
        desk.stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint=endpoint)])
        clear()
        assert desk.there == [(TEXT, False)]
        desk.mend(3600)
    clear()
    assert desk.there == []


def test_what_somebody_published_by_hand_is_out_on_record_and_told(
    desk: Desk,
    control: Control,
    clear: Callable[[], None],
    clock: ManualClock,
) -> None:
    desk.lay_ready()
    control.cancel("post.fr", None, "manager", "trop tard")
    (entry,) = desk.stage.sandbox.store.entries
    entry.publish(clock.now())
    clear()
    assert (desk.there, desk.state()) == ([(TEXT, True)], State.PUBLISHED)
    assert (desk.delivery.remote_ids, desk.delivery.pending_stop) == ((entry.id,), State.CANCELLED)
    assert "came too late: it is out. (trop tard)" in str(reason_of(desk.delivery))


def test_what_is_public_with_an_earlier_text_is_left_alone_and_told(
    desk: Desk, control: Control, clear: Callable[[], None]
) -> None:
    desk.lay_ready()
    control.cancel("post.fr", None, "manager", "trop tard")
    (entry,) = desk.stage.sandbox.store.entries
    entry.publish(desk.clock.now())
    desk.stage.sandbox.store.change_text(entry, "Bonsoir")
    clear()
    assert desk.there == [("Bonsoir", True)]
    assert "public on the Page" in str(desk.delivery.error_message)
    assert desk.delivery.prepared == Prepared()


def test_a_retry_after_a_refusal_leaves_one_post(desk: Desk, control: Control) -> None:
    """The refused one is deleted before another is made."""
    desk.queue()
    refuse(desk)
    desk.work()
    assert (desk.state(), desk.there) == (State.FAILED, [(TEXT, False)])
    control.retry("post.fr", None, "manager")
    desk.work()
    assert (desk.state(), desk.there) == (State.PUBLISHED, [(TEXT, True)])


def test_what_was_published_although_it_was_refused_is_found_at_once(desk: Desk) -> None:
    desk.queue()
    refuse(desk, commit=True)
    desk.work()
    assert (desk.state(), desk.there) == (State.PUBLISHED, [(TEXT, True)])


def test_a_retry_of_what_was_published_all_the_same_doubles_nothing(
    desk: Desk, control: Control
) -> None:
    """Where that could not be seen when it was refused."""
    desk.queue()
    refusal = Fault(
        what=FacebookFault.GRAPH_ERROR, endpoint="updatePost", code=100, times=1, commit=True
    )
    desk.stage.sandbox.faults.set([refusal, Fault(what=What.SERVER_ERROR, endpoint="getObject")])
    desk.work()
    assert desk.state() is State.FAILED
    desk.mend()
    control.retry("post.fr", None, "manager")
    desk.work()
    assert (desk.state(), desk.there) == (State.PUBLISHED, [(TEXT, True)])
    assert desk.requests("createFeedPost") == 1


def test_pictures_of_a_page_of_the_website_do_not_stay(stages: Stages) -> None:
    stage = stages("site")
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    prepared = stage.prepare(parcel, stage.open())
    assert prepared.stays
    ready = [path for path in pictures(stage) if ".ready" in str(path)]
    assert len(ready) == 1
    assert not stage.open().clear(parcel, prepared).stays
    assert pictures(stage) == []
    assert not stage.open().clear(parcel, prepared).stays


def test_pictures_that_show_on_the_website_stay(stages: Stages) -> None:
    stage = stages("site")
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    stage.deliver(parcel)
    before = pictures(stage)
    assert not stage.open().clear(parcel, Prepared(folder="x")).stays
    assert pictures(stage) == before


def pictures(stage: Stage) -> list[Path]:
    return sorted((stage.options.folder / "site").parent.rglob("*.png"))


def test_a_channel_says_what_is_public_and_what_is_left(stages: Stages) -> None:
    """Of two posts, one of which is public."""
    stage = stages("facebook")
    channel = stage.open()
    parcel = stage.parcel("Bonjour")
    prepared = stage.prepare(parcel, channel)
    send(channel, parcel, prepared, ())
    other = stage.prepare(stage.parcel("Bonsoir"), channel)
    ids = (str(prepared.draft_id), str(other.draft_id))
    with pytest.raises(NotPrepared) as caught:
        channel.clear(parcel, Prepared(leftovers=ids))
    assert isinstance(caught.value.outcome, Accepted)
    assert caught.value.prepared
    assert caught.value.prepared.draft_id == ids[0]
    assert len(stage.sandbox.store.timeline("bice-page", with_unpublished=True)) == 1
    stranger = stage.parcel("Bonne nuit")
    with pytest.raises(NotPrepared) as caught:
        channel.clear(stranger, Prepared(leftovers=ids, photos=("1",)))
    assert isinstance(caught.value.outcome, Unknown)
    assert caught.value.prepared == Prepared(leftovers=ids[1:]), (
        "whose photos they are is not known"
    )
    waits_for_a_person = channel.find(parcel, Prepared(leftovers=ids), (), DUE)
    assert isinstance(waits_for_a_person, Unknown), "one that was given up is public"
    assert channel.clear(parcel, Prepared(leftovers=ids[1:])) == Prepared()
    assert [post.text for post in stage.shown()] == ["Bonjour"]
