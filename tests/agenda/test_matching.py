"""Which item an event is, and what becomes of the agenda by it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publisher.agenda.changes import ChangeKind
from publisher.agenda.ics_events import CalendarEvent
from publisher.agenda.ics_matching import Match, match, own_uid
from publisher.drafts.session import Session
from publisher.drafts.times import AgendaItem

NINE = datetime(2016, 3, 7, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def item(name: str, **fields: Any) -> AgendaItem:
    return AgendaItem(name=name, **{"starts_at": NINE, **fields})


def event(summary: str, uid: str | None = "1@un", **fields: Any) -> CalendarEvent:
    return CalendarEvent(
        **{
            "line": 1,
            "uid": uid,
            "summary": summary,
            "starts_at": NINE,
            "ends_at": None,
            "place": None,
            "cancelled": False,
            **fields,
        }
    )


def session(*items: AgendaItem) -> Session:
    agenda = {one.name: one for one in items}
    return Session(name="HRC31", timezone="Europe/Zurich", agenda=agenda)


def matched(items: list[AgendaItem], events: list[CalendarEvent]) -> Match:
    found = match("x.ics", events, session(*items))
    assert found.problems == ()
    return found


def kinds(found: Match) -> dict[str, list[ChangeKind]]:
    return {change.after.name: change.kinds for change in found.changes}


def test_an_event_is_the_item_that_has_its_uid_however_it_is_called() -> None:
    items = [item("annual-day", title="Journée", uid="1@un"), item("other", title="Autre")]
    found = matched(items, [event("Autre", starts_at=NINE + HOUR)])
    assert kinds(found) == {"annual-day": [ChangeKind.MOVE, ChangeKind.EDIT]}
    assert found.changes[0].after.title == "Autre"


@pytest.mark.parametrize(
    ("known", "summary"),
    [
        (item("annual-day"), "Annual  Day"),
        (item("annual-day", title="Journée annuelle : l’enfant"), "Journée annuelle, l'Enfant"),
        (item("annual-day", title="Annual day", uid="old@un"), "Annual day"),
    ],
)
def test_or_the_one_that_is_called_alike_which_then_gets_its_uid(
    known: AgendaItem, summary: str
) -> None:
    found = matched([known], [event(summary, starts_at=NINE + HOUR)])
    assert kinds(found) == {"annual-day": [ChangeKind.MOVE, ChangeKind.EDIT]}
    assert found.changes[0].after.uid == "1@un"
    assert found.missing == ()


def test_or_else_a_new_one_whose_name_nobody_has() -> None:
    """In the order of their times, so that the order of the file decides nothing."""
    items = [item("side-event", uid="0@un", title="x")]
    events = [event("Side event", "3@un", starts_at=NINE + HOUR), event("Side event", "2@un")]
    for order in (events, events[::-1]):
        found = matched(items, order)
        assert {c.after.name: c.after.uid for c in found.changes} == {
            "side-event-2": "2@un",
            "side-event-3": "3@un",
        }
        assert [one.name for one in found.missing] == ["side-event"]


@pytest.mark.parametrize(
    ("summary", "name"),
    [
        ("31e session : ouverture", "item-31e-session-ouverture"),
        ("😀", "item"),
        ("会議", "会議"),
        ("Łódź – Señal", "lodz-senal"),
    ],
)
def test_a_name_is_one_that_a_draft_can_hang_on(summary: str, name: str) -> None:
    (change,) = matched([], [event(summary)]).changes
    assert change.after.name == name
    assert (change.after.title, change.after.uid) == (summary, "1@un")


def test_where_several_are_called_so_nothing_is_guessed() -> None:
    twins = [item("a", title="Side event"), item("b", title="Side event")]
    for items, events in (
        (twins, [event("Side event")]),
        (twins[:1], [event("Side event"), event("Side event", "2@un")]),
    ):
        found = match("x.ics", events, session(*items))
        assert {problem.code for problem in found.problems} == {"ambiguous"}
        assert "uid: 1@un" in (found.problems[0].hint or "")


def test_what_the_event_does_not_say_stays() -> None:
    """Also the end, which moves along as the clocks count."""
    known = item("x", title="X", place="Genève", ends_at=NINE + HOUR, uid="1@un")
    assert matched([known], [event("X")]).changes == ()
    (change,) = matched([known], [event("X", starts_at=NINE + 2 * HOUR)]).changes
    assert change.after.ends_at == NINE + 3 * HOUR
    assert change.after.place == "Genève"


def test_an_end_that_the_event_gives_counts() -> None:
    known = item("x", title="X", ends_at=NINE + HOUR, uid="1@un")
    new = event("X", starts_at=NINE + HOUR, ends_at=NINE + 5 * HOUR)
    (change,) = matched([known], [new]).changes
    assert (change.after.starts_at, change.after.ends_at) == (NINE + HOUR, NINE + 5 * HOUR)


def test_a_cancelled_event_cancels() -> None:
    known = item("x", title="X", uid="1@un")
    found = matched([known], [event("X", cancelled=True)])
    assert kinds(found) == {"x": [ChangeKind.CANCEL]}


def test_no_calendar_brings_back_what_somebody_cancelled_here() -> None:
    """It may be older than what they know."""
    known = item("x", title="X", uid="1@un", cancelled=True)
    found = matched([known], [event("X")])
    assert found.changes == ()
    assert found.cancelled_here == (known,)


def test_what_the_calendar_has_no_more_is_told_and_stays() -> None:
    """An item that came from no calendar cannot be missing in it, nor one that is cancelled."""
    gone = item("gone", uid="2@un")
    items = [item("x", uid="1@un"), gone, item("ours"), item("off", uid="3@un", cancelled=True)]
    found = matched(items, [event("x")])
    assert found.changes == ()
    assert found.missing == (gone,)


def test_in_our_own_export_every_item_is_expected() -> None:
    ours = item("ours")
    found = matched([item("x"), ours], [event("x", own_uid(session(), "item", "x"))])
    assert found.changes == ()
    assert found.missing == (ours,)


def test_an_end_that_would_exist_twice_is_told() -> None:
    known = item(
        "x",
        title="X",
        uid="1@un",
        starts_at=datetime(2016, 10, 28, 20, tzinfo=UTC),
        ends_at=datetime(2016, 10, 29, 0, 30, tzinfo=UTC),
    )
    new = event("X", starts_at=datetime(2016, 10, 29, 20, tzinfo=UTC))
    assert [p.code for p in match("x.ics", [new], session(known)).problems] == ["bad-time"]
