"""What the channels ask of the platforms fits the platforms' own descriptions."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jsonschema  # type: ignore[import-untyped]
import pytest
import requests

from publisher.channels.registry import CAPABILITIES
from publisher.channels.timelines import LOOK_BACK
from publisher.model.deliveries import Prepared
from publisher.model.outcomes import Accepted
from publisher.platforms.facebook.graph import GRAPH_VERSION
from publisher.platforms.twitter.stand_in import limits
from publisher.sandbox.platforms import accounts_for
from tests.channels.conftest import SETTINGS, Stage, Stages
from tests.support.clock import ManualClock
from tests.support.sandbox_accounts import by_name
from tests.support.sending import send

APIS = Path(__file__).resolve().parents[3] / "shared" / "data" / "apis"
X_FILE = APIS / "x-openapi-2.167.json"
needs_apis = pytest.mark.skipif(
    not X_FILE.exists(), reason="the platforms' descriptions are not here"
)

Exchanges = list[requests.PreparedRequest]


def everything(stage: Stage) -> None:
    """Let a channel do all that it can do."""
    if CAPABILITIES[stage.name].gifs:
        stage.deliver(stage.parcel("Zéro", pictures=(stage.gif("Une carte qui tourne"),)))
    two_parts(stage)


def two_parts(stage: Stage) -> None:
    """Publish texts and pictures, look for them, and take them down."""
    pictures = (stage.picture("Une carte", "teal"), stage.picture("Deux", "olive", "JPEG"))
    parcel = stage.parcel("Un", "Deux", pictures=pictures, link="https://example.org/a?b=1")
    attempt = stage.ready(parcel)
    for _ in stage.sendings(parcel):
        assert isinstance(attempt.send(), Accepted)
    assert isinstance(attempt.find(sent=()), Accepted)
    for remote_id in attempt.sent:
        assert isinstance(attempt.channel.withdraw(remote_id, Prepared()), Accepted)


@pytest.fixture
def to_x(stages: Stages, exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch) -> Exchanges:
    monkeypatch.setattr(limits, "REAL_PROCESSING_SECONDS", 0.05)  # long enough to ask for it
    everything(stages("twitter"))
    return exchanges


@pytest.fixture
def to_facebook(stages: Stages, exchanges: Exchanges) -> Exchanges:
    two_parts(stages("facebook"))  # of videos there is no description here
    return exchanges


def path_of(request: requests.PreparedRequest) -> str:
    return urlsplit(str(request.url)).path


def body_of(request: requests.PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body


# X.


@needs_apis
def test_requests_to_x_fit_its_openapi_description(to_x: Exchanges) -> None:
    description = json.loads(X_FILE.read_text())
    seen = set()
    for request in to_x:
        template, operation = _operation(description, path_of(request), str(request.method))
        seen.add(f"{request.method} {template}")
        _check_query(description, operation, request)
        if "requestBody" in operation:
            assert request.headers["Content-Type"] == "application/json"
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            jsonschema.validate(
                json.loads(body_of(request)), {**schema, "components": description["components"]}
            )
        else:
            assert not request.body
    assert seen == {
        "POST /2/tweets",
        "DELETE /2/tweets/{id}",
        "GET /2/users/{id}/tweets",
        "GET /2/tweets/{id}",
        "POST /2/media/upload",
        "POST /2/media/upload/initialize",
        "POST /2/media/upload/{id}/append",
        "POST /2/media/upload/{id}/finalize",
        "GET /2/media/upload",
        "POST /2/media/metadata",
    }


def _check_query(
    description: dict[str, Any], operation: dict[str, Any], request: requests.PreparedRequest
) -> None:
    """Each parameter is one that the description knows, with a value that it allows."""
    known = {}
    for parameter in operation.get("parameters", []):
        name = parameter.get("$ref", "").rpartition("/")[2]
        parameter = description["components"]["parameters"].get(name, parameter)  # noqa: PLW2901
        if parameter["in"] == "query":
            known[parameter["name"]] = parameter["schema"]
    for name, text in parse_qsl(urlsplit(str(request.url)).query):
        kind = known[name].get("type", "string")
        value = int(text) if kind == "integer" else text.split(",") if kind == "array" else text
        jsonschema.validate(
            value,
            {**known[name], "components": description["components"]},
            format_checker=jsonschema.FormatChecker(["date-time"]),
        )


def _operation(description: dict[str, Any], path: str, method: str) -> tuple[str, dict[str, Any]]:
    for template, methods in description["paths"].items():
        if (
            re.fullmatch(re.sub(r"\{\w+\}", r"[0-9]{1,19}", template), path)
            and method.lower() in methods
        ):
            return template, methods[method.lower()]
    raise AssertionError(f"X has no {method} {path}")


def test_signatures_are_over_xs_own_address(to_x: Exchanges, stages: Stages) -> None:
    """Although the requests went to the sandbox. RFC 5849, HMAC-SHA1."""
    keys = stages("twitter").credentials
    for request in to_x:
        header = str(request.headers["Authorization"])
        fields = {name: _unquoted(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
        signature = fields.pop("oauth_signature")
        parts = urlsplit(str(request.url))
        assert parts.netloc == "api.x.com"
        parameters = sorted([*fields.items(), *parse_qsl(parts.query)])
        base = "&".join(
            quote(piece, safe="~")
            for piece in (
                str(request.method),
                f"https://api.x.com{parts.path}",
                "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in parameters),
            )
        )
        key = (
            f"{quote(keys['api_secret'], safe='~')}&{quote(keys['access_token_secret'], safe='~')}"
        )
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
        assert base64.b64decode(signature) == digest
        assert fields["oauth_consumer_key"] == keys["api_key"]
        assert fields["oauth_token"] == keys["access_token"]


def _unquoted(value: str) -> str:
    return dict(parse_qsl(f"x={value}"))["x"]


def test_a_post_on_x_asks_for_nothing_that_it_does_not_need(
    stages: Stages, exchanges: Exchanges
) -> None:
    stages("twitter").deliver(stages("twitter").parcel("Bonjour"))
    (request,) = exchanges
    assert json.loads(body_of(request)) == {"text": "Bonjour"}


def test_reading_on_x_asks_for_the_time_around_the_intent(
    to_x: Exchanges, stages: Stages, clock: ManualClock
) -> None:
    """In whole seconds, which are all that X takes, and well before it; of its own account."""
    reads = [request for request in to_x if request.method == "GET"]
    (request,) = [request for request in reads if path_of(request).endswith("/tweets")]
    parts = urlsplit(str(request.url))
    query = dict(parse_qsl(parts.query))
    start = clock.now() - LOOK_BACK
    assert query["start_time"] == f"{start:%Y-%m-%dT%H:%M:%SZ}"
    assert query["max_results"] == "100"
    known = by_name(accounts_for(SETTINGS))["bice-x"]
    assert parts.path == f"/2/users/{known.user_id}/tweets"


def test_asking_whose_token_it_is_comes_first_and_needs_nothing_else(
    stages: Stages, exchanges: Exchanges
) -> None:
    stage = stages("twitter")
    channel = stage.open()
    channel._user_id = ""  # type: ignore[attr-defined]
    channel.find(stage.parcel("Bonjour"), Prepared(), (), stage.options.clock.now())
    assert [(r.method, path_of(r).rpartition("/")[2]) for r in exchanges] == [
        ("GET", "me"),
        ("GET", "tweets"),
    ]
    assert not urlsplit(str(exchanges[0].url)).query


def test_pictures_that_x_has_forgotten_are_uploaded_again(
    stages: Stages, exchanges: Exchanges, clock: ManualClock
) -> None:
    """A media id lives for 24 hours; a delivery may be held for longer."""
    stage = stages("twitter")
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    channel = stage.open()
    prepared = channel.prepare(parcel, Prepared(), stage.media.__getitem__)
    clock.advance(24 * 3600)
    exchanges.clear()
    again = channel.prepare(parcel, prepared, stage.media.__getitem__)
    assert again.media_ids != prepared.media_ids
    assert isinstance(send(channel, parcel, again, ()), Accepted)


def test_a_part_without_pictures_needs_none(stages: Stages, exchanges: Exchanges) -> None:
    stage = stages("twitter")
    stage.deliver(stage.parcel("Un", "Deux", pictures=(stage.picture("Une carte"),)))
    first, second = (
        json.loads(body_of(request)) for request in exchanges if path_of(request) == "/2/tweets"
    )
    assert len(first["media"]["media_ids"]) == 1
    assert "media" not in second


# Facebook.

_COMMON = {
    "access_token": "string",
    "appsecret_proof": "string",
    "fields": "string",
    "source": "file",
}
"""Parameters of every call, and the one that Meta's spec of photos leaves out."""
_TYPES = {
    "string": r"(?s).*",
    "file": r"(?s).*",
    "bool": r"true|false",
    "list<Object>": r'\[(\{"media_fbid": "\d+"\}(, )?)+\]',
}


@needs_apis
def test_requests_to_facebook_fit_metas_specs(to_facebook: Exchanges) -> None:
    seen = set()
    for request in to_facebook:
        version, *path = path_of(request).strip("/").split("/")
        assert version == GRAPH_VERSION
        known = _parameters(str(request.method), path) | _COMMON
        for name, value in fields_of(request).items():
            assert name in known, name
            assert re.fullmatch(_TYPES[known[name]], value), (name, value)
        seen.add((request.method, path[-1] if len(path) == 2 else "a post"))
    assert seen == {
        ("POST", "photos"),
        ("POST", "feed"),
        ("POST", "a post"),
        ("GET", "a post"),
        ("DELETE", "a post"),
    }


@needs_apis
def test_the_fields_that_are_read_of_a_post_are_among_metas(to_facebook: Exchanges) -> None:
    known = {
        field["name"] for field in json.loads((APIS / "meta-page-post.json").read_text())["fields"]
    }
    looks = {"id", "is_published", "permalink_url", "created_time"}
    assert looks | {"message"} <= known
    read, *_ = [request for request in to_facebook if request.method == "GET"]
    assert set(fields_of(read)["fields"].split(",")) == looks | {"message"}
    asking = [fields_of(request) for request in to_facebook if request.method == "POST"]
    asked = [fields["fields"] for fields in asking if "fields" in fields]
    assert [set(fields.split(",")) for fields in asked] == [looks] * 2


def _parameters(method: str, path: list[str]) -> dict[str, str]:
    file, endpoint = ("meta-page", path[1]) if len(path) == 2 else ("meta-page-post", None)
    name = {"GET": "#get", "POST": "#update", "DELETE": "#delete"}[method]
    for api in json.loads((APIS / f"{file}.json").read_text())["apis"]:
        found = api.get("endpoint") == endpoint if endpoint else api.get("name") == name
        if api["method"] == method and found:
            return {parameter["name"]: parameter["type"] for parameter in api["params"]}
    raise AssertionError(f"Meta knows no {method} {path}")


def fields_of(request: requests.PreparedRequest) -> dict[str, str]:
    """All parameters of a request, from its query and its form."""
    fields = dict(parse_qsl(urlsplit(str(request.url)).query))
    kind = str(request.headers.get("Content-Type", ""))
    if kind.startswith("multipart/form-data"):
        fields |= dict(_multipart(kind, body_of(request)))
    else:
        fields |= dict(parse_qsl(body_of(request).decode()))
    return fields


def _multipart(kind: str, body: bytes) -> Iterator[tuple[str, str]]:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    for part in message.iter_parts():
        assert isinstance(part, EmailMessage)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        yield (
            str(part.get_param("name", header="content-disposition")),
            content.decode("utf-8", "replace"),
        )


def test_facebook_makes_a_post_unpublished_and_then_public(to_facebook: Exchanges) -> None:
    """No request alone makes anything new public."""
    photo, other, post, reveal, *_ = (fields_of(request) for request in to_facebook)
    assert photo["published"] == other["published"] == post["published"] == "false"
    assert reveal["is_published"] == "true"
    assert "message" not in reveal
    assert photo["alt_text_custom"] == "Une carte"


def test_each_call_to_facebook_carries_the_proof(to_facebook: Exchanges, stages: Stages) -> None:
    keys = stages("facebook").credentials
    proof = hmac.new(keys["app_secret"].encode(), keys["page_token"].encode(), hashlib.sha256)
    assert [fields_of(request)["appsecret_proof"] for request in to_facebook] == [
        proof.hexdigest()
    ] * 7


def test_without_an_app_secret_there_is_no_proof(stages: Stages, exchanges: Exchanges) -> None:
    stage = stages("facebook")
    del stage.credentials["app_secret"]
    stage.deliver(stage.parcel("Bonjour"))
    assert exchanges
    for request in exchanges:
        assert "appsecret_proof" not in fields_of(request)


def test_only_what_has_no_body_has_the_token_in_its_address(to_facebook: Exchanges) -> None:
    """facebook-sdk cannot do otherwise there; see http.py for what keeps it out of the logs."""
    with_query = [request.method for request in to_facebook if urlsplit(str(request.url)).query]
    assert with_query == ["GET", "DELETE", "GET"]


def test_every_request_has_its_time_and_follows_no_redirect(
    to_x: Exchanges, stages: Stages
) -> None:
    channel = stages("twitter").open()
    session = channel._client.session  # type: ignore[attr-defined]
    assert session.trust_env is False
    assert list(session.adapters) == ["https://api.x.com/"]
    assert to_x
