"""What every channel promises of the public counts of its posts.

Counts are the platform's or they are missing: never zero for what it did not give, never another
post's, and never more requests than the channel says.
"""

import json
import time

import pytest

from publisher.channels.base import Channel
from publisher.channels.engagement import EngagementReading
from publisher.channels.registry import SPECS
from publisher.model.engagement import Engagement, Metric
from publisher.model.outcomes import Accepted, AccountSuspended, Answer, Deferred, Wire
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.stand_in import video_status
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.platforms.mastodon.server import AccountServer
from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.platforms.wordpress.site import SiteApi
from publisher.sandbox.fault_kinds import FaultKind, What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import PLATFORMS as SIMULATED
from tests.channels.conftest import PLATFORMS, Stage, Stages
from tests.channels.test_contract_hostile import HOSTILE
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards(
    "publisher.platforms.*.counts",
    "publisher.channels.engagement",
    "publisher.platforms.facebook.insights",
    "publisher.platforms.linkedin.statistics",
    "publisher.platforms.twitter.metrics",
    "publisher.platforms.wordpress.comments",
)

DAY = 86_400


def gives(platform: str) -> frozenset[Metric]:
    source = SPECS[platform].metrics
    assert source
    return source.gives


def publish(stage: Stage, number: int = 2, parts: int = 1) -> list[str]:
    """Publish posts; the ids of their first parts."""
    ids = []
    for one in range(number):
        texts = [f"Texte {one}.{part}" for part in range(parts)]
        outcomes = stage.deliver(stage.parcel(*texts, post=f"post-{one}.fr"))
        assert isinstance(outcomes[0], Accepted)
        ids.append(outcomes[0].remote_id)
    return ids


def read(channel: Channel, ids: list[str]) -> dict[str, Engagement]:
    reading = channel.engagement(ids)
    assert isinstance(reading, EngagementReading), reading
    return dict(reading.posts)


def requests(stage: Stage) -> int:
    """The requests until now, without those of a log-in."""
    counted = stage.sandbox.state()["requests"]
    return sum(number for name, number in counted.items() if "Session" not in name)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_counts_of_several_posts_come_in_few_requests(
    platform: str, stages: Stages, clock: ManualClock
) -> None:
    stage = stages(platform)
    ids = publish(stage)
    clock.advance(DAY)
    before = requests(stage)
    found = read(stage.open(), ids)
    assert requests(stage) - before <= 2
    assert found.keys() == set(ids)
    for one in found.values():
        assert set(one.counts) == gives(platform)
        assert not one.is_gone


@pytest.mark.parametrize("platform", PLATFORMS)
def test_counts_grow_with_time(platform: str, stages: Stages, clock: ManualClock) -> None:
    stage = stages(platform)
    (post_id,) = publish(stage, 1)
    clock.advance(3_600)
    first = read(stage.open(), [post_id])[post_id].counts
    clock.advance(7 * DAY)
    second = read(stage.open(), [post_id])[post_id].counts
    assert sum(second.values()) > sum(first.values())
    assert all(second[metric] >= first[metric] for metric in first)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_deleted_post_is_gone_and_hides_no_other(
    platform: str, stages: Stages, clock: ManualClock
) -> None:
    stage = stages(platform)
    ids = publish(stage, 3)
    clock.advance(DAY)
    for entry in stage.sandbox.store.entries:
        entry.deleted = entry.id == ids[1]
    found = read(stage.open(), ids)
    assert found[ids[0]].counts
    assert found[ids[2]].counts
    if platform == "linkedin":  # it leaves out what it does not have, and what nobody has seen
        assert ids[1] not in found
    else:
        assert found[ids[1]] == Engagement(is_gone=True)


@pytest.mark.parametrize(
    "platform", [one for one in PLATFORMS if What.COUNTS_REFUSED in SIMULATED[one].faults]
)
def test_what_the_keys_may_not_read_is_said(
    platform: str, stages: Stages, clock: ManualClock
) -> None:
    """Either as the answer, or as a remark beside what they may read."""
    stage = stages(platform)
    ids = publish(stage)
    clock.advance(DAY)
    stage.sandbox.faults.set([Fault(what=What.COUNTS_REFUSED, channel=platform)])
    reading = stage.open().engagement(ids)
    if isinstance(reading, EngagementReading):
        assert reading.remark
        assert all(one.counts.keys() < gives(platform) for one in reading.posts.values())
    else:
        assert isinstance(reading, AccountSuspended)
        assert reading.message


@pytest.mark.parametrize(
    "platform", [one for one in PLATFORMS if What.COUNTS_GONE in SIMULATED[one].faults]
)
def test_a_metric_that_has_ended_is_missing_and_not_zero(
    platform: str, stages: Stages, clock: ManualClock
) -> None:
    stage = stages(platform)
    ids = publish(stage)
    clock.advance(DAY)
    stage.sandbox.faults.set([Fault(what=What.COUNTS_GONE, channel=platform)])
    for one in read(stage.open(), ids).values():
        assert Metric.VIEWS not in one.counts
        assert one.counts[Metric.REACTIONS] >= 0


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("what", [What.RATE_LIMIT, What.SERVER_ERROR, What.HANG_UP, What.CUT])
def test_a_reading_that_fails_says_so(what: FaultKind, platform: str, stages: Stages) -> None:
    stage = stages(platform)
    ids = publish(stage, 1)
    channel = stage.open()
    stage.sandbox.faults.set([Fault(what=what, channel=platform)])
    assert isinstance(channel.engagement(ids), Deferred | AccountSuspended)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("what", HOSTILE)
def test_no_hostile_answer_becomes_a_count(
    what: What, platform: str, stages: Stages, clock: ManualClock
) -> None:
    """What is told under another post's id, or is no number, is nobody's count."""
    stage = stages(platform)
    ids = publish(stage, 2)
    clock.advance(DAY)
    right = read(stage.open(), ids[:1])
    read(stage.open(), ids[1:])  # what a stale answer is about
    status = 200 if what is What.HTML else None
    stage.sandbox.faults.set([Fault(what=what, channel=platform, status=status)])
    begun = time.monotonic()
    reading = stage.open().engagement(ids[:1])
    assert time.monotonic() - begun < 30
    if isinstance(reading, EngagementReading):
        for post_id, one in reading.posts.items():
            assert post_id == ids[0]
            assert one.is_gone or all(
                right[post_id].counts[metric] == count for metric, count in one.counts.items()
            )


def test_a_thread_has_the_counts_of_its_first_part(stages: Stages, clock: ManualClock) -> None:
    stage = stages("twitter")
    (first,) = publish(stage, 1, parts=3)
    clock.advance(DAY)
    assert read(stage.open(), [first])[first].counts[Metric.VIEWS] > 0


def test_an_older_mastodon_is_asked_for_one_at_a_time(stages: Stages, clock: ManualClock) -> None:
    stage = stages("mastodon")
    ids = publish(stage, 3)
    clock.advance(DAY)
    whole = read(stage.open(), ids)
    stage.sandbox.faults.set([Fault(what=MastodonFault.NO_LIST)])
    for entry in stage.sandbox.store.entries:
        entry.deleted = entry.id == ids[1]
    assert read(stage.open(), ids) == {**whole, ids[1]: Engagement(is_gone=True)}


def test_facebook_without_the_permission_has_all_but_views(
    stages: Stages, clock: ManualClock
) -> None:
    stage = stages("facebook")
    ids = publish(stage)
    clock.advance(DAY)
    stage.sandbox.faults.set([Fault(what=What.COUNTS_REFUSED)])
    reading = stage.open().engagement(ids)
    assert isinstance(reading, EngagementReading)
    assert "read_insights" in reading.remark
    for one in reading.posts.values():
        assert set(one.counts) == {Metric.REACTIONS, Metric.SHARES, Metric.REPLIES}


def test_facebook_is_asked_for_one_post_at_a_time_and_one_that_fails_hides_no_other(
    stages: Stages, clock: ManualClock
) -> None:
    """Meta lets no new app ask for several by their ids, and the sandbox none."""
    stage = stages("facebook")
    ids = publish(stage, 3)
    clock.advance(DAY)
    stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="getObject", nth=(2,))])
    assert read(stage.open(), ids).keys() == {ids[0], ids[2]}
    assert stage.sandbox.state()["requests"].get("getObjects", 0) == 0


def test_facebook_takes_reactions_from_where_it_may_read_them(
    stages: Stages, clock: ManualClock
) -> None:
    """With one permission from the posts, with the other from their insights."""
    stage = stages("facebook")
    ids = publish(stage)
    clock.advance(DAY)
    whole = read(stage.open(), ids)
    stage.sandbox.faults.set([Fault(what=FacebookFault.NO_USER_CONTENT)])
    reading = stage.open().engagement(ids)
    assert isinstance(reading, EngagementReading)
    assert "lacks pages_read_user_content," in reading.remark
    for post_id, one in reading.posts.items():
        assert set(one.counts) == set(Metric) - {Metric.REPLIES}
        assert one.counts.items() <= whole[post_id].counts.items()
    denied = (What.COUNTS_REFUSED, FacebookFault.NO_USER_CONTENT)
    stage.sandbox.faults.set([Fault(what=what) for what in denied])
    least = stage.open().engagement(ids)
    assert isinstance(least, EngagementReading)
    assert "lacks read_insights, pages_read_user_content," in least.remark
    assert all(set(one.counts) == {Metric.SHARES} for one in least.posts.values())


def test_facebook_has_no_views_before_it_has_counted_them(
    stages: Stages, clock: ManualClock
) -> None:
    """It counts once a day, and says zero until then."""
    stage = stages("facebook")
    ids = publish(stage)
    clock.advance(3_600)
    stage.sandbox.faults.set([Fault(what=FacebookFault.UNCOUNTED)])
    reading = stage.open().engagement(ids)
    assert isinstance(reading, EngagementReading)
    assert not reading.remark
    for one in reading.posts.values():
        assert set(one.counts) == {Metric.REACTIONS, Metric.SHARES, Metric.REPLIES}


def test_facebook_counts_reactions_and_comments_of_a_video(
    stages: Stages, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_status, "REAL_PROCESSING_SECONDS", 0.0)
    stage = stages("facebook")
    (outcome,) = stage.deliver(stage.parcel("Un film", pictures=(stage.video("La salle"),)))
    assert isinstance(outcome, Accepted)
    (post,) = publish(stage, 1)
    clock.advance(DAY)
    found = read(stage.open(), [outcome.remote_id, post])
    assert set(found[outcome.remote_id].counts) == {Metric.REACTIONS, Metric.REPLIES}
    assert set(found[post].counts) == set(Metric)


def test_the_website_counts_nobody(stages: Stages) -> None:
    assert SPECS["site"].metrics is None
    assert read(stages("site").open(), ["a-post"]) == {}


@pytest.mark.parametrize("platform", ["mastodon", "wordpress"])
def test_an_empty_list_makes_no_post_gone(
    platform: str, stages: Stages, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for alone first: a plugin or a cache can leave posts out of a list."""
    stage = stages(platform)
    ids = publish(stage, 2)
    clock.advance(DAY)
    empty = Answer(Wire.ANSWERED, status=200, headers={}, body="[]", received_at=clock.now())
    monkeypatch.setattr(AccountServer, "several", lambda *_: empty)
    monkeypatch.setattr(SiteApi, "public", lambda *_: empty)
    assert not any(one.is_gone for one in read(stage.open(), ids).values())


def test_what_the_pages_token_may_not_see_is_not_gone(
    stages: Stages, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facebook says "does not exist" of it too; it is asked again."""
    stage = stages("facebook")
    ids = publish(stage, 2)
    clock.advance(DAY)
    body = json.dumps({"error": {"message": "x", "code": 100, "error_subcode": 33}})
    missing = Answer(Wire.ANSWERED, status=400, headers={}, body=body, received_at=clock.now())
    monkeypatch.setattr(PageGraph, "get", lambda *_, **__: missing)
    assert read(stage.open(), ids) == {}
