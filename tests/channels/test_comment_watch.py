"""From the platform to the page and back: a comment is read, told, hidden and forgotten."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from publisher.base.errors import CredentialsMissing, NotPermitted, NotPossible
from publisher.channels.comments import CommentReader
from publisher.channels.registry import SPECS
from publisher.ledger.comments.comment_news import CommentNews
from publisher.ledger.comments.comment_pages import CommentCursor
from publisher.ledger.comments.comment_readings import CommentReadings
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.manager.rights import Rights
from publisher.ledger.news.notice_addresses import Topic
from publisher.ledger.news.outbox import News
from publisher.ledger.news.personal_news import PersonalNews
from publisher.ledger.tables import history, reader_comments
from publisher.model.accounts import ApprovalRule
from publisher.model.reader_comments import CommentState
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.comment_duty import Duty, told_to
from tests.channels.test_comments import HIDERS, HIDING, READING

pytestmark = pytest.mark.guards(
    "publisher.delivery.comment_watch",
    "publisher.ledger.comments.comment_checks",
    "publisher.ledger.comments.comment_readings",
    "publisher.ledger.comments.comment_wishes",
    "publisher.ledger.comments.comment_acts",
    "publisher.ledger.comments.comment_pages",
)


def test_a_comment_is_on_the_page_under_its_post_within_a_minute(duty: Duty) -> None:
    duty.watch.look()
    duty.plant("Merci !", author="Amina")
    duty.look()
    (shown,) = duty.shown()
    assert (shown.post, shown.text, shown.state) == ("post.fr", "Merci !", CommentState.NEW)
    assert not shown.is_calling
    duty.look()
    assert len(duty.shown()) == 1


def test_a_comment_in_the_second_of_its_post_is_read(page: Duty) -> None:
    """Facebook's times have whole seconds, and its clock may be behind."""
    page.desk.clock.set(-30)
    page.plant("help me")
    page.desk.clock.set(30)
    page.look()
    assert page.pages.calling() == 1


def test_what_calls_for_somebody_comes_first_and_says_why(duty: Duty) -> None:
    duty.plant("Please HELP me")
    duty.plant("see https://spam.example")
    duty.plant("Merci !")
    duty.look()
    assert [one.text for one in duty.shown()] == [
        "Please HELP me", "see https://spam.example", "Merci !",
    ]  # fmt: skip
    assert [str(sign) for sign in duty.shown()[0].signs] == ["alarm word: help me"]
    assert duty.pages.calling() == 1
    assert duty.steps() == ["answers call for somebody"]


def test_the_name_of_a_child_calls_for_somebody(page: Duty) -> None:
    page.plant("I know Amina DIALLO")
    page.look()
    assert page.shown()[0].is_calling


@pytest.mark.parametrize("channel", HIDERS)
def test_a_comment_is_hidden_at_the_platform_and_the_history_says_by_whom(
    duty_at: Callable[..., Duty], channel: str
) -> None:
    duty = duty_at(channel)
    planted = duty.plant("help me")
    duty.look()
    duty.acts.hide(duty.shown()[0].id, "redaction")
    assert duty.shown()[0].state is CommentState.HIDING
    assert duty.pages.calling() == 0
    duty.look(after=1)
    assert planted.is_hidden
    (shown,) = duty.shown()
    assert (shown.state, shown.changed_by) == (CommentState.HIDDEN, "redaction")
    assert duty.steps()[1:] == ["hiding an answer", "answer hidden"]
    audit = Audit(duty.database, duty.desk.clock, duty.desk.stage.options.folder)
    audit.seal()
    assert not audit.verify().breaks


def test_no_text_or_author_of_a_comment_is_in_the_history(page: Duty) -> None:
    """So that it can be forgotten."""
    page.plant("help me, says Zofia", author="Hanna")
    page.look()
    page.acts.hide(page.shown()[0].id, "redaction")
    page.look()
    with page.database.read() as connection:
        told = " ".join(connection.execute(select(history.c.detail)).scalars())
    assert "Zofia" not in told
    assert "Hanna" not in told


def test_hiding_whose_answer_is_lost_is_done_again(page: Duty) -> None:
    planted = page.plant("help me")
    page.look()
    page.acts.hide(page.shown()[0].id, "redaction")
    page.desk.stage.sandbox.faults.set([Fault(what=What.HANG_UP, endpoint="updatePost", times=1)])
    page.look(after=1)
    assert page.shown()[0].state is CommentState.HIDING
    assert page.shown()[0].trouble
    page.look()
    assert planted.is_hidden
    assert page.shown()[0].state is CommentState.HIDDEN


@pytest.mark.parametrize("channel", HIDERS)
def test_what_the_platform_refuses_to_hide_calls_again_with_the_reason(
    duty_at: Callable[..., Duty], channel: str
) -> None:
    duty, support = duty_at(channel), SPECS[channel].comments
    assert support
    duty.plant("help me")
    duty.look()
    duty.acts.hide(duty.shown()[0].id, "redaction")
    refused = Fault(what=What.FORBIDDEN, endpoint=HIDING[channel])
    duty.desk.stage.sandbox.faults.set([refused])
    duty.look(after=1)
    (shown,) = duty.shown()
    assert (shown.state, shown.is_calling) == (CommentState.NEW, True)
    assert support.permissions in (shown.trouble or "")


def test_what_cannot_be_hidden_with_the_keys_calls_again_with_the_reason(page: Duty) -> None:
    def opened(_account: str) -> CommentReader:
        raise CredentialsMissing("The page_token is empty.")

    page.plant("help me")
    page.look()
    page.acts.hide(page.shown()[0].id, "redaction")
    page.watch._open = opened
    page.look(after=1)
    (shown,) = page.shown()
    assert (shown.state, shown.is_calling) == (CommentState.NEW, True)
    assert "page_token is empty" in (shown.trouble or "")


def test_of_several_processes_one_carries_out_a_wish(page: Duty) -> None:
    page.plant("help me")
    page.look()
    page.acts.hide(page.shown()[0].id, "redaction")
    (wish,) = page.watch._wishes.open([page.account])
    assert page.watch._wishes.take(wish)
    assert not page.watch._wishes.take(wish)
    assert page.watch._wishes.open([page.account]) == [], "until a minute has passed"


def test_what_is_deleted_meanwhile_is_not_here_any_more(page: Duty) -> None:
    planted = page.plant("help me")
    page.look()
    page.acts.hide(page.shown()[0].id, "redaction")
    planted.is_deleted = True
    page.look()
    assert page.shown() == []


def test_what_is_deleted_on_the_platform_goes_here_within_a_day(duty: Duty) -> None:
    planted, _other = duty.plant("spam"), duty.plant("stays")
    duty.look()
    planted.is_deleted = True
    duty.look(after=25 * 3600)
    duty.look()
    assert [one.text for one in duty.shown()] == ["stays"]


def test_nothing_is_kept_longer_than_the_settings_say(duty_at: Callable[..., Duty]) -> None:
    duty = duty_at("mastodon", keep="2d", watch="60d")
    duty.plant("help me")
    duty.look()
    duty.look(after=2 * 86_400 + 3600)
    with duty.database.read() as connection:
        assert not connection.execute(select(reader_comments.c.text)).all()


def test_seen_and_handed_on_are_on_record(page: Duty) -> None:
    page.plant("help me")
    page.look()
    comment = page.shown()[0].id
    assert page.acts.hand(comment, "CHEF", "redaction") == "chef"
    assert (page.shown()[0].state, page.shown()[0].handed_to) == (CommentState.HANDED, "chef")
    page.acts.seen(comment, "chef")
    assert page.shown(state=CommentState.SEEN)[0].changed_by == "chef"
    assert page.steps()[1:] == ["answer handed on", "answer seen"]


def test_what_is_hidden_may_still_be_handed_to_somebody(page: Duty) -> None:
    page.plant("help me")
    page.look()
    page.acts.hide(page.shown()[0].id, "redaction")
    page.look()
    page.acts.hand(page.shown()[0].id, "chef", "redaction")
    assert (page.shown()[0].state, page.shown()[0].handed_to) == (CommentState.HIDDEN, "chef")


def test_only_a_manager_of_the_account_deletes_and_nobody_of_another_does_anything(
    page: Duty,
) -> None:
    planted = page.plant("spam")
    page.look()
    comment = page.shown()[0].id
    for act in (page.acts.seen, page.acts.hide, page.acts.delete):
        with pytest.raises(NotPermitted):
            act(comment, "kasia")
    with pytest.raises(NotPermitted):
        page.acts.delete(comment, "redaction")
    page.acts.delete(comment, "chef")
    page.look()
    assert planted.is_deleted
    assert page.shown()[0].state is CommentState.DELETED


def test_what_the_channel_cannot_do_is_refused_at_once(duty_at: Callable[..., Duty]) -> None:
    duty = duty_at("mastodon")
    duty.plant("help me")
    duty.look()
    with pytest.raises(NotPossible):
        duty.acts.hide(duty.shown()[0].id, "redaction")
    assert duty.shown()[0].is_calling


def test_of_several_processes_one_reads(page: Duty) -> None:
    """A reading is taken by compare-and-set."""
    readings = CommentReadings(page.database, page.desk.clock)
    readings.plan({(page.account, "1")})
    assert readings.claim([page.account])
    assert readings.claim([page.account]) is None
    page.desk.clock.advance(301)
    assert readings.claim([page.account])  # the other one died


def test_what_a_process_found_too_late_is_left_to_the_next_one(page: Duty) -> None:
    readings = CommentReadings(page.database, page.desk.clock)
    readings.plan({(page.account, "1")})
    late = readings.claim([page.account])
    page.desk.clock.advance(301)
    assert late
    assert readings.claim([page.account])
    now = page.desk.clock.now()
    readings.found(late, [], "far ahead", now, judge=lambda _new: {}, since=now)
    page.desk.clock.advance(301)
    again = readings.claim([page.account])
    assert again
    assert again.cursor == ""


def test_nothing_is_read_while_a_post_is_about_to_leave(page: Duty) -> None:
    page.busy.add(page.account)
    page.plant("help me")
    page.look()
    assert page.desk.requests("getComments") == 0
    page.busy.clear()
    page.look()
    assert len(page.shown()) == 1


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
def test_what_a_post_put_off_is_read_some_seconds_later(
    duty_at: Callable[..., Duty], channel: str
) -> None:
    """Also where requests are rationed: none was made."""
    duty = duty_at(channel, requests_per_day=40)
    duty.plant("help me")
    duty.busy.add(duty.account)
    duty.look()
    duty.busy.clear()
    duty.look(after=11)
    assert [one.text for one in duty.shown()] == ["help me"]


def test_a_limit_that_is_half_used_up_is_left_to_posts(page: Duty) -> None:
    page.desk.stage.sandbox.faults.set([Fault(what="usage", endpoint="getComments", percent=60)])
    page.look()
    page.look()
    assert page.desk.requests("getComments") == 1
    page.look(after=300)
    assert page.desk.requests("getComments") == 2


def test_an_old_post_is_read_less_often_and_then_no_more(page: Duty) -> None:
    page.look()
    page.look(after=3 * 86_400)
    known = page.desk.requests("getComments")
    page.look(after=120)
    assert page.desk.requests("getComments") == known
    page.look(after=600)
    assert page.desk.requests("getComments") == known + 1
    page.look(after=14 * 86_400)
    assert page.desk.requests("getComments") == known + 1


def test_where_comments_cost_no_more_are_read_in_a_day_than_the_settings_say(
    duty_at: Callable[..., Duty],
) -> None:
    duty = duty_at("twitter", most_per_day=3)
    for number in range(4):
        duty.plant(f"number {number}")
    duty.look()
    duty.plant("later")
    duty.look()
    assert len(duty.shown()) == 4
    (trouble,) = duty.pages.troubles()
    assert "most_per_day" in trouble.message
    duty.look(after=86_400)
    assert len(duty.shown()) == 5
    assert duty.pages.troubles() == []


def test_a_missing_permission_is_told_on_the_page_and_suspends_no_account(duty: Duty) -> None:
    faults = [Fault(what=What.FORBIDDEN, endpoint=name) for name in READING.values()]
    duty.desk.stage.sandbox.faults.set(faults)
    duty.look()
    (trouble,) = duty.pages.troubles()
    support = SPECS[duty.desk.stage.name].comments
    assert support
    assert support.permissions in trouble.message
    assert not duty.desk.queries.paused_or_suspended()


def test_whoever_is_on_duty_is_told_and_nobody_else(page: Duty) -> None:
    assert told_to(page, ["Redaction"]) == {"redaction": [Topic.COMMENTS]}


def test_a_name_in_the_rota_that_nobody_has_leaves_no_comment_to_nobody(page: Duty) -> None:
    assert told_to(page, ["Redacton"]) == {"chef": [Topic.COMMENTS]}


def test_with_nobody_on_duty_all_managers_of_the_account_are_told(page: Duty) -> None:
    assert told_to(page, []) == {"chef": [Topic.COMMENTS]}


def test_whoever_a_comment_is_handed_to_is_told(page: Duty) -> None:
    assert told_to(page, ["kasia"]) == {"chef": [Topic.COMMENTS]}
    page.acts.hand(page.shown()[0].id, "redaction", "chef")
    page.desk.clock.advance(1)
    news = PersonalNews(
        page.database, page.desk.clock, lambda _account: ApprovalRule(),
        Rights({page.account: "BICE"}.get),
    )  # fmt: skip
    found = {one.person.name: items for one, items in news.all_untold()}
    assert [(name, items[0].by) for name, items in found.items()] == [("redaction", "chef")]


def test_services_are_told_until_somebody_has_dealt_with_it(page: Duty) -> None:
    news = News(page.database, page.desk.clock)
    news.begin("slack", page.desk.clock.now())
    page.plant("help me")
    page.plant("help me, please")
    page.look()

    def told() -> list[CommentNews]:
        return [one for one in news.untold("slack") if isinstance(one, CommentNews)]

    assert [one.number for one in told()] == [2]
    for one in page.shown():
        page.acts.seen(one.id, "redaction")
    assert told() == []


def test_a_flood_of_thousands_is_read_and_the_one_that_matters_is_first(page: Duty) -> None:
    page.watch.look()
    page.plant("flood", times=2_999)
    page.plant("help me")
    for _look in range(3):
        page.look()
    assert page.shown()[0].text == "help me"
    with page.database.read() as connection:
        assert len(connection.execute(select(reader_comments.c.id)).all()) == 3_000


def test_pages_of_a_hundred_thousand_are_quick_and_show_each_once(page: Duty) -> None:
    now = page.desk.clock.now()
    row = {
        "account": page.account, "post": "post.fr", "author": "a", "text": "t" * 100, "url": "",
        "read_at": now, "signs": "[]", "state": "seen", "checked_at": now, "urgency": 0,
    }  # fmt: skip
    rows = [
        {**row, "remote_id": str(n), "written_at": now - timedelta(seconds=n // 3)}
        for n in range(100_000)
    ]
    for n in range(0, 100_000, 1_000):
        rows[n] |= {"urgency": 2, "state": "not seen"}
    with page.database.write() as connection:
        connection.execute(reader_comments.insert(), rows)
    seen: list[int] = []
    after: CommentCursor | None = None
    began = time.monotonic()
    for _page in range(6):
        found = page.pages.page(50, after=after)
        seen += [one.id for one in found.comments]
        after = CommentCursor.read(str(found.after))
    assert page.pages.calling() == 100
    assert len(page.shown(state=CommentState.NEW)) == 100
    assert len(page.shown(accounts=[page.account, "other"])) == 100
    assert time.monotonic() - began < 1
    assert len(set(seen)) == len(seen) == 300
    assert [one.urgency for one in page.shown()[:3]] == [2, 2, 2]
