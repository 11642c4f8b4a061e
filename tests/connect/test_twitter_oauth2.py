"""Connecting an account on X by OAuth 2.0: state, PKCE, scopes, and the tokens of one owner."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from publisher.base.errors import NotConnected, UsageError
from publisher.channels.connect import Authorization, Keys
from publisher.platforms.twitter.oauth2 import RETURN, SCOPES
from publisher.platforms.twitter.stand_in.oauth2 import client_of, secret_of
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.settings import settings
from tests.connect.conftest import SETTINGS, Desk, allow
from tests.connect.test_command import run

METHOD = "oauth2"


def app_of(desk: Desk, name: str = "bice-x", *, is_public: bool = False) -> dict[str, str]:
    client = client_of(desk.account(name), is_public=is_public)
    return {"client_id": client} | ({} if is_public else {"client_secret": secret_of(client)})


def begin(desk: Desk, name: str = "bice-x", **app: str) -> Authorization:
    connection = desk.connection(name, "twitter", METHOD)
    begun = connection.begin(app or app_of(desk, name))
    assert isinstance(begun, Authorization)
    return begun


def keys_of(desk: Desk, name: str = "bice-x", as_account: str = "", **app: str) -> Keys:
    begun = begin(desk, name, **app)
    answer = allow(begun, as_account or name)
    (keys,) = desk.connection(name, "twitter", METHOD).finish(begun, f" {answer}\n")
    return keys


def connect(desk: Desk, name: str = "bice-x", **app: str) -> None:
    connection = desk.connection(name, "twitter", METHOD)
    keys = keys_of(desk, name, **app)
    connection.store(keys, connection.check(keys))


@pytest.mark.parametrize("is_public", [False, True], ids=["confidential", "public"])
def test_the_tokens_are_stored_with_their_owner_and_their_end(desk: Desk, is_public: bool) -> None:
    connect(desk, **app_of(desk, is_public=is_public))
    stored = settings.load(desk.workspace.path).credentials("bice-x")
    assert stored["user_id"] == desk.account("bice-x").user_id
    assert {"client_id", "access_token", "refresh_token", "expires_at"} <= stored.keys()
    assert ("client_secret" in stored) is not is_public
    assert "api_key" not in stored


def test_the_address_asks_for_the_scopes_and_shows_no_secret(desk: Desk) -> None:
    begun = begin(desk)
    query = parse_qs(urlsplit(begun.url).query)
    assert query["scope"] == [" ".join(SCOPES)]
    assert query["redirect_uri"] == [RETURN]
    assert query["code_challenge_method"] == ["S256"]
    assert begun.kept["verifier"] not in begun.url
    assert begun.kept["client_secret"] not in begun.url
    assert not desk.sandbox.store.requests


def test_a_connected_account_posts_with_its_token(desk: Desk) -> None:
    connect(desk)
    app = desk.app()
    with app.channel("bice-x") as channel:
        assert channel.owner_id == desk.account("bice-x").user_id
        health = channel.examine()
    assert (health.problem, str(health.owner)) == (None, "@bice_x")


def test_the_code_of_another_attempt_is_refused(desk: Desk) -> None:
    begun, other = begin(desk), begin(desk)
    with pytest.raises(NotConnected, match="another login"):
        desk.connection("bice-x", method=METHOD).finish(begun, allow(other, "bice-x"))
    assert desk.nothing_is_stored()


def test_a_code_without_its_verifier_is_refused(desk: Desk) -> None:
    begun = begin(desk)
    stolen = Authorization(begun.url, begun.asks, kept={**begun.kept, "verifier": "another" * 8})
    with pytest.raises(NotConnected, match="does not accept the consent"):
        desk.connection("bice-x", method=METHOD).finish(stolen, allow(begun, "bice-x"))


def test_a_code_works_once(desk: Desk) -> None:
    begun = begin(desk)
    answer = allow(begun, "bice-x")
    connection = desk.connection("bice-x", method=METHOD)
    connection.finish(begun, answer)
    with pytest.raises(NotConnected, match="does not accept the consent") as refused:
        connection.finish(begun, answer)
    assert "works once" in str(refused.value.hint)


def test_who_does_not_allow_it_gets_no_keys(desk: Desk) -> None:
    begun = begin(desk)
    with pytest.raises(NotConnected, match="denied"):
        desk.connection("bice-x", method=METHOD).finish(begun, allow(begun, "bice-x", answer="no"))


@pytest.mark.parametrize("pasted", ["", "1234567", "https://x.com/home"])
def test_what_is_no_address_with_a_code_is_said(desk: Desk, pasted: str) -> None:
    with pytest.raises(NotConnected, match="not contain a code"):
        desk.connection("bice-x", method=METHOD).finish(begin(desk), pasted)


def test_access_without_a_scope_stores_nothing(desk: Desk) -> None:
    desk.sandbox.faults.set([Fault(what=XFault.SCOPE_MISSING)])
    with pytest.raises(NotConnected, match=r"lacks tweet\.write"):
        keys_of(desk)
    assert desk.nothing_is_stored()


def test_a_wrong_secret_of_the_app_is_said_and_not_shown(desk: Desk) -> None:
    wrong = {**app_of(desk), "client_secret": "not-the-secret-of-this-app"}
    with pytest.raises(NotConnected, match="Missing valid authorization header") as refused:
        keys_of(desk, **wrong)
    assert "not-the-secret" not in f"{refused.value} {refused.value.hint}"


def test_an_app_that_x_does_not_know_shows_no_consent(desk: Desk) -> None:
    begun = begin(desk, client_id="an-app-that-has-expired")
    assert requests.get(begun.url, timeout=30).status_code == 400


def test_the_tokens_of_another_account_are_refused(desk: Desk) -> None:
    named = SETTINGS.replace("# the main one", '\nhandle = "bice_x"')
    desk.workspace.write("publisher.toml", named)
    keys = keys_of(desk, as_account="lima-x")
    with pytest.raises(NotConnected, match="@lima_x"):
        desk.connection("bice-x", method=METHOD).check(keys)
    assert not desk.secrets.exists()


@pytest.mark.parametrize("what", [What.HANG_UP, What.SERVER_ERROR, What.NOT_JSON])
def test_an_answer_that_fails_stores_nothing(desk: Desk, what: What) -> None:
    desk.sandbox.faults.set([Fault(what=what, endpoint="getOAuth2Token")])
    with pytest.raises(NotConnected) as refused:
        keys_of(desk)
    assert "again" in str(refused.value.hint)
    assert desk.nothing_is_stored()


def test_another_account_finds_the_keys_of_the_app(desk: Desk) -> None:
    connect(desk)
    fields = desk.connection("lima-x", method=METHOD).fields
    assert {field.name: field.default for field in fields} == app_of(desk)


def test_accounts_of_one_app_share_its_limits(desk: Desk) -> None:
    connect(desk)
    connect(desk, "lima-x")
    apps = settings.load(desk.workspace.path).apps()
    assert apps["bice-x"] == {"bice-x", "lima-x"}


def test_revoking_ends_both_tokens_there_and_here(desk: Desk) -> None:
    connect(desk)
    keys = settings.load(desk.workspace.path).credentials("bice-x")
    connection = desk.connection("bice-x")
    assert connection.revoke() is None
    assert "bice-x" not in desk.secrets.read_text()
    bearer = {"Authorization": f"Bearer {keys['access_token']}"}
    assert requests.get(f"{desk.address}/2/users/me", headers=bearer, timeout=30).status_code == 401
    assert connection.connector.revoke(keys) is None  # they are ended already


def test_tokens_that_cannot_be_ended_now_stay(desk: Desk) -> None:
    connect(desk)
    before = desk.secrets.read_text()
    desk.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="revokeOAuth2Token")])
    with pytest.raises(NotConnected):
        desk.connection("bice-x").revoke()
    assert desk.secrets.read_text() == before


def test_the_command_has_a_method_and_check_tells_the_end(desk: Desk) -> None:
    connect(desk)
    checked = run(desk, "connect", "bice-x", "--check")
    assert checked.returncode == 0, checked.stderr
    assert "@bice_x" in checked.stdout
    assert "renewed before" in " ".join(checked.stdout.split())
    assert "are revoked, and deleted here" in run(desk, "connect", "bice-x", "--revoke").stdout


def test_a_method_that_there_is_not_is_named(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no way to get keys called oauth3") as refused:
        desk.connection("bice-x", method="oauth3")
    assert "oauth2" in str(refused.value.hint)
