"""What the pages say is so: times by one clock, what nobody knows is not made up, what cannot be is
not offered.
"""

import csv
import io
import re
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.drafts import session_reader
from publisher.drafts.session import Session
from publisher.ledger.reading.statistics import Span
from publisher.ledger.tables import deliveries
from publisher.model.outcomes import Unknown
from publisher.model.states import State
from tests.support.forms import Composer
from tests.support.happening import ends
from tests.support.pages import Visit, serving
from tests.support.workspaces import Workspace
from tests.web.conftest import opened, published

_NEWS = "/posts/site/news.fr"


def test_all_times_of_a_post_are_by_the_clock_that_the_page_names(workspace: Workspace) -> None:
    """Also of a draft; that of an account with another time zone is named wherever it stands."""
    settings = workspace.path / "publisher.toml"
    text = settings.read_text("utf-8").replace(
        "[accounts.bice-site]", '[accounts.bice-site]\ntimezone = "Asia/Tokyo"'
    )
    settings.write_text(text, "utf-8")
    workspace.edit("site/news.fr.md", "Une nouvelle.", "Une autre.")
    with closing(opened(workspace.path)) as app, serving(app) as address, Visit(address) as visit:
        visit.log_in("direction")
        visit.get(_NEWS)
        assert "Times are in the time zone Europe/Zurich." in visit.text
        assert "Une autre." in visit.text
        named = "17:30 in Tokyo (readers of bice-site)"
        assert visit.text.count("17:30") == visit.text.count(named) > 0


def test_a_page_does_not_read_the_agenda_again_for_each_time_that_it_shows(
    manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, real = [], session_reader.readable

    def readable(posts: Path) -> Session:
        reads.append(posts)
        return real(posts)

    monkeypatch.setattr(session_reader, "readable", readable)
    manager.get("/")
    assert manager.page.count("<time") > 2 * len(reads) > 0


def test_the_page_of_the_log_in_is_no_other_one(anonymous: Visit, manager: Visit) -> None:
    manager.get("/login-elsewhere")
    assert 'href="/log" aria-current' not in manager.page
    manager.get("/log")
    assert 'href="/log" aria-current' in manager.page


def test_what_goes_out_at_once_can_be_queued(workspace: Workspace, manager: Visit) -> None:
    workspace.draft("urgent.fr", "at: now\nto: [bice-site]", "Maintenant.")
    manager.get("/posts/urgent.fr")
    assert 'href="/posts/urgent.fr/queue"' in manager.page
    manager.get("/posts/urgent.fr/move")
    assert "now: now" not in manager.text
    assert "it goes out as soon as it is queued" in manager.text
    manager.get("/posts/urgent.fr/queue")
    manager.send("/posts/urgent.fr/queue", shown=manager.shown)
    assert "On the schedule: 1 delivery." in manager.text


def test_who_changed_a_draft_finds_its_rejection(
    app: Application, staff: Visit, manager: Visit
) -> None:
    Composer(staff, "/posts/day.fr/edit").write("Autrement.").send("keep")
    app.approvals.reject(["day.fr"], None, "direction", "the figure is old")
    staff.get("/")
    assert "Sent back to you" in staff.text
    manager.get("/")
    assert "Sent back to you" not in manager.text


def test_a_withdrawn_post_has_no_link_and_is_not_late(app: Application, manager: Visit) -> None:
    published(app, "site/news.fr")
    with app.database.write() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.post == "site/news.fr")
            .values(state=State.WITHDRAWN)
        )
    manager.get(_NEWS)
    assert "it was published" in manager.text
    assert "see it on the platform" not in manager.text
    assert " late" not in manager.text


def test_the_log_says_when_a_withdrawn_post_went_out(app: Application, manager: Visit) -> None:
    published(app, "site/news.fr")
    gone = {"state": State.WITHDRAWN, "remote_ids": "[]", "withdrawn_ids": '["1"]'}
    with app.database.write() as connection:
        connection.execute(
            update(deliveries).where(deliveries.c.post == "site/news.fr").values(gone)
        )
    manager.get("/log?state=withdrawn")
    assert re.search(r'data-label="Went out">(?:<a [^>]+>)?<time', manager.page)


def test_when_a_post_left_is_not_made_up(app: Application, manager: Visit) -> None:
    """A person says that it is out; nobody knows since when."""
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    ends(app, delivery, Unknown("No answer."))
    manager.get(_NEWS)
    manager.send(_NEWS, do="resolve", remote_ids="4711")
    assert "a person said that it is out; the time is not known" in manager.text
    assert "0.00 s" not in manager.text
    manager.get("/log?state=published")
    assert "not known" in manager.text
    assert "0.00 s" not in manager.text
    (row,) = csv.DictReader(io.StringIO(manager.get("/log.csv?state=published").text))
    assert (row["published_at"], row["lateness_s"], row["remote_ids"]) == ("", "", "4711")
    assert app.figures.lateness(Span()) == []


def test_a_programme_that_cannot_be_read_is_told(workspace: Workspace, manager: Visit) -> None:
    manager.get("/")
    assert "all times on these pages are in UTC" not in manager.text
    workspace.write("posts/session.yaml", "timezone: [")
    manager.get("/")
    assert "all times on these pages are in UTC" in manager.text


def test_the_calendar_marks_posts_of_a_cancelled_item(workspace: Workspace, manager: Visit) -> None:
    manager.get("/calendar?day=2016-03-07")
    assert "the item is cancelled" not in manager.text
    workspace.edit("session.yaml", "annual-day:", "annual-day:\n    cancelled: true")
    manager.get("/calendar?day=2016-03-07")
    assert "the item is cancelled" in manager.text


def test_what_is_out_is_not_offered_to_be_moved(app: Application, manager: Visit) -> None:
    for post in ("day.fr", "site/news.fr"):
        assert f'href="/posts/{post}/move"' in manager.get(f"/posts/{post}").text
    published(app, "site/news.fr")
    assert 'href="/posts/site/news.fr/move"' not in manager.get("/posts/site/news.fr").text
    assert manager.get("/posts/site/news.fr/move").status_code == 409
    assert "In a terminal" not in manager.text


def test_nothing_that_is_not_paused_is_offered_to_go_on(app: Application, manager: Visit) -> None:
    manager.get("/resume")
    assert "Nothing is paused." in manager.text
    assert 'action="/resume"' not in manager.page
    app.control.pause("bice-x", "x", "direction")
    assert 'action="/resume"' not in manager.get("/resume").text
    assert 'action="/resume"' in manager.get("/resume?account=bice-x").text


def test_both_addresses_of_the_report_refuse_the_same(manager: Visit) -> None:
    for page in ("/report", "/report.html"):
        assert manager.client.get(f"{page}?since=foo", follow_redirects=True).status_code == 400
    assert manager.get("/report").status_code == 200


def test_the_history_tells_times_as_readers_write_them(manager: Visit) -> None:
    manager.get(_NEWS)
    assert "due at: Mon 7 Mar 2016, 09:30" in manager.text
    assert "2016-03-07 09:30" not in manager.text
