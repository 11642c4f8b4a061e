"""Dates and durations as people write them: understood exactly, in both readings, or not at all."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.base import dates, durations
from publisher.base.formats import locale
from publisher.base.i18n import LANGUAGES
from publisher.base.text import unaccented

pytestmark = pytest.mark.guards("publisher.base.dates", "publisher.base.durations")

WEDNESDAY = datetime(2026, 12, 2, 12, tzinfo=ZoneInfo("Europe/Zurich"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 janvier 2027 à 10h30", "2027-01-04 10:30"),
        ("le 1er janvier 2027, 8 h 05", "2027-01-01 08:05"),
        ("4 de enero de 2027 a las 10:30", "2027-01-04 10:30"),
        ("4 stycznia 2027 r. o godz. 10.30", "2027-01-04 10:30"),
        ("January 4, 2027 10:30 pm", "2027-01-04 22:30"),
        ("lundi 4 janvier 2027 9h", "2027-01-04 09:00"),
        ("2027-01-04T10h30", "2027-01-04 10:30"),
        ("demain 9h", "2026-12-03 09:00"),
        ("mañana 9h", "2026-12-03 09:00"),
        ("pasado mañana a las 9", "2026-12-04 09:00"),
        ("jutro o 9", "2026-12-03 09:00"),
        ("w piątek o 9", "2026-12-04 09:00"),
        ("w sobotę o 9", "2026-12-05 09:00"),
        ("w niedzielę o 18:30", "2026-12-06 18:30"),
        ("ven. 9h", "2026-12-04 09:00"),
        ("aujourd’hui 18h", "2026-12-02 18:00"),
        ("5 janvier 9h", "2027-01-05 09:00"),
        ("2 décembre 9h", "2026-12-02 09:00"),
        ("3.04 10.30", "2027-04-03 10:30"),
        ("dans 2 heures", "2026-12-02 14:00"),
        ("dentro de 3 días", "2026-12-05 12:00"),
        ("3 dni temu", "2026-11-29 12:00"),
        ("dans deux heures", "2026-12-02 14:00"),
        ("en dos horas", "2026-12-02 14:00"),
        ("za dwie godziny", "2026-12-02 14:00"),
        ("za godzinę", "2026-12-02 13:00"),
        ("in an hour", "2026-12-02 13:00"),
        ("dans trente minutes", "2026-12-02 12:30"),
        ("tomorrow at noon", "2026-12-03 12:00"),
        ("demain midi", "2026-12-03 12:00"),
        ("5 janvier à midi", "2027-01-05 12:00"),
        ("mañana al mediodía", "2026-12-03 12:00"),
        ("jutro w południe", "2026-12-03 12:00"),
    ],
)
def test_a_time_is_understood_as_it_is_said(text: str, expected: str) -> None:
    assert dates.times(text, WEDNESDAY) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("03/04 9h", ["2027-04-03 09:00", "2027-03-04 09:00"]),
        ("03/04/2027 9h", ["2027-04-03 09:00", "2027-03-04 09:00"]),
        ("mercredi 9h", ["2026-12-02 09:00", "2026-12-09 09:00"]),
        ("demain à minuit", ["2026-12-03 00:00", "2026-12-04 00:00"]),
        ("mañana a medianoche", ["2026-12-03 00:00", "2026-12-04 00:00"]),
        ("jutro o północy", ["2026-12-03 00:00", "2026-12-04 00:00"]),
        ("tomorrow midnight", ["2026-12-03 00:00", "2026-12-04 00:00"]),
        ("w środę o 9", ["2026-12-02 09:00", "2026-12-09 09:00"]),
    ],
)
def test_what_can_be_read_in_two_ways_has_both_readings(text: str, expected: list[str]) -> None:
    assert dates.times(text, WEDNESDAY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "mardi 4 janvier 2027 9h",  # a Monday
        "mar 4 9h",  # Tuesday the 4th, or the 4th of March
        "29 février 9h",  # in no near year
        "demain matin", "tomorrow 9", "9h", "4 janvier 2027", "30/02/2027 9h", "soon", "demain 25h", "demain 9:30:61",
        f"demain {' ' * 80}9h",
    ],
)  # fmt: skip
def test_nothing_is_guessed(text: str) -> None:
    assert dates.times(text, WEDNESDAY) == []


def test_without_a_present_nothing_is_counted_from_it() -> None:
    assert dates.times("31/12/2027 9h", None) == ["2027-12-31 09:00"]
    assert dates.times("demain 9h", None) == dates.times("5 janvier 9h", None) == []


@pytest.mark.parametrize(
    ("text", "ahead", "past"),
    [
        ("5 janvier", "2027-01-05", "2026-01-05"),
        ("lundi", "2026-12-07", "2026-11-30"),
        ("hier", "2026-12-01", "2026-12-01"),
        ("31/12/2027", "2027-12-31", "2027-12-31"),
    ],
)
def test_a_day_without_its_year_is_the_nearest(text: str, ahead: str, past: str) -> None:
    today = WEDNESDAY.date()
    assert dates.days(text, today) == [date.fromisoformat(ahead)]
    assert dates.days(text, today, past=True) == [date.fromisoformat(past)]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2 heures", ["2026-12-02 14:00", "2026-12-03 02:00"]),
        ("14 horas", ["2026-12-03 02:00", "2026-12-02 14:00"]),
        ("2 hours", ["2026-12-02 14:00"]),
        ("2 godziny", ["2026-12-02 14:00"]),
        ("1j", ["2026-12-03 12:00"]),
        ("8h", []),
        ("11h20", []),
        ("à 2 heures", []),
        ("midi", []),
    ],
)
def test_a_bare_duration_may_be_one_from_now_or_a_time_of_day(text: str, meant: list[str]) -> None:
    assert dates.bare(text, WEDNESDAY) == meant


def test_in_two_hours_is_two_hours_later_also_where_the_clocks_change() -> None:
    night = datetime(2027, 3, 28, 0, 30, tzinfo=UTC).astimezone(WEDNESDAY.tzinfo)
    assert dates.times("in 2 hours", night) == ["2027-03-28 04:30"]
    assert dates.times("in 1 day", night) == ["2027-03-29 01:30"]


def test_no_name_means_two_months_in_the_languages_of_publisher() -> None:
    """Otherwise the day would depend on who reads it."""
    said: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for widths in locale(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in widths[width].items():
                    said.setdefault(unaccented(name).rstrip("."), set()).add(number)
    assert [name for name, numbers in said.items() if len(numbers) > 1] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 heures", "2h"), ("1j", "1d"), ("1 h 30", "1h30m"), ("2h30", "2h30m"), ("30 min.", "30m"),
        ("2 semaines", "14d"), ("1 jour et 2 heures", "1d2h"), ("1 godzinę", "1h"),
        ("dos horas", "2h"), ("une heure et demie", None), ("3 mois", None), ("1,5 h", None), ("2", None), ("", None),
    ],
)  # fmt: skip
def test_a_duration_is_spelled_as_files_have_it(text: str, expected: str | None) -> None:
    assert durations.spelled(text) == expected
