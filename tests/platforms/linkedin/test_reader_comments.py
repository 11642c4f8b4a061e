"""Readers' comments on LinkedIn: found in any order, those below others too, and kept as its terms
allow.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from publisher.channels.comments import CommentsUnavailable
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import reader_comments
from publisher.model.outcomes import Answer
from publisher.model.reader_comments import CommentState
from publisher.platforms.linkedin.answers import is_about_its_target
from publisher.platforms.linkedin.comment_elements import comment_of, number_below, urn_of
from publisher.platforms.linkedin.comment_place import CommentPlace
from publisher.platforms.linkedin.rest import Rest
from publisher.platforms.linkedin.stand_in import comments as played
from publisher.platforms.linkedin.stand_in.refusals import LinkedInFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.comment_duty import Duty
from tests.channels.conftest import Stages
from tests.channels.test_comment_watch_harm import Duties
from tests.channels.test_comments import Desk, opened
from tests.platforms.linkedin.answers import rest_error
from tests.support.answers.kinds import answered

pytestmark = pytest.mark.guards(
    "publisher.platforms.linkedin.comment_elements", "publisher.platforms.linkedin.comment_place"
)

LIST, ONE, DELETE = "findSocialComments", "getSocialComment", "deleteSocialComment"


@pytest.fixture
def desk(stages: Stages, address: str) -> Desk:
    return opened(stages, "linkedin", address)


@pytest.fixture
def duty(duty_at: Duties) -> Duty:
    return duty_at("linkedin")


def requests(desk: Desk, name: str) -> int:
    return desk.stage.sandbox.store.requests[name]


def below(desk: Desk, text: str, parent: str) -> str:
    return desk.plant(text, parent=parent)[0].id


def texts(desk: Desk, cursor: str) -> tuple[set[str], str]:
    found, cursor = desk.all(cursor)
    return {one.text for one in found}, cursor


def later(desk: Desk, seconds: float) -> None:
    desk.stage.options.clock.advance(seconds)  # type: ignore[attr-defined]


def test_comments_below_a_comment_are_read_under_its_post(desk: Desk) -> None:
    (first,) = desk.plant("first")
    reply = below(desk, "help me", first.id)
    page = desk.read()
    assert {one.text: one.under for one in page.comments} == {
        "first": desk.post, "help me": desk.post,
    }  # fmt: skip
    (its,) = (one for one in page.comments if one.id == reply)
    assert its.url.count("Comment%3A") + its.url.count("comment%3A") == 2, "parent and its own"
    assert page.requests == 2


def test_lists_below_comments_are_read_again_only_when_their_number_changed(desk: Desk) -> None:
    (first,) = desk.plant("first")
    desk.plant("other")
    below(desk, "one", first.id)
    cursor = desk.read().cursor
    assert desk.read(cursor).requests == 1
    later(desk, 120)
    below(desk, "two", first.id)
    page = desk.read(cursor)
    assert "two" in {one.text for one in page.comments}
    assert page.requests == 2


def test_one_that_took_the_place_of_a_deleted_one_is_found_in_turn(desk: Desk) -> None:
    """Their number is the same as before."""
    others = [desk.plant(f"number {number}")[0] for number in range(2)]
    for other in others:
        below(desk, "merci", other.id)
    (first,) = desk.plant("first")
    (old,) = desk.plant("old", parent=first.id)
    _found, cursor = texts(desk, "")
    old.is_deleted = True
    below(desk, "help me", first.id)
    before, found = requests(desk, LIST), set()
    for _reading in range(30):
        later(desk, 60)
        its, cursor = texts(desk, cursor)
        found |= its
    assert "help me" in found
    assert requests(desk, LIST) - before == 30 + 3, "a tenth more, not one for each"


@pytest.mark.parametrize("replies", [0, 3])
def test_where_no_comment_says_how_many_are_below_all_are_found_within_the_hour(
    desk: Desk, replies: int
) -> None:
    """One request tells whether there is anything below; lists are read only then."""
    fault = Fault(what=LinkedInFault.NO_SUMMARY, endpoint=LIST)
    desk.stage.sandbox.faults.set([fault])
    planted = [desk.plant(f"number {number}")[0].id for number in range(30)]
    for number in range(replies):
        below(desk, f"below {number}", planted[number])
    found, cursor = texts(desk, "")
    assert len(found) == 30 + replies
    assert requests(desk, "getSocialMetadata") == 1
    # With those to look below, two in each reading, which begins with the post.
    assert requests(desk, LIST) == (1 if not replies else 30 + 15 + 1)
    assert texts(desk, cursor)[0] <= {f"below {number}" for number in range(replies)} | {
        f"number {number}" for number in range(30)
    }
    assert requests(desk, "getSocialMetadata") == 1


@pytest.mark.parametrize("what", [LinkedInFault.OLDEST_FIRST, LinkedInFault.NO_TOTAL])
def test_a_flood_is_read_whole_in_whatever_order_and_with_any_paging(
    desk: Desk, what: LinkedInFault
) -> None:
    desk.stage.sandbox.faults.set([Fault(what=what, endpoint=LIST)])
    _found, cursor = desk.all()
    planted = {one.id for one in desk.plant("flood", times=1_250)}
    reply = below(desk, "help me", min(planted))
    found, cursor = desk.all(cursor)
    assert {one.id for one in found} == {*planted, reply}
    later(desk, 120)
    desk.plant("last")
    assert "last" in texts(desk, cursor)[0]


def test_a_flood_below_one_comment_is_read_in_pieces(desk: Desk) -> None:
    (first,) = desk.plant("first")
    planted = {one.id for one in desk.plant("flood", parent=first.id, times=1_250)}
    page = desk.read()
    assert (page.is_complete, page.requests) == (False, 3)
    found = {one.id for one in (*page.comments, *desk.all(page.cursor)[0])}
    assert found == {first.id, *planted}


def test_what_is_below_one_comment_keeps_what_is_below_others_waiting_for_a_page_alone(
    desk: Desk,
) -> None:
    (first,), (second,) = desk.plant("first"), desk.plant("second")
    desk.plant("flood", parent=second.id, times=1_000)
    reply = below(desk, "help me", first.id)
    assert reply in {one.id for one in desk.read().comments}


def test_comments_that_come_while_those_below_are_read_are_found_too(desk: Desk) -> None:
    """On the post, and below the comment whose pages are being read."""
    (first,) = desk.plant("first")
    desk.plant("flood", parent=first.id, times=500)
    page = desk.read()
    later(desk, 120)
    desk.plant("on the post")
    below(desk, "below", first.id)
    page = desk.read(page.cursor)
    assert "on the post" in {one.text for one in page.comments}, "at once"
    found = {one.text for one in page.comments} | texts(desk, page.cursor)[0]
    assert "below" in found | texts(desk, desk.all(page.cursor)[1])[0]


def test_a_comment_below_which_cannot_be_read_keeps_no_other_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,), (second,) = desk.plant("first"), desk.plant("second")
    reply = below(desk, "help me", first.id)
    below(desk, "merci", second.id)
    listed = Rest.comments

    def refused(rest: Rest, target: str, *given: int) -> Answer:
        answer = listed(rest, target, *given)
        return replace(answer, status=500) if target == second.id else answer

    monkeypatch.setattr(Rest, "comments", refused)
    page = desk.read()
    again = desk.read(page.cursor)
    assert reply in {one.id for one in (*page.comments, *again.comments)}
    later(desk, 7 * 3_600)
    assert again.trouble is None
    assert "Read them there" in (desk.read(again.cursor).trouble or "")


@pytest.mark.parametrize(
    ("answer", "is_about_it"),
    [
        (answered(200, {}), True),
        (rest_error(400, "ILLEGAL_ARGUMENT"), True),
        (answered(300, {}), False),
        (answered(400), False),
        (rest_error(403, "ACCESS_DENIED"), False),
        (rest_error(429), False),
        (rest_error(500), False),
    ],
    ids=lambda given: str(getattr(given, "status", given)),
)
def test_what_another_server_or_the_account_answers_is_not_about_the_comment(
    answer: Answer, is_about_it: bool
) -> None:
    assert is_about_its_target(answer) is is_about_it


def test_one_that_goes_while_those_below_it_are_read_hides_no_other(desk: Desk) -> None:
    (first,), (second,) = desk.plant("first"), desk.plant("second")
    desk.plant("flood", parent=second.id, times=1_000)
    reply = below(desk, "help me", first.id)
    page = desk.read()
    assert not page.is_complete
    second.is_deleted = True
    found = [*page.comments, *desk.all(page.cursor)[0]]
    assert reply in {one.id for one in found}


def test_a_comment_that_lacks_its_urn_is_known_by_its_number_and_odd_ones_are_none() -> None:
    element = {"id": "2", "object": "urn:li:activity:1", "created": {"time": 1_500_000_000_000}}
    assert urn_of(element) == "urn:li:comment:(urn:li:activity:1,2)"
    assert comment_of(element, "urn:li:share:1")
    assert comment_of({**element, "created": {"time": 10**400}}, "urn:li:share:1") is None
    assert comment_of({**element, "object": "x"}, "urn:li:share:1") is None
    assert number_below({"commentsSummary": {"aggregatedTotalComments": "x"}}) is None


def test_comments_by_the_page_itself_are_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its readers' answers to them are not."""
    (ours,) = desk.plant("merci")
    below(desk, "help me", ours.id)
    number = desk.stage.account.options["organization_id"]
    shown = played._shown

    def by_the_page(*given: Any) -> dict[str, Any]:
        body = shown(*given)
        is_ours = body["commentUrn"] == ours.id
        return {**body, **({"actor": f"urn:li:organization:{number}"} if is_ours else {})}

    monkeypatch.setattr(played, "_shown", by_the_page)
    assert [one.text for one in desk.read().comments] == ["help me"]


def test_nothing_that_tells_who_wrote_it_is_kept(desk: Desk) -> None:
    """A name or URN of a member may be kept for a day, if at all."""
    desk.plant("merci", author="Amina")
    page = desk.read()
    assert "urn:li:person" not in f"{page}"
    assert page.comments[0].author == ""


@pytest.mark.parametrize(
    "cursor", ["{", "null", '{"start": "x", "open": [7], "threads": {"a": []}}']
)
def test_a_cursor_that_cannot_be_used_begins_again(desk: Desk, cursor: str) -> None:
    desk.plant("first")
    assert [one.text for one in desk.read(cursor).comments] == ["first"]


def test_a_cursor_from_a_clock_that_was_ahead_hides_nothing_for_long(desk: Desk) -> None:
    desk.plant("first")
    clock = desk.stage.options.clock
    place = CommentPlace.of("", clock.now() + timedelta(days=400))
    assert [one.text for one in desk.read(str(place)).comments] == ["first"]


def test_a_post_that_is_gone_is_told_as_gone(desk: Desk) -> None:
    desk.plant("first")
    entry = desk.stage.sandbox.store.find("linkedin", desk.post)
    assert entry
    entry.deleted = True
    assert desk.read().is_gone


def test_a_post_whose_comments_alone_are_not_found_is_not_gone(desk: Desk) -> None:
    desk.fail(What.NOT_FOUND, LIST)
    with pytest.raises(CommentsUnavailable):
        desk.read()


def test_what_linkedin_only_says_to_have_deleted_is_not_called_deleted(desk: Desk) -> None:
    (planted,) = desk.plant("He lives at …")
    desk.fail(What.IGNORED, DELETE)
    with pytest.raises(CommentsUnavailable) as refused:
        desk.reader().delete(planted.id)
    assert not refused.value.needs_person, "it is tried again"


def test_a_deletion_that_is_not_allowed_says_how_it_is_done_by_hand(desk: Desk) -> None:
    (planted,) = desk.plant("He lives at …")
    desk.fail(LinkedInFault.NOT_THEIRS, DELETE)
    with pytest.raises(CommentsUnavailable, match="delete it on LinkedIn") as refused:
        desk.reader().delete(planted.id)
    assert refused.value.needs_person
    assert not planted.is_deleted


def test_not_found_to_a_deletion_is_not_believed_of_what_is_shown(desk: Desk) -> None:
    (planted,) = desk.plant("He lives at …")
    desk.fail(What.NOT_FOUND, DELETE)
    with pytest.raises(CommentsUnavailable):
        desk.reader().delete(planted.id)


def test_with_a_comment_those_below_it_go(desk: Desk) -> None:
    (first,) = desk.plant("first")
    reply = below(desk, "second", first.id)
    assert desk.reader().delete(first.id)
    assert desk.reader().gone([first.id, reply]) == {first.id, reply}


def test_those_of_one_post_are_looked_for_in_one_request(desk: Desk) -> None:
    planted = [desk.plant(f"number {number}")[0] for number in range(12)]
    planted[3].is_deleted = True
    assert desk.reader().gone([one.id for one in planted]) == {planted[3].id}
    assert (requests(desk, LIST), requests(desk, ONE)) == (1, 0)


def test_what_an_answer_about_several_is_silent_about_is_asked_for_alone(desk: Desk) -> None:
    planted = [desk.plant(f"number {number}")[0] for number in range(12)]
    planted[3].is_deleted = True
    desk.fail(LinkedInFault.BATCH_SILENT, LIST)
    assert desk.reader().gone([one.id for one in planted]) == {planted[3].id}
    assert requests(desk, ONE) == 1


def test_a_missing_permission_is_a_remark_and_posts_go_on(stages: Stages, address: str) -> None:
    desk = opened(stages, "linkedin", address)
    channel = desk.stage.open()
    assert channel.examine().remarks == ()
    desk.stage.sandbox.faults.set([Fault(what=LinkedInFault.NO_FEED, endpoint="introspectToken")])
    health = channel.examine()
    assert health.problem is None
    assert "r_organization_social_feed" in " ".join(health.remarks)
    desk.fail(LinkedInFault.NO_FEED, LIST)
    with pytest.raises(CommentsUnavailable) as refused:
        desk.read()
    assert refused.value.needs_person


def test_a_comment_is_kept_for_two_days_at_most_whatever_the_settings_say(duty: Duty) -> None:
    """LinkedIn's Data Storage Requirements: what members write, for 48 hours."""
    duty.plant("help me")
    duty.look()
    duty.look(after=46 * 3_600)
    assert len(duty.shown()) == 1
    duty.look(after=2 * 3_600 - 61)
    duty.look(after=0)
    assert duty.shown() == []
    duty.look(after=3_600)
    assert duty.shown() == [], "and it does not come again"


def test_also_a_comment_to_an_account_that_is_in_no_settings_any_more(
    duty: Duty, queries: Queries
) -> None:
    duty.plant("help me")
    duty.look()
    (comment,) = duty.shown()
    duty.watch._accounts = dict
    duty.watch._known = frozenset
    duty.desk.clock.advance(48 * 3_600)
    assert duty.shown() == [], "nor is it shown while no worker deletes it"
    assert duty.pages.find(comment.id) is None
    assert duty.pages.calling() == 0
    assert queries.comment(duty.account, comment.remote_id) is None
    duty.look(after=0)
    with duty.database.read() as connection:
        assert not connection.execute(select(reader_comments.c.text)).all()


def test_comments_of_an_account_that_cannot_be_read_any_more_go_in_time(duty: Duty) -> None:
    duty.plant("help me")
    duty.look()
    duty.watch._accounts = dict
    duty.look(after=48 * 3_600)
    assert duty.shown() == []


def test_a_member_s_comment_is_deleted_and_the_history_says_by_whom(duty: Duty) -> None:
    planted = duty.plant("help me")
    duty.look()
    duty.acts.delete(duty.shown()[0].id, "chef")
    duty.look(after=1)
    assert planted.is_deleted
    assert duty.shown()[0].state is CommentState.DELETED


def test_the_requests_of_a_day_are_not_used_up_by_answers(duty_at: Duties) -> None:
    """Its first tier allows a person a hundred, and posts need them."""
    duty = duty_at("linkedin", requests_per_day=40)
    store = duty.desk.stage.sandbox.store
    duty.look()
    before = store.requests[LIST]
    for _look in range(24 * 12):
        duty.look(after=300)
    assert 25 <= store.requests[LIST] - before <= 40


def test_also_a_flood_and_what_fails_use_no_more(duty_at: Duties) -> None:
    duty = duty_at("linkedin", requests_per_day=40)
    store = duty.desk.stage.sandbox.store
    duty.look()
    duty.plant("flood", times=5_000)
    duty.look(after=3_600)
    before = store.requests[LIST]
    duty.look(after=3_600)
    assert store.requests[LIST] == before, "ten requests were made, and have to last"
    duty.desk.stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint=LIST)])
    duty.look(after=12 * 3_600)
    before = store.requests[LIST]
    for _look in range(24 * 12):
        duty.look(after=300)
    assert store.requests[LIST] - before <= 40


@pytest.mark.parametrize("threads", [15, 62])
def test_what_readers_write_below_many_comments_blinds_nobody(
    duty_at: Duties, threads: int
) -> None:
    """Each comment with others below takes a request, of which there are thirty in a day."""
    duty = duty_at("linkedin", requests_per_day=40)
    for number in range(threads):
        duty.plant("merci", parent=duty.plant(f"number {number}").id)
    duty.look()
    duty.look(after=3_600)
    duty.plant("help me")
    for _look in range(3 * 12):
        duty.look(after=300)
    assert "help me" in {one.text for one in duty.shown()}
    assert not duty.pages.troubles(), "not at once"
    for _look in range(5 * 12):
        duty.look(after=300)
    (trouble,) = duty.pages.troubles()
    assert "read hours late" in trouble.message
    assert "answers not read" in duty.steps(), "and somebody is called"
    if threads < 20:
        for _look in range(12 * 12):
            duty.look(after=300)
        assert not duty.pages.troubles(), "once it is through"
        assert sum(one.text == "merci" for one in duty.shown()) == threads
