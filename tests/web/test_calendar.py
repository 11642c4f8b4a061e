"""The calendar, and moving posts in it: the draft's file is the wish, the schedule follows."""

import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import update

from publisher.app import Application
from publisher.base.errors import Busy
from publisher.ledger.tables import deliveries
from publisher.media import media_file
from publisher.model.states import State
from publisher.web import calendar_view, draft_cache
from publisher.web.draft_cache import DraftCache
from tests.support.clock import ManualClock
from tests.support.html import flaws
from tests.support.pages import Visit
from tests.support.workspaces import Workspace

_MOVE = "/posts/site/news.fr/move"


def seen(visit: Visit) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', visit.page)
    assert found
    return found[1]


def move(visit: Visit, path: str, at: str, **more: str) -> int:
    visit.get(path)
    return visit.send(path, at=at, seen=seen(visit), **more).status_code


def day(visit: Visit, date: str) -> str:
    """What the calendar has on a day."""
    found = re.search(rf'<section [^>]*data-day="{date}".*?</section>', visit.page, re.DOTALL)
    assert found
    return found[0]


def chip(visit: Visit, words: str) -> str:
    chips: list[str] = re.findall(r'<li class="chip.*?</li>', visit.page, re.DOTALL)
    (found,) = (one for one in chips if words in one)
    return found


def test_a_week_shows_queue_drafts_and_agenda_by_days(manager: Visit, workspace: Workspace) -> None:
    workspace.draft("fresh.fr", "at: 2016-03-10 08:15\nto: [bice-x]", "Pas encore.")
    manager.get("/calendar")
    assert "7–13 Mar 2016" in manager.text
    assert "09:00–18:00 Journée annuelle" in re.sub(r"<[^>]+>", "", day(manager, "2016-03-07"))
    assert "Une nouvelle." in day(manager, "2016-03-07")
    fresh = day(manager, "2016-03-10")
    assert "Pas encore." in fresh
    assert "not queued" in fresh
    assert 'class="chip unqueued"' in fresh
    assert flaws(manager.page) == []


def test_a_post_is_one_chip_with_the_glyphs_of_its_channels(manager: Visit) -> None:
    manager.get("/calendar")
    assert 'aria-label="X, Facebook"' in chip(manager, "Bonjour de Genève")
    assert "bice-x, bice-page" in chip(manager, "Bonjour de Genève")
    assert "waits for approval" in chip(manager, "Bonjour de Genève")


def test_a_chip_shows_the_worst_of_several_states_and_says_so(
    app: Application, manager: Visit
) -> None:
    with app.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'failed' WHERE post = 'day.fr' AND account = 'bice-page'"
        )
    manager.get("/calendar")
    found = chip(manager, "Bonjour de Genève")
    assert '<li class="chip bad' in found
    assert '<span class="state bad">failed: 1 of 2</span>' in found


def test_a_chip_has_a_small_picture(app: Application, manager: Visit, workspace: Workspace) -> None:
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (30, 20), "teal").save(workspace.path / "posts/media/a.png")
    media = "media: [{file: media/a.png, alt: Une carte}]"
    workspace.draft("seen.fr", f"at: 2016-03-10 08:15\nto: [bice-x]\n{media}", "Avec image.")
    app.planner.queue(actor="redaction")
    manager.get("/calendar")
    found = re.search(r'src="(/media/[0-9a-f]{64}/small)"', chip(manager, "Avec image."))
    assert found
    assert manager.get(found[1]).headers["content-type"] == "image/webp"


def test_a_draft_that_is_not_queued_shows_its_first_picture(
    manager: Visit, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the calendar and in the list of posts, and no page decodes it to do so."""
    (workspace.path / "posts/media").mkdir(exist_ok=True)
    Image.new("RGB", (30, 20), "teal").save(workspace.path / "posts/media/sea.png")
    media = "media:\n  - file: media/sea.png\n    alt: La mer\n    credit: BICE"
    workspace.draft("unseen.fr", f"at: 2016-03-10 08:15\nto: [bice-x]\n{media}", "Pas encore.")
    with monkeypatch.context() as patch:
        patch.setattr(media_file, "thumbnail", None)
        patch.setattr(media_file, "copies", None)
        manager.get("/calendar")
        (found,) = re.findall(r'src="(/media/files/[0-9a-f]{32})"', chip(manager, "Pas encore."))
        assert found in manager.get("/posts").text
    assert manager.get(found).headers["content-type"] == "image/webp"


def test_an_agenda_item_of_several_days_is_a_band_on_each(
    manager: Visit, workspace: Workspace
) -> None:
    workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "ends: 2016-03-09 18:00")
    manager.get("/calendar")
    for date, said in (("07", "from 09:00"), ("08", "all day"), ("09", "until 18:00")):
        assert said in day(manager, f"2016-03-{date}")
        assert "Journée annuelle" in day(manager, f"2016-03-{date}")
        assert '<a href="/agenda#item-annual-day"' in day(manager, f"2016-03-{date}")
    assert "Journée annuelle" not in day(manager, "2016-03-10")
    assert 'id="item-annual-day"' in manager.get("/agenda").text


def test_now_stands_between_what_is_past_and_what_is_to_come(
    app: Application, manager: Visit
) -> None:
    """It is 07:00 there; a quarter to ten, one post is past, and two are to come."""
    app.clock.set(165 * 60)  # type: ignore[attr-defined]
    for view in ("week", "day", "list"):
        manager.get(f"/calendar?view={view}")
        past, _, to_come = manager.page.partition("data-now-line")
        assert "Une nouvelle." in past, view
        assert "Un." in to_come or view == "day", view
        assert manager.page.count("data-now-line") == 1, view
    manager.get("/calendar?day=2016-03-14")
    assert "data-now-line" not in manager.page


def test_a_day_shows_its_hours(manager: Visit) -> None:
    manager.get("/calendar?view=day&day=2016-03-08")
    assert "Tuesday 8 March 2016" in manager.text
    hour = re.search(r'data-hour="2016-03-08T12".*?</li>\n</ol>|data-hour="2016-03-08T12"(.*?)'
                     r'data-hour="2016-03-08T13"', manager.page, re.DOTALL)  # fmt: skip
    assert hour
    assert "Un." in hour[0]
    assert "Journée annuelle" not in manager.text
    assert flaws(manager.page) == []


def test_a_month_shows_whole_weeks_and_counts_what_has_no_room(
    manager: Visit, workspace: Workspace
) -> None:
    for number in range(6):
        workspace.draft(f"many-{number}.fr", "at: 2016-03-10 08:15\nto: [bice-x]", f"Le {number}.")
    manager.get("/calendar?view=month")
    assert "March 2016" in manager.text
    for date in ("2016-02-29", "2016-04-03"):
        assert day(manager, date)
    crowded = day(manager, "2016-03-10")
    assert crowded.count('<li class="chip') == 4
    assert 'href="?view=day&amp;day=2016-03-10" aria-label="2 more on Thu 10 Mar">+2</a>' in crowded
    assert flaws(manager.page) == []


@pytest.mark.parametrize("view", ["week", "list", "day"])
def test_more_than_one_page_can_show_is_said_and_counted(
    manager: Visit, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    monkeypatch.setattr(calendar_view, "_SHOWN", 3)
    for number in range(4):
        workspace.draft(f"many-{number}.fr", "at: 2016-03-07 08:15\nto: [bice-x]", f"Le {number}.")
    manager.get(f"/calendar?view={view}")
    assert manager.page.count('<li class="chip') == 3
    assert "There are more posts than one page can show" in manager.text
    assert ("… and 4 more" if view == "day" else ">+4</a>") in manager.page
    monkeypatch.setattr(calendar_view, "_COUNTED", 2)
    manager.get(f"/calendar?view={view}")
    assert "There are more posts than one page can count" in manager.text


def test_a_list_shows_the_days_of_a_month_that_have_something(manager: Visit) -> None:
    manager.get("/calendar?view=list")
    dates = re.findall(r'data-day="([^"]+)"', manager.page)
    assert dates == ["2016-03-07", "2016-03-08"]
    assert manager.page.index("Bonjour de Genève") < manager.page.index("Une nouvelle.")
    assert flaws(manager.page) == []
    manager.get("/calendar?view=list&day=2016-07-01")
    assert "Nothing is planned on these days." in manager.text


@pytest.mark.parametrize(
    ("view", "before", "after"),
    [
        ("week", "2016-02-29", "2016-03-14"),
        ("day", "2016-03-08", "2016-03-10"),
        ("month", "2016-02-01", "2016-04-01"),
        ("list", "2016-02-01", "2016-04-01"),
    ],
)
def test_it_is_turned_there_and_back_with_its_filters(
    manager: Visit, view: str, before: str, after: str
) -> None:
    manager.get(f"/calendar?view={view}&channel=site&day=2016-03-09&account=bice-site")
    kept = "" if view == "week" else f"view={view}&amp;"
    for date in (before, after):
        assert f'href="?{kept}day={date}&amp;channel=site&amp;account=bice-site"' in manager.page
    assert f'href="?{kept}channel=site&amp;account=bice-site">Today' in manager.page
    other = "view=day&amp;" if view == "month" else "view=month&amp;"
    assert f'href="?{other}day=2016-03-09&amp;channel=site&amp;account=bice-site"' in manager.page


@pytest.mark.parametrize(
    ("query", "there", "away"),
    [
        ("channel=twitter", "Bonjour de Genève", "Une nouvelle."),
        ("organisation=BICE", "Bonjour de Genève", "Une nouvelle."),
        ("language=es", "Buenos días", "Bonjour de Genève"),
        ("language=fr", "Une nouvelle.", "Buenos días"),
        ("account=bice-x", "Un.", "Une nouvelle."),
    ],
)
def test_it_is_filtered(
    manager: Visit, workspace: Workspace, query: str, there: str, away: str
) -> None:
    """By the accounts; drafts that are not queued as well."""
    workspace.draft("fresh.fr", "at: 2016-03-10 08:15\nto: [bice-x]", "Pas encore.")
    workspace.draft("fresh.es", "at: 2016-03-10 08:15\nto: [bice-site]", "Nada aún.")
    manager.get(f"/calendar?{query}")
    assert there in manager.text
    assert away not in manager.text
    assert ("Pas encore." in manager.text) != ("Nada aún." in manager.text)


def test_no_account_like_that_is_said(manager: Visit) -> None:
    manager.get("/calendar?account=nobody")
    assert "No account matches." in manager.text


def test_what_leaves_after_its_embargo_stands_there(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    workspace.draft(
        "late.fr", "at: 2016-03-11 08:00\nembargo: 2016-03-15 10:00\nexpires: 9d\nto: [bice-x]"
    )
    app.planner.queue(actor="redaction")
    manager.get("/calendar?day=2016-03-11")
    assert "Le texte." not in manager.text
    manager.get("/calendar?day=2016-03-15")
    assert "Le texte." in day(manager, "2016-03-15")


def test_a_changed_draft_shows_at_once(manager: Visit, workspace: Workspace) -> None:
    """Drafts are read again when a file has changed, however quickly."""
    workspace.draft("fresh.fr", "at: 2016-03-10 08:15\nto: [bice-x]", "Pas encore.")
    for number in range(3):
        workspace.edit("fresh.fr.md", "Pas encore", f"{number} Pas encore")
        manager.get("/calendar")
        assert f"{number} Pas encore" in manager.text
    workspace.remove("fresh.fr")
    manager.get("/calendar")
    assert "Pas encore" not in manager.text


def test_drafts_are_read_again_only_when_a_file_has_changed(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_cache, "_GRAIN", 0)
    cache = DraftCache()
    first = cache.drafts(app)
    assert cache.drafts(app) is first
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    second = cache.drafts(app)
    assert second.posts["day.fr"].texts[""] == ("Bonsoir de Genève. <b>Gras</b>",)
    assert cache.drafts(app) is second


def test_a_page_does_not_wait_for_a_slow_read_of_the_drafts(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the drafts as they were; it is told to wait if nobody read them yet."""
    monkeypatch.setattr(draft_cache, "_WAIT", 0.01)
    cache = DraftCache()
    with cache._lock, pytest.raises(Busy, match="Other drafts are being checked"):
        cache.drafts(app)
    first = cache.drafts(app)
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    with cache._lock:
        assert cache.drafts(app) is first
    assert cache.drafts(app) is not first


def test_an_empty_place_leads_to_a_new_post(manager: Visit) -> None:
    """At nine, or at the next full hour of today; what is over has none."""
    manager.get("/calendar")
    assert 'href="/new?at=2016-03-10T09:00"' in day(manager, "2016-03-10")
    manager.get("/calendar?view=day")
    assert 'href="/new?at=2016-03-07T08:00"' in manager.page
    assert 'href="/new?at=2016-03-07T07:00"' not in manager.page
    manager.get("/calendar?day=2016-03-01")
    assert "/new" not in manager.page.partition("<main")[2]


def test_nonsense_is_explained(manager: Visit) -> None:
    for query in ("day=x", "day=9999-12-31", "day=0001-01-01", "view=year", "day=%00"):
        assert manager.get(f"/calendar?{query}").status_code == 400, query


def test_moving_changes_the_time_in_the_draft_and_on_the_schedule(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    path = workspace.path / "posts/site/news.fr.md"
    path.write_bytes(
        b"---\r\n# why\r\nat: 2016-03-07 09:30  # soon\r\nto: [bice-site]\r\n---\r\nUne nouvelle.\r\n"
    )
    staff.get(f"{_MOVE}?at=2016-03-09T15:00")
    assert "Wed 9 Mar 2016, 15:00" in staff.text
    assert move(staff, _MOVE, "2016-03-09T15:00") == 200
    assert path.read_bytes() == (
        b"---\r\n# why\r\nat: 2016-03-09 15:00  # soon\r\nto: [bice-site]\r\n---\r\nUne nouvelle.\r\n"
    )
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert f"{delivery.due_at:%d %H:%M}" == "09 14:00"
    assert "On the schedule: 1 delivery." in staff.text
    steps = app.queries.history("site/news.fr")
    assert [(step.event, step.actor) for step in steps[-2:]] == [
        ("draft moved", "stagiaire"), ("queued again", "stagiaire")
    ]  # fmt: skip
    assert "draft moved" in staff.text
    assert app.audit.verify().breaks == ()


def test_an_approval_becomes_void_only_when_somebody_says_so(
    app: Application, manager: Visit
) -> None:
    manager.get("/posts/later.fr")
    manager.send("/posts/later.fr", do="approve",
                 seen=re.findall(r'name="seen" value="([^"]+)"', manager.page))  # fmt: skip
    path = "/posts/later.fr/move"
    assert move(manager, path, "2016-03-09T12:00") == 400
    assert "the approval by direction becomes void" in manager.text
    (delivery,) = app.queries.deliveries(post="later.fr")
    assert delivery.state is State.SCHEDULED
    assert "at: 2016-03-08 12:00" in _draft(app, "later.fr")
    fields = {"at": "2016-03-09T12:00", "seen": seen(manager), "sure": "yes"}
    assert manager.send(path, **fields, shown=manager.shown).status_code == 200
    (delivery,) = app.queries.deliveries(post="later.fr")
    assert (delivery.state, delivery.approved_by) == (State.AWAITING_APPROVAL, None)


def test_an_edit_that_is_not_queued_yet_does_not_go_along_unseen(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    workspace.edit("site/news.fr.md", "nouvelle", "erreur")
    assert move(manager, _MOVE, "2016-03-09T15:00") == 400
    assert "erreur" in manager.text
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.content.parts[0].text == "Une nouvelle."


def test_what_was_not_shown_does_not_go_along(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """Between showing and the click it was approved: that would become void. It is shown anew."""
    path = "/posts/later.fr/move"
    manager.get(f"{path}?at=2016-03-09T12:00")
    fields = {"at": "2016-03-09T12:00", "seen": seen(manager), "shown": manager.shown}
    manager.get("/posts/later.fr")
    manager.send("/posts/later.fr", do="approve",
                 seen=re.findall(r'name="seen" value="([^"]+)"', manager.page))  # fmt: skip
    for sure in ({}, {"sure": "yes"}, {"sure": "yes", "shown": ""}):
        manager.get(path)
        assert manager.send(path, **{**fields, **sure}).status_code == 409
        assert "is no longer what you were shown" in manager.text
        assert "the approval by direction becomes void" in manager.text
        (delivery,) = app.queries.deliveries(post="later.fr")
        assert (delivery.state, delivery.due_at.day) == (State.SCHEDULED, 8)
    assert "at: 2016-03-08 12:00" in _draft(app, "later.fr")


def test_a_draft_that_is_not_queued_moves_alone(app: Application, manager: Visit) -> None:
    assert move(manager, "/posts/unfinished.fr/move", "2016-03-10T08:00") == 200
    assert "It is not queued yet." in manager.text
    assert "at: 2016-03-10 08:00" in _draft(app, "unfinished.fr")
    assert app.queries.deliveries(post="unfinished.fr") == []
    manager.get("/posts/unfinished.fr/queue")
    manager.send("/posts/unfinished.fr/queue", shown=manager.shown)
    assert len(app.queries.deliveries(post="unfinished.fr")) == 1


def test_a_draft_that_says_now_gets_the_time_that_is_chosen(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    workspace.draft("once.fr", "at: now\nto: bice-x", "Tout de suite.")
    manager.get("/posts/once.fr/move")
    assert move(manager, "/posts/once.fr/move", "2016-03-10T08:00") == 200
    assert "at: 2016-03-10 08:00\n" in _draft(app, "once.fr")


def test_a_draft_with_errors_moves_and_the_schedule_stays(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    """The form says so before anybody sends it."""
    manager.get(_MOVE)
    assert "What is queued follows." in manager.text
    workspace.edit("site/news.fr.md", "to: [bice-site]", "to: [bice-site]\ntoo: x")
    for path in (_MOVE, f"{_MOVE}?at=2016-03-09T15:00"):
        manager.get(path)
        assert "the schedule stays as it is until they are fixed" in manager.text
        assert "“too” is not a known key." in manager.text
        assert "What is queued follows." not in manager.text
        assert flaws(manager.page) == []
    assert move(manager, _MOVE, "2016-03-09T15:00") == 200
    assert "so the schedule stays as it was" in manager.text
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert f"{delivery.due_at:%d %H:%M}" == "07 08:30"


def test_what_hangs_on_the_agenda_gets_another_offset(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    path = "/posts/day.fr/move"
    manager.get(f"{path}?at=2016-03-08T08:30")
    said = "It still hangs on “Journée annuelle”: 23 h 30 min after it begins instead of when it begins."
    assert said in manager.text
    assert flaws(manager.page) == []
    fields = {"at": "2016-03-08T08:30", "seen": seen(manager), "shown": manager.shown}
    assert manager.send(path, **fields).status_code == 200
    assert "at: annual-day + 23h30m\n" in _draft(app, "day.fr")
    assert {f"{d.due_at:%d %H:%M}" for d in app.queries.deliveries(post="day.fr")} == {"08 07:30"}
    workspace.edit("session.yaml", "starts: 2016-03-07 09:00", "starts: 2016-03-07 10:00")
    app.planner.queue(actor="redaction")
    assert {f"{d.due_at:%d %H:%M}" for d in app.queries.deliveries(post="day.fr")} == {"08 08:30"}


def test_what_hangs_on_the_agenda_gets_a_time_of_its_own_if_that_is_wished(
    app: Application, manager: Visit
) -> None:
    path = "/posts/day.fr/move"
    manager.get(f"{path}?at=2016-03-08T08:30")
    fields = {"at": "2016-03-08T08:30", "seen": seen(manager), "shown": manager.shown}
    assert manager.send(path, own="yes", **fields).status_code == 200
    assert "at: 2016-03-08 08:30\n" in _draft(app, "day.fr")
    manager.get(path)
    assert "still hangs on" not in manager.text


def test_what_was_missed_gets_a_new_time_while_it_is_out_elsewhere(
    app: Application, manager: Visit
) -> None:
    """What is out stays as it is; a control on the page leads out of the trouble."""
    out, missed = app.queries.deliveries(post="day.fr")
    with app.database.write() as connection:
        change = update(deliveries).where(deliveries.c.id == out.id)
        is_out = {"state": State.PUBLISHED, "published_at": out.due_at, "remote_ids": '["4711"]'}
        connection.execute(change.values(is_out))
    assert isinstance(app.clock, ManualClock)
    app.clock.sleep_until(missed.due_at + timedelta(days=1))
    app.dispatch.expire()
    manager.get("/posts/day.fr")
    assert "/posts/day.fr/move" in manager.page
    manager.get("/posts/day.fr/move?at=2016-03-10T08:30")
    fields = {"at": "2016-03-10T08:30", "seen": seen(manager), "shown": manager.shown}
    assert manager.send("/posts/day.fr/move", own="yes", sure="yes", **fields).status_code == 200
    found = {d.account: d for d in app.queries.deliveries(post="day.fr")}
    assert found[missed.account].state is State.AWAITING_APPROVAL
    assert f"{found[missed.account].due_at:%d %H:%M}" == "10 07:30"
    assert (found[out.account].state, found[out.account].due_at) == (State.PUBLISHED, out.due_at)


def test_an_item_that_nobody_knows_is_mended_first(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    workspace.edit("day.fr.md", "annual-day", "annual-days")
    before = _draft(app, "day.fr")
    answer = manager.get("/posts/day.fr/move")
    assert answer.status_code == 409
    assert "The agenda has no such item" in answer.text
    manager.get("/")
    assert manager.send("/posts/day.fr/move", at="2016-03-09T12:00").status_code == 409
    assert _draft(app, "day.fr") == before


def test_a_file_that_changed_meanwhile_is_left(manager: Visit, workspace: Workspace) -> None:
    manager.get(_MOVE)
    token = seen(manager)
    workspace.edit("site/news.fr.md", "nouvelle", "autre")
    answer = manager.send(_MOVE, at="2016-03-09T15:00", seen=token)
    assert answer.status_code == 409
    assert "Someone else changed “Une nouvelle.” in the meantime." in manager.text
    assert "09:30" in (workspace.path / "posts/site/news.fr.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2016-03-07T06:00", "This time has passed."),
        ("2016-03-27T02:30", "does not exist in Europe/Zurich"),
        ("2016-10-30T02:30", "exists twice in Europe/Zurich"),
        ("tomorrow", "is not a time"),
        ("2016-03-08T12:00", "embargo ends after the post"),
    ],
)
def test_a_time_of_no_use_is_refused(
    app: Application, manager: Visit, workspace: Workspace, at: str, said: str
) -> None:
    workspace.edit("site/news.fr.md", "to:", "embargo: 2016-03-08 14:00\nto:")
    before = _draft(app, "site/news.fr")
    assert move(manager, _MOVE, at, sure="yes") == 400
    assert said in manager.text
    assert flaws(manager.page) == []
    assert _draft(app, "site/news.fr") == before


def test_what_is_out_does_not_move(app: Application, manager: Visit) -> None:
    with app.database.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'published'")
    assert manager.get(_MOVE).status_code == 409
    assert "It is already out, or may be: bice-site." in manager.get(_MOVE).text


def test_a_draft_that_differs_from_the_schedule_is_marked(
    manager: Visit, workspace: Workspace
) -> None:
    workspace.edit("site/news.fr.md", "09:30", "11:45")
    manager.get("/calendar")
    assert "its draft says Mon 7 Mar, 11:45" in manager.text


def _draft(app: Application, post: str) -> str:
    return (app.settings.posts / f"{post}.md").read_text(encoding="utf-8")
