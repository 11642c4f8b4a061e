"""Who may speak for an account at X: signatures, nonces, time."""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests
import tweepy

from publisher.platforms.twitter.stand_in.signatures import signature
from publisher.sandbox.accounts import SandboxAccount

Tweeter = Callable[..., tweepy.Client]


def header(
    account: SandboxAccount, url: str, *, method: str = "POST", **instead: str
) -> dict[str, str]:
    """An Authorization header over `url`; keywords replace OAuth's parameters."""
    keys = account.credentials
    oauth = {
        "oauth_consumer_key": keys["api_key"],
        "oauth_nonce": secrets.token_hex(8),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_token": keys["access_token"],
        "oauth_version": "1.0",
    } | instead
    secret = keys["api_secret"], keys["access_token_secret"]
    oauth.setdefault("oauth_signature", signature(method, url, oauth.items(), *secret))
    pairs = ", ".join(f'{name}="{quote(value, safe="~")}"' for name, value in oauth.items())
    return {"Authorization": f"OAuth {pairs}", "Content-Type": "application/json"}


def post(session: requests.Session, address: str, headers: dict[str, str]) -> requests.Response:
    body = json.dumps({"text": secrets.token_hex(4)})
    return session.post(f"{address}/2/tweets", data=body, headers=headers, timeout=30)


def test_the_worked_example_of_x_gives_its_signature() -> None:
    """The figures are those of docs.x.com, "Creating a signature"."""
    parameters = {
        "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
        "include_entities": "true",
        "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1318622958",
        "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "oauth_version": "1.0",
    }
    url = "https://api.twitter.com/1.1/statuses/update.json"
    secret = (
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    assert signature("POST", url, parameters.items(), *secret) == "hCtSmYh+iHYCEqBWrE7C7hYmtUk="


@pytest.mark.parametrize("host", ["https://api.twitter.com", "https://api.x.com"])
def test_a_signature_over_the_platforms_own_address_is_taken(
    session: requests.Session, address: str, accounts: dict[str, SandboxAccount], host: str
) -> None:
    answer = post(session, address, header(accounts["bice-x"], f"{host}/2/tweets"))
    assert answer.status_code == 201


def test_a_signature_over_the_sandboxes_address_is_refused(
    session: requests.Session, address: str, accounts: dict[str, SandboxAccount]
) -> None:
    answer = post(session, address, header(accounts["bice-x"], f"{address}/2/tweets"))
    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "https://api.x.com/2/tweets" in answer.headers["x-sandbox-reason"]


@pytest.mark.parametrize("field", ["api_key", "api_secret", "access_token", "access_token_secret"])
def test_any_wrong_credential_is_refused(tweeter: Tweeter, field: str) -> None:
    with pytest.raises(tweepy.Unauthorized) as error:
        tweeter(**{field: "wrong"}).create_tweet(text="Bonjour")
    assert error.value.response.json()["status"] == 401


def test_another_apps_key_is_refused(tweeter: Tweeter, accounts: dict[str, SandboxAccount]) -> None:
    other = accounts["peru-x"].credentials
    with pytest.raises(tweepy.Unauthorized):
        tweeter(api_key=other["api_key"], api_secret=other["api_secret"]).get_me()


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        ({"oauth_timestamp": "now"}, "no number"),
        ({"oauth_signature_method": "PLAINTEXT"}, "not HMAC-SHA1"),
        ({"oauth_signature": "AAAA"}, "not the signature"),
        ({"oauth_nonce": ""}, "no oauth_nonce"),
    ],
)
def test_a_stale_or_odd_signature_is_refused(
    session: requests.Session,
    address: str,
    accounts: dict[str, SandboxAccount],
    instead: dict[str, str],
    reason: str,
) -> None:
    signed = header(accounts["bice-x"], "https://api.twitter.com/2/tweets", **instead)
    answer = post(session, address, signed)
    assert answer.status_code == 401
    assert reason in answer.headers["x-sandbox-reason"]


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_signature_of_another_time_is_refused(
    session: requests.Session, address: str, accounts: dict[str, SandboxAccount], seconds: int
) -> None:
    other_time = str(int(time.time()) + seconds)
    url = "https://api.twitter.com/2/tweets"
    signed = header(accounts["bice-x"], url, oauth_timestamp=other_time)
    answer = post(session, address, signed)
    assert answer.status_code == 401
    assert "away from this machine's clock" in answer.headers["x-sandbox-reason"]


def test_a_nonce_works_once(
    session: requests.Session, address: str, accounts: dict[str, SandboxAccount]
) -> None:
    signed = header(accounts["bice-x"], "https://api.twitter.com/2/tweets")
    assert post(session, address, signed).status_code == 201
    again = post(session, address, signed)
    assert again.status_code == 401
    assert "nonce" in again.headers["x-sandbox-reason"]


@pytest.mark.parametrize("authorization", [None, "Bearer abc", "OAuth", "OAuth nonsense"])
def test_a_request_without_oauth_is_refused(
    session: requests.Session, address: str, authorization: str | None
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert session.get(f"{address}/2/users/me", headers=headers, timeout=30).status_code == 401


def test_the_query_is_part_of_what_is_signed(
    session: requests.Session, address: str, accounts: dict[str, SandboxAccount]
) -> None:
    signed = header(accounts["bice-x"], "https://api.twitter.com/2/users/me", method="GET")
    answer = session.get(
        f"{address}/2/users/me", params={"user.fields": "created_at"}, headers=signed, timeout=30
    )
    assert answer.status_code == 401


def test_a_query_that_was_signed_is_taken(tweeter: Tweeter, accounts: Any) -> None:
    me = tweeter().get_me(user_fields=["created_at"]).data
    assert (str(me.id), me.username) == (accounts["bice-x"].user_id, "bice_x")
