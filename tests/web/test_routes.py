"""What people see, and what they do about it."""

import re

import pytest

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.model.outcomes import Unknown
from publisher.model.states import State
from tests.support.clock import ManualClock
from tests.support.happening import ends
from tests.support.html import flaws
from tests.support.pages import PASSWORD, Visit
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace
from tests.web.ledger_views import last, of


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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
    assert "have to confirm it" in manager.text


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
