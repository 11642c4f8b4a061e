"""How answers are made, and a row of the tables."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.channels.answers import DEFAULT_SUSPENSION
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Step,
    Unknown,
    Wire,
)

NOW = datetime(2016, 3, 7, 7, 30, 0, 250_000, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
X, FACEBOOK, LINKEDIN, MASTODON = "twitter", "facebook", "linkedin", "mastodon"
WORDPRESS = "wordpress"
PUBLISH, PREPARE, REVEAL, WITHDRAW, READ = Step
HTML = "<!doctype html><title>502 Bad Gateway</title>"
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
REPLY = "Reply to this conversation is not allowed because you have not been mentioned."
NOT_FOUND = {
    "title": "Not Found Error",
    "detail": "Could not find post with id: [1].",
    "type": "https://api.twitter.com/2/problems/resource-not-found",
    "status": 404,
}
OWN = "You can only reply to or quote posts where you are mentioned or are the author."

Type = type[Accepted | Refused | Deferred | AccountSuspended | Unknown]


@dataclass(frozen=True)
class Row:
    """An answer and what it must mean."""

    name: str
    channel: str
    answer: Answer
    expected: Type
    kind: Kind | None = None
    step: Step = PUBLISH
    fields: dict[str, Any] = field(default_factory=dict)


def answered(status: int, body: object = "", **headers: object) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Answer(Wire.ANSWERED, NOW, status, named, text)


def problem(status: int, title: str, detail: str = "", /, **headers: object) -> Answer:
    body = {"title": title, "detail": detail, "type": "about:blank", "status": status}
    return answered(status, body, **headers)


def graph_error(status: int, code: object, **more: object) -> Answer:
    headers = more.pop("headers", {})
    assert isinstance(headers, dict)
    error = {"message": "Something", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return answered(status, {"error": {**error, **more}}, **headers)


def not_sent(reason: str) -> Answer:
    return Answer(Wire.NOT_SENT, NOW, reason=reason)


def no_answer(reason: str) -> Answer:
    return Answer(Wire.NO_ANSWER, NOW, reason=reason)


def usage(**numbers: float) -> dict[str, str]:
    entry = {"type": "pages", "call_count": 1, "total_cputime": 1, "total_time": 1, **numbers}
    return {"x_business_use_case_usage": json.dumps({"100200300": [entry]})}


def limit(window: str, remaining: object, reset: object) -> dict[str, Any]:
    return {f"{window}_limit": 100, f"{window}_remaining": remaining, f"{window}_reset": reset}


CREATED = {"data": {"id": "1346889436626259968", "text": "Bonjour"}}
IN_TEN_MINUTES = NOW.replace(microsecond=0) + timedelta(seconds=601)
A_DAY_LATER = NOW.replace(microsecond=0) + timedelta(hours=20, seconds=1)
BY_DEFAULT = NOW + DEFAULT_SUSPENSION


def message_of(outcome: Outcome) -> str:
    return "" if isinstance(outcome, Accepted) else outcome.message
