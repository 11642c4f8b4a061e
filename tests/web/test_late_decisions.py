"""A decision that is sent after the session ended is told not to have been done, and comes back as
it was.
"""

import re
from html import unescape

import pytest

from publisher.app import Application
from publisher.model.states import State
from tests.support.pages import PASSWORD, Visit
from tests.web.conftest import published

_REASON = "La salle <b>XX</b> & l'école"


def _end_all(app: Application) -> None:
    for person in app.people.all():
        app.sessions.revoke(person)


def _log_in_again(visit: Visit) -> None:
    """With what the page of the log-in keeps."""
    kept = re.search(r'<textarea name="kept" hidden>(.*?)</textarea>', visit.page, re.DOTALL)
    wanted = re.search(r'name="next" value="([^"]*)"', visit.page)
    assert kept
    assert wanted
    visit.send(
        "/login", name="direction", password=PASSWORD, next=wanted[1], kept=unescape(kept[1])
    )


_CALLED = {
    "day.fr": "“Bonjour de Genève. &lt;b&gt;Gras&lt;/b&gt;”",
    "site/news.fr": "“Une nouvelle.”",
}


@pytest.mark.parametrize(
    ("page", "to", "fields", "told", "back"),
    [
        ("/pause", "/pause", {}, "Pause everything now", "/pause"),
        ("/accounts", "/pause", {"account": "bice-x"}, "Pause bice-x", "/pause"),
        ("/posts/day.fr", "/posts/day.fr", {"do": "reject"}, "Send back · day.fr", "/posts/day.fr"),
        (
            "/posts/site/news.fr", "/posts/site/news.fr", {"do": "withdraw", "sure": "yes"},
            "Withdraw · site/news.fr", "/posts/site/news.fr",
        ),
    ],
)  # fmt: skip
def test_a_decision_that_came_too_late_is_told_and_stands_in_its_form_again(
    app: Application,
    manager: Visit,
    page: str,
    to: str,
    fields: dict[str, str],
    told: str,
    back: str,
) -> None:
    published(app, "site/news.fr")
    manager.get(page)
    before = app.queries.last_step()
    _end_all(app)
    assert manager.send(to, reason=_REASON, **fields).status_code == 401
    assert f"nothing was done: {told}" in manager.text
    _log_in_again(manager)
    for post, words in _CALLED.items():
        told = told.replace(post, words)
    assert f"Nothing was done: {told}" in manager.text, "its words are for who is logged in"
    # On a page of its own, or in a place that is open.
    begins = r'<form method="post"' if page == "/pause" else r"<details[^>]* open>"
    form = re.search(
        rf'{begins}(?:(?!</details>).)*?action="{back}".*?</form>', manager.page, re.DOTALL
    )
    assert form, "its form is shown"
    assert f'value="{_REASON}"' in unescape(form[0])
    assert " checked" not in form[0], "that somebody was sure is asked anew"
    assert app.queries.last_step() == before, "nothing is done by itself"
    account = fields.get("account", "*")
    if back == "/pause":
        manager.send("/pause", reason=_REASON, **fields)
        assert account in {status.account for status in app.queries.accounts()}


def test_the_new_time_of_a_post_is_kept_over_the_log_in(app: Application, manager: Visit) -> None:
    path = "/posts/site/news.fr/move"
    manager.get(path)
    _end_all(app)
    assert manager.send(path, at="2016-03-09T15:00", seen="x").status_code == 401
    assert "nothing was done: Move · site/news.fr" in manager.text
    _log_in_again(manager)
    assert 'value="2016-03-09T15:00"' in manager.page
    assert "Wed 9 Mar 2016, 15:00" in manager.text
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    assert delivery.due_at.day == 7


def test_what_becomes_of_what_fell_due_is_kept_over_the_log_in(
    app: Application, manager: Visit
) -> None:
    app.control.pause(None, "flood", "direction")
    (delivery,) = app.queries.deliveries(post="site/news.fr")
    app.clock.sleep_until(delivery.due_at)
    manager.get("/resume")
    _end_all(app)
    manager.send("/resume", **{"seen": "x", f"choice-{delivery.id}": "drop"})
    assert "nothing was done: Resume publishing" in manager.text
    _log_in_again(manager)
    assert f'name="choice-{delivery.id}" value="drop" checked' in manager.page
    assert any(status.paused_at for status in app.queries.accounts())


def test_who_logged_in_in_another_tab_finds_the_reason_again(
    app: Application, manager: Visit
) -> None:
    manager.get("/posts/day.fr")
    old = manager.token
    _end_all(app)
    manager.log_in("direction")
    answer = manager.client.post(
        "/posts/day.fr", data={"form": old, "do": "reject", "reason": _REASON}
    )
    assert "Nothing was done: Send back" in answer.text
    assert f'value="{_REASON}"' in unescape(answer.text)
    states = {delivery.state for delivery in app.queries.deliveries(post="day.fr")}
    assert states == {State.AWAITING_APPROVAL}


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("/posts/day.fr/queue", "Put it on the schedule · day.fr"),
        ("/accounts/ask", "do it again"),
    ],
)
def test_a_form_without_words_is_told_not_to_have_been_done(
    app: Application, manager: Visit, to: str, told: str
) -> None:
    manager.get("/")
    _end_all(app)
    assert manager.send(to, shown="x").status_code == 401
    assert told in manager.text
    assert 'name="kept"' not in manager.page
