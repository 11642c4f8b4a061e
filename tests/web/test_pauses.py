"""What stands still: pauses, holds and suspensions on the pages, and how they end."""

import re
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.base.i18n import speaking
from publisher.ledger.heartbeats import Process
from publisher.ledger.heartbeats import ProcessKind as Workers
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.tables import accounts, deliveries
from publisher.model.accounts import Owner
from publisher.model.outcomes import AccountSuspended, Kind, Limit
from publisher.model.states import State
from publisher.web import labels
from tests.support.clock import ManualClock
from tests.support.html import flaws
from tests.support.pages import Visit
from tests.support.wishes import add, wish
from tests.web.ledger_views import clock_of, last, of


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def seen_on(visit: Visit) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', visit.page)
    assert found
    return found[1]


def test_pause_everything_and_decide_of_each_what_becomes_of_it(
    app: Application, manager: Visit
) -> None:
    manager.get("/")
    assert manager.send("/pause", reason="").status_code == 400
    manager.get("/")
    manager.send("/pause", reason="wrong picture")
    assert "Everything is paused. Nothing more is sent." in manager.text
    assert "by direction: wrong picture" in manager.text
    add(app.ledger, *(wish(clock_of(app), f"n{n}.fr", due_in=5 + n) for n in range(3)))
    clock_of(app).advance(3600)
    found = {d.post: d for d in app.control.overdue()}
    assert set(found) == {"n0.fr", "n1.fr", "n2.fr"}
    manager.get("/resume")
    assert "3 deliveries fell due in the meantime" in manager.text
    later = found["n1.fr"].id
    manager.send(
        "/resume",
        seen=seen_on(manager),
        **{
            f"choice-{found['n0.fr'].id}": "send", f"choice-{later}": "later",
            f"at-{later}": "2016-03-07T10:00", f"choice-{found['n2.fr'].id}": "drop",
        },
    )  # fmt: skip
    assert (
        "Publishing has resumed. Overdue and on the schedule again: 2. Dropped: 1." in manager.text
    )
    assert app.queries.accounts() == []
    now = app.clock.now()
    states = {post: of(app, post)["bice-x"] for post in found}
    assert states["n0.fr"].next_check_at == now
    assert f"{states['n1.fr'].next_check_at:%H:%M}" == "09:00"  # by the session's clock 10:00
    assert states["n2.fr"].state is State.CANCELLED
    assert last(app)[1] == "direction"


def test_a_later_time_past_the_expiry_changes_nothing(app: Application, manager: Visit) -> None:
    manager.get("/")
    manager.send("/pause", reason="x")
    add(app.ledger, wish(clock_of(app), "n.fr", due_in=5))
    clock_of(app).advance(60)
    (overdue,) = app.control.overdue()
    manager.get("/resume")
    answer = manager.send(
        "/resume",
        seen=seen_on(manager),
        **{f"choice-{overdue.id}": "later", f"at-{overdue.id}": "2016-03-09T10:00"},
    )
    assert answer.status_code == 409
    assert "past its expiry at that time (Mon 7 Mar 2016, 11:00)." in manager.text
    assert "UTC" not in manager.text
    assert 'value="2016-03-09T10:00"' in manager.page, "what was chosen is still there"
    assert app.queries.accounts() != []


@pytest.mark.parametrize(
    ("choice", "at", "says"),
    [
        ("later", "2016-03-07T07:00", "The new time of “Le texte de n.fr” to bice-x has passed."),
        ("later", "", "is not a time"),
        ("send", "2016-03-07T10:00", "“Le texte de n.fr” to bice-x has a new time, but"),
        ("drop", "2016-03-07T10:00", "“Le texte de n.fr” to bice-x has a new time, but"),
    ],
)
def test_a_time_that_is_over_or_not_meant_changes_nothing(
    app: Application, manager: Visit, choice: str, at: str, says: str
) -> None:
    stopped(app, manager, "n.fr")
    (overdue,) = app.control.overdue()
    manager.get("/resume")
    fields = {f"choice-{overdue.id}": choice, f"at-{overdue.id}": at}
    assert manager.send("/resume", seen=seen_on(manager), **fields).status_code == 400
    assert says in manager.text
    assert app.queries.accounts() != []
    assert of(app, "n.fr")["bice-x"] == overdue


def stopped(app: Application, manager: Visit, post: str) -> None:
    """Everything is paused, and then a post falls due."""
    manager.get("/")
    manager.send("/pause", reason="wrong picture")
    add(app.ledger, wish(clock_of(app), post, due_in=5))
    clock_of(app).advance(60)


def test_a_form_does_not_end_a_pause_that_its_sender_never_saw(
    app: Application, manager: Visit
) -> None:
    stopped(app, manager, "n.fr")
    (overdue,) = app.control.overdue()
    manager.get("/resume")
    app.control.resume(None, "chef")
    app.control.pause(None, "a hoax", "chef")
    fields = {f"choice-{overdue.id}": "drop"}
    assert manager.send("/resume", seen=seen_on(manager), **fields).status_code == 409
    assert "Publishing was stopped again" in manager.text
    assert "a hoax" in manager.text
    assert app.queries.accounts()[0].paused_by == "chef"
    assert flaws(manager.page) == []
    manager.send("/resume", seen=seen_on(manager), **fields)
    assert "Publishing has resumed." in manager.text


def test_what_fell_due_after_the_page_was_loaded_is_shown_before_it_is_sent(
    app: Application, manager: Visit
) -> None:
    stopped(app, manager, "n.fr")
    add(app.ledger, wish(clock_of(app), "fresh.fr", due_in=5))
    (overdue,) = app.control.overdue()
    manager.get("/resume")
    clock_of(app).advance(10)
    fields = {f"choice-{overdue.id}": "drop"}
    assert manager.send("/resume", seen=seen_on(manager), **fields).status_code == 409
    assert (
        "More posts have become due since you looked: “Le texte de fresh.fr” → bice-x."
        in manager.text
    )
    assert app.queries.accounts() != []
    assert {d.post for d in app.control.overdue()} == {"n.fr", "fresh.fr"}
    for delivery in app.control.overdue():
        assert f'name="choice-{delivery.id}"' in manager.page
    assert f'name="choice-{overdue.id}" value="drop" checked' in manager.page


def test_a_hold_that_came_anew_is_not_ended_by_an_old_form(
    app: Application, manager: Visit
) -> None:
    for reason in ("refused", "refused again"):
        with app.database.write() as connection:
            app.database.insert_missing(connection, accounts, [{"account": "bice-x"}])
            suspend(connection, "bice-x", AccountSuspended(Kind.AUTH, reason), app.clock.now())
        if reason == "refused":
            manager.get("/resume?account=bice-x")
            app.control.resume("bice-x", "chef")
            clock_of(app).advance(60)
    token = seen_on(manager)
    assert manager.send("/resume", account="bice-x", seen=token).status_code == 409
    assert app.queries.accounts()[0].suspension_message == "refused again"


def test_one_account_is_paused_and_resumed(app: Application, manager: Visit) -> None:
    manager.get("/accounts")
    manager.send("/pause", account="bice-x", reason="new token")
    assert [status.account for status in app.queries.accounts()] == ["bice-x"]
    assert "Since" in manager.text
    manager.get("/resume?account=bice-x")
    manager.send("/resume", account="bice-x", seen=seen_on(manager))
    assert app.queries.accounts() == []


def test_the_owner_of_an_accounts_keys_is_named(app: Application, staff: Visit) -> None:
    staff.get("/accounts")
    assert "owner not known yet" in staff.text
    app.owners.remember("bice-x", Owner(id="707", name="@BICE_ONG"))
    staff.get("/accounts")
    assert "belong to @BICE_ONG" in staff.text


def test_what_is_left_of_an_accounts_limits_is_told_in_the_zone_of_the_session(
    app: Application, staff: Visit
) -> None:
    assert isinstance(app.clock, ManualClock)
    now = app.clock.now()
    end = now + timedelta(hours=7, minutes=5)
    plenty = Limit("posts-24h", 50, 17, now, end)
    little = Limit("posts-24h-app", 10_000, 900, now, end)
    share = Limit("requests-1h-app", 100, 72, now, end)
    short = Limit("posts-15min", 100, 99, now, now + timedelta(minutes=15))
    with app.database.write() as connection:
        rate_limits.keep(connection, "bice-x", (plenty, little, short))
        rate_limits.keep(connection, "bice-page", (share,))
    app.clock.advance(15 * 60)
    staff.get("/accounts")
    end_there = "until Mon 7 Mar 2016, 14:05"
    assert f"17 of 50 posts in 24 hours left, {end_there}" in staff.text
    assert f"900 of 10,000 posts by the whole app in 24 hours left, {end_there}" in staff.text
    assert "72% of the requests by the whole app in an hour left, as of Mon 7 Mar" in staff.text
    assert "in 15 minutes" not in staff.text, "its window is over"
    assert re.findall(r'<span class="state wait">(\S+) of', staff.page) == ["900"]
    assert flaws(staff.page) == []


def suspended(app: Application, until: float | None, kind: Kind = Kind.AUTH, **more: Any) -> None:
    """bice-x is suspended; its message names a command."""
    values = {
        "suspended_at": app.clock.now(),
        "suspended_until": None if until is None else app.clock.ahead(until),
        "suspension_kind": kind.value,
        "suspension_message": "The keys are @other's. Then run `publisher resume --account bice-x`.",
        **more,
    }
    with app.database.write() as connection:
        app.database.insert_missing(connection, accounts, [{"account": "bice-x"}])
        connection.execute(update(accounts).where(accounts.c.account == "bice-x").values(**values))


def test_today_does_not_say_that_nothing_is_needed_while_a_wrong_clock_stops_all(
    app: Application, manager: Visit
) -> None:
    for post in app.queries.deliveries(state=State.AWAITING_APPROVAL):
        app.control.cancel(post.post, post.account, "chef", "so that nothing else is needed")
    manager.get("/")
    assert "Nothing needs attention." in manager.text
    app.heartbeats.beat(Process("b" * 32, Workers.WORKER, "beta", 7, "0.1.0"), timedelta(hours=2))
    manager.get("/")
    assert "The clock of beta is 2 h ahead." in manager.text
    assert "Nothing needs attention." not in manager.text


def test_an_account_that_goes_on_by_itself_is_not_said_to_need_a_person(
    app: Application, manager: Visit
) -> None:
    suspended(app, 300, Kind.RATE_LIMIT)
    manager.get("/")
    assert "need attention." not in manager.text
    assert manager.text.index("Resumes by itself") < manager.text.index("suspended Until ")


def test_an_account_that_needs_a_person_is_said_to(app: Application, manager: Visit) -> None:
    suspended(app, None)
    manager.get("/")
    assert "1 thing needs attention." in manager.text
    assert "Resumes by itself" not in manager.text


def test_an_end_that_is_over_is_not_named_as_one_to_come(app: Application, manager: Visit) -> None:
    suspended(app, 60, suspended_times=1)
    clock_of(app).advance(90)
    for page in ("/", "/accounts", "/resume?account=bice-x"):
        manager.get(page)
        assert "Until its next post is accepted; needs you: The keys are @other" in manager.text, (
            page
        )


def test_whoever_resumes_an_account_reads_why_it_is_suspended(
    app: Application, manager: Visit
) -> None:
    suspended(app, None)
    manager.get("/resume?account=bice-x")
    assert "Until someone acts: The keys are @other" in manager.text


def test_a_page_names_its_button_and_not_a_command_for_a_terminal() -> None:
    looked = "Look, then say with `publisher resolve` or `publisher retry POST` what you saw."
    assert labels.here(looked, UTC) == "Look, then say with “It is out” or “Retry” what you saw."
    gone = (
        "If it never can: `publisher withdraw day.fr --gone --reason TEXT`, once it is not there."
    )
    assert labels.here(gone, UTC) == "If it never can: “It is gone”, once it is not there."
    for no_page_does_that in ("Then run `publisher doctor`.", "Use --keep-going."):
        assert labels.here(f"It is late. {no_page_does_that} Wait.", UTC) == "It is late. Wait."
    for lang, marks in (("en", "“much”"), ("fr", "«\xa0much\xa0»"), ("pl", "„much”")):
        with speaking(lang):
            assert labels.here("No `much`, no `publisher x`.", UTC) == ""
            assert (
                labels.here("Name it; `much` leaves it out.", UTC)
                == f"Name it; {marks} leaves it out."
            )
    keys = labels.here("Give it a new `at`, or a longer `expires`.", UTC)
    assert keys == "Give it a new “When”, or a longer “Expiry (after its time)”."
    at = "It expired (2016-03-07 11:30 UTC)."
    assert labels.here(at, ZoneInfo("Europe/Zurich")) == "It expired (Mon 7 Mar 2016, 12:30)."


def test_why_an_account_is_suspended_is_told_with_the_button(
    app: Application, manager: Visit
) -> None:
    suspended(app, None)
    for page in ("/", "/accounts"):
        manager.get(page)
        assert "Then run “Resume”." in manager.text, page


def test_what_a_platform_did_on_its_own_is_told_of_that_account_alone(
    app: Application, manager: Visit
) -> None:
    page, other = of(app, "day.fr")["bice-page"], of(app, "day.fr")["bice-x"]
    with app.database.write() as connection:
        for one, stop in ((page, "scheduled"), (other, None)):
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == one.id)
                .values(
                    state="published", pending_stop=stop, published_at=app.clock.now(),
                    remote_ids=f'["{one.id}"]', error_kind="unavailable", error_message="It may still be out.",
                    withdrawn_ids="[]", withdraw_at=app.clock.ahead(60),
                )
            )  # fmt: skip
    manager.get("/")
    assert manager.text.count("It may still be out.") == 2
    assert manager.text.count("The platform made it public on its own") == 1
    assert "it is out, and nothing is lost. If that was too early, withdraw it." in manager.text
