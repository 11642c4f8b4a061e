"""Readers' comments that several processes read: what one does not know, and what all share."""

import copy

from sqlalchemy import update

from publisher.delivery.comment_watch import CommentWatch
from publisher.ledger.tables import deliveries
from tests.channels.comment_duty import Duty
from tests.channels.test_comment_ration import DAY, HOUR
from tests.channels.test_comment_watch_harm import Duties


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
