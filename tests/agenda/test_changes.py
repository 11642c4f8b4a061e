"""Items are moved as the clocks on the wall count."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.agenda.changes import ChangeKind, ItemChange, move_by, move_to
from publisher.drafts.times import AgendaItem
from publisher.model.problems import Flaw

ZURICH = ZoneInfo("Europe/Zurich")
DAY = timedelta(days=1)
NOW = datetime(2016, 3, 4, 8, tzinfo=UTC)


def item(starts: str, ends: str | None = None) -> AgendaItem:
    return AgendaItem(name="x", starts_at=instant(starts), ends_at=ends and instant(ends))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZURICH).astimezone(UTC)


def shown(found: AgendaItem | Flaw) -> tuple[str, str | None]:
    assert isinstance(found, AgendaItem)
    times = [found.starts_at, *([found.ends_at] if found.ends_at else [])]
    starts, *ends = (f"{time.astimezone(ZURICH):%Y-%m-%d %H:%M}" for time in times)
    return starts, ends[0] if ends else None


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("2016-03-08 10:00", ("2016-03-08 10:00", "2016-03-08 19:00")),
        ("2016-03-08", ("2016-03-08 09:00", "2016-03-08 18:00")),
        ("2016-03-08T10:00:00Z", ("2016-03-08 11:00", "2016-03-08 20:00")),
        ("10:30", ("2016-03-07 10:30", "2016-03-07 19:30")),
        ("10h30", ("2016-03-07 10:30", "2016-03-07 19:30")),
        ("10h", ("2016-03-07 10:00", "2016-03-07 19:00")),
        ("à 10 heures", ("2016-03-07 10:00", "2016-03-07 19:00")),
        ("8 mars 2016 à 10h30", ("2016-03-08 10:30", "2016-03-08 19:30")),
        ("demain", ("2016-03-05 09:00", "2016-03-05 18:00")),
    ],
)
def test_the_end_moves_along(to: str, expected: tuple[str, str]) -> None:
    """A date alone keeps the time of day, and a time of day the date."""
    annual_day = item("2016-03-07 09:00", "2016-03-07 18:00")
    assert shown(move_to(annual_day, to, ZURICH, NOW, keep_end=False)) == expected


@pytest.mark.parametrize(
    ("to", "hint"),
    [
        ("x - 30m", "Write it like 2016-03-07 09:00. A date alone keeps the time of day"),
        ("08/03/2016 10h30", "Write which one you mean: 2016-03-08 10:30 or 2016-08-03 10:30."),
        ("2 heures", "Write which one you mean: 2016-03-04 11:00 or 2016-03-07 02:00."),
        ("minuit", "Write which one you mean: 2016-03-07 00:00 or 2016-03-08 00:00."),
        ("at midnight", "Write which one you mean: 2016-03-07 00:00 or 2016-03-08 00:00."),
    ],
)
def test_a_hint_recommends_what_is_taken(to: str, hint: str) -> None:
    flaw = move_to(item("2016-03-07 09:00"), to, ZURICH, NOW, keep_end=False)
    assert isinstance(flaw, Flaw)
    assert (flaw.hint or "").startswith(hint)


def test_the_end_may_stay() -> None:
    annual_day = item("2016-03-07 09:00", "2016-03-07 18:00")
    moved = move_to(annual_day, "2016-03-07 10:00", ZURICH, NOW, keep_end=True)
    assert shown(moved) == ("2016-03-07 10:00", "2016-03-07 18:00")


def test_a_day_later_is_the_same_time_of_day_although_the_clocks_change() -> None:
    """27 March 2016 has 23 hours in Zurich."""
    moved = move_by(item("2016-03-26 09:00", "2016-03-27 09:00"), DAY, ZURICH, keep_end=False)
    assert shown(moved) == ("2016-03-27 09:00", "2016-03-28 09:00")


@pytest.mark.parametrize(
    ("starts", "by", "code"),
    [
        ("2016-03-26 02:30", DAY, "nonexistent-time"),
        ("2016-10-29 02:30", DAY, "ambiguous-time"),
    ],
)
def test_a_time_that_is_none_or_two_is_not_guessed(starts: str, by: timedelta, code: str) -> None:
    moved = move_by(item(starts), by, ZURICH, keep_end=False)
    assert isinstance(moved, Flaw)
    assert moved.code == code
    assert "+02:00" in (moved.hint or "")


def test_nor_is_such_an_end() -> None:
    moved = move_by(item("2016-03-25 22:00", "2016-03-26 02:30"), DAY, ZURICH, keep_end=False)
    assert isinstance(moved, Flaw)
    assert "--keep-end" in (moved.hint or "")


def test_an_item_moved_by_nothing_stays_although_its_time_exists_twice() -> None:
    twice = AgendaItem(name="x", starts_at=datetime(2016, 10, 30, 1, 30, tzinfo=UTC))
    assert move_by(twice, timedelta(), ZURICH, keep_end=False) == twice


def test_a_change_says_all_that_it_does() -> None:
    before = item("2016-03-07 09:00")
    assert ItemChange(before, before).kinds == []
    after = before.model_copy(update={"starts_at": before.starts_at + DAY, "place": "Genève"})
    assert ItemChange(before, after).kinds == [ChangeKind.MOVE, ChangeKind.EDIT]
    cancelled = before.model_copy(update={"cancelled": True})
    assert ItemChange(before, cancelled).kinds == [ChangeKind.CANCEL]
    assert ItemChange(cancelled, before).kinds == [ChangeKind.RESTORE]
    assert ItemChange(None, before).kinds == [ChangeKind.ADD]
