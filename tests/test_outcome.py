"""Every row of what X and Facebook answer, and every trap, with what it means for a delivery."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.meaning import DEFAULT_REST, meaning
from publisher.outcome import (
    Accepted,
    AccountHeld,
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
X, FACEBOOK = "twitter", "facebook"
PUBLISH, LAY_READY, REVEAL, WITHDRAW, READ = Step
HTML = "<!doctype html><title>502 Bad Gateway</title>"
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
REPLY = "Reply to this conversation is not allowed because you have not been mentioned."

Type = type[Accepted | Refused | Deferred | AccountHeld | Unknown]


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
BY_DEFAULT = NOW + DEFAULT_REST

TWITTER = [
    Row(
        "created", X, answered(201, CREATED), Accepted, fields={"remote_id": "1346889436626259968"}
    ),
    Row("created, 200", X, answered(200, CREATED), Accepted),
    Row("deleted", X, answered(200, {"data": {"deleted": True}}), Accepted, step=WITHDRAW),
    Row("delete: gone, 404", X, problem(404, "Not Found Error"), Accepted, step=WITHDRAW),
    Row(
        "delete: gone, 200 with errors",
        X,
        answered(200, {"errors": [{"type": "https://api.x.com/2/problems/resource-not-found"}]}),
        Accepted,
        step=WITHDRAW,
    ),
    Row(
        "delete: not deleted",
        X,
        answered(200, {"data": {"deleted": False}}),
        Unknown,
        None,
        WITHDRAW,
    ),
    # The table of platforms.md.
    Row("duplicate", X, problem(403, "Forbidden", DUPLICATE), Unknown, fields={"duplicate": True}),
    Row("reply not allowed", X, problem(403, "Forbidden", REPLY), Refused, Kind.POLICY),
    Row(
        "reply to a part that is gone",
        X,
        problem(403, "Forbidden", "You attempted to reply to a Tweet that is deleted."),
        Refused,
        Kind.CONTENT,
    ),
    Row(
        "not permitted",
        X,
        problem(403, "Forbidden", "You are not permitted to perform this action."),
        AccountHeld,
        Kind.PERMISSION,
        fields={"until": None},
    ),
    Row(
        "suspended",
        X,
        problem(403, "Forbidden", "Your account is suspended"),
        AccountHeld,
        Kind.PERMISSION,
        fields={"until": None},
    ),
    Row("403, HTML", X, answered(403, HTML), AccountHeld, Kind.PERMISSION),
    Row(
        "too long, as 403",
        X,
        problem(403, "Forbidden", "Your Tweet text is too long."),
        Refused,
        Kind.CONTENT,
    ),
    Row(
        "no credits",
        X,
        problem(402, "CreditsDepleted"),
        AccountHeld,
        Kind.PERMISSION,
        fields={"until": None},
    ),
    Row("bad request", X, problem(400, "Invalid Request"), Refused, Kind.CONTENT),
    Row("too large", X, problem(413, "Payload Too Large"), Refused, Kind.CONTENT),
    Row(
        "unauthorised",
        X,
        problem(401, "Unauthorized"),
        AccountHeld,
        Kind.AUTH,
        fields={"until": None},
    ),
    Row("401 without a body", X, answered(401), AccountHeld, Kind.AUTH),
    Row("404 for a new post", X, problem(404, "Not Found"), AccountHeld, Kind.PERMISSION),
    *(
        Row(f"{status}, {what}", X, answered(status, body), Unknown, fields={"duplicate": False})
        for status in (500, 502, 503, 504, 520)
        for what, body in {
            "problem": {"title": "Internal", "detail": DUPLICATE, "status": status},
            "HTML": HTML,
            "no body": "",
            "an id": CREATED,
        }.items()
    ),
    *(Row(f"status {status}", X, answered(status), Unknown) for status in (408, 409, 425, 100, 0)),
    # Rate limits.
    Row(
        "429 with reset",
        X,
        problem(429, "Too Many Requests", **limit("x_rate_limit", 0, EPOCH + 600)),
        AccountHeld,
        Kind.RATE_LIMIT,
        fields={"until": IN_TEN_MINUTES},
    ),
    Row(
        "429 for the day, not the quarter of an hour",
        X,
        problem(
            429,
            "Too Many Requests",
            **limit("x_rate_limit", 80, EPOCH + 600),
            **limit("x_app_limit_24hour", 0, EPOCH + 20 * 3600),
        ),
        AccountHeld,
        Kind.RATE_LIMIT,
        fields={"until": A_DAY_LATER},
    ),
    Row(
        "429 with a day's window that is not used up",
        X,
        problem(
            429,
            "Too Many Requests",
            **limit("x_rate_limit", 0, EPOCH + 600),
            **limit("x_user_limit_24hour", 12, EPOCH + 20 * 3600),
        ),
        AccountHeld,
        Kind.RATE_LIMIT,
        fields={"until": IN_TEN_MINUTES},
    ),
    Row(
        "429, the reset just now",
        X,
        answered(429, "", **limit("x_rate_limit", 0, EPOCH)),
        AccountHeld,
        Kind.RATE_LIMIT,
        fields={"until": NOW + timedelta(seconds=1)},
    ),
    Row(
        "429 without headers",
        X,
        answered(429, HTML),
        AccountHeld,
        Kind.RATE_LIMIT,
        fields={"until": BY_DEFAULT},
    ),
    *(
        Row(
            f"429, reset {reset!r}",
            X,
            answered(429, "", **limit("x_rate_limit", 0, reset)),
            AccountHeld,
            Kind.RATE_LIMIT,
            fields={"until": BY_DEFAULT},
        )
        for reset in (
            "soon",
            "",
            "-5",
            "1e9",
            "٣",
            EPOCH - 3600,
            10**11,
            10**30,
            EPOCH + 30 * 86400,
        )
    ),
    Row(
        "created with the last one of the window",
        X,
        answered(201, CREATED, **limit("x_rate_limit", 0, EPOCH + 600)),
        Accepted,
        fields={"rest_until": IN_TEN_MINUTES},
    ),
    Row(
        "created with more to come",
        X,
        answered(201, CREATED, **limit("x_rate_limit", 1, EPOCH + 600)),
        Accepted,
        fields={"rest_until": None},
    ),
    Row(
        "created, nonsense in the headers",
        X,
        answered(201, CREATED, **limit("x_rate_limit", "none", "never")),
        Accepted,
        fields={"rest_until": None},
    ),
    # The traps.
    Row("2xx, not JSON", X, answered(201, "Created"), Unknown),
    Row("2xx, HTML", X, answered(200, HTML), Unknown),
    Row("2xx, empty", X, answered(201), Unknown),
    Row("2xx, cut off", X, answered(201, '{"data": {"id": "134688'), Unknown),
    Row("204", X, answered(204), Unknown),
    Row("2xx, only errors", X, answered(200, {"errors": [{"title": "x"}]}), Unknown),
    Row("2xx, errors is null", X, answered(200, {"data": None, "errors": None}), Unknown),
    *(
        Row(f"2xx, {body!r}", X, answered(201, body), Unknown)
        for body in (
            {"data": {"text": "no id"}},
            {"data": {"id": ""}},
            {"data": {"id": None}},
            {"data": {"id": True}},
            {"data": {"id": ["1"]}},
            {"data": {"id": "../../etc"}},
            {"data": ["1"]},
            {"data": "1"},
            ["1"],
            "null",
            "[" * 100_000,
        )
    ),
    Row("created, errors is null", X, answered(201, {**CREATED, "errors": None}), Accepted),
    *(
        Row(f"redirect {status}", X, answered(status, HTML, location="https://x.com/"), Unknown)
        for status in (301, 302, 303, 307, 308)
    ),
]

FACEBOOK_ROWS = [
    Row(
        "unpublished post",
        FACEBOOK,
        answered(200, {"id": "100200300_42"}),
        Accepted,
        step=LAY_READY,
        fields={"remote_id": "100200300_42"},
    ),
    Row(
        "photo",
        FACEBOOK,
        answered(200, {"id": "7", "post_id": "1_7"}),
        Accepted,
        step=LAY_READY,
        fields={"remote_id": "7"},
    ),
    Row(
        "an id that is a number",
        FACEBOOK,
        answered(200, {"id": 7}),
        Accepted,
        fields={"remote_id": "7"},
    ),
    Row("error is null", FACEBOOK, answered(200, {"id": "7", "error": None}), Accepted),
    Row("made public", FACEBOOK, answered(200, {"success": True}), Accepted, step=REVEAL),
    Row("made public, its id", FACEBOOK, answered(200, {"id": "1_2"}), Accepted, step=REVEAL),
    Row("deleted", FACEBOOK, answered(200, {"success": True}), Accepted, step=WITHDRAW),
    Row("delete: gone", FACEBOOK, graph_error(400, 100, error_subcode=33), Accepted, step=WITHDRAW),
    Row(
        "delete: not done",
        FACEBOOK,
        answered(200, {"success": False}),
        Unknown,
        None,
        WITHDRAW,
    ),
    Row("success is no id", FACEBOOK, answered(200, {"success": True}), Unknown),
    Row(
        "success is no draft",
        FACEBOOK,
        answered(200, {"success": True}),
        Deferred,
        Kind.UNAVAILABLE,
        LAY_READY,
    ),
    # The table of platforms.md.
    *(
        Row(f"code {code}", FACEBOOK, graph_error(status, code), Unknown)
        for code in (1, 2)
        for status in (400, 500, 503)
    ),
    Row("transient", FACEBOOK, graph_error(400, 9999, is_transient=True), Unknown),
    Row("transient, code 100", FACEBOOK, graph_error(400, 100, is_transient=True), Unknown),
    *(
        Row(
            f"throttled, {code} as {status}",
            FACEBOOK,
            graph_error(status, code),
            AccountHeld,
            Kind.RATE_LIMIT,
            step=step,
            fields={"until": BY_DEFAULT},
        )
        for code in (4, 17, 32, 341, 613, 80001)
        for status in (400, 403, 429, 500)
        for step in (LAY_READY, REVEAL)
    ),
    Row(
        "throttled and transient",
        FACEBOOK,
        graph_error(400, 4, is_transient=True),
        AccountHeld,
        Kind.RATE_LIMIT,
    ),
    *(
        Row(
            f"permission, {code}",
            FACEBOOK,
            graph_error(403, code),
            AccountHeld,
            Kind.PERMISSION,
            fields={"until": None},
        )
        for code in (10, 200, 210, 299)
    ),
    Row("bad parameter", FACEBOOK, graph_error(400, 100), Refused, Kind.CONTENT),
    Row("bad parameter as 500", FACEBOOK, graph_error(500, 100), Refused, Kind.CONTENT),
    Row(
        "the draft is gone",
        FACEBOOK,
        graph_error(400, 100, error_subcode=33),
        Refused,
        Kind.CONTENT,
        REVEAL,
    ),
    Row(
        "token, 102",
        FACEBOOK,
        graph_error(401, 102),
        AccountHeld,
        Kind.AUTH,
        fields={"until": None},
    ),
    *(
        Row(
            f"token, 190/{subcode}",
            FACEBOOK,
            graph_error(400, 190, error_subcode=subcode),
            AccountHeld,
            Kind.AUTH,
            step=step,
            fields={"until": None},
        )
        for subcode in (None, 458, 459, 460, 463, 464, 467, 492, 999)
        for step in Step
    ),
    Row("token, code as text", FACEBOOK, graph_error(400, "190"), AccountHeld, Kind.AUTH),
    Row("token, as 500", FACEBOOK, graph_error(500, 190), AccountHeld, Kind.AUTH),
    Row(
        "policy", FACEBOOK, graph_error(400, 368), AccountHeld, Kind.POLICY, fields={"until": None}
    ),
    Row("duplicate", FACEBOOK, graph_error(400, 506), Unknown, fields={"duplicate": True}),
    Row(
        "duplicate when made public",
        FACEBOOK,
        graph_error(400, 506),
        Unknown,
        step=REVEAL,
        fields={"duplicate": True},
    ),
    Row(
        "duplicate when laid ready",
        FACEBOOK,
        graph_error(400, 506),
        Refused,
        Kind.DUPLICATE,
        LAY_READY,
    ),
    Row("link", FACEBOOK, graph_error(400, 1609005), Refused, Kind.CONTENT),
    Row("a code that nobody lists", FACEBOOK, graph_error(400, 4711), Refused, Kind.CONTENT),
    Row("300 is no permission", FACEBOOK, graph_error(400, 300), Refused, Kind.CONTENT),
    Row("a code that nobody lists, as 500", FACEBOOK, graph_error(500, 4711), Unknown),
    Row("an error with success", FACEBOOK, graph_error(200, 4711), Unknown),
    *(
        Row(f"error code {code!r}", FACEBOOK, graph_error(400, code), Unknown)
        for code in (None, "", True, [4], 1.5)
    ),
    # Usage headers, in percent and minutes.
    Row(
        "throttled with a wait",
        FACEBOOK,
        graph_error(400, 80001, headers=usage(call_count=100, estimated_time_to_regain_access=25)),
        AccountHeld,
        Kind.RATE_LIMIT,
        fields={"until": NOW + timedelta(minutes=25)},
    ),
    *(
        Row(
            f"throttled, wait {wait}",
            FACEBOOK,
            graph_error(400, 4, headers=usage(estimated_time_to_regain_access=wait)),
            AccountHeld,
            Kind.RATE_LIMIT,
            fields={"until": BY_DEFAULT},
        )
        for wait in (0, -3, 10**400, float("nan"), float("inf"), 10**8)
    ),
    *(
        Row(
            f"throttled, usage {header!r}",
            FACEBOOK,
            graph_error(
                400, 4, headers={"x_business_use_case_usage": header, "x_app_usage": header}
            ),
            AccountHeld,
            Kind.RATE_LIMIT,
            fields={"until": BY_DEFAULT},
        )
        for header in (
            "",
            "no JSON",
            "[]",
            '{"1": 5}',
            '{"1": [7]}',
            '{"1": [{"estimated_time_to_regain_access": "5"}]}',
        )
    ),
    Row(
        "accepted at 97 %",
        FACEBOOK,
        answered(200, {"id": "1_2"}, **usage(call_count=97)),
        Accepted,
        fields={"rest_until": BY_DEFAULT},
    ),
    Row(
        "accepted at 97 % with a wait",
        FACEBOOK,
        answered(200, {"success": True}, **usage(total_time=97, estimated_time_to_regain_access=3)),
        Accepted,
        step=REVEAL,
        fields={"rest_until": NOW + timedelta(minutes=3)},
    ),
    Row(
        "accepted, the app at 96 %",
        FACEBOOK,
        answered(
            200, {"id": "1"}, x_app_usage='{"call_count": 2, "total_time": 96, "total_cputime": 2}'
        ),
        Accepted,
        fields={"rest_until": BY_DEFAULT},
    ),
    Row(
        "accepted at 28 %",
        FACEBOOK,
        answered(200, {"id": "1"}, **usage(call_count=28)),
        Accepted,
        fields={"rest_until": None},
    ),
    Row(
        "429 without a reason",
        FACEBOOK,
        answered(429, HTML),
        AccountHeld,
        Kind.RATE_LIMIT,
        fields={"until": BY_DEFAULT},
    ),
    # The traps.
    Row("500 whose JSON lacks `error`", FACEBOOK, answered(500, {"oops": 1}), Unknown),
    Row("500 that names an id", FACEBOOK, answered(500, {"id": "1_2"}), Unknown),
    Row("5xx, HTML", FACEBOOK, answered(502, HTML), Unknown),
    Row("5xx, empty", FACEBOOK, answered(503), Unknown),
    Row("4xx, HTML", FACEBOOK, answered(400, HTML), Unknown),
    Row(
        "4xx, HTML, laid ready",
        FACEBOOK,
        answered(403, HTML),
        Deferred,
        Kind.UNAVAILABLE,
        LAY_READY,
    ),
    Row("413", FACEBOOK, answered(413, HTML), Refused, Kind.CONTENT, LAY_READY),
    Row("redirect", FACEBOOK, answered(302, "", location="https://facebook.com/login"), Unknown),
    *(
        Row(f"2xx, {body!r}", FACEBOOK, answered(200, body), Unknown)
        for body in (
            "",
            "OK",
            HTML,
            "true",
            "null",
            "[]",
            "{}",
            '{"id": ""}',
            '{"id": null}',
            '{"error": "x"}',
            '{"error": {}}',
            '{"id": "1_',
        )
    ),
]

WIRE = [
    *(
        Row(f"{channel}, {step}, never sent: {reason}", channel, not_sent(reason), Deferred, Kind.UNAVAILABLE, step)
        for channel in (X, FACEBOOK)
        for step in Step
        for reason in ("connection refused", "its address was not found", "no safe connection", "time-out in connecting", "")
    ),
    *(
        Row(f"{channel}, {step}, no answer: {reason}", channel, no_answer(reason), expected, kind, step)
        for channel in (X, FACEBOOK)
        for step, expected, kind in (
            (PUBLISH, Unknown, None),
            (LAY_READY, Deferred, Kind.UNAVAILABLE),
            (REVEAL, Unknown, None),
            (WITHDRAW, Unknown, None),
            (READ, Deferred, Kind.UNAVAILABLE),
        )
        for reason in ("time-out in reading", "connection reset", "the answer was cut off", "")
    ),
]  # fmt: skip

DOUBTS = [
    row
    for row in [*TWITTER, *FACEBOOK_ROWS]
    if row.expected is Unknown and not row.fields.get("duplicate")
]

A_PAGE: dict[str, Any] = {"data": [{"id": "1", "text": "Bonjour"}], "meta": {"result_count": 1}}
A_POST = {"id": "100200300_42", "is_published": False}

_NO_PAGES: tuple[Any, ...] = (
    "",
    "OK",
    HTML,
    "null",
    "[]",
    "{}",
    {"errors": [{"title": "Not Found Error"}]},
    {"data": None, "meta": {"result_count": 0}},
    {"data": [], "meta": {}},
    {"data": [], "meta": {"result_count": 1}},
    {"data": [{"id": "1"}], "meta": {"result_count": 2}},
    {"data": [{"id": "1"}]},
    {"data": {"name": "no id"}},
    '{"data": [{"id": "1", "te',
)

READINGS = [
    Row("read: posts", X, answered(200, A_PAGE), Accepted, step=READ),
    Row("read: no posts", X, answered(200, {"meta": {"result_count": 0}}), Accepted, step=READ),
    Row(
        "read: posts, something referred to is gone",
        X,
        answered(200, {**A_PAGE, "errors": [{"title": "Not Found Error"}]}),
        Accepted,
        step=READ,
    ),
    Row(
        "read: the user",
        X,
        answered(200, {"data": {"id": "77", "name": "BICE", "username": "bice"}}),
        Accepted,
        step=READ,
        fields={"remote_id": "77"},
    ),
    Row(
        "read: the last one of the window does not make the account rest",
        X,
        answered(200, A_PAGE, **limit("x_rate_limit", 0, EPOCH + 600)),
        Accepted,
        step=READ,
        fields={"rest_until": None},
    ),
    *(
        Row(f"read: status {status}", X, answered(status, A_PAGE), Deferred, Kind.UNAVAILABLE, READ)
        for status in (0, 100, 301, 400, 404, 408, 409, 413, 422, 425, 500, 502, 503, 504)
    ),
    *(
        Row(f"read: 200, {body!r}", X, answered(200, body), Deferred, Kind.UNAVAILABLE, READ)
        for body in _NO_PAGES
    ),
    *(
        Row(f"read: {name}", X, answer, AccountHeld, kind, READ, {"until": until})
        for name, answer, kind, until in (
            ("401", problem(401, "Unauthorized"), Kind.AUTH, None),
            ("402", problem(402, "CreditsDepleted"), Kind.PERMISSION, None),
            ("403", problem(403, "Forbidden"), Kind.PERMISSION, None),
            ("403, duplicate", problem(403, "Forbidden", DUPLICATE), Kind.PERMISSION, None),
            ("403, reply", problem(403, "Forbidden", REPLY), Kind.PERMISSION, None),
            (
                "429",
                problem(429, "Too Many", **limit("x_rate_limit", 0, EPOCH + 600)),
                Kind.RATE_LIMIT,
                IN_TEN_MINUTES,
            ),
            ("429 without headers", answered(429, HTML), Kind.RATE_LIMIT, BY_DEFAULT),
        )
    ),
    Row(
        "read: unpublished",
        FACEBOOK,
        answered(200, A_POST),
        Accepted,
        step=READ,
        fields={"remote_id": "100200300_42"},
    ),
    Row(
        "read: public",
        FACEBOOK,
        answered(200, {**A_POST, "is_published": True}),
        Accepted,
        step=READ,
    ),
    Row(
        "read: gone",
        FACEBOOK,
        graph_error(400, 100, error_subcode=33),
        Unknown,
        step=READ,
        fields={"duplicate": False},
    ),
    Row(
        "read: gone, for now",
        FACEBOOK,
        graph_error(400, 100, error_subcode=33, is_transient=True),
        Deferred,
        Kind.UNAVAILABLE,
        READ,
    ),
    *(
        Row(
            f"read: error {code} as {status}",
            FACEBOOK,
            graph_error(status, code),
            Deferred,
            Kind.UNAVAILABLE,
            READ,
        )
        for code in (1, 2, 100, 506, 1609005, 4711, None)
        for status in (200, 400, 500)
    ),
    *(
        Row(f"read: 200, {body!r}", FACEBOOK, answered(200, body), Deferred, Kind.UNAVAILABLE, READ)
        for body in (
            "",
            HTML,
            "true",
            "null",
            "{}",
            {"success": True},
            {"id": "1_2"},
            {"id": "1_2", "is_published": None},
            {"id": "1_2", "is_published": "false"},
            {"is_published": False},
            {"id": "", "is_published": True},
        )
    ),
    *(
        Row(f"read: {status}", FACEBOOK, answered(status, body), Deferred, Kind.UNAVAILABLE, READ)
        for status, body in (
            (302, ""),
            (413, HTML),
            (400, HTML),
            (500, A_POST),
            (502, HTML),
            (503, ""),
        )
    ),
    *(
        Row(f"read: held, {code}", FACEBOOK, graph_error(400, code), AccountHeld, kind, READ)
        for code, kind in (
            (4, Kind.RATE_LIMIT),
            (80001, Kind.RATE_LIMIT),
            (10, Kind.PERMISSION),
            (200, Kind.PERMISSION),
            (102, Kind.AUTH),
            (190, Kind.AUTH),
            (368, Kind.POLICY),
        )
    ),
    Row("read: 429", FACEBOOK, answered(429, HTML), AccountHeld, Kind.RATE_LIMIT, READ),
]
ROWS = [*TWITTER, *FACEBOOK_ROWS, *READINGS, *WIRE]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
def test_an_answer_means(row: Row) -> None:
    """Each row of the tables has its one meaning."""
    outcome = meaning(row.channel, row.answer, row.step)
    assert type(outcome) is row.expected
    assert getattr(outcome, "kind", None) == row.kind
    for name, value in row.fields.items():
        assert getattr(outcome, name) == value


_OF_X = "x_app_limit_24hour"
_USED_UP = limit(_OF_X, 0, EPOCH + 20 * 3600)
_OF_FACEBOOK = {"x_app_usage": json.dumps({"call_count": 97, "total_time": 1})}
_FOR_THE_APP: list[tuple[str, str, Answer, Step, datetime | None]] = [
    ("the day's limit, 429", X, problem(429, "Too Many", **_USED_UP), PUBLISH, A_DAY_LATER),
    ("the last post of the day", X, answered(201, CREATED, **_USED_UP), PUBLISH, BY_DEFAULT),
    ("refused, and the last", X, problem(400, "Invalid", **_USED_UP), PUBLISH, BY_DEFAULT),
    (
        "429 for six days, of a window of one",
        X,
        problem(429, "Too Many", **limit(_OF_X, 0, EPOCH + 6 * 86400)),
        PUBLISH,
        NOW + timedelta(hours=25),
    ),
    ("429, no time", X, answered(429, "", **limit(_OF_X, 0, "soon")), PUBLISH, BY_DEFAULT),
    ("taken, no time", X, answered(201, CREATED, **limit(_OF_X, 0, "soon")), PUBLISH, None),
    ("more to come", X, answered(201, CREATED, **limit(_OF_X, 1, EPOCH + 600)), PUBLISH, None),
    ("nonsense", X, answered(429, "", **limit(_OF_X, "none", "never")), PUBLISH, None),
    ("429 without headers", X, answered(429, HTML), PUBLISH, None),
    (
        "the user's 15 minutes",
        X,
        problem(429, "Too Many", **limit("x_rate_limit", 0, EPOCH + 600)),
        PUBLISH,
        None,
    ),
    (
        "the user's day",
        X,
        problem(429, "Too Many", **limit("x_user_limit_24hour", 0, EPOCH + 600)),
        PUBLISH,
        None,
    ),
    (
        "the user's day is longer than the app's",
        X,
        problem(
            429,
            "Too Many",
            **limit("x_user_limit_24hour", 0, EPOCH + 20 * 3600),
            **limit(_OF_X, 0, EPOCH + 600),
        ),
        PUBLISH,
        IN_TEN_MINUTES,
    ),
    *(
        (f"limit of what is no post: {step}", X, answered(429, "", **_USED_UP), step, None)
        for step in (LAY_READY, WITHDRAW, READ)
    ),
    ("the app is throttled", FACEBOOK, graph_error(400, 4), REVEAL, BY_DEFAULT),
    ("so it is, laid ready", FACEBOOK, graph_error(400, 4), LAY_READY, BY_DEFAULT),
    (
        "the app is throttled, for ten minutes",
        FACEBOOK,
        graph_error(400, 4, headers=usage(estimated_time_to_regain_access=10)),
        REVEAL,
        NOW + timedelta(minutes=10),
    ),
    (
        "the app is throttled, and the Page for a day",
        FACEBOOK,
        graph_error(400, 4, headers=usage(estimated_time_to_regain_access=1440)),
        REVEAL,
        BY_DEFAULT,
    ),
    *(
        (f"throttled, {code}", FACEBOOK, graph_error(400, code), REVEAL, None)
        for code in (17, 32, 341, 613, 80001, 368, 190, 1)
    ),
    ("429", FACEBOOK, answered(429, HTML), REVEAL, None),
    (
        "the app is nearly used up",
        FACEBOOK,
        answered(200, {"success": True}, **_OF_FACEBOOK),
        REVEAL,
        BY_DEFAULT,
    ),
    (
        "the Page is nearly used up",
        FACEBOOK,
        answered(200, {"success": True}, **usage(call_count=97)),
        REVEAL,
        None,
    ),
    *(
        ("no word of a platform", channel, answer, PUBLISH, None)
        for channel in (X, FACEBOOK)
        for answer in (not_sent("no address"), no_answer("time-out"))
    ),
]


@pytest.mark.parametrize(
    ("name", "channel", "answer", "step", "until"),
    _FOR_THE_APP,
    ids=[f"{channel}: {name}" for name, channel, *_more in _FOR_THE_APP],
)
def test_an_answer_speaks_for_the_app(
    name: str, channel: str, answer: Answer, step: Step, until: datetime | None
) -> None:
    """Or for the account alone: then no other account is held because of it."""
    assert meaning(channel, answer, step).app_rests_until == until, name


@pytest.mark.parametrize("row", DOUBTS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
@pytest.mark.parametrize(
    ("step", "expected"),
    [(LAY_READY, Deferred), (REVEAL, Unknown), (WITHDRAW, Unknown), (READ, Deferred)],
)
def test_a_doubt_stays_one_unless_nothing_is_public_yet(
    row: Row, step: Step, expected: Type
) -> None:
    """Only what is laid ready unseen may be repeated at once."""
    outcome = meaning(row.channel, row.answer, step)
    if isinstance(outcome, Accepted):
        assert (
            '"success": true' in row.answer.body
            or row.answer.body == "true"
            or "not-found" in row.answer.body
        )
    else:
        assert type(outcome) is expected


def test_the_reason_of_a_dead_token_is_told() -> None:
    messages = {
        subcode: _message(meaning(FACEBOOK, graph_error(400, 190, error_subcode=subcode)))
        for subcode in (458, 459, 460, 463, 464, 467, 492)
    }
    assert len(set(messages.values())) == len(messages)
    assert "changed their password" in messages[460]
    assert "expired" in messages[463]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.channel}: {row.name}"[:80])
def test_a_message_is_for_a_manager(row: Row) -> None:
    """Whole sentences, and nothing of HTML, JSON or the network's addresses."""
    outcome = meaning(row.channel, row.answer, row.step)
    if message := _message(outcome):
        assert message.endswith(".")
        assert message[0].isupper()
        assert not re.search(r"[<>{}]|://|access_token", message)
        assert len(message) < 400


@pytest.mark.parametrize(
    "words",
    [
        "See https://graph.facebook.com/v25.0/me?access_token=EAABsbCS for help",
        "Malformed access token " + "EAAB" * 30,
        "signature=abc123 is invalid",
        "See https://x.com/a",
    ],
)
def test_a_platforms_words_bring_no_address_or_token_along(words: str) -> None:
    for answer, channel in (
        (problem(400, "Invalid Request", words), X),
        (graph_error(400, 100, message=words), FACEBOOK),
    ):
        message = _message(meaning(channel, answer))
        assert not re.search(r"EAAB|://|abc123", message)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (problem(402, "CreditsDepleted"), "credits"),
        (problem(401, "Unauthorized"), "secrets.toml"),
        (no_answer("connection reset"), "connection reset"),
        (not_sent("connection refused"), "connection refused"),
        (answered(502, HTML), "status 502"),
    ],
)
def test_a_message_says_what_happened(answer: Answer, words: str) -> None:
    assert words in _message(meaning(X, answer))


def test_what_x_says_about_a_parameter_is_passed_on() -> None:
    body = {
        "title": "Invalid Request",
        "detail": "One or more",
        "errors": [{"message": "text too long"}],
    }
    assert "text too long" in _message(meaning(X, answered(400, body)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "code",
                    "data",
                    "detail",
                    "error",
                    "error_subcode",
                    "errors",
                    "id",
                    "is_published",
                    "message",
                    "meta",
                    "result_count",
                    "success",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "x-rate-limit-remaining",
            "x-rate-limit-reset",
            "x-app-limit-24hour-reset",
            "x-app-usage",
            "x-business-use-case-usage",
        ]
    ),
    st.text(max_size=30) | st.integers().map(str) | _JSON.map(json.dumps),
    max_size=4,
)


@given(
    channel=st.sampled_from([X, FACEBOOK]),
    step=st.sampled_from(Step),
    status=st.none() | st.integers(0, 999),
    body=st.text(max_size=50) | _JSON.map(json.dumps),
    headers=_HEADERS,
)
def test_whatever_comes_back_has_a_meaning(
    channel: str, step: Step, status: int | None, body: str, headers: dict[str, str]
) -> None:
    """No answer raises, only success is accepted, and a 5xx is never a refusal by mere status."""
    outcome = meaning(channel, Answer(Wire.ANSWERED, NOW, status, headers, body), step)
    _message(outcome).encode()
    if step is READ:
        assert not isinstance(outcome, Refused)
    if isinstance(outcome, Accepted) and step is not WITHDRAW:
        assert status is not None
        assert 200 <= status < 300
    if channel == X and status is not None and status >= 500:
        assert step is not READ or isinstance(outcome, Deferred)
        assert isinstance(outcome, Unknown | Deferred)


def _message(outcome: Outcome) -> str:
    return "" if isinstance(outcome, Accepted) else outcome.message
