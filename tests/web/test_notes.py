"""Notes on a post's page: a thread for all who look, with mentions, that outlasts a session."""

import pytest

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.manager import notes
from tests.support.clock import ManualClock
from tests.support.html import flaws
from tests.support.pages import PASSWORD, Visit


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def note(visit: Visit, post: str, text: str, **more: str) -> int:
    visit.get(f"/posts/{post}")
    return visit.send(f"/posts/{post}/notes", text=text, **more).status_code


def test_staff_and_manager_write_to_each_other(
    app: Application, staff: Visit, manager: Visit
) -> None:
    note(staff, "day.fr", "@Direction, ça va <b>?</b>")
    assert "Note added, for direction." in staff.text
    note(manager, "day.fr", "Oui.")
    page = manager.get("/posts/day.fr")
    assert '<b class="mention">@Direction</b>, ça va &lt;b&gt;?' in page.text
    assert page.text.index("ça va") < page.text.index("Oui.")
    assert flaws(page.text) == []
    history = page.text.partition('id="history"')[2]
    assert "Oui." not in history  # it is shown once
    assert [step.event for step in app.queries.history("day.fr")][-2:] == [
        "note added",
        "note added",
    ]


def test_whoever_may_look_may_note(app: Application, address: str) -> None:
    """Also of another organisation, and of a draft that is not queued."""
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["Warsaw"])
    with Visit(address) as kasia:
        kasia.log_in("kasia")
        assert note(kasia, "unfinished.fr", "Pour quand ?") == 200
        assert "Pour quand ?" in kasia.get("/posts/unfinished.fr").text


def test_a_note_on_no_post_and_one_without_words_are_refused(
    app: Application, staff: Visit
) -> None:
    before = app.queries.last_step()
    staff.get("/")
    assert staff.send("/posts/nowhere.fr/notes", text="Quoi ?").status_code == 404
    assert note(staff, "day.fr", " ") == 400
    assert note(staff, "day.fr", "a" * 2001) == 400
    assert app.queries.last_step() == before


def test_a_post_has_a_most_of_notes(
    app: Application, staff: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "_ON_POST", 2)
    assert [note(staff, "day.fr", "Un.") for _ in range(3)] == [200, 200, 409]
    assert (
        "“Bonjour de Genève. &lt;b&gt;Gras&lt;/b&gt;” has 2 notes, which is the limit. Continue in a call"
        in staff.text
    )
    assert note(staff, "later.fr", "Un.") == 200
    assert len(app.notes.notes_on("day.fr")) == 2


def test_nobody_alone_uses_up_the_notes_of_a_post(
    app: Application, staff: Visit, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "_OF_ONE", 2)
    assert [note(staff, "day.fr", "Un.") for _ in range(3)] == [200, 200, 409]
    assert (
        "You wrote 2 notes on “Bonjour de Genève. &lt;b&gt;Gras&lt;/b&gt;”, which is the limit for one person."
        in staff.text
    )
    assert note(manager, "day.fr", "Deux.") == 200
    assert note(staff, "later.fr", "Trois.") == 200


def test_a_person_has_a_most_of_notes_in_an_hour(
    app: Application, staff: Visit, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On all posts together, and nobody else is kept from writing."""
    monkeypatch.setattr(notes, "_AN_HOUR", 2)
    assert [note(staff, post, "Un.") for post in ("day.fr", "later.fr", "day.fr")] == [
        200,
        200,
        409,
    ]
    assert "You wrote 2 notes in the last hour. Wait a few minutes" in staff.text
    assert note(manager, "day.fr", "Deux.") == 200
    clock = app.clock
    assert isinstance(clock, ManualClock)
    clock.advance(3601)
    assert note(staff, "day.fr", "Trois.") == 200


@pytest.mark.parametrize(
    ("back", "led"),
    [
        ("", "/posts/day.fr#notes"),
        ("/review?post=day.fr", "/review?post=day.fr"),
        ("https://example.org/", "/posts/day.fr#notes"),
        ("//example.org/", "/posts/day.fr#notes"),
        ("/\\example.org/", "/posts/day.fr#notes"),
    ],
)
def test_it_leads_back_to_our_own_pages_alone(staff: Visit, back: str, led: str) -> None:
    staff.get("/posts/day.fr")
    fields = {"form": staff.token, "text": "Un.", "back": back}
    answer = staff.client.post("/posts/day.fr/notes", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, led)


def test_a_note_that_is_sent_after_the_session_ended_stands_in_its_form_again(
    app: Application, staff: Visit
) -> None:
    staff.get("/posts/day.fr")
    app.sessions.revoke(app.people.find("stagiaire"))
    staff.send("/posts/day.fr/notes", text="Longue réflexion.")
    assert "Add the note · day.fr" in staff.text
    kept = {"next": "/posts/day.fr/notes", "name": "stagiaire", "password": PASSWORD}
    staff.send("/login", **kept, kept='{"text": "Longue réflexion."}')
    assert ">Longue réflexion.</textarea>" in staff.page
    assert app.notes.notes_on("day.fr") == []
