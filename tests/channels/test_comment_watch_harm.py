"""Readers' comments when things go wrong: floods, refusals, wrong answers; nothing is lost."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from publisher.base.errors import UsageError
from publisher.drafts.alarm_words import SAMPLE, SignLists
from publisher.ledger.comments.comment_budget import CommentBudget
from publisher.ledger.comments.comment_checks import CommentChecks
from publisher.ledger.comments.comment_news import CommentNews
from publisher.ledger.comments.comment_readings import CommentReadings
from publisher.ledger.limits.rate_limits import Limits
from publisher.ledger.manager.pauses import Pauses
from publisher.ledger.manager.rights import Rights
from publisher.ledger.news.notice_addresses import Addresses
from publisher.ledger.news.outbox import News
from publisher.ledger.news.personal_news import PersonalNews
from publisher.ledger.tables import (
    comment_readings,
    deliveries,
    history,
    notices,
    reader_comments,
)
from publisher.model import limits_text
from publisher.model.accounts import ApprovalRule
from publisher.model.content import Content, Part
from publisher.model.outcomes import Answer, Wire
from publisher.model.reader_comments import CommentState
from publisher.model.states import State
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.twitter.reader_comments import MentionTimeline
from publisher.sandbox.comments import plant
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.comment_duty import COSTS, Duty
from tests.support.clock import ManualClock

pytestmark = pytest.mark.guards(
    "publisher.drafts.alarm_words",
    "publisher.ledger.comments.comment_news",
    "publisher.ledger.comments.comment_wishes",
    "publisher.ledger.comments.comment_acts",
)

Duties = Callable[..., Duty]


def answered(status: int, body: object) -> Answer:
    return Answer(
        Wire.ANSWERED,
        status=status,
        headers={},
        body=json.dumps(body),
        received_at=datetime.now(UTC),
    )


NOT_THERE = answered(400, {"error": {"message": "x", "code": 100, "error_subcode": 33}})
FAULTY = answered(503, {"title": "x"})


def news_of(duty: Duty) -> Callable[[], list[CommentNews]]:
    """What a service has not been told yet; each is told once."""
    news = News(duty.database, duty.desk.clock)
    news.begin("slack", duty.desk.clock.now())

    def untold() -> list[CommentNews]:
        found = [one for one in news.untold("slack") if isinstance(one, CommentNews)]
        with duty.database.write() as connection:
            for one in found:
                row = {"service": "slack", "step": one.step, "told_at": duty.desk.clock.now()}
                connection.execute(notices.insert().values(row))
        return found

    return untold


def personal(duty: Duty) -> dict[str, int]:
    """How many things each person is told."""
    news = PersonalNews(
        duty.database, duty.desk.clock, lambda _account: ApprovalRule(),
        Rights({duty.account: "BICE"}.get),
    )  # fmt: skip
    return {one.person.name: len(items) for one, items in news.all_untold()}


def let_tell(duty: Duty, *names: str) -> None:
    addresses = Addresses(duty.database, duty.desk.clock)
    for name in names:
        addresses.add(duty.people.find(name), f"ntfys://ntfy.example.org/{name}")


# 1


def test_the_answers_to_a_paused_account_are_read(page: Duty) -> None:
    page.desk.queue("second", post="next.fr", due_in=5)
    pauses = Pauses(page.database, page.desk.clock, rights=Rights({page.account: "BICE"}.get))
    pauses.pause(page.account, "crisis", "chef")
    page.watch._is_busy = lambda account: page.desk.queries.is_busy(account, 3.0)
    page.plant("help me")
    page.look()
    assert page.pages.calling() == 1


def test_posts_that_never_end_leave_answers_unread_for_a_minute_at_most(page: Duty) -> None:
    page.busy.add(page.account)
    page.plant("help me")
    page.look()
    page.look(after=30)
    assert page.shown() == []
    page.look(after=31)
    assert page.pages.calling() == 1


def test_answers_that_are_not_read_are_told_once_until_they_are_again(page: Duty) -> None:
    untold = news_of(page)
    let_tell(page, "chef")
    page.desk.stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="getComments")])
    page.look()
    assert untold() == []
    for _minute in range(5):
        page.look()
    (told,) = untold()
    assert told.trouble
    assert personal(page) == {"chef": 1}
    page.look()
    assert untold() == []
    page.busy.add(page.account)
    page.look(after=1_801)
    assert page.pages.troubles()  # a post that leaves takes nothing back
    page.busy.clear()
    page.desk.stage.sandbox.faults.set([])
    page.look(after=1_801)
    assert page.pages.troubles() == []
    page.desk.stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="getComments")])
    page.look()
    assert len(untold()) == 1


def test_that_the_budget_is_used_up_is_told_at_once(duty_at: Duties) -> None:
    duty = duty_at("twitter", most_per_day=3)
    untold = news_of(duty)
    for _number in range(4):
        duty.plant("merci")
    duty.look()
    duty.look()
    (told,) = untold()
    assert "most_per_day" in told.trouble


# 2


def test_not_there_is_believed_only_of_what_the_page_sees(
    page: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facebook says so too of what the app may not see."""
    page.plant("help me")
    page.look()
    with monkeypatch.context() as patched:
        patched.setattr(PageGraph, "hide", lambda *_, **__: NOT_THERE)
        page.acts.hide(page.shown()[0].id, "redaction")
        page.look(after=1)
    assert page.shown()[0].state is CommentState.HIDING
    with monkeypatch.context() as patched:
        patched.setattr(PageGraph, "get", lambda *_, **__: NOT_THERE)
        patched.setattr(PageGraph, "hide", lambda *_, **__: NOT_THERE)
        page.look(after=7 * 3600)
        page.look()
    assert len(page.shown()) == 1
    page.look()
    assert page.shown()[0].state is CommentState.HIDDEN


def test_answers_whose_post_is_not_there_for_the_app_are_a_trouble(
    page: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PageGraph, "reader_comments", lambda *_, **__: NOT_THERE)
    page.look()
    assert page.pages.troubles()


def test_what_called_and_is_gone_is_on_record(page: Duty) -> None:
    planted, _other = page.plant("help me"), page.plant("merci")
    page.look()
    planted.is_deleted = True
    page.look(after=7 * 3600)
    assert [one.text for one in page.shown()] == ["merci"]
    assert page.steps()[-1] == "answer gone at its platform"


# 3


def test_a_cursor_that_is_refused_or_comes_back_is_dropped_and_read_no_sooner(
    page: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = {"data": [], "paging": {"next": "x", "cursors": {"after": "abc"}}}
    for answer in (NOT_THERE, answered(200, again)):
        page.look()
        asked: list[Any] = []
        cursor = json.dumps({"since": 1, "after": "abc", "newest": 1, "whole": 2**33})
        with page.database.write() as connection:
            connection.execute(update(comment_readings).values(cursor=cursor))

        def ask(*given: Any, answer: Answer = answer, asked: list[Any] = asked) -> Answer:
            asked.append(given)
            assert len(asked) < 9
            return answer

        with monkeypatch.context() as patched:
            patched.setattr(PageGraph, "reader_comments", ask)
            page.look()
        assert len(asked) == 1
        with page.database.read() as connection:
            assert (
                '"after": null'
                in connection.execute(select(comment_readings.c.cursor)).scalar_one()
            )


def test_what_people_want_hidden_does_not_wait_for_the_end_of_a_flood(
    page: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = page.plant("help me")
    page.look()
    page.plant("flood", times=600)
    ask, number = PageGraph.reader_comments, [0]

    def counted(*given: Any) -> Answer:
        number[0] += 1
        if number[0] == 5:
            page.acts.hide(page.shown()[0].id, "redaction")
        if number[0] > 15:
            assert planted.is_hidden
        return ask(*given)

    monkeypatch.setattr(PageGraph, "reader_comments", counted)
    page.look()
    assert number[0] > 15


# 4


def test_what_cannot_be_hidden_calls_somebody_again(page: Duty) -> None:
    untold = news_of(page)
    page.plant("help me")
    page.plant("merci")
    page.look()
    assert [one.number for one in untold()] == [1]
    for one in page.shown():
        page.acts.hide(one.id, "redaction")
    page.desk.stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="updatePost")])
    page.look(after=1)
    assert sum(one.number for one in untold()) == 2


def test_what_is_being_hidden_for_some_minutes_calls_somebody(page: Duty) -> None:
    page.plant("merci")
    page.look()
    untold = news_of(page)
    page.acts.hide(page.shown()[0].id, "redaction")
    page.desk.stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="updatePost")])
    page.look(after=1)
    assert untold() == []
    page.look(after=301)
    assert [one.number for one in untold()] == [1]
    page.look()
    assert untold() == []
    page.desk.stage.sandbox.faults.set([])
    page.look()
    assert (page.shown()[0].state, page.pages.calling()) == (CommentState.HIDDEN, 0)


# 6


@pytest.mark.parametrize("text", ["x " * 1001 + "help me", "he\u200blp me", "he\u202alp m\u2060e"])
def test_signs_are_looked_for_in_the_whole_text_as_it_was_written(page: Duty, text: str) -> None:
    page.plant(text)
    page.look()
    assert page.pages.calling() == 1
    assert len(page.shown()[0].text) <= 2_000


def test_what_the_platform_hid_itself_calls_too_until_it_is_seen(page: Duty) -> None:
    page.plant("help me").is_hidden = True
    page.look()
    (shown,) = page.shown()
    assert (shown.state, shown.is_calling) == (CommentState.HIDDEN, True)
    page.acts.seen(shown.id, "redaction")
    assert page.pages.calling() == 0
    assert page.shown()[0].state is CommentState.HIDDEN


# 7


def test_a_list_that_cannot_be_read_leaves_the_last_good_one(tmp_path: Path) -> None:
    lists = SignLists(tmp_path)
    words = tmp_path / "alarm-words.yaml"
    words.write_text("fr: [me frappe]\n", encoding="utf-8")
    assert [one.text for one in lists.signs().words] == ["me frappe"]
    words.write_text("fr: [me frappe\n", encoding="utf-8")
    found = lists.signs()
    assert [one.text for one in found.words] == ["me frappe"]
    assert "alarm-words.yaml" in found.flaw
    assert len(SignLists(tmp_path).signs().words) > 50  # the sample
    assert "me tape" in SAMPLE


def test_a_flawed_record_keeps_its_names(tmp_path: Path) -> None:
    (tmp_path / "consents.yaml").write_text(
        "a:\n  channels: [facebok]\n  names: [Amina D.]\n", encoding="utf-8"
    )
    lists = SignLists(tmp_path)
    assert lists.signs().names == ("Amina D.",)
    (tmp_path / "consents.yaml").write_text("a: [\n", encoding="utf-8")
    assert lists.signs().names == ("Amina D.",)
    assert "consents.yaml" in lists.signs().flaw


def test_without_the_folder_the_sample_counts_and_that_is_a_trouble(
    page: Duty, tmp_path: Path
) -> None:
    page.watch._signs = SignLists(tmp_path / "posts").signs
    untold = news_of(page)
    page.plant("I want to die")
    page.look()
    assert page.pages.calling() == 1
    (trouble,) = page.pages.troubles()
    assert "posts/" in trouble.message
    assert [bool(one.trouble) for one in untold()] == [False, True]


# 8


def test_a_post_whose_first_comment_was_refused_is_watched(page: Duty) -> None:
    with page.database.write() as connection:
        connection.execute(update(deliveries).values(state=State.WITHDRAWN))
    parts = (Part(text="Bonjour"), Part(text="https://bice.org", is_comment=True))
    refused = Fault(what=What.FORBIDDEN, endpoint="createComment")
    page.desk.stage.sandbox.faults.set([refused])
    page.desk.queue(post="with.fr", content=Content(parts=parts, lang="fr"))
    page.desk.clock.advance(1)
    page.desk.work()
    assert page.desk.queries.deliveries()[-1].state is not State.PUBLISHED
    page.plant("help me")
    page.look()
    assert page.pages.calling() == 1


# 9


def test_what_is_hidden_and_handed_on_is_told_to_who_has_it(page: Duty) -> None:
    let_tell(page, "redaction")
    page.plant("merci")
    page.look()
    page.acts.hide(page.shown()[0].id, "chef")
    page.look()
    page.acts.hand(page.shown()[0].id, "redaction", "chef")
    page.desk.clock.advance(1)
    assert personal(page) == {"redaction": 1}


def test_nothing_is_handed_to_who_may_not_look_at_it(page: Duty) -> None:
    page.plant("help me")
    page.look()
    with pytest.raises(UsageError):
        page.acts.hand(page.shown()[0].id, "kasia", "chef")


def test_what_is_handed_to_who_is_not_told_goes_on_calling(page: Duty) -> None:
    page.plant("help me")
    page.look()
    page.acts.hand(page.shown()[0].id, "redaction", "chef")
    assert page.pages.calling() == 1
    assert not page.acts.tells("redaction")
    let_tell(page, "redaction")
    page.acts.hand(page.shown()[0].id, "redaction", "chef")
    assert page.pages.calling() == 0


# 10


def billed(duty: Duty) -> int:
    return CommentChecks(duty.database, duty.desk.clock).billed(duty.account)


def test_x_charges_for_no_more_than_the_settings_say(duty_at: Duties) -> None:
    duty = duty_at("twitter", most_per_day=10)
    plant(duty.desk.stage.sandbox.store, duty.account, "x", times=100)
    duty.look()
    duty.look()
    assert billed(duty) == 10
    duty.look(after=25 * 3600)
    assert billed(duty) == 10  # the rest, and lookups
    for _day in range(14):
        duty.look(after=86_400)
    assert len(duty.shown()) >= 90


def test_reading_x_stops_before_it_costs_more_than_the_budget_of_a_month(
    duty_at: Duties, clock: ManualClock
) -> None:
    """Each answer costs $0.005, and its author $0.010."""
    next_month = (clock.now().replace(day=1) + timedelta(days=32)).replace(day=25, hour=8)
    clock.advance((next_month - clock.now()).total_seconds())  # while the post is still young
    duty = duty_at("twitter", budget_per_month="1.60")
    untold = news_of(duty)
    budget = CommentBudget(duty.database, duty.desk.clock, Decimal("1.60"), *COSTS)
    store = duty.desk.stage.sandbox.store
    for number in range(130):
        plant(store, duty.account, f"number {number}", author=f"Reader {number}")
    for _look in range(4):
        duty.look()
    assert billed(duty) == 106
    (told,) = untold()
    assert "budget_per_month" in told.trouble
    told_of = Limits(duty.database, duty.desk.clock).current()[duty.account]
    (limit,) = (one for one in told_of if one.name == limits_text.ANSWERS_OF_MONTH)
    assert limits_text.in_words(limit, str).startswith(
        "$0.01 of $1.60 for reading comments this month left, until "
    )
    duty.look(after=(budget.next_month - duty.desk.clock.now()).total_seconds() + 1)
    assert duty.pages.troubles() == []
    assert billed(duty) >= 24  # the rest, and lookups of what is stored


def test_what_was_read_before_an_error_is_kept_and_not_paid_again(
    duty_at: Duties, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = duty_at("twitter")
    plant(duty.desk.stage.sandbox.store, duty.account, "x", times=150)
    duty.plant("help me")
    real = MentionTimeline._list

    def broken(self: MentionTimeline, query: Any, most: int) -> Answer:
        is_further = "pagination_token" in query or "until_id" in query
        return FAULTY if is_further else real(self, query, most)

    with monkeypatch.context() as patched:
        patched.setattr(MentionTimeline, "_list", broken)
        duty.look()
        assert duty.pages.calling() == 1
        for _look in range(5):
            duty.look()
        assert billed(duty) == 100
        duty.plant("help me again")
        duty.look()
        assert duty.pages.calling() == 2
    for _look in range(3):
        duty.look()
    with duty.database.read() as connection:
        number = connection.execute(select(func.count()).select_from(reader_comments)).scalar()
    assert (number, billed(duty)) == (152, 152)


def test_a_process_without_keys_forgets_nothing_of_the_others(duty_at: Duties) -> None:
    duty = duty_at("twitter")
    duty.plant("merci")
    duty.look()
    readings = CommentReadings(duty.database, duty.desk.clock)
    readings.plan(set(), [], [duty.account])
    readings.plan(set(), [duty.account], [duty.account])
    assert billed(duty) == 1
    readings.plan(set(), [], [])
    assert billed(duty) == 0


# 11


def test_a_comment_that_cannot_be_looked_up_keeps_nothing_waiting(
    page: Duty, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stuck = page.plant("gone"), page.plant("stuck")
    page.look()
    real = PageGraph.get
    refused = answered(400, {"error": {"message": "x", "code": 10, "type": "OAuthException"}})

    def get(self: PageGraph, object_id: str, fields: str) -> Answer:
        return refused if object_id == stuck.id else real(self, object_id, fields)

    monkeypatch.setattr(PageGraph, "get", get)
    gone.is_deleted = True
    page.look(after=7 * 3600)
    assert [one.text for one in page.shown()] == ["stuck"]
    page.plant("help me")
    page.look()
    assert page.pages.calling() == 1
    assert page.pages.troubles() == []


# 12


@pytest.mark.parametrize("channel", ["facebook", "bluesky", "wordpress"])
def test_a_comment_that_appears_late_is_read_within_the_hour(duty_at: Duties, channel: str) -> None:
    duty = duty_at(channel)
    late = duty.plant("help me")
    late.is_deleted = True  # not listed yet
    duty.desk.clock.advance(90)
    duty.plant("later")
    duty.look()
    late.is_deleted = False
    duty.look()
    assert duty.pages.calling() == 0
    duty.look(after=3600)
    assert duty.pages.calling() == 1


@pytest.mark.parametrize("channel", ["mastodon", "bluesky", "wordpress"])
def test_the_first_reading_goes_back_to_the_post(duty_at: Duties, channel: str) -> None:
    duty = duty_at(channel)
    duty.plant("help me")
    plant(duty.desk.stage.sandbox.store, duty.account, "flood", times=600)
    duty.look()
    assert duty.pages.calling() == 1
    duty.plant("help me again")
    duty.look()
    assert duty.pages.calling() == 2


# 13


def test_what_is_deleted_goes_here_too_after_its_post_is_no_longer_watched(page: Duty) -> None:
    planted, _other = page.plant("spam"), page.plant("stays")
    page.look()
    page.look(after=14 * 86_400 + 3600)
    planted.is_deleted = True
    page.look(after=7 * 3600)
    assert [one.text for one in page.shown()] == ["stays"]


def test_what_is_too_old_to_be_kept_does_not_come_again(duty_at: Duties) -> None:
    duty = duty_at("facebook", keep="2d", watch="14d")
    duty.plant("help me")
    duty.look()
    for _day in range(8):
        duty.look(after=86_400)
    assert duty.shown() == []
    assert duty.steps() == ["answers call for somebody"]


def test_without_reading_what_is_stored_is_forgotten_in_time(duty_at: Duties) -> None:
    duty = duty_at("facebook", keep="2d")
    duty.plant("help me")
    duty.look()
    watched = duty.watch._accounts()
    unread = {name: replace(account, is_read=False) for name, account in watched.items()}
    duty.watch._accounts = lambda: unread
    asked = duty.desk.requests("getComments")
    duty.look(after=3 * 86_400)
    assert duty.shown() == []
    assert duty.desk.requests("getComments") == asked


def test_the_chain_of_steps_about_answers_is_whole(page: Duty) -> None:
    """A call for a trouble is a step as any other."""
    page.desk.stage.sandbox.faults.set([Fault(what=What.FORBIDDEN, endpoint="getComments")])
    page.look()
    with page.database.read() as connection:
        events = connection.execute(select(history.c.event, history.c.detail)).all()
    (detail,) = [row.detail for row in events if row.event == "answers not read"]
    assert json.loads(detail)["account"] == page.account
