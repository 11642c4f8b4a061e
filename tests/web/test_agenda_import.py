"""A calendar's file, imported on the pages into the agenda."""

import re
from html import unescape
from typing import Any

import pytest

from publisher.app import Application
from publisher.model.states import State
from tests.support.pages import Visit
from tests.support.uploads import both, seen
from tests.support.workspaces import Workspace
from tests.web.ledger_views import dues, states
from tests.web.test_agenda import DAY, session


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", *(f"BEGIN:VEVENT\n{one}\nEND:VEVENT" for one in events)]
    return "\r\n".join("\n".join([*lines, "END:VCALENDAR"]).split("\n")).encode()


def send_calendar(visit: Visit, data: bytes, **fields: str) -> None:
    visit.get("/agenda/import")
    answer: Any = visit.client.post(
        "/agenda/import",
        data={"form": visit.token, **fields},
        files={"file": ("programme.ics", data, "text/calendar")},
    )
    visit.page = answer.text
    if answer.status_code == 303:
        visit.get(answer.headers["location"])


def changes(visit: Visit) -> str:
    found = re.search(r'name="changes" value="([^"]+)"', visit.page)
    assert found, visit.text
    return unescape(found[1])


EVENT = "UID:1@un\nSUMMARY:Journée annuelle\nDTSTART:20160307T100000Z\nDTEND:20160307T170000Z"


@both
def test_a_calendar_is_shown_then_imported(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    new = "UID:2@un\nSUMMARY:Événement\nDTSTART:20160309T120000Z\nLOCATION:Salle XXV"
    before = session(workspace)
    send_calendar(manager, calendar(EVENT, new))
    assert "new Événement" in manager.text
    assert "Salle XXV" in manager.text
    assert session(workspace) == before
    manager.send(
        "/agenda/import/save", seen=seen(manager), shown=manager.shown, changes=changes(manager)
    )
    assert "Saved, and changed on the schedule: 3 deliveries." in manager.text
    assert 'uid: "1@un"' in session(workspace)
    assert "  evenement:\n" in session(workspace)
    assert dues(app, "day.fr") == {"07 10:00"}
    send_calendar(manager, calendar(EVENT, new))
    assert "Nothing to change: the agenda already matches the calendar." in manager.text


def test_a_calendar_that_leaves_a_doubt_is_refused_without_words_of_a_terminal(
    workspace: Workspace, manager: Visit
) -> None:
    floating = "UID:3@un\nSUMMARY:Réunion\nDTSTART:20160309T120000"
    whole = "UID:4@un\nSUMMARY:Fête\nDTSTART;VALUE=DATE:20160310"
    daily = "UID:5@un\nSUMMARY:Point\nDTSTART:20160309T120000Z\nRRULE:FREQ=DAILY"
    send_calendar(manager, calendar(floating, whole, daily))
    for said in ("Réunion", "lasts all day", "recurs (RRULE)", "line 5 of the file"):
        assert said in manager.text
    assert "--" not in manager.text
    send_calendar(
        manager, calendar(floating, whole, daily),
        timezone="Europe/Zurich", day_starts="09:00", day_ends="18:00", skip="5@un",
    )  # fmt: skip
    assert re.search(r"Réunion .*12:00.* Fête .*09:00 – 18:00", manager.text)


def test_a_calendar_that_is_refused_stays_in_its_form(manager: Visit) -> None:
    """With what was answered; a big one, or one that is no text, has to be chosen again."""
    floating = "UID:3@un\nSUMMARY:Réunion <b>\nDTSTART:20160309T120000"
    send_calendar(manager, calendar(floating), skip="9@un", remove="yes")
    assert "“programme.ics” is still here" in manager.text
    assert 'name="remove" value="yes" checked' in manager.page
    assert ">9@un</textarea>" in manager.page
    kept = re.search(r'<textarea name="calendar" hidden>(.*?)</textarea>', manager.page, re.DOTALL)
    assert kept
    text = unescape(kept[1]).replace("\n", "\r\n")
    manager.send("/agenda/import", calendar=text, timezone="Nowhere")
    assert "There is no time zone" in manager.text
    manager.send("/agenda/import", calendar=text, timezone="Europe/Zurich")
    assert re.search(r"Réunion <b> .*12:00", unescape(manager.text))
    for data in (calendar(floating) + b" " * 300_001, b"\xff\xfe"):
        send_calendar(manager, data)
        assert 'name="calendar"' not in manager.page
        assert "Choose the file again" in manager.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"timezone": "Geneva"}, "There is no time zone"),
        ({"day_starts": "18:00", "day_ends": "09:00"}, "needs a start time and an end time"),
        ({"day_starts": "18:00"}, "needs a start time and an end time"),
    ],
)
def test_odd_answers_to_what_a_calendar_leaves_open_are_refused(
    manager: Visit, fields: dict[str, str], said: str
) -> None:
    send_calendar(manager, calendar(EVENT), **fields)
    assert said in manager.text


def test_a_calendar_has_a_largest_size(manager: Visit) -> None:
    send_calendar(manager, calendar(EVENT) + b" " * 5_000_001)
    assert "more than 5,000,000 bytes" in manager.text
    manager.get("/agenda/import")
    files = {"file": ("programme.ics", b" " * 6_000_001, "text/calendar")}
    answer = manager.client.post("/agenda/import", data={"form": manager.token}, files=files)
    assert answer.status_code == 413


def test_items_that_are_gone_from_the_calendar_are_named_or_cancelled(
    workspace: Workspace, app: Application, manager: Visit
) -> None:
    workspace.edit("session.yaml", "    title: Journée", '    uid: "1@un"\n    title: Journée')
    other = "UID:2@un\nSUMMARY:Autre\nDTSTART:20160309T120000Z"
    send_calendar(manager, calendar(other))
    assert "No longer in the calendar: Journée annuelle." in manager.text
    send_calendar(manager, calendar(other), remove="yes")
    manager.send(
        "/agenda/import/save", seen=seen(manager), shown=manager.shown, sure="yes",
        changes=changes(manager),
    )  # fmt: skip
    assert states(app, "day.fr") == {State.HELD}


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1]", '[{"name": "x"}]', '[{"name": "x", "starts_at": "2016-03-07T09:00:00"}]',
        '[{"name": "x", "starts_at": "9999-12-31T23:59:59-12:00"}]', "[" * 5000,
        '[{"name": "a b", "title": "x", "starts_at": "2016-03-07T09:00:00Z"}]',
        '[{"name": "x\\u0000", "title": "a\\nb", "starts_at": "2016-03-07T09:00:00Z"}]',
    ],
)  # fmt: skip
def test_a_form_that_is_made_by_hand_writes_nothing(
    workspace: Workspace, manager: Visit, text: str
) -> None:
    before = session(workspace)
    manager.get("/agenda/import")
    token = manager.token
    manager.get(DAY)
    answer = manager.client.post(
        "/agenda/import/save",
        data={"form": token, "seen": seen(manager), "changes": text, "sure": "yes"},
    )
    assert answer.status_code < 500
    assert session(workspace) == before
