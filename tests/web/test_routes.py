"""What people see, and what they do about it."""

import csv
import io
import re
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.i18n import speaking
from publisher.ledger import rate_limits
from publisher.ledger.heartbeats import Process
from publisher.ledger.heartbeats import ProcessKind as Workers
from publisher.ledger.suspensions import suspend
from publisher.ledger.tables import accounts, deliveries
from publisher.model.accounts import Owner
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import AccountSuspended, Kind, Limit, Unknown
from publisher.model.states import State
from publisher.web import labels
from tests.support.clock import ManualClock
from tests.support.happening import ends
from tests.support.html import flaws
from tests.support.pages import PASSWORD, Visit
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def of(app: Application, post: str) -> dict[str, Delivery]:
    return {delivery.account: delivery for delivery in app.queries.deliveries(post=post)}


def seen_on(visit: Visit) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', visit.page)
    assert found
    return found[1]


def last(app: Application) -> tuple[str, str]:
    step = app.queries.steps(app.queries.last_step() - 1)[0]
    return step.event, step.actor


def test_today_tells_what_comes_and_what_needs_a_person(manager: Visit) -> None:
    manager.get("/")
    text = manager.text
    assert "2 posts wait for you" in text
    assert "a person." not in text, "an approval is no trouble"
    assert "Bonjour de Genève. <b>Gras</b>" in text.replace("&lt;", "<").replace("&gt;", ">")
    assert "Une nouvelle." in text
    assert "in 3 hours" in text or "in 2 hours" in text
    assert "Pause everything" in text
    assert flaws(manager.page) == []


def test_staff_see_no_red_button(staff: Visit) -> None:
    staff.get("/")
    assert "Pause everything" not in staff.text


def test_a_manager_approves_exactly_what_was_shown(app: Application, manager: Visit) -> None:
    manager.get("/posts/day.fr")
    seen = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    assert len(seen) == 2
    manager.send("/posts/day.fr", do="approve", seen=seen)
    assert "Approved: 2 deliveries." in manager.text
    found = of(app, "day.fr")
    assert {d.state for d in found.values()} == {State.SCHEDULED}
    assert {d.approved_by for d in found.values()} == {"direction"}
    assert last(app) == ("approved", "direction")
    manager.get("/")
    assert "Approved" not in manager.text  # it is told once


def test_a_part_that_an_open_page_fetches_takes_no_notice_away(manager: Visit) -> None:
    """In another window, just after something was done here."""
    manager.get("/")
    answer = manager.client.post("/pause", data={"form": manager.token, "reason": "essai"})
    assert "Everything is paused." not in manager.get("/?part=live").text
    manager.get(answer.headers["location"])
    assert '<div class="toast" role="status">' in manager.page


def test_what_was_edited_meanwhile_is_not_approved(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    manager.get("/posts/day.fr")
    seen = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    app.planner.queue(actor="redaction")
    answer = manager.send("/posts/day.fr", do="approve", seen=seen)
    assert answer.status_code == 409
    assert "is not what you looked at" in manager.text
    assert of(app, "day.fr")["bice-x"].state is State.AWAITING_APPROVAL


def test_an_author_cannot_approve(address: str, app: Application) -> None:
    with Visit(address) as author:
        author.log_in("redaction")
        author.get("/posts/day.fr")
        seen = re.findall(r'name="seen" value="([^"]+)"', author.page)
        assert author.send("/posts/day.fr", do="approve", seen=seen).status_code == 409
    assert of(app, "day.fr")["bice-x"].state is State.AWAITING_APPROVAL


def test_a_manager_rejects_with_a_reason(app: Application, manager: Visit) -> None:
    manager.get("/posts/day.fr")
    assert manager.send("/posts/day.fr", do="reject", reason=" ").status_code == 400
    manager.get("/posts/day.fr")
    manager.send("/posts/day.fr", do="reject", reason="the figure is old", account="bice-x")
    assert "rejected by direction: the figure is old" in manager.text
    assert of(app, "day.fr")["bice-page"].reason is None


def test_cancel_and_retry(app: Application, manager: Visit) -> None:
    manager.get("/posts/site/news.fr")
    manager.send("/posts/site/news.fr", do="cancel", reason="said already")
    assert of(app, "site/news.fr")["bice-site"].state is State.CANCELLED
    manager.send("/posts/site/news.fr", do="retry")
    assert of(app, "site/news.fr")["bice-site"].state is State.SCHEDULED
    assert last(app) == ("retried", "direction")


def test_a_retry_is_no_word_about_a_doubt_that_the_page_did_not_show(
    app: Application, manager: Visit
) -> None:
    manager.get("/posts/site/news.fr")
    manager.send("/posts/site/news.fr", do="cancel", reason="said already")
    seen = re.findall(r'name="seen" value="(\d+:)"', manager.page)
    assert seen, "the form for another try names what its page shows"
    manager.send("/posts/site/news.fr", do="retry", seen=seen)
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    ends(app, delivery, Unknown("No answer."))
    answer = manager.send("/posts/site/news.fr", do="retry", seen=seen)
    assert answer.status_code == 409
    assert "has become uncertain since you looked at it" in manager.text
    assert of(app, "site/news.fr")["bice-site"].state is State.UNCERTAIN


def test_one_post_is_held_and_released(app: Application, manager: Visit) -> None:
    manager.get("/posts/site/news.fr")
    assert manager.send("/posts/site/news.fr", do="hold", reason=" ").status_code == 400
    manager.get("/posts/site/news.fr")
    manager.send("/posts/site/news.fr", do="hold", reason="the figure is old")
    assert "Held: 1 delivery." in manager.text
    assert "held by direction: the figure is old" in manager.text
    assert flaws(manager.page) == []
    assert of(app, "site/news.fr")["bice-site"].state is State.HELD
    assert not app.planner.queue(actor="redaction").changes
    manager.send("/posts/site/news.fr", do="release")
    assert "Released: 1 delivery." in manager.text
    assert of(app, "site/news.fr")["bice-site"].state is State.SCHEDULED
    assert last(app) == ("hold lifted", "direction")


def test_what_queueing_changes_of_a_held_post_says_that_it_stays_held(
    manager: Visit, workspace: Workspace
) -> None:
    """Whatever its reason looks like."""
    manager.get("/posts/site/news.fr")
    manager.send("/posts/site/news.fr", do="hold", reason="{name} <b> 100 %")
    workspace.edit("site/news.fr.md", "nouvelle", "autre")
    manager.get("/posts/site/news.fr/queue")
    assert "held by direction: {name} &lt;b&gt; 100 %" in manager.text


def test_withdrawing_has_to_be_confirmed(manager: Visit) -> None:
    manager.get("/posts/site/news.fr")
    answer = manager.send("/posts/site/news.fr", do="withdraw", reason="x")
    assert answer.status_code == 400
    assert "has to be confirmed" in manager.text


def test_a_post_shows_its_looks_problems_translations_and_history(manager: Visit) -> None:
    manager.get("/posts/day.fr")
    text = manager.text
    for told in ("X bice-x", "Facebook bice-page", "written by redaction", "Buenos días.",
                  "Translations", "History", "queued"):  # fmt: skip
        assert told in text
    assert flaws(manager.page) == []


def test_a_thread_shows_its_parts(manager: Visit) -> None:
    manager.get("/posts/later.fr")
    assert "Thread of 2 posts" in manager.page


def test_a_draft_that_is_not_queued_can_be_looked_at(manager: Visit) -> None:
    manager.get("/posts")
    assert "Drafts that are not queued" in manager.text
    manager.get("/posts/unfinished.fr")
    assert "Sans heure." in manager.text
    assert "not queued" in manager.text


def test_a_draft_that_changed_since_is_told(manager: Visit, workspace: Workspace) -> None:
    manager.get("/posts/day.fr")
    assert "Not on the schedule yet" not in manager.text
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    manager.get("/posts/day.fr")
    assert "Not on the schedule yet" in manager.text
    assert "Put it on the schedule" in manager.text


def test_pause_everything_and_decide_of_each_what_becomes_of_it(
    app: Application, manager: Visit
) -> None:
    manager.get("/")
    assert manager.send("/pause", reason="").status_code == 400
    manager.get("/")
    manager.send("/pause", reason="wrong picture")
    assert "Everything is paused. Nothing leaves any more." in manager.text
    assert "by direction: wrong picture" in manager.text
    add(app.ledger, *(wish(_clock(app), f"n{n}.fr", due_in=5 + n) for n in range(3)))
    _clock(app).advance(3600)
    found = {d.post: d for d in app.control.overdue()}
    assert set(found) == {"n0.fr", "n1.fr", "n2.fr"}
    manager.get("/resume")
    assert "3 deliveries fell due meanwhile" in manager.text
    later = found["n1.fr"].id
    manager.send(
        "/resume",
        seen=seen_on(manager),
        **{
            f"choice-{found['n0.fr'].id}": "send", f"choice-{later}": "later",
            f"at-{later}": "2016-03-07T10:00", f"choice-{found['n2.fr'].id}": "drop",
        },
    )  # fmt: skip
    assert "Publishing goes on. Overdue and on the schedule again: 2. Dropped: 1." in manager.text
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
    add(app.ledger, wish(_clock(app), "n.fr", due_in=5))
    _clock(app).advance(60)
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
        ("later", "2016-03-07T07:00", "The new time of n.fr to bice-x is over."),
        ("later", "", "is no time"),
        ("send", "2016-03-07T10:00", "n.fr to bice-x has a new time, but"),
        ("drop", "2016-03-07T10:00", "n.fr to bice-x has a new time, but"),
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
    add(app.ledger, wish(_clock(app), post, due_in=5))
    _clock(app).advance(60)


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
    assert "Publishing was stopped anew" in manager.text
    assert "a hoax" in manager.text
    assert app.queries.accounts()[0].paused_by == "chef"
    assert flaws(manager.page) == []
    manager.send("/resume", seen=seen_on(manager), **fields)
    assert "Publishing goes on." in manager.text


def test_what_fell_due_after_the_page_was_loaded_is_shown_before_it_is_sent(
    app: Application, manager: Visit
) -> None:
    stopped(app, manager, "n.fr")
    add(app.ledger, wish(_clock(app), "fresh.fr", due_in=5))
    (overdue,) = app.control.overdue()
    manager.get("/resume")
    _clock(app).advance(10)
    fields = {f"choice-{overdue.id}": "drop"}
    assert manager.send("/resume", seen=seen_on(manager), **fields).status_code == 409
    assert "More fell due since you looked: fresh.fr → bice-x." in manager.text
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
            _clock(app).advance(60)
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
    assert "not known yet whose they are" in staff.text
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


def test_the_log_is_filtered_searched_and_sorted(manager: Visit) -> None:
    def posts(query: str) -> list[str]:
        manager.get(f"/log?{query}")
        return re.findall(r'<span class="id">([^<]+)</span>', manager.page)

    assert posts("sort=-due")[0] == "later.fr"
    assert posts("sort=due")[-1] == "later.fr"
    assert set(posts("account=bice-site")) == {"site/news.fr", "day.es"}
    assert set(posts("state=awaiting-approval")) == {"day.fr", "later.fr"}
    assert posts("q=DEUX") == ["later.fr"]
    assert posts("q=news.fr") == ["site/news.fr"]
    assert posts("since=2016-03-08") == ["later.fr"]
    assert "later.fr" not in posts("until=2016-03-07")
    assert posts("sort=published") == []
    assert "The log has nothing like that." in manager.text


def test_the_log_turns_its_pages_there_and_back(app: Application, manager: Visit) -> None:
    """Each delivery stands on one page, also where many are due at one instant."""
    add(app.ledger, *(wish(_clock(app), f"n{n:03}.fr", due_in=60) for n in range(120)))
    seen: list[str] = []
    path: str | None = "/log"
    pages = 0
    while path:
        manager.get(path)
        seen += re.findall(r'<span class="id">([^<]+)</span>', manager.page)
        pages += 1
        further = re.search(r'rel="next" href="([^"]+)"', manager.page)
        path = f"/log{further[1]}".replace("&amp;", "&") if further else None
    assert pages == 3
    assert len(seen) == len(app.queries.deliveries())
    back = re.search(r'rel="prev" href="([^"]+)"', manager.page)
    assert back
    manager.get(f"/log{back[1]}")
    again = re.findall(r'<span class="id">([^<]+)</span>', manager.page)
    assert again == seen[50:100]


def test_the_log_can_be_taken_along(manager: Visit) -> None:
    rows = list(csv.DictReader(io.StringIO(manager.get("/log.csv?account=bice-x").text)))
    assert {row["post"] for row in rows} == {"day.fr", "later.fr"}
    book = openpyxl.load_workbook(io.BytesIO(manager.get("/log.xlsx?q=Deux").content))
    assert [row[0].value for row in book["log"].iter_rows()] == ["post", "later.fr"]


def test_the_history_is_verified(app: Application, manager: Visit) -> None:
    manager.get("/log")
    manager.send("/log/verify")
    assert "unbroken" in manager.text
    guard = "no_update" if app.database.is_sqlite else "append_only ON history"
    with app.database.write() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER history_{guard}")
        connection.exec_driver_sql("UPDATE history SET actor = 'nobody' WHERE id = 1")
    manager.get("/log")
    manager.send("/log/verify")
    assert "1 break" in manager.text


def test_a_year_later_the_pages_read_the_archive(app: Application, manager: Visit) -> None:
    """A post's history, the report and the verdict are as complete as before."""
    app.control.cancel("later.fr", None, "direction", "plus besoin")
    _clock(app).advance(400 * 86_400)
    (made,) = app.archiving.run(app.archiving.before(12), "direction")
    manager.get("/posts/later.fr")
    assert all(event in manager.text for event in ("queued", "cancelled", "archived"))
    assert "plus besoin" in manager.get("/report.html").text
    manager.get("/log")
    manager.send("/log/verify")
    assert f"Archived, as the history says: {made.steps} steps in 1 file." in manager.text
    (app.archive / made.file).unlink()
    assert "put a copy of it back" in manager.get("/posts/later.fr").text
    assert "put a copy of it back" in manager.get("/report.html").text


def test_the_report_stands_alone(manager: Visit) -> None:
    manager.get("/report")
    assert flaws(manager.page) == []
    answer = manager.get("/report.html?since=2016-03-07&until=2016-03-07")
    assert "Journée" in answer.text or "31e session" in answer.text
    assert manager.get("/report.html?account=nobody").status_code == 400


@pytest.mark.parametrize(
    ("days", "shown", "since", "until"),
    [
        ("starts: 2016-02-29\nends: 2016-03-24\n", "31e session", "2016-02-29", "2016-03-24"),
        ("starts: 2016-01-11\nends: 2016-01-29\n", "31e session", "2016-01-11", "2016-01-29"),
        ("starts: 2016-09-12\nends: 2016-09-30\n", "last seven days", "2016-03-01", "2016-03-07"),
        ("", "last seven days", "2016-03-01", "2016-03-07"),
    ],
    ids=["runs", "is over", "is to come", "has no days"],
)
def test_the_report_opens_on_the_session_or_the_last_week(
    app: Application,
    workspace: Workspace,
    manager: Visit,
    days: str,
    shown: str,
    since: str,
    until: str,
) -> None:
    path = workspace.path / "posts/session.yaml"
    text = re.sub(r"^(starts|ends):.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(days + text, "utf-8")
    manager.get("/report")
    assert re.search(rf"<h2>[^<]*{shown}", manager.page), manager.page
    assert f'name="since" type="date" value="{since}"' in manager.page
    assert f'name="until" type="date" value="{until}"' in manager.page
    figures = re.search(r'<ul class="figures">(.*?)</ul>', manager.page, re.DOTALL)
    assert figures
    is_past = until < "2016-02-01"
    assert ("state=awaiting" in figures[1]) is not is_past, "the figures are those of these days"


def test_every_page_is_well_made(manager: Visit) -> None:
    for path in ("/", "/posts", "/posts/day.fr", "/log", "/accounts", "/report", "/resume", "/me"):
        manager.get(path)
        assert flaws(manager.page) == [], path


def test_an_admin_looks_after_the_others(address: str, app: Application, staff: Visit) -> None:
    with Visit(address) as admin:
        admin.log_in("chef")
        admin.get("/people")
        assert "stagiaire" in admin.text
        admin.send("/people/stagiaire", do="revoke")
        assert staff.get("/").status_code == 303
        admin.send("/people/stagiaire", do="disable")
        assert app.people.find("stagiaire").disabled_at
        assert admin.send("/people/chef", do="disable").status_code == 409


def test_browsers_are_named_in_their_own_words(address: str) -> None:
    """Whole, so that the name at the end can be read, and as text."""
    agent = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
    )
    with Visit(address, **{"user-agent": "Lynx/2.9 <b>"}) as one:
        one.log_in("stagiaire")
        with Visit(address, **{"user-agent": agent}) as other:
            other.log_in("stagiaire")
            other.get("/me")
            assert f"<p>{agent} <span" in other.page
            assert "<p>Lynx/2.9 &lt;b&gt;</p>" in other.page


def test_each_person_reads_their_language(address: str, app: Application) -> None:
    """Their own choice, else their browser's, else the workspace's."""
    app.people.add("lima", Rank.STAFF, PASSWORD, "es")
    with Visit(address, **{"accept-language": "de,pl;q=0.8,fr;q=0.9"}) as visit:
        visit.get("/login")
        assert '<html lang="fr"' in visit.page
        visit.log_in("lima")
        assert '<html lang="es"' in visit.page
        visit.send("/me/language", language="pl")
        assert '<html lang="pl"' in visit.page
    for wanted, spoken in (
        ("de", "en"), ("fr-CH, en;q=0.3", "fr"), ("ES", "es"), ("pl; q=0.1, es ; q=1.000", "es"),
        ("fr;q=2,pl;q=x,,;q=1", "en"), ("", "en"),
    ):  # fmt: skip
        with Visit(address, **{"accept-language": wanted}) as visit:
            visit.get("/login")
            assert f'<html lang="{spoken}"' in visit.page, wanted


def test_the_calendar_shows_the_posts_around_this_time(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    """Neither an old post nor, in its place, its draft."""
    assert isinstance(app.clock, ManualClock)
    workspace.draft("old.fr", "at: 2016-02-01 09:00", "Une vieille.")
    workspace.draft("not-queued.fr", "at: 2016-03-09 09:00", "Une autre.")
    add(app.ledger, wish(app.clock, "old.fr", due_in=-30 * 86_400))
    shown = staff.get("/calendar.ics").text
    posts = set(re.findall(r"DESCRIPTION:Post: ([\w./-]+)\\n", shown))
    assert posts == {"day.fr", "day.es", "later.fr", "site/news.fr", "not-queued.fr"}


def test_without_the_ledger_a_page_says_so(app: Application, manager: Visit) -> None:
    with app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO gone")
    answer = manager.get("/")
    assert answer.status_code == 503
    assert "lacks a table" in answer.text


def test_what_nobody_foresaw_is_not_told_to_the_reader(
    app: Application, manager: Visit, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def broken() -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(app.queries, "counts", broken)
    answer = manager.get("/")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Publishing goes on." in answer.text
    assert "RuntimeError" in capfd.readouterr().err
    assert answer.headers["x-frame-options"] == "DENY"


def _clock(app: Application) -> ManualClock:
    assert isinstance(app.clock, ManualClock)
    return app.clock


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
    assert "Nothing needs a person." in manager.text
    app.heartbeats.beat(Process("b" * 32, Workers.WORKER, "beta", 7, "0.1.0"), timedelta(hours=2))
    manager.get("/")
    assert "The clock of beta is 2 h ahead." in manager.text
    assert "Nothing needs a person." not in manager.text


def test_an_account_that_goes_on_by_itself_is_not_said_to_need_a_person(
    app: Application, manager: Visit
) -> None:
    suspended(app, 300, Kind.RATE_LIMIT)
    manager.get("/")
    assert "need a person." not in manager.text
    assert manager.text.index("Goes on by itself") < manager.text.index("suspended Until ")


def test_an_account_that_needs_a_person_is_said_to(app: Application, manager: Visit) -> None:
    suspended(app, None)
    manager.get("/")
    assert "1 thing needs a person." in manager.text
    assert "Goes on by itself" not in manager.text


def test_an_end_that_is_over_is_not_named_as_one_to_come(app: Application, manager: Visit) -> None:
    suspended(app, 60, suspended_times=1)
    _clock(app).advance(90)
    for page in ("/", "/accounts", "/resume?account=bice-x"):
        manager.get(page)
        assert "Until its next post is taken; needs you: The keys are @other" in manager.text, page


def test_whoever_resumes_an_account_reads_why_it_is_suspended(
    app: Application, manager: Visit
) -> None:
    suspended(app, None)
    manager.get("/resume?account=bice-x")
    assert "Until somebody acts: The keys are @other" in manager.text


def test_a_page_names_its_button_and_not_a_command_for_a_terminal() -> None:
    looked = "Look, then say with `publisher resolve` or `publisher retry POST` what you saw."
    assert labels.here(looked, UTC) == "Look, then say with “It is out” or “Retry” what you saw."
    gone = (
        "If it never can: `publisher withdraw day.fr --gone --reason TEXT`, once it is not there."
    )
    assert labels.here(gone, UTC) == "If it never can: “It is gone”, once it is not there."
    for no_page_does_that in ("Then run `publisher doctor`.", "Use --keep-going."):
        assert labels.here(f"It is late. {no_page_does_that} Wait.", UTC) == "It is late. Wait."
    for lang, marks in (("en", "“all”"), ("fr", "«\xa0all\xa0»"), ("pl", "„all”")):
        with speaking(lang):
            assert labels.here("No `all`, no `publisher x`.", UTC) == ""
            assert (
                labels.here("Name it; `all` leaves it out.", UTC)
                == f"Name it; {marks} leaves it out."
            )
    at = "It expired (2016-03-07 11:30 UTC)."
    assert labels.here(at, ZoneInfo("Europe/Zurich")) == "It expired (Mon 7 Mar 2016, 12:30)."


def test_why_an_account_is_suspended_is_told_with_the_button(
    app: Application, manager: Visit
) -> None:
    suspended(app, None)
    for page in ("/", "/accounts"):
        manager.get(page)
        assert "Then run “Go on”." in manager.text, page


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
