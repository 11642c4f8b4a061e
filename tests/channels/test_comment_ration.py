"""Readers' comments where requests are rationed, and after an outage: no request too many, and no
comment lost.
"""

import copy
from datetime import timedelta
from typing import Any

import pytest

from publisher.channels.registry import SPECS
from publisher.delivery import comment_watch
from publisher.delivery.comment_pace import CommentPace
from publisher.ledger.comments.comment_readings import CommentReading, CommentReadings, WatchedPost
from publisher.sandbox.comments import plant
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.settings.schema import CommentSettings
from tests.channels.comment_duty import Duty
from tests.channels.test_comment_watch_harm import Duties
from tests.support.clock import ManualClock
from tests.support.tiers import in_tiers

pytestmark = pytest.mark.guards("publisher.delivery.comment_pace")

HOUR = 3_600
DAY = 24 * HOUR
FAULT = Fault(what=What.SERVER_ERROR, endpoint="findSocialComments")


class Endless(Exception):
    """Some hundred readings in one look."""


def older(duty: Duty, number: int, age: timedelta = timedelta(days=3)) -> list[str]:
    """Further posts that were published some days ago; their ids."""
    store, readings = duty.desk.stage.sandbox.store, duty.watch._readings
    ids = [f"urn:li:share:{7_000_000_000_000_000_000 + one}" for one in range(number)]
    first = store.entries[-1]
    for one in ids:
        entry = copy.copy(first)
        entry.id = one
        store.add(entry)
    at, watched = duty.desk.clock.now() - age, readings.watched

    def with_older(*given: Any) -> list[WatchedPost]:
        return [*watched(*given), *(WatchedPost(duty.account, one, at) for one in ids)]

    readings.watched = with_older  # type: ignore[method-assign,assignment]
    return ids


def counted(duty: Duty) -> int:
    """The requests for comments until now."""
    requests = duty.desk.stage.sandbox.store.requests
    return sum(requests[one] for one in ("findSocialComments", "getSocialMetadata"))


@pytest.fixture(autouse=True)
def end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that does not end is a failure, and hangs no test."""
    number, claim = [0], CommentReadings.claim

    def claimed(*given: Any) -> CommentReading | None:
        number[0] += 1
        if number[0] > 5_000:
            raise Endless
        return claim(*given)

    monkeypatch.setattr(CommentReadings, "claim", claimed)


@pytest.mark.parametrize("is_refused", [False, True])
@pytest.mark.parametrize("number", in_tiers(58, 8, 70))
def test_many_older_posts_take_no_more_than_the_requests_of_a_day(
    duty_at: Duties, number: int, is_refused: bool
) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    if is_refused:
        duty.desk.stage.sandbox.faults.set([FAULT])
    duty.desk.clock.advance(3 * DAY)
    older(duty, number)
    duty.look()
    assert counted(duty) <= 2, "nor all at once"
    for _look in range(24 * 12):
        duty.look(after=300)
    assert 25 <= counted(duty) <= 40


def test_nor_with_a_discussion_under_each(duty_at: Duties) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    for post in older(duty, 8):
        for top in plant(duty.desk.stage.sandbox.store, duty.account, "top", under=post, times=9):
            duty.plant("below", parent=top.id)
    for _look in range(24 * 12):
        duty.look(after=300)
    assert 25 <= counted(duty) <= 40


def test_a_recent_post_comes_before_any_number_of_older_ones(duty_at: Duties) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    recent = duty.desk.stage.sandbox.store.entries[-1].id
    older(duty, 70)
    duty.look()
    duty.plant("help me", under=recent)
    for _look in range(3 * 12):
        duty.look(after=300)
    assert [one.text for one in duty.shown()] == ["help me"]


def test_older_posts_take_turns_and_none_is_left_out(duty_at: Duties) -> None:
    """With 30 requests in a day, 58 posts are through in two days."""
    duty = duty_at("linkedin", requests_per_day=40)
    duty.desk.clock.advance(3 * DAY)
    ids = older(duty, 58)
    duty.look()
    for number in (0, 30, 57):
        duty.plant(f"help me {number}", under=ids[number])
    found: set[str] = set()
    for _look in range(50 * 60 // 16):
        duty.look(after=16 * 60)
        found |= {one.text for one in duty.shown()}
    assert found == {"help me 0", "help me 30", "help me 57"}


def test_several_processes_share_the_requests_of_an_account(duty_at: Duties) -> None:
    """Each takes another post, but not at once."""
    duty = duty_at("linkedin", requests_per_day=40)
    older(duty, 8)
    duty.look()
    readings = CommentReadings(duty.database, duty.desk.clock)
    duty.desk.clock.advance(2 * HOUR)
    rests = {duty.account: timedelta(minutes=48)}
    assert readings.claim([duty.account], (), rests)
    assert readings.claim([duty.account], (), rests) is None
    duty.desk.clock.advance(47 * 60)
    assert readings.claim([duty.account], (), rests) is None, "whatever became of the first"
    duty.desk.clock.advance(61)
    assert readings.claim([duty.account], (), rests)


def test_a_failure_is_tried_again_at_once_and_made_up_for(duty_at: Duties) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    duty.desk.stage.sandbox.faults.set([FAULT])
    duty.plant("help me")
    duty.look()
    assert "answers not read" not in duty.steps()
    duty.desk.stage.sandbox.faults.set([])
    duty.look()
    assert [one.text for one in duty.shown()] == ["help me"]
    assert counted(duty) == 3, "it asks what is below comments, too"
    duty.look(after=3 * 48 * 60 - 1)
    assert counted(duty) == 3
    duty.look(after=1)
    assert counted(duty) > 3


def test_what_takes_more_requests_than_a_day_has_is_made_up_for_later() -> None:
    pace = CommentPace(CommentSettings(requests_per_day=4))
    reading = CommentReading("page", "1", "", 1, 0)
    rest, owed = pace.rest(reading, 8, has_failed=False)
    assert (rest, owed) == (timedelta(days=1), 5)


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=3)])
def test_after_another_failure_a_post_of_several_waits_its_turn_for_each_request(
    age: timedelta,
) -> None:
    """They share the account's requests: of ten posts, each has a tenth of them."""
    support, now = SPECS["linkedin"].comments, ManualClock().now()
    assert support is not None
    posts = [WatchedPost("page", str(number), now - age) for number in range(10)]
    pace = CommentPace(CommentSettings(requests_per_day=40), posts)
    reading = CommentReading("page", "1", "", 1, 0, troubled_at=now)
    one, three = (pace.after_failure(reading, support, number, now) - now for number in (1, 3))
    assert (one, three) == (timedelta(hours=8), timedelta(hours=24))


@pytest.mark.parametrize("channel", ["facebook", "mastodon", "linkedin"])
def test_a_pace_of_many_days_is_one_of_a_day(duty_at: Duties, channel: str) -> None:
    """A reading that is due too late counts as planned by a wrong clock, and as due."""
    duty = duty_at(channel, every="10d")
    duty.look()
    before = duty.desk.stage.sandbox.store.requests.total()
    duty.look()
    assert duty.desk.stage.sandbox.store.requests.total() == before
    duty.plant("help me")
    duty.look(after=DAY)
    assert [one.text for one in duty.shown()] == ["help me"]


def test_a_look_ends_whatever_is_due(page: Duty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comment_watch, "_READINGS", 7)
    monkeypatch.setattr(CommentPace, "next", lambda *given: given[-1])
    before = page.desk.requests("getComments")
    page.look()
    assert page.desk.requests("getComments") == before + 7


def test_stored_comments_are_looked_for_one_post_at_a_time(duty_at: Duties) -> None:
    """Those of each post take a request, of which there are ten in a day."""
    duty = duty_at("linkedin", requests_per_day=40)
    for number in range(4):
        if number:
            duty.desk.queue(f"text {number}", f"post{number}.fr", due_in=1)
            duty.desk.work()
        for text in ("merci", "bravo"):
            planted = duty.plant(text)
    for _look in range(16):
        duty.look(after=HOUR / 2)
    assert len(duty.shown()) == 8
    planted.is_deleted = True
    duty.watch._readings.claim = lambda *_given: None  # type: ignore[method-assign]
    duty.desk.clock.advance(24 * HOUR)
    before = counted(duty)
    duty.look()
    assert counted(duty) == before + 1
    for _look in range(16):
        duty.look(after=HOUR / 2)
    assert counted(duty) == before + 4
    assert len(duty.shown()) == 7


def test_after_an_outage_what_nobody_read_is_stored_and_calls(duty_at: Duties) -> None:
    """From Friday evening to Monday, on a platform whose comments may be kept for two days."""
    duty = duty_at("linkedin", requests_per_day=40)
    duty.look()
    duty.plant("help me")
    duty.look(after=72 * HOUR)
    assert [one.text for one in duty.shown()] == ["help me"]
    assert duty.steps() == ["answers call for somebody"]
    for _look in range(46):
        duty.look(after=HOUR)
    assert [one.text for one in duty.shown()] == ["help me"], "kept from when it was read"
    for _look in range(24):
        duty.look(after=HOUR)
    assert duty.shown() == [], "and it does not come again"
    assert duty.steps() == ["answers call for somebody"]


def test_after_an_outage_what_was_read_before_does_not_come_again(duty_at: Duties) -> None:
    duty = duty_at("linkedin")
    duty.plant("help me")
    duty.look(after=HOUR)
    duty.plant("also: help me")
    duty.desk.clock.advance(HOUR)
    duty.look()
    duty.look(after=72 * HOUR)
    duty.look(after=2 * HOUR)
    assert duty.shown() == []
    assert len(duty.steps()) == 2


def test_a_post_that_is_read_for_the_first_time_loses_no_comment(duty_at: Duties) -> None:
    duty = duty_at("linkedin")
    duty.plant("help me")
    duty.look(after=5 * DAY)
    assert [one.text for one in duty.shown()] == ["help me"]
