"""People save the filters of the log and the calendar under a name, each for themselves."""

import re

import pytest

from publisher.app import Application
from publisher.ledger.saved_filters import LONGEST, MOST
from tests.support.pages import Visit

pytestmark = pytest.mark.guards("publisher.ledger.saved_filters")

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def _tabs(visit: Visit) -> list[str]:
    return re.findall(r'<li><a href="/(?:log|calendar)\?[^>]*>([^<]+)</a>', visit.page)


def _save(visit: Visit, name: str, query: str, page: str = "log") -> int:
    visit.get(f"/{page}?{query}")
    return visit.send("/filters", page=page, do="save", name=name, query=query).status_code


@both
def test_saved_filters_stand_beside_the_presets_and_can_be_removed(
    manager: Visit, staff: Visit
) -> None:
    assert _save(manager, " The  Page ", "state=failed&account=bice-page") == 200
    assert "Saved as “The Page”." in manager.text
    assert _tabs(manager)[-1] == "The Page"
    assert re.search(
        r'account=bice-page&amp;state=failed" aria-current="true">The Page', manager.page
    )
    assert "Save these filters" not in manager.page, "they are saved already"
    assert "The Page" not in staff.get("/log").text, "they are one person's own"
    manager.get("/log")
    assert 'value="remove"' not in manager.page, "only what is shown can be removed"
    manager.get("/log?account=bice-page&state=failed")
    sent = {"page": "log", "name": "The Page", "query": "account=bice-page&state=failed"}
    manager.send("/filters", do="remove", **sent)
    assert "The Page" not in _tabs(manager)
    assert "Removed: The Page." in manager.text


@both
def test_two_tabs_lose_nothing(manager: Visit) -> None:
    """The same once more is no error; other filters do not take the place of a name."""
    assert _save(manager, "Mine", "q=one") == 200
    assert _save(manager, "Mine", "q=one") == 200
    assert _save(manager, "MINE", "q=two") == 409
    assert "You have already saved other filters as “MINE”." in manager.text
    manager.get("/log?q=two")
    manager.send("/filters", page="log", do="remove", name="Mine", query="q=two")
    manager.get("/log")
    assert _tabs(manager)[-1] == "Mine", "the other tab removed others"


def test_the_calendar_keeps_its_own_without_the_day(manager: Visit) -> None:
    query = "view=month&day=2016-03-07&channel=site"
    manager.get(f"/calendar?{query}")
    found = re.search(r'name="query" value="([^"]+)"', manager.page)
    assert found
    assert found[1] == "view=month&amp;channel=site"
    _save(manager, "Sites", "view=month&channel=site", "calendar")
    assert _tabs(manager) == ["Sites"]
    assert "Sites" not in manager.get("/log").text


def test_what_cannot_be_saved_is_refused_in_words(app: Application, manager: Visit) -> None:
    assert _save(manager, "", "q=a") == 400
    assert "1 to 40 visible characters" in manager.text
    assert _save(manager, "x" * (LONGEST + 1), "q=a") == 400
    assert _save(manager, "Nothing", "") == 400
    assert "No filter is set." in manager.text
    assert _save(manager, "Unknown", "next=//evil.example") == 400
    assert _save(manager, "Elsewhere", "q=a", "people") == 400
    person = app.people.find("direction")
    for number in range(MOST):
        app.saved_filters.save(person, "log", f"n{number}", f"q={number}")
    assert _save(manager, "One more", "q=a") == 409
    assert "Remove some of them first." in manager.text


@both
def test_the_filters_of_somebody_who_is_removed_go(app: Application) -> None:
    person = app.people.find("stagiaire")
    app.saved_filters.save(person, "log", "Mine", "q=a")
    app.people.remove("stagiaire")
    assert app.saved_filters.of(person, "log") == []
