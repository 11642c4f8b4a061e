"""The stand-in's authorization server of X: codes, PKCE, tokens that work once, and their end."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from publisher.platforms.twitter.stand_in.oauth2 import CALLBACK, client_of, secret_of
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.faults import Fault
from publisher.sandbox.server import Sandbox

VERIFIER = "v" * 64
SCOPES = "tweet.read tweet.write users.read media.write offline.access"


@pytest.fixture
def account(accounts: dict[str, SandboxAccount]) -> SandboxAccount:
    return accounts["bice-x"]


def consent(address: str, account: SandboxAccount, **instead: str) -> requests.Response:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    query = {
        "response_type": "code", "client_id": client_of(account), "redirect_uri": CALLBACK,
        "scope": SCOPES, "state": "s", "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="), **instead,
    }  # fmt: skip
    form: Any = {"account": account.name, "answer": "allow"}
    return requests.post(
        f"{address}/i/oauth2/authorize", params=query, data=form, timeout=30, allow_redirects=False
    )


def code(address: str, account: SandboxAccount, **instead: str) -> str:
    location = consent(address, account, **instead).headers["location"]
    return parse_qs(urlsplit(location).query)["code"][0]


def ask(address: str, account: SandboxAccount, endpoint: str = "token", **form: str) -> Any:
    client = client_of(account)
    return requests.post(
        f"{address}/2/oauth2/{endpoint}", data=form, auth=(client, secret_of(client)), timeout=30
    ).json()


def tokens(address: str, account: SandboxAccount, **instead: str) -> Any:
    return ask(
        address, account, grant_type="authorization_code", redirect_uri=CALLBACK,
        code_verifier=VERIFIER, code=code(address, account, **instead),
    )  # fmt: skip


def me(address: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{address}/2/users/me", headers=headers, timeout=30).status_code


@pytest.mark.parametrize(
    "instead",
    [
        {"redirect_uri": "https://elsewhere.invalid/"},
        {"scope": "tweet.read everything"},
        {"client_id": "unknown"},
        {"code_challenge_method": "plain"},
        {"state": ""},
    ],
)
def test_a_wrong_request_gets_no_code(
    address: str, account: SandboxAccount, instead: dict[str, str]
) -> None:
    assert consent(address, account, **instead).status_code == 400


def test_a_code_needs_its_verifier(address: str, account: SandboxAccount) -> None:
    told = ask(
        address, account, grant_type="authorization_code", redirect_uri=CALLBACK,
        code_verifier="w" * 64, code=code(address, account),
    )  # fmt: skip
    assert "code verifier" in told["error_description"]


def test_a_refresh_token_works_once_and_a_second_use_is_noted(
    address: str, account: SandboxAccount, sandbox: Sandbox
) -> None:
    first = tokens(address, account)
    assert me(address, first["access_token"]) == 200
    wish = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = ask(address, account, **wish)
    assert me(address, first["access_token"]) == 401
    assert me(address, second["access_token"]) == 200
    assert ask(address, account, **wish)["error"] == "invalid_request"
    assert [one["kind"] for one in sandbox.state()["violations"]] == ["refresh-token-twice"]


def test_an_access_token_ends(address: str, account: SandboxAccount, sandbox: Sandbox) -> None:
    sandbox.faults.set([Fault(what=XFault.SHORT_LIVED, seconds=0)])
    assert me(address, tokens(address, account)["access_token"]) == 401


def test_what_the_access_does_not_cover_is_refused(address: str, account: SandboxAccount) -> None:
    token = tokens(address, account, scope="tweet.read users.read")
    assert "refresh_token" not in token
    assert me(address, token["access_token"]) == 200
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    answer = requests.post(f"{address}/2/tweets", json={"text": "a"}, headers=headers, timeout=30)
    assert answer.status_code == 403
    assert "tweet.write" in answer.json()["detail"]


def test_a_public_client_has_no_secret(address: str, account: SandboxAccount) -> None:
    client = client_of(account, is_public=True)
    form = {
        "grant_type": "authorization_code", "redirect_uri": CALLBACK, "client_id": client,
        "code_verifier": VERIFIER, "code": code(address, account, client_id=client),
    }  # fmt: skip
    told = requests.post(f"{address}/2/oauth2/token", data=form, timeout=30).json()
    assert me(address, told["access_token"]) == 200


def test_a_confidential_client_needs_its_secret(address: str, account: SandboxAccount) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "a", "client_id": client_of(account)}
    told = requests.post(f"{address}/2/oauth2/token", data=form, timeout=30)
    assert (told.status_code, told.json()["error"]) == (401, "unauthorized_client")


def test_a_token_is_revoked(address: str, account: SandboxAccount) -> None:
    given = tokens(address, account)
    assert ask(address, account, "revoke", token=given["access_token"]) == {"revoked": True}
    assert me(address, given["access_token"]) == 401
