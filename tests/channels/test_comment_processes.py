"""Readers' comments that several processes read: what one does not know, and what all share."""

import copy
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from publisher.channels.comments import CommentReader, CountingReader
from publisher.delivery.comment_watch import CommentWatch
from publisher.ledger.comments.comment_checks import CommentChecks
from publisher.ledger.tables import comment_readings, deliveries, reader_comments
from publisher.model.reader_comments import CommentState
from publisher.platforms.linkedin.reader_comments import OrganizationComments
from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.platforms.mastodon.reader_comments import MentionNotifications
from publisher.sandbox.comments import plant
from publisher.sandbox.faults import Fault
from tests.channels.comment_duty import Duty
from tests.channels.test_comment_ration import DAY, HOUR, counted, older
from tests.channels.test_comment_watch_harm import Duties

pytestmark = pytest.mark.guards("publisher.delivery.comment_watch")


def another(duty: Duty) -> CommentWatch:
    """What another process has that was started now."""
    other = copy.copy(duty.watch)
    other._checks_at, other._busy_since = {}, {}
    other._posts, other._planned = [], float("-inf")
    return other


def waited(duty: Duty, other: CommentWatch, step: float, most: float) -> float:
    """How long it takes until a comment is seen, in seconds."""
    for number in range(int(most / step)):
        if duty.shown():
            return number * step
        duty.desk.clock.advance(step)
        duty.watch.look()
        other.look()
    return most


def planted_under_each(duty: Duty, posts: list[str]) -> None:
    """A stored comment under each post, all of which are to be looked for."""
    now, store = duty.desk.clock.now(), duty.desk.stage.sandbox.store
    found = [plant(store, duty.account, "merci", under=post)[0] for post in posts]
    rows = [
        {
            "account": duty.account, "remote_id": one.id, "post": f"{post}.fr", "author": "",
            "text": "merci", "url": "", "written_at": now, "read_at": now, "signs": "[]",
            "urgency": 0, "state": CommentState.NEW, "checked_at": now,
        }
        for post, one in zip(posts, found, strict=True)
    ]  # fmt: skip
    with duty.database.write() as connection:
        connection.execute(insert(reader_comments), rows)


@pytest.mark.parametrize("processes", [1, 4])
def test_all_processes_together_look_for_stored_comments_within_the_ration(
    duty_at: Duties, processes: int
) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    posts = older(duty, 50)
    duty.look()
    planted_under_each(duty, posts)
    watches = [duty.watch, *(another(duty) for _process in range(processes - 1))]
    duty.desk.clock.advance(DAY)
    before = counted(duty)
    for _look in range(24 * 4):
        duty.desk.clock.advance(HOUR / 4)
        for watch in watches:
            watch.look()
    assert 25 <= counted(duty) - before <= 40


def test_a_look_for_stored_comments_rests_for_each_of_its_requests(duty_at: Duties) -> None:
    """LinkedIn may leave out what is gone: then some are asked for alone."""
    duty = duty_at("linkedin", requests_per_day=40)
    store = duty.desk.stage.sandbox.store
    planted = plant(store, duty.account, "merci", times=90)
    duty.look()
    fault = Fault(what=LinkedInFault.BATCH_SILENT, endpoint="findSocialComments")
    duty.desk.stage.sandbox.faults.set([fault])
    for one in planted:
        one.is_deleted = True
    duty.desk.clock.advance(DAY)
    before = counted(duty) + store.requests["getSocialComment"]
    for _look in range(24 * 4):
        duty.look(after=HOUR / 4)
    assert counted(duty) + store.requests["getSocialComment"] - before <= 40
    assert store.requests["getSocialComment"]


@pytest.mark.parametrize("requests", [1, 2, 5])
def test_nor_does_it_rest_for_fewer_if_it_ends_in_an_error(
    duty_at: Duties, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    duty.plant("merci")
    duty.look()

    def broken(reader: OrganizationComments, _asked: object) -> frozenset[str]:
        reader.requests = requests
        raise ValueError("broken")

    monkeypatch.setattr(OrganizationComments, "gone", broken)
    monkeypatch.setattr(duty.watch._readings, "claim", lambda *_given: None)
    with pytest.raises(ValueError, match="broken"):
        duty.look(after=DAY + 1)
    duty.look(after=requests * 24 / 10 * HOUR - 1)
    with pytest.raises(ValueError, match="broken"):
        duty.look(after=1 + 300)


def test_an_account_without_a_ration_does_not_rest_after_such_a_look(
    duty_at: Duties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would not be read meanwhile."""
    duty = duty_at("mastodon")
    duty.plant("merci")
    duty.look()
    opened = duty.watch._open

    class Counting(MentionNotifications, CountingReader):
        requests = 5

    def counting(account: str) -> CommentReader:
        reader = opened(account)
        reader.__class__ = Counting
        return reader

    monkeypatch.setattr(duty.watch, "_open", counting)
    duty.look(after=DAY)
    with duty.database.read() as connection:
        assert not connection.execute(select(comment_readings.c.lease_until)).scalar()


def test_a_look_for_stored_comments_that_comes_a_moment_too_early_is_made_up_for(
    duty_at: Duties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest begins when the request is taken, which is some moments after the look began."""
    duty = duty_at("linkedin", requests_per_day=40)
    posts = older(duty, 2)
    duty.look()
    planted_under_each(duty, posts)
    claim, moments = CommentChecks.claim, iter([0.02, 0.01, 0.01])

    def claimed(checks: CommentChecks, account: str, rest: timedelta) -> bool:
        duty.desk.clock.advance(next(moments))
        return claim(checks, account, rest)

    monkeypatch.setattr(CommentChecks, "claim", claimed)
    monkeypatch.setattr(duty.watch._readings, "claim", lambda *_given: None)
    duty.desk.clock.advance(DAY)
    before = counted(duty)
    duty.look(after=1)
    assert counted(duty) == before + 1
    duty.look(after=24 / 10 * HOUR - 0.02)
    assert counted(duty) == before + 1
    duty.look(after=300)
    assert counted(duty) == before + 2


def test_a_post_that_another_process_planned_is_not_put_off_as_an_old_one(page: Duty) -> None:
    """This one looks for new posts only every 15 seconds."""
    other = another(page)
    other.look()
    page.desk.queue("Deuxième", "post2.fr", due_in=1)
    page.desk.clock.advance(1)
    page.desk.work()
    page.watch._plan(page.watch._accounts())
    other.look()
    page.plant("help me", under=page.desk.stage.shown()[-1].id)
    assert waited(page, other, step=3, most=HOUR) <= 120


def test_nor_for_a_day_where_requests_are_rationed(duty_at: Duties) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    other = another(duty)
    clock = duty.desk.clock
    clock.advance(2 * DAY + HOUR)
    other._planned = clock.monotonic()
    with duty.database.write() as connection:
        connection.execute(update(deliveries).values(published_at=clock.now(), due_at=clock.now()))
    duty.busy.add(duty.account)
    clock.advance(2)
    duty.watch.look()  # plans the post, and puts it off
    duty.busy.clear()
    clock.advance(11)
    other.look()
    duty.plant("help me")
    assert waited(duty, other, step=300, most=3 * DAY) <= 2 * HOUR
