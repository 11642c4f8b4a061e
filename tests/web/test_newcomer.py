"""What a newcomer stumbles over: a first post in a new ledger, what is missing, where it is out."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.ledger.manager.rights import Rank
from publisher.ledger.tables import deliveries, identity
from publisher.settings import settings
from tests.support.forms import Composer
from tests.support.pages import PASSWORD, Visit, serving
from tests.support.workspaces import Workspace
from tests.web.conftest import fill, published

SANDBOX = "http://127.0.0.1:9"


def test_a_first_post_goes_out_at_once_in_one_act_while_the_ledger_is_new(
    app: Application, staff: Visit
) -> None:
    """No other ledger can have published what is only being written."""
    with app.database.write() as connection:
        connection.execute(update(identity).values(knows_since=app.clock.now()))
    Composer(staff, "/new").write("Bonjour.").fill(when="now").send("submit")
    assert "Submitted for approval: 2 deliveries." in staff.text
    assert len(app.queries.deliveries(post="bonjour.fr")) == 2


def test_a_new_workspace_says_how_the_first_person_gets_in_and_what_is_next(
    original: Path, tmp_path: Path
) -> None:
    """What is next is said until something is queued, and to each what they may do."""
    Workspace(tmp_path, settings=(original / "publisher.toml").read_text())
    app = Application(settings.load(tmp_path, {}), SystemClock())
    app.database.migrate()
    steps = ["/new", "/posts#drafts", "/agenda", "/me#notices"]
    with closing(app), serving(app) as address, Visit(address) as visit:
        visit.get("/login")
        assert "publisher user add NAME --role admin" in visit.text
        assert 'name="password"' not in visit.page, "nobody could fill it in"
        for rank in (Rank.STAFF, Rank.ADMIN):
            app.people.add(rank, rank, PASSWORD)
        visit.log_in("staff")
        assert "user add" not in visit.page
        assert _first_steps(visit) == steps
        with Visit(address) as other:
            other.log_in("admin")
            assert _first_steps(other) == [*steps[:3], "/people", "/accounts", steps[3]]
        Composer(visit, "/new").write("Bonjour.").fill(when="now").send("submit")
        assert app.queries.deliveries()
        assert _first_steps(visit) == []


def _first_steps(visit: Visit) -> list[str]:
    """Where the list of Today leads."""
    visit.get("/")
    return re.findall(
        r'href="([^"]+)"', visit.page.partition('id="first"')[2].partition("</ol>")[0]
    )


def test_a_text_is_shown_while_its_time_is_missing_and_is_not_saved(
    app: Application, staff: Visit
) -> None:
    form = Composer(staff, "/new").write("Bonjour.").fill(when="time", at="")
    form.send("check")
    assert "The day or the time is missing." in staff.text
    assert "Choose an account to see how it looks there." not in staff.text
    for do in ("keep", "submit"):
        assert form.send(do).status_code == 400
    assert not (app.settings.posts / "bonjour.fr.md").exists()


def test_who_wrote_a_post_is_not_told_to_have_changed_it(
    app: Application, staff: Visit, address: str
) -> None:
    Composer(staff, "/new").write("Bonjour.").fill(when="time", at="2016-03-09T10:00").send(
        "submit"
    )
    assert "written by stagiaire" in staff.text
    assert "changed by" not in staff.text
    with Visit(address) as visit:
        visit.log_in("direction")
        (post,) = {d.post for d in app.queries.deliveries() if "bonjour" in d.post}
        visit.get(f"/review?post={post}")
        assert "written by stagiaire" in visit.text
        assert "changed by" not in visit.text


def test_who_chooses_a_time_begins_with_tomorrow_at_nine(staff: Visit) -> None:
    assert Composer(staff, "/new").values("at") == ["2016-03-08T09:00"]
    assert Composer(staff, "/posts/later.fr/edit").values("at") == ["2016-03-08T12:00"]


def test_a_refusal_leads_to_each_thing_that_is_wrong(staff: Visit) -> None:
    form = Composer(staff, "/new").write("")
    form.send("submit")
    told = staff.page.partition('id="wrong"')[2].partition('id="unsaved"')[0]
    assert '<a href="#texts">The text is empty.</a>' in told
    assert '<a href="#schedule">It has no time yet.</a>' in told
    assert _begins_at(staff) == "text-0-1"
    form.write("Bonjour.").send("submit")
    assert _begins_at(staff) == "when"
    form.fill(when="time", at="").send("submit")
    assert _begins_at(staff) == "at"
    form.fill(account=[]).send("submit")
    assert _begins_at(staff) == "account"
    form.send("check")
    assert 'href="#schedule"' not in staff.page, "nothing was refused"
    assert _begins_at(staff) == ""


def _begins_at(visit: Visit) -> str:
    """The field, or the kind of fields, that has the cursor as the page opens."""
    (*_others, composer) = visit.page.partition('id="compose"')
    begins = re.findall(r"<(?:input|select|textarea)[^>]* autofocus[^>]*>", composer)
    assert len(begins) <= 1
    found = re.search(r'id="([^"]+)"|name="([^"]+)"', "".join(begins))
    return (found[1] or found[2]) if found else ""


def test_the_same_text_goes_out_once_more_when_that_is_ticked(
    app: Application, staff: Visit
) -> None:
    """Of a copy it is asked again."""
    published(app, "site/news.fr")
    form = Composer(staff, "/new?copy=site/news.fr").fill(when="now")
    form.send("submit")
    assert "has the same text in “Une nouvelle.” (published)." in staff.text
    assert "Change the text, or tick below that it may go out again." in staff.text
    assert "repeat: true" not in staff.text
    before = {one.post for one in app.queries.deliveries()}
    form.fill(repeat="yes").send("submit")
    assert "On the schedule: 1 delivery." in staff.text
    (post,) = {one.post for one in app.queries.deliveries()} - before
    assert "repeat: true\n" in (app.settings.posts / f"{post}.md").read_text("utf-8")
    assert Composer(staff, f"/posts/{post}/edit").values("repeat") == ["yes"]
    assert Composer(staff, f"/new?copy={post}").values("repeat") == []


def test_a_draft_is_found_by_its_words(staff: Visit) -> None:
    staff.get("/posts")
    assert '<a href="/posts/unfinished.fr">Sans heure.</a>' in staff.page


@pytest.mark.parametrize("page", ["/", "/log", "/posts/site/news.fr"])
def test_a_website_without_an_address_has_no_dead_link(
    app: Application, staff: Visit, page: str
) -> None:
    published(app, "site/news.fr")
    staff.get(page)
    assert 'href="https://example.org/4711"' in staff.page
    with app.database.write() as connection:
        connection.execute(update(deliveries).values(url="bice-site/posts/news.html"))
    staff.get(page)
    assert "bice-site/posts/news.html" not in staff.page


@pytest.fixture
def trial(original: Path, tmp_path: Path) -> Iterator[Application]:
    """The workspace in its sandbox, with what is there published."""
    workspace = Workspace(tmp_path, settings=(original / "publisher.toml").read_text())
    workspace.draft("a.fr", "at: 2099-03-07 12:00\nto: [bice-x]\nauthor: redaction", "Bonjour.")
    workspace.write("var/sandbox/address", SANDBOX)
    secrets = workspace.write("var/sandbox/secrets.toml", (original / "secrets.toml").read_text())
    secrets.chmod(0o600)
    app = Application(settings.load(tmp_path, {"PUBLISHER_SANDBOX": "1"}), SystemClock())
    fill(app)
    published(app, "a.fr")
    yield app
    app.close()


def test_a_trial_leads_to_what_the_public_would_see(trial: Application) -> None:
    with serving(trial) as address, Visit(address) as visit:
        visit.log_in("direction")
        assert f'<a href="{SANDBOX}" rel="noreferrer" target="_blank">What the public' in visit.page
        visit.get("/posts/a.fr")
        assert f'<a href="{SANDBOX}" rel="noreferrer">see it on the platform' in visit.page
        assert "example.org/4711" not in visit.page
