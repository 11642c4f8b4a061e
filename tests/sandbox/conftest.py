"""A running sandbox with four accounts, and tweepy and facebook-sdk pointed at it."""

import hashlib
import hmac
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import facebook
import pytest
import requests
import tweepy
from PIL import Image
from requests.adapters import HTTPAdapter

from publisher.sandbox.accounts import SandboxAccount, accounts_for, by_name
from publisher.sandbox.server import Sandbox, running
from publisher.settings import Settings

NOON = datetime(2016, 3, 7, 12, 0, tzinfo=UTC)


class HandClock:
    """A clock that stands still until a test moves it."""

    speed = 1.0

    def __init__(self) -> None:
        self.instant = NOON

    def now(self) -> datetime:
        return self.instant

    def ahead(self, machine_seconds: float) -> datetime:
        return self.instant + timedelta(seconds=machine_seconds)

    def sleep_until(self, instant: datetime) -> None:
        self.instant = max(self.instant, instant)

    def monotonic(self) -> float:
        return 0.0


class Redirected(HTTPAdapter):
    """Sends what is meant for a platform to the sandbox; the request itself stays as it was."""

    def __init__(self, origin: str, target: str) -> None:
        super().__init__()
        self._origin, self._target = origin, target

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        moved = request.copy()
        assert moved.url
        moved.url = moved.url.replace(self._origin, self._target, 1)
        options["timeout"] = options.get("timeout") or 5
        return super().send(moved, **options)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def accounts() -> dict[str, SandboxAccount]:
    settings = Settings.model_validate(
        {
            "workspace": Path("/nowhere"),
            "accounts": {
                "bice-x": {"channel": "twitter", "organisation": "BICE", "language": "fr"},
                "peru-x": {"channel": "twitter", "organisation": "CEDAPP", "language": "es"},
                "bice-page": {"channel": "facebook", "organisation": "BICE", "page_id": "1002"},
                "peru-page": {"channel": "facebook", "organisation": "CEDAPP", "page_id": "1003"},
            },
        }
    )
    return by_name(accounts_for(settings))


@pytest.fixture
def sandbox(accounts: dict[str, SandboxAccount], clock: HandClock) -> Sandbox:
    return Sandbox(list(accounts.values()), clock, timezone="Europe/Zurich", title="HRC 31")


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    with running(sandbox) as url:
        yield url


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as plain:
        plain.trust_env = False
        yield plain


Tweeter = Callable[..., tweepy.Client]


@pytest.fixture
def tweeter(address: str, accounts: dict[str, SandboxAccount]) -> Iterator[Tweeter]:
    """Makes a tweepy.Client for an account; keywords replace its credentials."""
    clients: list[tweepy.Client] = []

    def make(name: str = "bice-x", **instead: str) -> tweepy.Client:
        keys = accounts[name].credentials | instead
        client = tweepy.Client(
            consumer_key=keys["api_key"],
            consumer_secret=keys["api_secret"],
            access_token=keys["access_token"],
            access_token_secret=keys["access_token_secret"],
        )
        client.session.trust_env = False
        origin = "https://api.twitter.com"
        client.session.mount(origin, Redirected(origin, address))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.session.close()


Pager = Callable[..., facebook.GraphAPI]


@pytest.fixture
def pager(address: str, accounts: dict[str, SandboxAccount]) -> Iterator[Pager]:
    """Makes a facebook.GraphAPI for an account, on a current version."""
    sessions: list[requests.Session] = []

    def make(name: str = "bice-page", token: str | None = None) -> facebook.GraphAPI:
        own = requests.Session()
        own.trust_env = False
        origin = "https://graph.facebook.com"
        own.mount(origin, Redirected(origin, address))
        sessions.append(own)
        graph = facebook.GraphAPI(token or accounts[name].credentials["page_token"], session=own)
        graph.version = "v25.0"
        return graph

    yield make
    for own in sessions:
        own.close()


@pytest.fixture
def proof(accounts: dict[str, SandboxAccount]) -> Callable[[str], str]:
    """The appsecret_proof of an account."""

    def make(name: str = "bice-page") -> str:
        keys = accounts[name].credentials
        key, token = keys["app_secret"].encode(), keys["page_token"].encode()
        return hmac.new(key, token, hashlib.sha256).hexdigest()

    return make


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """The bytes of a small picture."""
    memory = io.BytesIO()
    Image.new("RGB", size, "teal").save(memory, kind, **options)
    return memory.getvalue()
