"""Logging in by OpenID Connect, with a provider that is honest and with one that is not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import inspect
from starlette.responses import JSONResponse, RedirectResponse

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.base.errors import ConfigurationError, NotPossible
from publisher.settings import settings
from publisher.settings.schema import WebSettings
from publisher.web import openid_client as rooms_openid
from tests.support import openid, system
from tests.support.log_ins import an_hour_later, confirm, shown_once
from tests.support.openid import ACCESS_TOKEN, CLIENT, SECRET, Provider
from tests.support.pages import PASSWORD, Visit, serving
from tests.support.workspaces import Workspace
from tests.web.conftest import opened

_PAST, _FUTURE = 1_000_000_000, 10_000_000_000  # seconds since 1970


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What the provider says of itself may change within a test."""
    if "remembered" not in request.node.name:
        for name in ("_FRESH", "_REST"):
            monkeypatch.setattr(rooms_openid, name, 0.0)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid.provider() as provider:
        yield provider


@pytest.fixture
def app(workspace: Workspace, provider: Provider) -> Iterator[Application]:
    """Lima logs in by OpenID Connect, the others by password."""
    surroundings = {
        "PUBLISHER_OPENID__ISSUER": provider.address,
        "PUBLISHER_OPENID__CLIENT_ID": CLIENT,
        "PUBLISHER_OPENID__CLIENT_SECRET": SECRET,
        "PUBLISHER_OPENID__CLAIM": "preferred_username",
    }
    app = opened(workspace.path, surroundings)
    app.people.add("Lima", Rank.STAFF, None)
    yield app
    app.close()


@pytest.fixture
def visit(app: Application) -> Iterator[Visit]:
    """A browser at pages that know their own address, as the provider sends it there."""
    where = WebSettings(port=system.free_port())
    with serving(app, where) as address, Visit(address) as visit:
        yield visit


def go(visit: Visit, path: str = "/login/openid") -> httpx.Response:
    """There, to the provider, and back."""
    return come_back(visit, way_back(visit, path))


def way_back(visit: Visit, path: str = "/login/openid") -> str:
    """Where the provider sends the browser."""
    there = visit.client.get(path)
    assert there.status_code == 303, there.text
    return httpx.get(there.headers["location"]).headers["location"]


def come_back(visit: Visit, back: str) -> httpx.Response:
    parts = urlsplit(back)
    return visit.get(f"{parts.path}?{parts.query}")


def test_who_is_known_there_and_here_gets_in(visit: Visit, provider: Provider) -> None:
    """And comes to the page that was asked for."""
    visit.get(visit.get("/log?state=failed").headers["location"])
    assert 'href="/login/openid?next=/log%3Fstate%3Dfailed"' in visit.page
    answer = go(visit, "/login/openid?next=/log%3Fstate%3Dfailed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/log?state=failed")
    assert visit.get("/me").status_code == 200
    assert "Old password" not in visit.text
    provider.algorithm = "ES256"
    visit.client.cookies.clear()
    assert go(visit).status_code == 303


def test_no_token_of_the_provider_comes_to_the_browser_or_is_kept(
    app: Application, visit: Visit, provider: Provider, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither in what a browser gets, nor in the ledger, nor in the log."""
    there = visit.client.get("/login/openid")
    back = httpx.get(there.headers["location"]).headers["location"]
    answers = [there, come_back(visit, back), *map(visit.get, ("/", "/me"))]
    assert answers[-1].status_code == 200
    told = "".join(f"{answer.headers}{answer.text}" for answer in answers)
    with app.database.read() as connection:
        tables = inspect(connection).get_table_names()
        kept = [connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall() for name in tables]
    (id_token,) = provider.issued
    for token in (id_token, id_token.rpartition(".")[2], ACCESS_TOKEN, SECRET):
        assert token not in f"{told}{kept}{dict(visit.client.cookies)}{capfd.readouterr()}"


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"lies": {"nonce": "of another log-in"}}, "InvalidClaimError"),
        ({"lies": {"nonce": None}}, "MissingClaimError"),
        ({"lies": {"aud": "another-client"}}, "InvalidClaimError"),
        (
            {"lies": {"aud": ["another-client", CLIENT], "azp": "another-client"}},
            "InvalidClaimError",
        ),
        ({"lies": {"aud": None}}, "MissingClaimError"),
        ({"lies": {"exp": _PAST}}, "ExpiredTokenError"),
        ({"lies": {"exp": None}}, "MissingClaimError"),
        ({"lies": {"exp": "tomorrow"}}, "InvalidClaimError"),
        ({"lies": {"nbf": _FUTURE}}, "InvalidClaimError"),
        ({"lies": {"iat": _FUTURE}}, "InvalidClaimError"),
        ({"lies": {"iss": "https://another.example"}}, "InvalidClaimError"),
        ({"lies": {"iss": None}}, "MissingClaimError"),
        ({"lies": {"sub": None}}, "MissingClaimError"),
        ({"lies": {"at_hash": "of-another-token"}}, "InvalidClaimError"),
        ({"lies": {"preferred_username": None}}, "no verified name"),
        ({"lies": {"preferred_username": ["lima"]}}, "no verified name"),
        ({"lies": {"preferred_username": "lima\0"}}, "no verified name"),
        ({"lies": {"sub": "4711\0"}}, "nobody named"),
        ({"lies": {"preferred_username": "a stranger"}}, "nobody of ours"),
        ({"lies": {"preferred_username": "direction"}}, "nobody of ours"),
        ({"algorithm": "none"}, "UnsupportedAlgorithmError"),
        ({"algorithm": "HS256"}, "UnsupportedAlgorithmError"),
        ({"signs_with_another_key": True}, "BadSignatureError"),
        ({"metadata": {"issuer": "https://another.example"}}, "another issuer"),
        (
            {"metadata": {"token_endpoint": "http://another.example/token"}},
            "an address without TLS",
        ),
        ({"metadata": {"jwks_uri": "file:///etc/passwd"}}, "an address without TLS"),
        ({"metadata": {"jwks_uri": None}}, "an address without TLS"),
        ({"answer": {"iss": "https://another.example"}}, "another issuer"),
        ({"answer": {"error": "access_denied"}}, "refused there"),
        ({"answer": {"code": "of-somebody-else"}}, "OAuthError"),
        ({"token_answer": JSONResponse({"error": "server_error"}, 500)}, "HTTPError"),
        ({"token_answer": JSONResponse([])}, "ValueError"),
        ({"token_answer": JSONResponse({"access_token": "x", "token_type": "Bearer"})}, "KeyError"),
        ({"token_answer": JSONResponse({"access_token": "x", "id_token": "a.b.c"})}, "DecodeError"),
        ({"token_answer": JSONResponse({"access_token": "x", "id_token": 7})}, "DecodeError"),
        ({"token_answer": RedirectResponse("http://another.example/")}, "ValueError"),
    ],
)
def test_a_provider_that_lies_lets_nobody_in(
    visit: Visit,
    provider: Provider,
    lie: dict[str, Any],
    why: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nor somebody who has a password here, nor somebody whom nobody let in. The log says why."""
    back = way_back(visit)
    for name, value in lie.items():
        setattr(provider, name, value)
    answer = come_back(visit, back) if "answer" not in lie else go(visit)
    assert answer.status_code == 401
    assert "did not work" in visit.text
    assert f"why='{why}'" in capfd.readouterr().err
    assert visit.get("/").status_code == 303


def test_a_way_back_is_of_use_in_the_browser_that_set_out(visit: Visit, provider: Provider) -> None:
    """Once, with its own state; nothing is asked of the provider otherwise."""
    back = way_back(visit)
    with Visit(str(visit.client.base_url)) as other:
        assert come_back(other, back).status_code == 403
        other.get("/login")
        assert come_back(other, back).status_code == 403
        way_back(other)
        assert come_back(other, back).status_code == 403
    for wrong in ("", "x", dict(parse_qsl(urlsplit(back).query))["state"] + "/accounts"):
        path = urlsplit(back).path
        assert visit.get(path, params={"state": wrong, "code": "x"}).status_code == 403
    assert {*provider.asked} == {"/.well-known/openid-configuration"}
    assert come_back(visit, back).status_code == 303
    assert come_back(visit, back).status_code == 403


def test_a_name_that_is_given_away_again_is_not_inherited(visit: Visit, provider: Provider) -> None:
    """Whoever came first with it stays it, by what never changes at the provider."""
    assert go(visit).status_code == 303
    visit.client.cookies.clear()
    provider.claims["sub"] = "4712"
    assert go(visit).status_code == 401
    provider.claims["sub"] = "4711"
    assert go(visit).status_code == 303


def test_who_is_kept_out_stays_out(app: Application, visit: Visit) -> None:
    app.people.disable(app.people.find("lima"), disabled=True)
    assert go(visit).status_code == 401


def test_each_has_one_way_in(app: Application, visit: Visit) -> None:
    """No password opens the door of who logs in elsewhere, until they are given one."""
    for password in ("", "nobody's password", PASSWORD):
        assert app.people.verified("lima", password) is None
    app.people.set_password("lima", PASSWORD)
    assert go(visit).status_code == 401
    assert visit.log_in("lima").status_code == 200


@pytest.fixture
def by_default(workspace: Workspace, provider: Provider) -> Iterator[Application]:
    """Nothing is said of which claim is the name."""
    surroundings = {
        "PUBLISHER_OPENID__ISSUER": provider.address,
        "PUBLISHER_OPENID__CLIENT_ID": CLIENT,
        "PUBLISHER_OPENID__CLIENT_SECRET": SECRET,
    }
    app = opened(workspace.path, surroundings)
    yield app
    app.close()


def test_an_address_counts_only_when_it_is_verified(
    by_default: Application, provider: Provider
) -> None:
    by_default.people.add("lima@example.org", Rank.STAFF, None)
    with serving(by_default) as address, Visit(address) as visit:
        for verified, status in ((None, 401), ("yes", 401), (False, 401), (True, 303)):
            provider.lies = {"email_verified": verified}
            assert go(visit).status_code == status


def test_a_name_that_people_choose_themselves_makes_nobody_an_admin(
    by_default: Application, provider: Provider, capfd: pytest.CaptureFixture[str]
) -> None:
    """OpenID Connect Core, section 5.7: `preferred_username` must not be relied upon."""
    by_default.people.add("lima", Rank.ADMIN, None)
    provider.claims |= {"sub": "666", "email": "mallory@example.org"}
    with serving(by_default) as address, Visit(address) as visit:
        assert go(visit).status_code == 401
    assert "why='nobody of ours'" in capfd.readouterr().err


def test_who_is_named_by_their_identity_is_nobody_else(
    by_default: Application, provider: Provider
) -> None:
    """Whatever the provider calls them, and whoever else comes with their name."""
    subject = f"{provider.address} 4711"
    by_default.people.add("lima@example.org", Rank.ADMIN, None, subject=subject)
    provider.claims |= {"sub": "666"}
    with serving(by_default) as address, Visit(address) as visit:
        assert go(visit).status_code == 401
        provider.claims = {"sub": "4711"}
        assert go(visit).status_code == 303
        assert visit.get("/people").status_code == 200
    with pytest.raises(NotPossible, match=r"lima@example\.org"):
        by_default.people.add("mallory", Rank.STAFF, None, subject=subject)


def test_whose_name_somebody_else_came_with_is_in_the_log(
    app: Application, visit: Visit, provider: Provider, capfd: pytest.CaptureFixture[str]
) -> None:
    """The real one, who finds their name taken, is not only nobody."""
    provider.claims["sub"] = "666"
    assert go(visit).status_code == 303
    visit.client.cookies.clear()
    provider.claims["sub"] = "4711"
    assert go(visit).status_code == 401
    assert "person='Lima' by='openid' why='nobody of ours'" in capfd.readouterr().err


def test_a_provider_that_is_away_keeps_nobody_with_a_password_out(
    visit: Visit, provider: Provider
) -> None:
    provider.metadata = {"issuer": None}
    assert visit.get("/login/openid").status_code == 401
    assert visit.log_in("direction").status_code == 200


def test_what_the_provider_says_of_itself_is_remembered(visit: Visit, provider: Provider) -> None:
    """Anybody may set out: neither is it asked each time, nor waited for again while it is away."""
    for _ in range(3):
        assert visit.get("/login/openid").status_code == 303
    assert provider.asked.count("/.well-known/openid-configuration") == 1


def test_that_it_is_away_is_remembered_for_a_moment(visit: Visit, provider: Provider) -> None:
    provider.metadata = {"issuer": None}
    for _ in range(3):
        assert visit.get("/login/openid").status_code == 401
    assert provider.asked.count("/.well-known/openid-configuration") == 1


def test_without_a_provider_there_is_no_such_door(
    workspace: Workspace,
) -> None:
    app = opened(workspace.path)
    with serving(app) as address, Visit(address) as visit:
        visit.get("/login")
        assert "/login/openid" not in visit.page
        for path in ("/login/openid", "/login/openid/back?state=x&code=y"):
            assert visit.get(path).status_code == 404
    app.close()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("issuer = 'https://id.example.org'", "issuer says where credentials are sent"),
        ("client_id = 'x'", "client_id says .* who a person is"),
        ("claim = 'nickname'", "claim says .* who a person is"),
        ("client_secret = 'hunter2'", "openid.client_secret is a secret"),
    ],
)
def test_settings_that_are_not_safe_are_refused(tmp_path: Path, written: str, says: str) -> None:
    (tmp_path / "publisher.toml").write_text(f"[openid]\n{written}\n")
    with pytest.raises(ConfigurationError, match=says) as caught:
        settings.load(tmp_path, {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("issuer = 'http://id.example.org'", "must begin with https://"),
        ("issuer = 'https://id.example.org'", "needs client_id and"),
    ],
)
def test_an_issuer_is_safe_and_has_the_secret_beside_it(
    tmp_path: Path, written: str, says: str
) -> None:
    (tmp_path / "publisher.toml").touch()
    (tmp_path / "secrets.toml").write_text(f"[openid]\n{written}\n")
    with pytest.raises(ConfigurationError, match=says):
        settings.load(tmp_path, {})


def test_the_secret_and_who_gets_it_stand_in_their_own_file(tmp_path: Path) -> None:
    """Whoever gets a line into the settings that are committed must not thereby get the secret."""
    (tmp_path / "publisher.toml").touch()
    (tmp_path / "secrets.toml").write_text(
        "[openid]\nissuer = 'https://id.example.org'\nclient_secret = 'hunter2'\n"
        "client_id = 'x'\nclaim = 'upn'\n"
    )
    found = settings.load(tmp_path, {}).openid
    assert found.client_secret
    assert "hunter2" not in repr(found)


def test_who_logs_in_elsewhere_proves_it_there_once_more(
    app: Application, visit: Visit, provider: Provider
) -> None:
    """The form is kept meanwhile, and the session stays; nobody else's log-in is a proof."""
    app.people.add("Mia", Rank.STAFF, None)
    go(visit)
    session = visit.client.cookies["publisher"]
    an_hour_later(app)
    visit.get("/me")
    assert visit.send("/me/feed", do="make").status_code == 403
    assert 'href="/login/openid?again=yes' in visit.page
    assert "proof-password" not in visit.page
    there = visit.client.get("/login/openid?again=yes&next=/me")
    asked = dict(parse_qsl(urlsplit(there.headers["location"]).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    page = visit.page
    for lie, name in (
        ({"auth_time": _PAST}, "Lima"), ({"auth_time": None}, "Lima"), ({"sub": "of Mia"}, "Mia"),
    ):  # fmt: skip
        provider.lies = {**lie, "preferred_username": name}
        answer = go(visit, "/login/openid?again=yes")
        assert answer.status_code in (401, 403)
        visit.page = page
        assert visit.send("/me/feed", do="make").status_code == 403
    provider.lies = {}
    not_anew = there.headers["location"].replace("max_age=0", "").replace("prompt=login", "")
    answer = come_back(visit, httpx.get(not_anew).headers["location"])
    assert answer.status_code == 401, "whoever has the session takes the question for a proof away"
    assert go(visit, "/login/openid?again=yes").headers["location"] == "/"
    assert visit.client.cookies["publisher"] == session
    visit.page = page
    confirm(visit)
    assert shown_once(visit, "feed")


def test_no_second_factor_is_asked_of_who_logs_in_elsewhere(
    app: Application, provider: Provider
) -> None:
    """Their provider asks for its own."""
    where = WebSettings(port=system.free_port(), second_factor="everybody")
    with serving(app, where) as address, Visit(address) as visit:
        assert go(visit).headers["location"] == "/"
        assert visit.get("/").status_code == 200
