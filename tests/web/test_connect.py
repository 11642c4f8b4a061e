"""/accounts/NAME/connect: an admin connects an account, and what a page may never hold."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.clock import SystemClock
from publisher.base.errors import CredentialsMissing
from publisher.ledger.tables import web_sessions
from publisher.platforms.facebook.stand_in.graph import app_id
from publisher.platforms.twitter.stand_in.oauth2 import client_of, secret_of
from publisher.settings import sandbox_mode, settings
from tests.connect.conftest import Desk, desk, pin  # noqa: F401 - a fixture
from tests.support.html import flaws
from tests.support.lines import nothing
from tests.support.lines import serving as a_server
from tests.support.pages import PASSWORD, Visit, serving

pytestmark = pytest.mark.guards("publisher.web.account_connecting")

HERE = "/accounts/bice-x/connect"


@pytest.fixture
def connecting(desk: Desk) -> Iterator[tuple[Application, str]]:  # noqa: F811
    with connected(desk) as served:
        yield served


@contextmanager
def connected(desk: Desk) -> Iterator[tuple[Application, str]]:  # noqa: F811
    """The pages of the desk's workspace, and their address."""
    desk.workspace.write("posts/session.yaml", "name: A session\ntimezone: Europe/Zurich\n")
    app = Application(settings.load(desk.workspace.path), SystemClock())
    app.database.migrate()
    app.people.add("admin", Rank.ADMIN, PASSWORD)
    app.people.add("direction", Rank.MANAGER, PASSWORD)
    with serving(app) as address:
        yield app, address
    app.close()


@pytest.fixture
def admin(connecting: tuple[Application, str]) -> Iterator[Visit]:
    with Visit(connecting[1]) as visit:
        visit.log_in("admin")
        yield visit


def begin(admin: Visit, desk: Desk) -> str:  # noqa: F811
    """Go as far as the platform's page; returns its address."""
    admin.get(HERE)
    admin.send(HERE, do="start", **{"proof-password": PASSWORD})
    page = admin.send(HERE, do="begin", **desk.app_keys())
    found = re.search(r'href="(http://[^"]*/oauth/authorize[^"]*)"', page.text)
    assert found, page.text
    return found[1].replace("&amp;", "&")


def allow(url: str, name: str) -> str:
    shown = requests.post(url, data={"account": name, "answer": "allow"}, timeout=30).text
    found = re.search("<code>(.*?)</code>", shown)
    assert found
    return found[1]


def test_an_admin_connects_an_account_and_the_page_shows_whose_it_is(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    app, _address = connecting
    pin = allow(begin(admin, desk), "bice-x")
    page = admin.send(HERE, do="finish", answer=pin)
    assert "it posts as @bice_x" in page.text
    assert app.settings.credentials("bice-x") == desk.account("bice-x").credentials


def test_nothing_secret_is_ever_in_a_page(admin: Visit, desk: Desk) -> None:  # noqa: F811
    url = begin(admin, desk)
    shown = [admin.get(HERE).text, admin.send(HERE, do="finish", answer="1234567").text]
    admin.send(HERE, do="finish", answer=allow(begin(admin, desk), "bice-x"))
    shown += [admin.get(page).text for page in ("/accounts", HERE, "/accounts/lima-x/connect")]
    assert url
    for secret in desk.account("bice-x").credentials.values():
        assert not any(secret in page for page in shown)


def test_who_has_not_proved_lately_who_they_are_is_asked_before_anything_is_typed(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    with connecting[0].database.write() as connection:
        connection.execute(web_sessions.update().values(confirmed_at=None))
    page = admin.get(HERE).text
    assert 'name="api_key"' not in page
    answer = admin.send(HERE, do="begin", **desk.app_keys())
    assert 'name="api_key"' not in answer.text
    assert desk.app_keys()["api_secret"] not in answer.text


def test_a_manager_connects_nothing(connecting: tuple[Application, str]) -> None:
    with Visit(connecting[1]) as visit:
        visit.log_in("direction")
        assert visit.get(HERE).status_code == 403
        assert "/connect" not in visit.get("/accounts").text


def test_a_wrong_pin_is_said_and_the_person_begins_again(
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    allow(begin(admin, desk), "bice-x")
    page = admin.send(HERE, do="finish", answer="1234567")
    assert page.status_code == 409
    assert "does not accept this PIN" in page.text
    assert 'name="api_key"' in page.text
    assert not desk.secrets.exists()


def test_what_one_log_in_has_begun_another_does_not_see(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    pin = allow(begin(admin, desk), "bice-x")
    with Visit(connecting[1]) as other:
        other.log_in("admin")
        other.get(HERE)
        other.send(HERE, do="start", **{"proof-password": PASSWORD})
        other.send(HERE, do="finish", answer=pin)
    assert not desk.secrets.exists()


def test_a_page_is_chosen_among_several(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    toml = desk.workspace.path / "publisher.toml"
    here = "/accounts/bice-page/connect"
    account = desk.account("bice-page")
    admin.get(here)
    admin.send(here, do="start", **{"proof-password": PASSWORD})
    page = admin.send(
        here, do="begin", app_id=app_id(account), app_secret=account.credentials["app_secret"],
        user_token="EAAS-not-one",
    )  # fmt: skip
    assert page.status_code == 409
    assert account.credentials["app_secret"] not in page.text
    assert 'page_id = "100200300"' in toml.read_text()


def test_the_keys_can_be_ended(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    admin.send(HERE, do="finish", answer=allow(begin(admin, desk), "bice-x"))
    page = admin.send(HERE, do="revoke")
    assert "are revoked, and deleted here" in page.text
    assert "bice-x" in connecting[0].settings.without_credentials()


def test_the_pages_take_what_the_command_line_connects_and_ends(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    """`publisher connect` is another process; the pages notice what it wrote, without a restart."""
    app = connecting[0]

    def can_publish() -> bool:
        entries = admin.get("/accounts").text.split("<li>")
        return "cannot publish" not in next(one for one in entries if ">bice-x</span>" in one)

    assert not can_publish()
    connection = desk.connection("bice-x")
    (keys,) = pin(desk, "bice-x")
    connection.store(keys, connection.check(keys))
    assert can_publish()
    with app.channel("bice-x") as channel:
        assert str(channel.owner()) == "@bice_x"
    desk.connection("bice-x").revoke()
    assert not can_publish()
    with pytest.raises(CredentialsMissing), app.channel("bice-x"):
        pass


def test_a_file_that_cannot_be_read_leaves_the_pages_as_they_are(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    before = connecting[0].settings
    desk.secrets.write_text("[bice-x")
    assert admin.get("/accounts").status_code == 200
    assert connecting[0].settings is before


@pytest.fixture
def moving_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[socket.socket]]]:
    """A site whose name leads to a public address at first, then to this machine.

    Gives its address, and who connected.
    """
    for variable in sandbox_mode.addresses().values():
        monkeypatch.setenv(variable, "")
    look_up, answers = socket.getaddrinfo, iter(["93.184.215.14"])

    def resolve(host: str, port: int | None, *rest: Any, **more: Any) -> Any:
        if host != "news.example.org":
            return look_up(host, port, *rest, **more)
        address = next(answers, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port or 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with a_server(nothing) as (address, connections):
        yield f"https://news.example.org:{address.rpartition(':')[2]}", connections


def test_a_name_that_leads_to_this_machine_a_moment_later_is_not_asked(
    desk: Desk,  # noqa: F811
    moving_name: tuple[str, list[socket.socket]],
) -> None:
    """The keys go to the address that was looked at, or nowhere."""
    server, connections = moving_name
    here = "/accounts/bice-wp/connect"
    with connected(desk) as (_app, address), Visit(address) as admin:
        admin.log_in("admin")
        admin.get(here)
        admin.send(here, do="start", **{"proof-password": PASSWORD})
        begun = admin.send(here, do="begin", server=server, user="bice")
        assert "authorize-application.php" in begun.text
        page = admin.send(here, do="finish", answer="abcd efgh ijkl mnop")
    assert "its address is not on the public internet" in page.text
    assert not connections
    assert not desk.secrets.exists()


def test_its_structure_is_sound(admin: Visit, desk: Desk) -> None:  # noqa: F811
    begin(admin, desk)
    for page in (HERE, "/accounts/bice-page/connect", "/accounts"):
        assert not flaws(admin.get(page).text), page


def test_only_what_has_keys_is_connected(admin: Visit, tmp_path: Path) -> None:
    assert tmp_path
    assert admin.get("/accounts/nobody/connect").status_code == 404


def test_an_account_is_connected_by_another_method(
    connecting: tuple[Application, str],
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    app, _address = connecting
    client = client_of(desk.account("bice-x"))
    admin.get(HERE)
    admin.send(HERE, do="start", **{"proof-password": PASSWORD})
    assert f"{HERE}?method=oauth2" in admin.get(HERE).text
    assert "Client ID" in admin.get(f"{HERE}?method=oauth2").text
    app_keys = {"client_id": client, "client_secret": secret_of(client)}
    page = admin.send(HERE, do="begin", method="oauth2", **app_keys)
    found = re.search(r'href="(http://[^"]*/i/oauth2/authorize[^"]*)"', page.text)
    assert found, page.text
    form = {"account": "bice-x", "answer": "allow"}
    url = found[1].replace("&amp;", "&")
    end = requests.post(url, data=form, timeout=30, allow_redirects=False)
    page = admin.send(HERE, do="finish", answer=end.headers["location"])
    assert "it posts as @bice_x" in page.text
    kept = app.keyring.credentials("bice-x")
    assert kept["user_id"] == desk.account("bice-x").user_id
    assert not any(kept[name] in page.text for name in ("access_token", "refresh_token"))


def test_who_pastes_the_wrong_thing_begins_again_in_the_same_way(
    admin: Visit,
    desk: Desk,  # noqa: F811
) -> None:
    admin.get(HERE)
    admin.send(HERE, do="start", **{"proof-password": PASSWORD})
    client = client_of(desk.account("bice-x"))
    keys = {"client_id": client, "client_secret": secret_of(client)}
    admin.send(HERE, do="begin", method="oauth2", **keys)
    admin.send(HERE, do="finish", answer="about:blank")
    assert "This address does not contain a code from X." in admin.text
    assert 'name="client_id"' in admin.page
