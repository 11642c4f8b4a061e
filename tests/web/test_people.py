"""People are invited, given rights, reset and removed on the pages, within the rights of each."""

import re
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.tables import people
from tests.support.log_ins import shown_once, with_app
from tests.support.pages import PASSWORD, Visit

_NEW = "another good password"


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


pytestmark = pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def chef(address: str) -> Iterator[Visit]:
    with Visit(address) as visit:
        visit.log_in("chef")
        visit.get("/people")
        yield visit


@pytest.fixture
def ola(app: Application, address: str) -> Iterator[Visit]:
    """An admin of BICE alone."""
    app.people.add("ola", Rank.ADMIN, PASSWORD, organisations=["BICE"])
    with Visit(address) as visit:
        visit.log_in("ola")
        visit.get("/people")
        yield visit


def path_of(link: str) -> str:
    assert link.startswith("http://127.0.0.1:8080/login/link?key=")
    return link.removeprefix("http://127.0.0.1:8080")


def test_who_is_invited_opens_the_link_chooses_a_password_and_is_in(
    app: Application, chef: Visit, anonymous: Visit
) -> None:
    chef.send("/people", name="Lima", role="manager", scope="some", organisation=["BICE"])
    link = path_of(shown_once(chef))
    assert link not in chef.get("/people").text
    assert "manager for BICE" in chef.text
    assert "invited" in chef.text
    for _ in range(2):  # a mail program opens it first
        anonymous.get(link)
        assert "Welcome, Lima" in anonymous.text
    key = link.partition("key=")[2]
    assert anonymous.send("/login/link", key=key, password="short").status_code == 400
    answer = anonymous.send("/login/link", key=key, password=_NEW)
    assert answer.status_code == 200
    assert anonymous.get("/me").status_code == 200
    assert "manager for BICE" in anonymous.text
    assert "publisher-browser" in anonymous.client.cookies
    with Visit(str(anonymous.client.base_url)) as thief:
        assert thief.get(link).status_code == 404
        thief.get("/login")
        assert thief.send("/login/link", key=key, password=_NEW).status_code == 404
        assert thief.get("/").status_code == 303
    told = chef.get("/people").text
    assert "person invited" in told
    assert key not in told


def test_an_invitation_has_no_right_ticked(chef: Visit) -> None:
    chef.get("/people")
    form = chef.page.partition('action="/people"')[2].partition("</form>")[0]
    assert 'name="scope" value="all" required>' in form
    assert " checked" not in form
    assert chef.send("/people", name="Lima", role="staff").status_code == 400


def test_an_invitation_is_ended_and_made_anew(
    app: Application, chef: Visit, anonymous: Visit
) -> None:
    assert chef.get("/people/Lima").status_code == 404
    chef.get("/people")
    chef.send("/people", name="Lima", role="staff", scope="all")
    first = path_of(shown_once(chef))
    chef.get("/people/Lima")
    assert "works until" in chef.text
    chef.get("/people")
    assert "the link works until" in chef.text
    with app.database.write() as connection:
        connection.execute(update(people).values(link_until=app.clock.now()))
    chef.get("/people")
    assert "the link expired" in chef.text
    assert "the link works until" not in chef.text
    chef.send("/people/Lima", do="unlink")
    assert anonymous.get(first).status_code == 404
    chef.send("/people/Lima", do="link")
    second = path_of(shown_once(chef))
    assert anonymous.get(second).status_code == 200
    chef.get("/people")
    chef.send("/people/Lima", do="remove", sure="yes")
    assert anonymous.get(second).status_code == 404


def test_a_reset_logs_out_and_lets_the_person_choose(
    app: Application, chef: Visit, manager: Visit, anonymous: Visit
) -> None:
    key = app.feed_keys.make(app.people.find("direction"))
    chef.send("/people/direction", do="link")
    link = path_of(shown_once(chef))
    assert manager.get("/").status_code == 303
    assert app.feed_keys.person(key) is None, "whoever was in may have made it"
    key = app.feed_keys.make(app.people.find("direction"))
    anonymous.get(link)
    assert "Choose a new password" in anonymous.text
    anonymous.send("/login/link", key=link.partition("key=")[2], password=_NEW)
    assert "Your password is new. Is everything else yours?" in anonymous.text
    assert app.feed_keys.person(key) is None
    assert anonymous.get("/").status_code == 200
    assert manager.log_in("direction").status_code == 401
    assert manager.log_in("direction", _NEW).status_code == 200


def test_a_reset_does_not_get_around_the_second_factor(
    app: Application, chef: Visit, anonymous: Visit
) -> None:
    with_app(app, "direction")
    chef.send("/people/direction", do="link")
    link = path_of(shown_once(chef))
    anonymous.get(link)
    anonymous.send("/login/link", key=link.partition("key=")[2], password=_NEW)
    assert "Second factor" in anonymous.text
    assert anonymous.get("/").status_code == 303
    chef.get("/people/direction")
    chef.send("/people/direction", do="factors")
    assert anonymous.log_in("direction", _NEW).status_code == 200
    assert anonymous.get("/").status_code == 200


def test_role_and_organisations_change_at_once(
    app: Application, chef: Visit, manager: Visit
) -> None:
    chef.send("/people/direction", do="rights", role="staff", scope="some", organisation=["BICE"])
    person = app.people.find("direction")
    assert (person.rank, person.organisations) == (Rank.STAFF, ("BICE",))
    manager.get("/")
    assert manager.send("/pause", reason="x").status_code == 403
    wrongs: tuple[dict[str, str | list[str]], ...] = (
        {"role": "king", "scope": "all"},
        {"role": "staff", "scope": "some"},
        {"role": "staff"},
        {"role": "staff", "scope": "some", "organisation": ["Nowhere"]},
    )
    for wrong in wrongs:
        chef.get("/people")
        assert chef.send("/people/direction", do="rights", **wrong).status_code == 400
    assert app.people.find("direction") == person


def test_nobody_gives_away_on_a_page_what_they_have_not(app: Application, ola: Visit) -> None:
    """Neither by an invitation nor by other rights, nor over people of others."""
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["BICE"])
    everybody = app.people.all()
    assert 'value="all"' not in ola.page
    all_of_it = {"role": "admin", "scope": "all", "name": "Lima"}
    own = {"role": "staff", "scope": "some", "organisation": "BICE", "sure": "yes"}
    acts = (
        "rights", "link", "unlink", "factors", "feed", "remove", "disable", "enable", "revoke",
    )  # fmt: skip
    tries: list[tuple[str, dict[str, str]]] = [
        ("/people", all_of_it),
        ("/people/kasia", {**all_of_it, "do": "rights"}),
        *(("/people/direction", {**own, "do": do}) for do in acts),
    ]
    for path, given in tries:
        assert ola.send(path, **given).status_code == 403, (path, given)
        ola.get("/people")
    assert app.people.all() == everybody
    fields = {"name": "Lima", "role": "admin", "scope": "some", "organisation": "BICE"}
    assert ola.send("/people", **fields).status_code == 200
    assert app.people.find("lima").organisations == ("BICE",)


def test_managers_and_staff_have_nothing_to_do_there(
    app: Application, manager: Visit, staff: Visit
) -> None:
    everybody = app.people.all()
    for visit in (manager, staff):
        assert visit.get("/people").status_code == 403
        assert visit.get("/people/chef").status_code == 403
        visit.get("/me")
        assert visit.send("/people", name="x", role="staff", scope="all").status_code == 403
        visit.get("/me")
        assert visit.send("/people/chef", do="remove", sure="yes").status_code == 403
    assert app.people.all() == everybody


def test_an_admin_does_nothing_to_themselves(app: Application, chef: Visit) -> None:
    chef.get("/people/chef")
    assert 'value="remove"' not in chef.page
    for fields in (
        {"do": "remove", "sure": "yes"}, {"do": "disable"},
        {"do": "rights", "role": "staff", "scope": "all"},
    ):  # fmt: skip
        assert chef.send("/people/chef", **fields).status_code == 409
        chef.get("/people/chef")
    assert app.people.find("chef").rank is Rank.ADMIN


def test_one_session_is_ended_and_the_others_stay(
    app: Application, address: str, chef: Visit, manager: Visit, staff: Visit
) -> None:
    with Visit(address) as other:
        other.log_in("direction")
        newest, oldest = app.sessions.of(app.people.find("direction"))
        assert app.sessions.by_person()[newest.person.id] == [newest, oldest]
        chef.get("/people/direction")
        assert chef.page.count('name="session"') == 2
        chef.send("/people/direction", do="revoke", session=newest.id)
        assert other.get("/").status_code == 303
        assert manager.get("/").status_code == 200
        other.log_in("direction")
        (session, _own) = app.sessions.of(app.people.find("direction"))
        manager.get("/me")
        manager.send("/me/sessions", session=oldest.id)
        assert manager.get("/me").status_code == 200, "not one's own by mistake"
        (foreign,) = app.sessions.of(app.people.find("stagiaire"))
        manager.send("/me/sessions", session=foreign.id)
        assert staff.get("/").status_code == 200, "nobody else's"
        manager.send("/me/sessions", session=session.id)
        assert other.get("/").status_code == 303


def test_a_name_of_any_letters_has_a_page(app: Application, chef: Visit) -> None:
    for name in ("a/b", "it's <b>", "José 100 %", "?x=y#z", "people"):
        app.people.add(name, Rank.STAFF, PASSWORD)
        chef.get("/people")
        links = re.findall(r'href="(/people/[^"]+)"', chef.page)
        found = [link for link in links if httpx.URL(link).path == f"/people/{name}"]
        assert len(found) == 1, (name, links)
        assert chef.get(found[0]).status_code == 200
        assert chef.send(found[0], do="disable").status_code == 200
        assert app.people.find(name).disabled_at


def test_a_link_is_no_way_to_another_site_or_another_session(
    chef: Visit, manager: Visit, anonymous: Visit
) -> None:
    """A form of another site, or of another browser, chooses nobody's password."""
    chef.send("/people", name="Lima", role="staff", scope="all")
    key = path_of(shown_once(chef)).partition("key=")[2]
    anonymous.get(f"/login/link?key={key}")
    data = {"form": anonymous.token, "key": key, "password": _NEW}
    evil = {"origin": "https://evil.example"}
    assert anonymous.client.post("/login/link", data=data, headers=evil).status_code == 403
    assert manager.client.post("/login/link", data=data).status_code == 403
    before = anonymous.client.cookies["publisher"]
    anonymous.send("/login/link", key=key, password=_NEW)
    assert anonymous.client.cookies["publisher"] != before
