"""Readers' comments on LinkedIn that were deleted here in time: they do not come again, and none is
lost.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.model.outcomes import Answer, Wire
from publisher.platforms.linkedin.comment_place import CommentPlace
from publisher.platforms.linkedin.rest import Rest
from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.sandbox.comments import StoredComment, plant
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.comment_duty import Duty
from tests.channels.test_comment_ration import HOUR, older
from tests.channels.test_comment_watch_harm import Duties

pytestmark = pytest.mark.guards(
    "publisher.platforms.linkedin.comment_place", "publisher.ledger.comments.found_comments"
)

KEPT = 48


def discussions(duty: Duty, number: int, post: str | None = None) -> list[StoredComment]:
    store = duty.desk.stage.sandbox.store
    return plant(store, duty.account, "top", under=post, times=number)


def calls(duty: Duty, each_hour: Callable[[int], None] = lambda _hour: None) -> int:
    """How often somebody is called for what is seen at once, until it was gone for a day."""
    number = 0
    for hour in range(KEPT + 24):
        each_hour(hour)
        for _look in range(2):
            duty.look(after=HOUR / 2)
        for one in duty.shown():
            if one.text == "help me" and one.is_calling:
                number += 1
                duty.acts.seen(one.id, "redaction")
    assert not [one for one in duty.shown() if one.text == "help me"]
    return number


@pytest.mark.parametrize("has_others", [True, False])
def test_what_was_seen_does_not_come_again_while_something_waits_below_other_comments(
    duty_at: Duties, *, has_others: bool
) -> None:
    """Discussions that go on, of a recent post, or of one among older ones."""
    duty = duty_at("linkedin", requests_per_day=40)
    if has_others:
        duty.desk.clock.advance(3 * 24 * HOUR)
    post = older(duty, 7)[0] if has_others else duty.desk.stage.sandbox.store.entries[-1].id
    tops = discussions(duty, 6 if has_others else 10, post)
    duty.plant("help me", under=post)

    def go_on(hour: int) -> None:
        if hour % 6 == 0:
            for top in tops:
                duty.plant(f"below {hour}", parent=top.id)

    assert calls(duty, go_on) == 1


def test_nor_where_what_is_below_a_comment_can_never_be_listed(duty_at: Duties) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    fault = Fault(what=LinkedInFault.NOT_BELOW, endpoint="findSocialComments")
    duty.desk.stage.sandbox.faults.set([fault])
    duty.plant("below", parent=duty.plant("top").id)
    duty.plant("help me")
    assert calls(duty) == 1
    assert not duty.pages.troubles(), "people were told for a day"


@pytest.mark.parametrize("has_new", [True, False])
def test_below_a_comment_that_can_be_listed_again_all_is_found(
    duty_at: Duties, *, has_new: bool
) -> None:
    """It is tried for a day, and then when something new is there, or in turn."""
    duty = duty_at("linkedin", requests_per_day=40)
    top = duty.plant("top")
    fault = Fault(what=LinkedInFault.NOT_BELOW, endpoint="findSocialComments")
    duty.desk.stage.sandbox.faults.set([fault])
    planted = [duty.plant("below", parent=top.id)]
    for _look in range(30):
        duty.look(after=HOUR)
    duty.desk.stage.sandbox.faults.set([])
    if has_new:
        planted.append(duty.plant("also below", parent=top.id))
    for _look in range(3 if has_new else 15):
        duty.look(after=HOUR)
    found = {one.remote_id for one in duty.shown()}
    assert found == {top.id, *(one.id for one in planted)}


def test_after_an_outage_what_waits_below_comments_is_stored_too(duty_at: Duties) -> None:
    """There are requests for two of them at once."""
    duty = duty_at("linkedin", requests_per_day=40)
    tops = discussions(duty, 5)
    duty.look()
    for number, top in enumerate(tops):
        duty.plant(f"below {number}", parent=top.id)
    duty.look(after=72 * HOUR)
    for _look in range(12):
        duty.look(after=HOUR)
    found = {one.text for one in duty.shown()}
    assert found >= {f"below {number}" for number in range(5)}


def test_where_no_comment_says_how_many_are_below_that_holds_too(duty_at: Duties) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    fault = Fault(what=LinkedInFault.NO_SUMMARY, endpoint="findSocialComments")
    duty.desk.stage.sandbox.faults.set([fault])
    tops = discussions(duty, 5)
    duty.look()
    for number, top in enumerate(tops):
        duty.plant(f"below {number}", parent=top.id)
    duty.look(after=72 * HOUR)
    for _look in range(12):
        duty.look(after=HOUR)
    found = {one.text for one in duty.shown()}
    assert found >= {f"below {number}" for number in range(5)}


def refused_below(monkeypatch: pytest.MonkeyPatch, comment: StoredComment, status: int) -> None:
    """Have LinkedIn answer so to each request for what is below a comment; 0: not at all."""
    listed = Rest.comments

    def answer(rest: Rest, target: str, *given: int) -> Answer:
        its = listed(rest, target, *given)
        if target != comment.id:
            return its
        told = replace(its, status=status, body='{"message": "x"}')
        return told if status else replace(told, wire=Wire.NOT_SENT, status=None)

    monkeypatch.setattr(Rest, "comments", answer)


@pytest.mark.parametrize("status", [0, 401, 403, 426, 429, 500, 503])
def test_a_failure_that_concerns_all_comments_gives_up_looking_below_none(
    duty_at: Duties, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Nor two in a row that are more than a day apart."""
    duty = duty_at("linkedin", requests_per_day=40)
    top = duty.plant("top")
    duty.plant("help me", parent=top.id)
    with monkeypatch.context() as patched:
        refused_below(patched, top, status)
        for _look in range(2):
            duty.look(after=25 * HOUR)
    duty.look(after=2 * HOUR)
    assert "help me" in {one.text for one in duty.shown()}


def test_nor_one_that_was_given_up_before_and_has_something_new(
    duty_at: Duties, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    top = duty.plant("top")
    duty.plant("merci", parent=top.id)
    for status in (400, 400, 503):
        if status == 503:
            duty.plant("help me", parent=top.id)
        with monkeypatch.context() as patched:
            refused_below(patched, top, status)
            duty.look(after=25 * HOUR)
    duty.look(after=2 * HOUR)
    assert "help me" in {one.text for one in duty.shown()}


@pytest.mark.parametrize("has_others", [True, False])
def test_nor_does_what_was_seen_come_again_where_that_is_refused_of_the_post_too(
    duty_at: Duties, *, has_others: bool
) -> None:
    """What is below comments is found nevertheless."""
    duty = duty_at("linkedin", requests_per_day=40)
    if has_others:
        duty.desk.clock.advance(3 * 24 * HOUR)
    post = older(duty, 7)[0] if has_others else duty.desk.stage.sandbox.store.entries[-1].id
    no_summary = Fault(what=LinkedInFault.NO_SUMMARY, endpoint="findSocialComments")
    refused = Fault(what=What.FORBIDDEN, endpoint="getSocialMetadata")
    duty.desk.stage.sandbox.faults.set([no_summary, refused])
    tops = discussions(duty, 4, post)
    duty.plant("help me", under=post)
    found: set[str] = set()

    def go_on(hour: int) -> None:
        found.update(one.text for one in duty.shown())
        if hour % 6 == 0:
            for top in tops:
                duty.plant(f"below {hour}", parent=top.id)

    assert calls(duty, go_on) == 1
    assert "below 24" in found


def test_nor_where_other_comments_keep_that_question_waiting() -> None:
    silent, other = (f"urn:li:comment:(urn:li:activity:1,{number})" for number in (1, 2))
    begin, cursor = datetime(2016, 3, 7, tzinfo=UTC), ""
    for hour in range(72):
        now = begin + timedelta(hours=hour)
        place = CommentPlace.of(cursor, now)
        place.note(silent, None)
        place.open[other] = place.begun
        place.listed(1, is_last=True)
        place.wait_for_answer()
        cursor = str(place)
        assert place.known_until or now - begin < timedelta(hours=25)
        assert now - (place.known_until or begin) < timedelta(hours=KEPT)
    assert silent in place.open, "and it is looked below"
