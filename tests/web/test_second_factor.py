"""The second step of a log-in: by an app's code or a recovery code; who must have one; and what
is asked once more before what cannot be undone.
"""

import re
import threading
from collections.abc import Iterator
from html import unescape

import pytest
from sqlalchemy import select

from publisher.app import Application
from publisher.auth.users import Person, Rank
from publisher.ledger.tables import challenges
from publisher.model.states import State
from publisher.settings.schema import WebSettings
from tests.support.log_ins import SECRET, an_hour_later, code, confirm, shown_once, with_app
from tests.support.pages import PASSWORD, Visit, serving
from tests.web.conftest import published

pytestmark = pytest.mark.guards("publisher.web.anonymous_forms")


@pytest.fixture
def chef(address: str) -> Iterator[Visit]:
    with Visit(address) as visit:
        visit.log_in("chef")
        yield visit


def test_a_person_sets_an_app_up_and_logs_in_with_its_code(
    app: Application, address: str, staff: Visit
) -> None:
    staff.get("/me")
    staff.send("/me/factors", do="app")
    assert re.search(r'<svg[^>]*class="qr"', staff.page)
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', staff.page)
    assert secret
    staff.send("/me/factors", do="app-code", secret=secret[1], code="123456")
    assert "not the code that the app is showing" in staff.text
    assert f'value="{secret[1]}"' in staff.page, "the picture that was scanned still holds"
    assert not app.people.find("stagiaire").has_factor
    staff.send("/me/factors", do="app-code", secret=SECRET, code=code())
    codes = re.findall(r"<code>([a-z0-9-]{19})</code>", staff.page)
    assert len(codes) == 10
    staff.get("/me")
    assert not any(one in staff.page for one in codes)
    with Visit(address) as visit:
        visit.log_in("stagiaire")
        assert "Second factor" in visit.text
        assert visit.get("/").status_code == 303
        visit.log_in("stagiaire")
        assert visit.send("/login/code", code=codes[0]).status_code == 200
        assert visit.get("/").status_code == 200
        assert "9 are left" in (visit.get("/me"), visit.text)[1]


def test_a_password_alone_opens_nothing(app: Application, anonymous: Visit) -> None:
    """Neither by the cookie of the second step nor by asking for the next page."""
    with_app(app, "direction")
    anonymous.get("/login")
    before = anonymous.client.cookies["publisher"]
    anonymous.send("/login", name="direction", password=PASSWORD)
    half = anonymous.client.cookies["publisher"]
    assert half != before, "who knows the cookie from before knows nothing"
    assert "publisher-browser" not in anonymous.client.cookies
    for path in ("/", "/me", "/people", "/calendar.ics", "/events", "/pause", "/log.csv"):
        assert anonymous.get(path).status_code == 303, path
    assert app.sessions.of(app.people.find("direction")) == []
    with app.database.read() as connection:
        assert half not in str(connection.execute(select(challenges)).all())


def test_the_cookie_from_before_the_password_is_of_no_use(
    app: Application, address: str, anonymous: Visit
) -> None:
    """Somebody planted it, and waits until its owner has typed the password."""
    with_app(app, "direction")
    anonymous.get("/login")
    planted = anonymous.client.cookies["publisher"]
    with Visit(address) as thief:
        thief.client.cookies.set("publisher", planted)
        thief.get("/login")
        anonymous.send("/login", name="direction", password=PASSWORD)
        assert thief.send("/login/code", code=code()).status_code == 401
        assert thief.get("/").status_code == 303


def test_the_second_step_keeps_the_page_and_the_words(app: Application, manager: Visit) -> None:
    manager.get("/posts/day.fr")
    with_app(app, "direction")
    app.sessions.revoke(app.people.find("direction"))
    manager.send("/posts/day.fr", do="reject", reason="La <b>salle</b>")
    for path, fields in (
        ("/login", {"name": "direction", "password": PASSWORD}),
        ("/login/code", {"code": "000000"}),
        ("/login/code", {"code": code()}),
    ):
        kept = re.search(
            r'<textarea name="kept" hidden>\n?(.*?)</textarea>', manager.page, re.DOTALL
        )
        wanted = re.search(r'name="next" value="([^"]*)"', manager.page)
        assert kept
        assert wanted
        manager.send(path, next=wanted[1], kept=unescape(kept[1]), **fields)
    assert "Nothing was done: Send back" in manager.text
    assert "La <b>salle</b>" in unescape(manager.page)


def test_the_second_step_leads_nowhere_else(app: Application, anonymous: Visit) -> None:
    with_app(app, "direction")
    anonymous.log_in("direction")
    data = {"form": anonymous.token, "code": code(), "next": "//evil.example"}
    assert anonymous.client.post("/login/code", data=data).headers["location"] == "/"


def test_wrong_codes_are_slowed_down_and_say_no_more_than_that(
    app: Application, anonymous: Visit
) -> None:
    with_app(app, "direction")
    anonymous.log_in("direction")
    assert anonymous.send("/login/code", code="000000").status_code == 401
    assert "This code is wrong, or was already used." in anonymous.text
    for _ in range(9):
        app.throttle.admit("direction", "127.0.0.1", way="code")
    assert anonymous.send("/login/code", code=code()).status_code == 429
    assert "Too many tries" in anonymous.text


def test_of_two_browsers_with_one_code_one_gets_in(app: Application, address: str) -> None:
    with_app(app, "direction")
    visits = [Visit(address) for _ in range(3)]
    for visit in visits:
        visit.log_in("direction")
    now, ready = code(), threading.Barrier(3)

    def enter(visit: Visit) -> None:
        ready.wait()
        visit.send("/login/code", code=now)

    threads = [threading.Thread(target=enter, args=[visit]) for visit in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [visit.get("/").status_code for visit in visits].count(200) == 1
    for visit in visits:
        visit.client.close()


def test_one_right_password_is_good_for_one_session(app: Application, anonymous: Visit) -> None:
    codes = with_app(app, "direction")
    anonymous.log_in("direction")
    data = {"form": anonymous.token}
    cookies = dict(anonymous.client.cookies)
    anonymous.client.post("/login/code", data={**data, "code": codes[0]})
    assert anonymous.get("/").status_code == 200
    anonymous.client.cookies.clear()
    anonymous.client.cookies.update(cookies)
    answer = anonymous.client.post("/login/code", data={**data, "code": codes[1]})
    assert answer.status_code == 401
    assert "took too long" in answer.text


def test_one_right_password_and_two_codes_at_once_make_one_session(
    app: Application, address: str, anonymous: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = with_app(app, "direction")
    anonymous.log_in("direction")
    check, both = app.second_factors.is_right, threading.Barrier(2)

    def checked(person: Person, given: str) -> bool:
        both.wait()
        return check(person, given)

    monkeypatch.setattr(app.second_factors, "is_right", checked)
    cookies, data = dict(anonymous.client.cookies), {"form": anonymous.token}
    found: list[int] = []

    def enter(given: str) -> None:
        with Visit(address) as visit:
            visit.client.cookies.update(cookies)
            answer = visit.client.post("/login/code", data={**data, "code": given})
            found.append(answer.status_code)

    threads = [threading.Thread(target=enter, args=[one]) for one in codes[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 401]
    assert len(app.sessions.of(app.people.find("direction"))) == 1


def test_who_is_kept_out_between_the_two_steps_stays_out(
    app: Application, anonymous: Visit
) -> None:
    with_app(app, "direction")
    anonymous.log_in("direction")
    app.people.disable(app.people.find("direction"), disabled=True)
    assert anonymous.send("/login/code", code=code()).status_code == 401
    assert anonymous.get("/").status_code == 303


def test_an_app_is_removed_or_made_anew_after_a_proof_alone(
    app: Application, address: str, anonymous: Visit
) -> None:
    codes = with_app(app, "stagiaire")
    anonymous.log_in("stagiaire")
    anonymous.send("/login/code", code=codes[0])
    an_hour_later(app)
    for fields in ({"do": "remove", "factor": "app"}, {"do": "codes"}, {"do": "app"}):
        anonymous.get("/me")
        assert anonymous.send("/me/factors", **fields).status_code == 403
        assert "Confirm that it is you" in anonymous.text
    anonymous.get("/me")
    anonymous.send("/me/factors", do="remove", factor="app")
    confirm(anonymous, password=PASSWORD)
    assert "The second factor is removed." in anonymous.text
    assert not app.people.find("stagiaire").has_factor


@pytest.mark.parametrize(
    ("wanted", "must"),
    [("optional", set()), ("managers", {"direction", "chef"}),
     ("everybody", {"direction", "chef", "stagiaire"})],
)  # fmt: skip
def test_who_must_have_a_second_factor_sets_one_up_first(
    app: Application, wanted: str, must: set[str]
) -> None:
    """At the next log-in. Until then only what stops everything works: that is always safe."""
    where = WebSettings(second_factor=wanted)
    with serving(app, where) as address:
        for name in ("direction", "chef", "stagiaire"):
            with Visit(address) as visit:
                visit.log_in(name)
                if name not in must:
                    assert visit.get("/").status_code == 200
                    continue
                assert "needs a second factor here" in visit.text
                for path in ("/", "/posts/day.fr", "/review", "/people", "/log.csv", "/feed.atom"):
                    assert visit.get(path).headers["location"] == "/me", path
                visit.get("/me")
                assert "/me/feed" not in visit.page
                for path in ("feed", "notices", "addresses", "sessions"):
                    answer = visit.client.post(f"/me/{path}", data={"form": visit.token})
                    assert answer.headers["location"] == "/me", path
                    assert visit.client.get("/me").status_code == 200
                before = app.queries.last_step()
                assert visit.client.post(
                    "/posts/day.fr", data={"form": visit.token, "do": "approve"}
                ).headers["location"] == "/me"  # fmt: skip
                assert app.queries.last_step() == before
                visit.send("/pause", reason="a wrong picture")
                assert any(status.paused_at for status in app.queries.accounts())
                visit.get("/me")
                visit.send("/me/factors", do="app-code", secret=SECRET, code=code())
                assert visit.get("/").status_code == 200
                visit.get("/me")
                assert visit.send("/me/factors", do="remove", factor="app").status_code == 409


def test_a_factor_opens_no_other_session_that_waits_for_one(app: Application) -> None:
    """A thief with the password waits until its owner sets a factor up."""
    with (
        serving(app, WebSettings(second_factor="managers")) as address,
        Visit(address) as thief,
        Visit(address) as owner,
    ):
        thief.log_in("direction")
        owner.log_in("direction")
        owner.get("/me")
        owner.send("/me/factors", do="app-code", secret=SECRET, code=code())
        assert owner.get("/review").status_code == 200
        assert thief.get("/review").headers["location"].startswith("/login")
        assert len(app.sessions.of(app.people.find("direction"))) == 1


def test_what_cannot_be_undone_is_confirmed_with_the_form_as_it_was(
    app: Application, manager: Visit
) -> None:
    """And not asked again for a quarter of an hour."""
    published(app, "site/news.fr")
    an_hour_later(app)
    manager.get("/posts/site/news.fr")
    fields = {
        "do": "withdraw",
        "reason": "Une <erreur> & plus",
        "sure": "yes",
        "account": "bice-site",
    }
    before = app.queries.last_step()
    assert manager.send("/posts/site/news.fr", **fields).status_code == 403
    assert "Nothing is done yet: Withdraw · “Une nouvelle.” · bice-site." in manager.text
    confirm(manager, password="wrong password")
    assert "That was not right. Nothing was done." in manager.text
    assert app.queries.last_step() == before
    confirm(manager, password=PASSWORD)
    steps = app.queries.steps_about("site/news.fr")
    assert any("Une <erreur> & plus" in str(step.detail) for step in steps)
    app.control.pause(None, "x", "chef")
    seen = re.search(r'name="seen" value="([^"]*)"', manager.get("/resume").text)
    assert seen
    assert manager.send("/resume", seen=seen[1]).status_code == 200
    assert "Publishing has resumed." in manager.text


def test_going_on_is_confirmed_and_stopping_never(app: Application, manager: Visit) -> None:
    an_hour_later(app)
    manager.get("/")
    assert manager.send("/pause", reason="x").status_code == 200
    manager.get("/accounts")
    assert manager.send("/pause", reason="x", account="bice-x").status_code == 200
    seen = re.search(r'name="seen" value="([^"]*)"', manager.get("/resume").text)
    assert seen
    assert manager.send("/resume", seen=seen[1]).status_code == 403
    assert "Resume publishing" in manager.text
    assert "Everything is paused" in (manager.get("/"), manager.text)[1]
    seen = re.search(r'name="seen" value="([^"]*)"', manager.get("/resume?account=bice-x").text)
    assert seen
    assert manager.send("/resume", seen=seen[1], account="bice-x").status_code == 200
    manager.get("/posts/day.fr")
    for do in ("approve", "reject", "hold", "cancel"):
        assert manager.send("/posts/day.fr", do=do, reason="x").status_code != 403, do
        manager.get("/posts/day.fr")


def test_rights_and_invitations_are_confirmed(app: Application, chef: Visit) -> None:
    """Several organisations too, as they were ticked; keeping out and logging out is not."""
    an_hour_later(app)
    chef.get("/people")
    fields = {"name": "Lima", "role": "staff", "scope": "some", "organisation": ["BICE"]}
    assert chef.send("/people", **fields).status_code == 403
    assert "Invite Lima" in chef.text
    assert len(app.people.all()) == 4
    confirm(chef, password=PASSWORD)
    assert shown_once(chef)
    assert app.people.find("lima").organisations == ("BICE",)
    for do, whom in (("rights", "lima"), ("link", "direction"), ("remove", "lima"),
                     ("factors", "direction"), ("enable", "direction")):  # fmt: skip
        an_hour_later(app)
        chef.get("/people")
        fields = {"do": do, "role": "admin", "scope": "all", "sure": "yes"}
        assert chef.send(f"/people/{whom}", **fields).status_code == 403, do
    assert app.people.find("lima").rank is Rank.STAFF
    for do in ("disable", "revoke", "unlink"):
        chef.get("/people")
        assert chef.send("/people/direction", do=do).status_code == 200, do


def test_a_code_confirms_too_and_is_counted(app: Application, anonymous: Visit) -> None:
    codes = with_app(app, "chef")
    anonymous.log_in("chef")
    anonymous.send("/login/code", code=codes[0])
    an_hour_later(app)
    anonymous.get("/people")
    anonymous.send("/people", name="Lima", role="staff", scope="all")
    confirm(anonymous, code="000000")
    assert "That was not right" in anonymous.text
    confirm(anonymous, code=codes[0])
    assert "That was not right" in anonymous.text
    confirm(anonymous, code=code())
    assert shown_once(anonymous)
    an_hour_later(app)
    for _ in range(9):
        app.throttle.admit(
            "chef", "127.0.0.1", browser=anonymous.client.cookies["publisher-browser"]
        )
    anonymous.get("/people")
    anonymous.send("/people", name="Mia", role="staff", scope="all")
    confirm(anonymous, password=PASSWORD)
    assert "Too many tries" in anonymous.text
    assert len(app.people.all()) == 5


def test_a_field_that_is_sent_twice_gets_around_no_proof(app: Application, chef: Visit) -> None:
    """What is asked about and what is done read the same one of the two."""
    an_hour_later(app)
    for acts in (["unlink", "remove"], ["remove", "unlink"]):
        chef.get("/people")
        chef.send("/people/direction", do=acts, sure="yes")
        assert "direction" in {person.key for person in app.people.all()}
    app.control.pause(None, "x", "chef")
    seen = re.search(r'name="seen" value="([^"]*)"', chef.get("/resume").text)
    assert seen
    for accounts in (["bice-x", ""], ["", "bice-x"]):
        chef.get("/resume")
        chef.send("/resume", seen=seen[1], account=accounts)
        stopped = {status.account for status in app.queries.accounts() if status.paused_at}
        assert stopped == {"*"}


def test_nobody_confirms_with_somebody_elses_password(
    app: Application, address: str, chef: Visit
) -> None:
    app.people.set_password("stagiaire", "a password of another one")
    an_hour_later(app)
    chef.get("/people")
    chef.send("/people", name="Lima", role="staff", scope="all")
    confirm(chef, password="a password of another one")
    assert "That was not right" in chef.text


def test_another_site_confirms_nothing(app: Application, chef: Visit) -> None:
    an_hour_later(app)
    chef.get("/people")
    data = {"name": "Lima", "role": "staff", "scope": "all", "proof-password": PASSWORD}
    for form, headers in (("", {}), (chef.token, {"origin": "https://evil.example"})):
        answer = chef.client.post("/people", data={**data, "form": form}, headers=headers)
        assert answer.status_code == 403
        assert "Nothing was" in answer.text
    assert len(app.people.all()) == 4
    states = {delivery.state for delivery in app.queries.deliveries(post="day.fr")}
    assert states == {State.AWAITING_APPROVAL}
