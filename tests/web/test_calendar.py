"""The calendar, and moving posts in it: the draft's file is the wish, the schedule follows."""

import re

import pytest

from publisher.app import Application
from publisher.model.states import State
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


def test_a_week_shows_queue_drafts_and_agenda_in_lanes(
    manager: Visit, workspace: Workspace
) -> None:
    workspace.draft("fresh.fr", "at: 2016-03-10 08:15\nto: [bice-x]", "Pas encore.")
    manager.get("/calendar")
    assert "Week of 7 March 2016" in manager.text
    for words in ("Journée annuelle", "bice-x X · fr", "Une nouvelle.", "not queued", "09:30"):
        assert words in manager.text
    cell = re.search(r'data-day="2016-03-10">(.*?)</td>', _lane(manager.page, "bice-x"), re.DOTALL)
    assert cell
    assert "Pas encore." in cell[1]
    assert 'class="unqueued"' in cell[1]
    assert flaws(manager.page) == []


def test_a_day_shows_its_hours(manager: Visit) -> None:
    manager.get("/calendar?view=day&day=2016-03-08")
    assert "Tuesday 8 March 2016" in manager.text
    cell = re.search(r'data-label="bice-x" data-hour="2016-03-08T12">(.*?)</td>', manager.page,
                     re.DOTALL)  # fmt: skip
    assert cell
    assert "Un." in cell[1]
    assert "Journée annuelle" not in manager.text
    assert flaws(manager.page) == []


def test_it_is_turned_there_and_back_with_its_filters(manager: Visit) -> None:
    manager.get("/calendar?channel=site&day=2016-03-09")
    assert "?day=2016-03-14&amp;channel=site" in manager.page
    assert "?day=2016-02-29&amp;channel=site" in manager.page
    assert '?channel=site">Today' in manager.page


@pytest.mark.parametrize(
    ("query", "there", "away"),
    [
        ("channel=twitter", "Bonjour de Genève", "Une nouvelle."),
        ("organisation=BICE", "Bonjour de Genève", "Une nouvelle."),
        ("language=es", "Buenos días", "Bonjour de Genève"),
        ("language=fr", "Une nouvelle.", "Buenos días"),
    ],
)
def test_it_is_filtered(manager: Visit, query: str, there: str, away: str) -> None:
    manager.get(f"/calendar?{query}")
    assert there in manager.text
    assert away not in manager.text


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
        assert "does not change any more what was shown to you" in manager.text
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
        assert "the schedule stays as it is until they are mended" in manager.text
        assert "The key “too” is unknown." in manager.text
        assert "What is queued follows." not in manager.text
        assert flaws(manager.page) == []
    assert move(manager, _MOVE, "2016-03-09T15:00") == 200
    assert "so the schedule stays as it was" in manager.text
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert f"{delivery.due_at:%d %H:%M}" == "07 08:30"


def test_what_hangs_on_the_agenda_moves_with_its_item(manager: Visit, workspace: Workspace) -> None:
    before = (workspace.path / "posts/day.fr.md").read_bytes()
    answer = manager.get("/posts/day.fr/move")
    assert answer.status_code == 409
    assert "When the item moves, all its posts move along." in answer.text
    manager.get("/")
    assert manager.send("/posts/day.fr/move", at="2016-03-09T12:00").status_code == 409
    assert (workspace.path / "posts/day.fr.md").read_bytes() == before


def test_a_file_that_changed_meanwhile_is_left(manager: Visit, workspace: Workspace) -> None:
    manager.get(_MOVE)
    token = seen(manager)
    workspace.edit("site/news.fr.md", "nouvelle", "autre")
    answer = manager.send(_MOVE, at="2016-03-09T15:00", seen=token)
    assert answer.status_code == 409
    assert "Somebody else changed posts/site/news.fr.md meanwhile." in manager.text
    assert "09:30" in (workspace.path / "posts/site/news.fr.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2016-03-07T06:00", "This time is over."),
        ("2016-03-27T02:30", "does not exist in Europe/Zurich"),
        ("2016-10-30T02:30", "exists twice in Europe/Zurich"),
        ("tomorrow", "is no time"),
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
    assert "It is out already, or may be: bice-site." in manager.get(_MOVE).text


def test_a_draft_that_differs_from_the_schedule_is_marked(
    manager: Visit, workspace: Workspace
) -> None:
    workspace.edit("site/news.fr.md", "09:30", "11:45")
    manager.get("/calendar")
    assert "its draft says Mon 7 Mar 2016, 11:45" in manager.text


def _lane(page: str, account: str) -> str:
    found = re.search(rf'<th scope="row">{account}.*?</tr>', page, re.DOTALL)
    assert found
    return found[0]


def _draft(app: Application, post: str) -> str:
    return (app.settings.posts / f"{post}.md").read_text(encoding="utf-8")
