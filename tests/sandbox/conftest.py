"""A running sandbox with four accounts; real tweepy and real facebook-sdk pointed at it.

Whatever passes through the two libraries is held against X's OpenAPI description and Meta's specs
when they lie in ../shared.
"""

import hashlib
import hmac
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import facebook
import pytest
import requests
import tweepy
from openapi_schema_validator import OAS30Validator
from PIL import Image
from requests.adapters import HTTPAdapter
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import accounts_for, find
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings

NOON = datetime(2016, 3, 7, 12, 0, tzinfo=UTC)
APIS = Path(__file__).parents[2].parent / "shared" / "data" / "apis"
_FACEBOOK_KINDS = {
    "string": str,
    "bool": bool,
    "datetime": str,
    "unsigned int": int,
    "int": int,
    "float": float,
    "Object": dict,
    "Application": dict,
}
_ANYWHERE = {"access_token", "appsecret_proof", "fields", "after"}
"""Parameters that every Graph call takes, beyond those of its spec."""


class HandClock:
    """A clock that stands still until a test moves it."""

    speed = 1.0

    def __init__(self) -> None:
        self.instant = NOON

    def now(self) -> datetime:
        return self.instant

    def ahead(self, machine_seconds: float) -> datetime:
        return self.instant + timedelta(seconds=machine_seconds)

    def sleep_until(self, instant: datetime, _patience: float = 0) -> None:
        self.instant = max(self.instant, instant)

    def monotonic(self) -> float:
        return 0.0


class Redirected(HTTPAdapter):
    """Sends what is meant for a platform to the sandbox; the request itself stays as it was."""

    def __init__(self, origin: str, target: str, check: Callable[..., None] | None) -> None:
        super().__init__()
        self._origin, self._target, self._check = origin, target, check

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        moved = request.copy()
        assert moved.url
        moved.url = moved.url.replace(self._origin, self._target, 1)
        options["timeout"] = options.get("timeout") or 5
        response = super().send(moved, **options)
        if self._check:
            self._check(request, response)
        return response


@cache
def _spec(name: str) -> Any:
    path = APIS / name
    return json.loads(path.read_text()) if path.exists() else None


def check_x(request: requests.PreparedRequest, response: requests.Response) -> None:
    """Hold an answer, and an accepted JSON request, against X's OpenAPI description."""
    spec = _spec("x-openapi-2.167.json")
    if spec is None:
        return
    _, found, _ = find(request.method or "", urlsplit(request.url or "").path)
    assert found
    described = spec["paths"][found.path][found.method.lower()]
    assert described["operationId"] == found.name
    answers = described["responses"].get(
        str(response.status_code), described["responses"]["default"]
    )
    media_type = response.headers["content-type"].partition(";")[0]
    _fits(spec, answers["content"][media_type]["schema"], response.json())
    sent = request.headers.get("Content-Type", "")
    if response.ok and request.body and sent.startswith("application/json"):
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        _fits(spec, schema, json.loads(request.body))


def _fits(spec: Any, schema: dict[str, Any], content: object) -> None:
    OAS30Validator({**spec, **schema}).validate(content)


def check_facebook(request: requests.PreparedRequest, response: requests.Response) -> None:
    """Hold an answer's fields, and the parameters of an accepted request, against Meta's specs."""
    page, post, photo = (_spec(f"meta-{kind}.json") for kind in ("page", "page-post", "photo"))
    if page is None:
        return
    content = response.json()
    if "error" in content:
        assert {"message", "type", "code", "fbtrace_id"} <= set(content["error"])
        return
    _, found, parts = find(request.method or "", urlsplit(request.url or "").path)
    assert found
    name = found.name
    if name in ("getFeed", "getPublishedPosts"):
        for item in content["data"]:
            _has_fields_of(post, item)
    # Meta's specs of videos and of comments are not among them.
    is_known = "_" in parts.get("id", "_") or name != "updatePost"
    if name == "getObject" and not {"published", "status", "from"} & set(content):
        wanted = parts["id"]
        _has_fields_of(post if "_" in wanted else photo if len(wanted) > 10 else page, content)
    edges = {
        "createFeedPost": (page, "feed"),
        "createVideo": (page, "videos"),
        "createComment": (post, "comments"),
        "updatePost": (post, None),
    }
    if name in edges and is_known and isinstance(request.body, str):
        spec, edge = edges[name]
        call = next(
            api for api in spec["apis"] if api.get("endpoint") == edge and api["method"] == "POST"
        )
        known = {parameter["name"] for parameter in call["params"]} | _ANYWHERE
        sent = {pair.partition("=")[0].partition("%5B")[0] for pair in request.body.split("&")}
        assert sent <= known, sent - known


def _has_fields_of(spec: Any, item: dict[str, Any]) -> None:
    kinds = {field["name"]: field["type"] for field in spec["fields"]}
    edges = {
        api["endpoint"] for api in spec["apis"] if "endpoint" in api and api["method"] == "GET"
    }
    for name, value in item.items():
        if name in kinds:
            kind = list if kinds[name].startswith("list") else _FACEBOOK_KINDS[kinds[name]]
            assert isinstance(value, kind), (name, value)
        else:
            assert name in edges, f"{name} is in no spec of Meta"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def accounts() -> dict[str, SandboxAccount]:
    """Two organisations, each with one account on X and one Page; `bice-2` shares BICE's app."""
    settings = Settings.model_validate(
        {
            "workspace": Path("/nowhere"),
            "accounts": {
                "bice-x": {"channel": "twitter", "organisation": "BICE", "language": "fr"},
                "bice-2": {"channel": "twitter", "organisation": "BICE", "language": "en"},
                "peru-x": {"channel": "twitter", "organisation": "CEDAPP", "language": "es"},
                "bice-page": {"channel": "facebook", "organisation": "BICE", "page_id": "1002"},
                "peru-page": {"channel": "facebook", "organisation": "CEDAPP", "page_id": "1003"},
                "bice-site": {"channel": "site"},
            },
        }
    )
    return {account.name: account for account in accounts_for(settings)}


@pytest.fixture
def sandbox(accounts: dict[str, SandboxAccount], clock: HandClock) -> Sandbox:
    return Sandbox(list(accounts.values()), clock, timezone="Europe/Zurich", title="HRC 31")


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[dict[str, ASGIApp], str]]:
    """One server for all tests, and the place to put the application that it serves."""
    served: dict[str, ASGIApp] = {}

    async def current(scope: Scope, receive: Receive, send: Send) -> None:
        await served["app"](scope, receive, send)

    host = Sandbox((), HandClock())
    host.app = current
    with running(host) as url:
        yield served, url


@pytest.fixture
def address(server: tuple[dict[str, ASGIApp], str], sandbox: Sandbox) -> str:
    """Where the sandbox of this test answers."""
    served, url = server
    served["app"] = sandbox.app
    return url


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A plain HTTP client."""
    with requests.Session() as plain:
        plain.trust_env = False
        yield plain


@pytest.fixture
def tweeter(
    address: str, accounts: dict[str, SandboxAccount]
) -> Iterator[Callable[..., tweepy.Client]]:
    """Makes a tweepy.Client for an account; keywords replace its credentials.

    `wild` lets answers pass that no description knows.
    """
    clients: list[tweepy.Client] = []

    def make(name: str = "bice-x", *, wild: bool = False, **instead: str) -> tweepy.Client:
        keys = accounts[name].credentials | instead
        client = tweepy.Client(
            consumer_key=keys["api_key"],
            consumer_secret=keys["api_secret"],
            access_token=keys["access_token"],
            access_token_secret=keys["access_token_secret"],
        )
        client.session.trust_env = False
        origin = "https://api.twitter.com"
        client.session.mount(origin, Redirected(origin, address, None if wild else check_x))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.session.close()


class Page:
    """facebook-sdk for one Page, with the proof that the sandbox demands."""

    def __init__(self, account: SandboxAccount, session: requests.Session) -> None:
        keys = account.credentials
        self.graph = facebook.GraphAPI(keys["page_token"], session=session)
        self.graph.version = "v25.0"
        secret, token = keys["app_secret"].encode(), keys["page_token"].encode()
        self.proof = {"appsecret_proof": hmac.new(secret, token, hashlib.sha256).hexdigest()}

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        parent, _, connection = path.partition("/")
        answer = self.graph.put_object(parent, connection, **fields, **self.proof)
        assert isinstance(answer, dict)
        return answer

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.graph.request(f"v25.0/{path}", args={**query, **self.proof})
        assert isinstance(answer, dict)
        return answer

    def all_posts(self, **query: Any) -> list[dict[str, Any]]:
        """The feed, page after page."""
        graph: Any = self.graph
        pages = graph.get_all_connections("me", "feed", **query, **self.proof)
        return list(pages)

    def delete(self, path: str) -> dict[str, Any]:
        answer = self.graph.request(f"v25.0/{path}", args=dict(self.proof), method="DELETE")
        assert isinstance(answer, dict)
        return answer

    def video(self, content: bytes, **fields: Any) -> str:
        """Upload a GIF or video in chunks; its id. `fields` are those of the last request."""
        begun = self.post("me/videos", upload_phase="start", file_size=str(len(content)))
        session = {"upload_session_id": begun["upload_session_id"], **self.proof}
        wanted = begun
        while wanted["start_offset"] != wanted["end_offset"]:
            chunk = content[int(wanted["start_offset"]) : int(wanted["end_offset"])]
            place = {"upload_phase": "transfer", "start_offset": wanted["start_offset"]}
            wanted = self.graph.request(
                "v25.0/me/videos",
                post_args={**session, **place},
                files={"video_file_chunk": ("chunk", chunk)},
            )
        self.post(
            "me/videos",
            upload_phase="finish",
            upload_session_id=begun["upload_session_id"],
            **fields,
        )
        return str(begun["video_id"])

    def photo(self, content: bytes, **fields: Any) -> dict[str, Any]:
        answer = self.graph.put_photo(content, "me/photos", **fields, **self.proof)
        assert isinstance(answer, dict)
        return answer


@pytest.fixture
def pager(address: str, accounts: dict[str, SandboxAccount]) -> Iterator[Callable[..., Page]]:
    """Makes a `Page` for an account."""
    sessions: list[requests.Session] = []

    def make(name: str = "bice-page", *, wild: bool = False) -> Page:
        own = requests.Session()
        own.trust_env = False
        origin = "https://graph.facebook.com"
        own.mount(origin, Redirected(origin, address, None if wild else check_facebook))
        sessions.append(own)
        return Page(accounts[name], own)

    yield make
    for own in sessions:
        own.close()


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Makes the bytes of a small picture."""

    def make(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
        memory = io.BytesIO()
        Image.new("RGB", size, options.pop("colour", "teal")).save(memory, kind, **options)
        return memory.getvalue()

    return make


@pytest.fixture
def break_(sandbox: Sandbox) -> Callable[..., None]:
    """Puts one fault into force."""

    def set_(what: str, **rule: Any) -> None:
        sandbox.faults.set([Fault(what=what, **rule)])

    return set_
