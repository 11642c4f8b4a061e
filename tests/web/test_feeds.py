"""The calendar and the feed have secret addresses: one for each person, shown once, and ended."""

from unittest.mock import Mock

import httpx
import pytest
from sqlalchemy import inspect

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.drafts import check
from publisher.web import draft_cache
from tests.support.log_ins import an_hour_later, shown_once
from tests.support.pages import PASSWORD, Visit

pytestmark = pytest.mark.guards("publisher.auth.feed_keys")

_KINDS = {"/calendar.ics": "BEGIN:VCALENDAR", "/feed.atom": "<?xml"}


def status_of(address: str, key: str) -> set[int]:
    return {httpx.get(f"{address}{path}?key={key}").status_code for path in _KINDS}


@pytest.fixture
def key(staff: Visit) -> str:
    staff.get("/me")
    staff.send("/me/feed", do="make")
    calendar = shown_once(staff, "calendar")
    assert shown_once(staff, "feed").partition("?")[2] == calendar.partition("?")[2]
    return calendar.partition("key=")[2]


def test_whoever_has_the_address_reads_along_without_a_cookie(address: str, key: str) -> None:
    for path, start in _KINDS.items():
        answer = httpx.get(f"{address}{path}?key={key}")
        assert answer.text.startswith(start)
        assert key not in answer.text
        assert "set-cookie" not in answer.headers


def test_the_address_opens_nothing_else(address: str, key: str) -> None:
    for path in ("/", "/me", "/log.csv", "/posts/day.fr", "/report.html", "/media/" + 64 * "0"):
        assert httpx.get(f"{address}{path}?key={key}").status_code == 303, path


def test_a_new_address_or_its_end_makes_the_one_before_useless(
    app: Application, address: str, staff: Visit, key: str
) -> None:
    assert status_of(address, key) == {200}
    staff.get("/me")
    assert key not in staff.page
    staff.send("/me/feed", do="make")
    newer = shown_once(staff, "feed").partition("key=")[2]
    assert status_of(address, key) == {403}
    assert status_of(address, newer) == {200}
    app.people.disable(app.people.find("stagiaire"), disabled=True)
    assert status_of(address, newer) == {403}
    app.people.disable(app.people.find("stagiaire"), disabled=False)
    staff.log_in("stagiaire")
    staff.get("/me")
    staff.send("/me/feed", do="end")
    assert status_of(address, newer) == {403}


def test_an_admin_ends_somebodys_address(app: Application, address: str, key: str) -> None:
    with Visit(address) as chef:
        chef.log_in("chef")
        chef.get("/people/stagiaire")
        chef.send("/people/stagiaire", do="feed")
    assert status_of(address, key) == {403}


def test_an_address_is_made_after_a_proof(app: Application, staff: Visit) -> None:
    an_hour_later(app)
    staff.get("/me")
    assert staff.send("/me/feed", do="make").status_code == 403
    staff.get("/me")
    assert staff.send("/me/feed", do="end").status_code == 200


def test_only_a_hash_is_kept_and_both_are_steps(app: Application, key: str) -> None:
    with app.database.read() as connection:
        names = inspect(connection).get_table_names()
        kept = [connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall() for name in names]
    assert key not in str(kept)
    assert "secret address made" in [step.event for step in app.queries.steps_about_people(9)]
    assert not app.audit.verify().breaks


@pytest.mark.parametrize("wrong", ["x", "", "x" * 5000, "%00", "é"])
def test_no_other_key_opens_it_and_passwords_do_not_either(address: str, wrong: str) -> None:
    for path in _KINDS:
        answer = httpx.get(f"{address}{path}?key={wrong}", auth=("stagiaire", PASSWORD))
        assert answer.status_code in (303, 400, 403)
        assert not answer.text.startswith(("BEGIN", "<?xml"))


def test_it_speaks_the_language_of_its_person(app: Application, address: str) -> None:
    person = app.people.add("lima", Rank.STAFF, PASSWORD, "fr")
    key = app.feed_keys.make(person)
    assert "Publication" in httpx.get(f"{address}/calendar.ics?key={key}").text


def test_programs_that_ask_again_and_again_have_no_draft_parsed_twice(
    address: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_cache, "_GRAIN", -60.0)  # the files are older
    read = Mock(side_effect=check.read)
    monkeypatch.setattr(check, "read", read)
    for _ in range(3):
        assert "later.fr" in httpx.get(f"{address}/calendar.ics?key={key}").text
    assert read.call_count <= 1
